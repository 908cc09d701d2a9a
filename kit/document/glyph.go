package document

import (
	"encoding/binary"
	"maps"
	"slices"
)

// What laboratories and doctors write and the font has not: exponents (10⁹/л),
// arrows up and down. A "?" in their place would change what was measured, so
// they are put together from what the font has, once, when the program starts.
//
// Each is a composite glyph of TrueType ("glyf", "loca", "hmtx", "maxp", "hhea"
// and "cmap" of the OpenType specification): another glyph, scaled or turned.

// like are characters that look as another does.
var like = map[rune]rune{'μ': 'µ', '′': '\'', '″': '"', '●': '•', '‐': '-'}

// raised and lowered are digits in the size and place of ² and ₂, which are there.
var (
	raised  = map[rune]rune{'⁰': '0', '⁴': '4', '⁵': '5', '⁶': '6', '⁷': '7', '⁸': '8', '⁹': '9', '⁺': '+', '⁻': '−'}
	lowered = map[rune]rune{'₀': '0', '₁': '1', '₃': '3', '₄': '4', '₅': '5', '₆': '6', '₇': '7', '₈': '8', '₉': '9', '₊': '+', '₋': '−'}
)

// drawn is a new glyph: the other one by the matrix, moved.
type drawn struct {
	parts   []part
	advance int
	box     [4]int // xMin, yMin, xMax, yMax
}

type part struct {
	glyph          uint16
	xx, yx, xy, yy float64 // x' = xx·x + xy·y, y' = yx·x + yy·y
	dx, dy         int
}

// typeface is a TrueType font taken apart.
type typeface struct {
	font   []byte
	tables map[string][]byte
	glyphs map[rune]uint16
}

func open(font []byte) typeface {
	t := typeface{font, map[string][]byte{}, map[rune]uint16{}}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		entry := font[12+16*i:]
		at, length := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		t.tables[string(entry[:4])] = font[at : at+length]
	}
	t.readCmap()
	return t
}

func u16(b []byte, at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
func i16(b []byte, at int) int { return int(int16(binary.BigEndian.Uint16(b[at:]))) } //nolint:gosec // a signed number of the format

// readCmap reads the subtable of format 4, which is the one for Unicode's first plane.
func (t typeface) readCmap() {
	cmap := t.tables["cmap"]
	for j := range u16(cmap, 2) {
		sub := cmap[binary.BigEndian.Uint32(cmap[8+8*j:]):]
		if u16(sub, 0) != 4 {
			continue
		}
		n := u16(sub, 6) / 2
		for k := range n {
			until, from := u16(sub, 14+2*k), u16(sub, 16+2*n+2*k)
			delta, at := u16(sub, 16+4*n+2*k), 16+6*n+2*k
			for r := from; r <= until && r < 0xffff; r++ {
				glyph := r
				if offset := u16(sub, at); offset != 0 {
					if glyph = u16(sub, at+offset+2*(r-from)); glyph == 0 {
						continue
					}
				}
				t.glyphs[rune(r)] = uint16(glyph + delta) //nolint:gosec // modulo 65536, by the format
			}
		}
	}
}

func (t typeface) long() bool { return u16(t.tables["head"], 50) == 1 }

func (t typeface) count() int { return u16(t.tables["maxp"], 4) }

// outline is the character's glyph as "glyf" keeps it, empty for a space.
func (t typeface) outline(r rune) []byte {
	at, loca := int(t.glyphs[r]), t.tables["loca"]
	if t.long() {
		return t.tables["glyf"][binary.BigEndian.Uint32(loca[4*at:]):binary.BigEndian.Uint32(loca[4*at+4:])]
	}
	return t.tables["glyf"][2*u16(loca, 2*at) : 2*u16(loca, 2*at+2)]
}

// box is xMin, yMin, xMax, yMax of the character's glyph.
func (t typeface) box(r rune) [4]int {
	glyph := t.outline(r)
	return [4]int{i16(glyph, 2), i16(glyph, 4), i16(glyph, 6), i16(glyph, 8)}
}

func (t typeface) advance(r rune) int {
	return u16(t.tables["hmtx"], 4*min(int(t.glyphs[r]), u16(t.tables["hhea"], 34)-1))
}

// additions are the glyphs that the font lacks.
func (t typeface) additions() map[rune]drawn {
	all := map[rune]drawn{}
	for of, set := range map[rune]map[rune]rune{'²': raised, '₂': lowered} {
		two, small := t.box('2'), t.box(of)
		scale := float64(small[3]-small[1]) / float64(two[3]-two[1])
		dy := small[1] - int(scale*float64(two[1]))
		for r, from := range set {
			all[r] = t.turned(from, part{xx: scale, yy: scale, dy: dy}, int(scale*float64(t.advance(from))))
		}
	}
	arrow := t.box('→')
	middle, wide := (arrow[1]+arrow[3])/2, arrow[3]-arrow[1]+2*arrow[0]
	all['↑'] = t.turned('→', part{xy: -1, yx: 1, dx: wide/2 + middle}, wide)
	all['↓'] = t.turned('→', part{xy: 1, yx: -1, dx: wide/2 - middle, dy: arrow[0] + arrow[2]}, wide)
	up := t.turned('~', part{xx: 1, yy: 1, dy: (t.box('~')[3] - t.box('~')[1]) * 3 / 4}, t.advance('~'))
	down := t.turned('~', part{xx: 1, yy: 1, dy: -up.parts[0].dy}, up.advance)
	all['≈'] = drawn{append(up.parts, down.parts...), up.advance, [4]int{up.box[0], down.box[1], up.box[2], up.box[3]}}
	return all
}

// turned is the glyph of the character by the matrix of p.
func (t typeface) turned(r rune, p part, advance int) drawn {
	p.glyph = t.glyphs[r]
	b := t.box(r)
	d := drawn{parts: []part{p}, advance: advance}
	for i, corner := range [4][2]int{{b[0], b[1]}, {b[2], b[1]}, {b[0], b[3]}, {b[2], b[3]}} {
		x := int(p.xx*float64(corner[0])+p.xy*float64(corner[1])) + p.dx
		y := int(p.yx*float64(corner[0])+p.yy*float64(corner[1])) + p.dy
		if i == 0 {
			d.box = [4]int{x, y, x, y}
		}
		d.box = [4]int{min(d.box[0], x), min(d.box[1], y), max(d.box[2], x), max(d.box[3], y)}
	}
	return d
}

func put(b []byte, values ...int) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, uint16(v)) //nolint:gosec // signed numbers in two's complement, by the format
	}
	return b
}

// bytes is the composite glyph as "glyf" keeps it.
func (d drawn) bytes() []byte {
	const words, offsets, more, matrix = 0x1, 0x2, 0x20, 0x80
	b := put(nil, -1, d.box[0], d.box[1], d.box[2], d.box[3])
	for i, p := range d.parts {
		flags := words | offsets | matrix
		if i < len(d.parts)-1 {
			flags |= more
		}
		b = put(b, flags, int(p.glyph), p.dx, p.dy)
		for _, v := range []float64{p.xx, p.yx, p.xy, p.yy} {
			b = put(b, int(v*16384))
		}
	}
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// complete is the font with what it lacks, and with what it has not of the signs,
// a font in the same measure, if they are given. A character that it has stays as
// it is.
func complete(font, signs []byte) []byte {
	t := open(font)
	tables := maps.Clone(t.tables)
	glyf, loca := slices.Clone(tables["glyf"]), slices.Clone(tables["loca"])
	for len(glyf)%4 != 0 {
		glyf = append(glyf, 0)
	}
	metrics := slices.Clone(tables["hmtx"])
	if u16(tables["hhea"], 34) != t.count() {
		return font // a font of one width has another "hmtx": left alone
	}
	end := func() {
		if t.long() {
			loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf))) //nolint:gosec // a font is far smaller
		} else {
			loca = put(loca, len(glyf)/2)
		}
	}
	loca = loca[:len(loca)-map[bool]int{true: 4, false: 2}[t.long()]]
	end()
	next, additions := t.count(), t.additions()
	for _, r := range slices.Sorted(maps.Keys(additions)) {
		if _, has := t.glyphs[r]; has {
			continue
		}
		d := additions[r]
		glyf = append(glyf, d.bytes()...)
		end()
		metrics = put(metrics, d.advance, d.box[0])
		t.glyphs[r] = uint16(next) //nolint:gosec // some hundred glyphs
		next++
	}
	if signs != nil {
		from := open(signs)
		for _, r := range slices.Sorted(maps.Keys(from.glyphs)) {
			if _, has := t.glyphs[r]; has {
				continue
			}
			outline := from.outline(r)
			glyf = append(glyf, outline...)
			end()
			side := 0
			if len(outline) > 0 {
				side = i16(outline, 2)
			}
			metrics = put(metrics, from.advance(r), side)
			t.glyphs[r] = uint16(next) //nolint:gosec // some thousand glyphs
			next++
		}
	}
	for r, as := range like {
		if _, has := t.glyphs[r]; !has && t.glyphs[as] != 0 {
			t.glyphs[r] = t.glyphs[as]
		}
	}
	maxp, hhea := slices.Clone(tables["maxp"]), slices.Clone(tables["hhea"])
	binary.BigEndian.PutUint16(maxp[4:], uint16(next)) //nolint:gosec // some hundred glyphs
	binary.BigEndian.PutUint16(maxp[28:], uint16(max(u16(maxp, 28), 2)))
	binary.BigEndian.PutUint16(maxp[30:], uint16(max(u16(maxp, 30), 2)))
	binary.BigEndian.PutUint16(hhea[34:], uint16(next)) //nolint:gosec // some hundred glyphs
	tables["glyf"], tables["loca"], tables["hmtx"], tables["maxp"], tables["hhea"] = glyf, loca, metrics, maxp, hhea
	tables["cmap"] = t.cmap()
	return assemble(font, tables)
}

// cmap is the table of characters, in format 4 with a segment for each.
func (t typeface) cmap() []byte {
	runes := slices.Sorted(maps.Keys(t.glyphs))
	n := len(runes) + 1 // and the last, which the format asks for
	power, log := 1, 0
	for power*2 <= n {
		power, log = power*2, log+1
	}
	b := put(nil, 0, 1, 3, 1, 0, 12)
	b = put(b, 4, 16+8*n, 0, 2*n, 2*power, log, 2*(n-power))
	for _, r := range runes {
		b = put(b, int(r))
	}
	b = put(b, 0xffff, 0)
	for _, r := range runes {
		b = put(b, int(r))
	}
	b = put(b, 0xffff)
	for _, r := range runes {
		b = put(b, int(t.glyphs[r])-int(r))
	}
	b = put(b, 1)
	return put(b, make([]int, n)...)
}

// assemble writes the tables in the order of their names.
func assemble(font []byte, tables map[string][]byte) []byte {
	names := slices.Sorted(maps.Keys(tables))
	out := slices.Clone(font[:12])
	at := 12 + 16*len(names)
	var body []byte
	for _, name := range names {
		out = append(out, name...)
		out = binary.BigEndian.AppendUint32(out, 0)                         // a checksum that nobody checks in a PDF
		out = binary.BigEndian.AppendUint32(out, uint32(at+len(body)))      //nolint:gosec // a font is far smaller
		out = binary.BigEndian.AppendUint32(out, uint32(len(tables[name]))) //nolint:gosec // a font is far smaller
		body = append(body, tables[name]...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
	}
	return append(out, body...)
}
