package document

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"github.com/sanarip/sanarip/kit/text"
)

// Measures of the sheet in millimetres and points.
const (
	width, height = 210.0, 297.0
	left, right   = 20.0, 15.0 // the left side is for binding
	top, foot     = 14.0, 17.0
	inner         = width - left - right
	bottom        = height - foot

	bodySize, smallSize, labelSize = 10.0, 8.0, 7.5
	qrSize                         = 36.0 // LOOK.md asks for 35 and more
)

// pageOf stands at the foot of every page.
var pageOf = text.Words{KY: "%[2]d барактын %[1]d-барагы", RU: "Страница %[1]d из %[2]d", EN: "Page %[1]d of %[2]d"}

// sheet is a document while it is set. y grows downwards; whoever sets
// something asks room() for its height first.
type sheet struct {
	pdf     *fpdf.Fpdf
	options Options
	total   int
	begin   float64 // where the page's text begins, below its head
	signs   bool    // a text was met that the usual face cannot set
	root    *tag    // the document's structure: see tag.go
	at      *tag    // what is being set, nil for what is no text of the document
	marks   [][]*tag
}

// plain is the text as the fonts can set it.
func (s *sheet) plain(txt string) string {
	txt = plain(txt)
	for _, r := range txt {
		if r != '\n' && !covered()[r] {
			s.signs = true
		}
	}
	return txt
}

func (s *sheet) font(style string, size float64) { s.pdf.SetFont(family, style, size) }

// lead is the height of a line of the size.
func lead(size float64) float64 { return size * 0.3528 * 1.36 }

// line sets one line at x, y (its upper edge) in the width w. align: L, R, C.
func (s *sheet) line(x, y, w, size float64, txt, align string) {
	s.pdf.SetXY(x, y)
	if txt == "" {
		return
	}
	s.mark(func() { s.pdf.CellFormat(w, lead(size), txt, "", 0, align+"M", false, 0, "") })
}

// room goes to a new page when less than h is left on this one.
func (s *sheet) room(h float64) {
	if s.pdf.GetY()+h > bottom {
		s.pdf.AddPage()
	}
}

// together is room for what should not be parted. What is higher than a third of
// the page begins where it stands: a page would remain half empty.
func (s *sheet) together(h float64) {
	if h <= (bottom-top)/3 {
		s.room(h)
	}
}

func (s *sheet) ink()  { s.pdf.SetTextColor(0x14, 0x22, 0x2b) }
func (s *sheet) grey() { s.pdf.SetTextColor(0x48, 0x56, 0x5f) }

func (s *sheet) header() {
	s.pdf.RawWriteStr(beginArtifact)
	s.within(nil, s.head)
}

// head is the head of a page: on the first one it is part of the document, on the
// others it only repeats.
func (s *sheet) head() {
	s.pdf.SetY(top)
	if s.pdf.PageNo() > 1 {
		s.grey()
		s.font("", smallSize)
		s.line(left, top, inner*0.6, smallSize, s.one(joined(s.options.Person, s.options.Title), inner*0.6), "L")
		s.line(left+inner*0.6, top, inner*0.4, smallSize, s.one(joined(s.options.Form, s.options.Number), inner*0.4), "R")
		s.shyrdak(top + lead(smallSize) + 1)
		s.begin = top + lead(smallSize) + 8
		s.pdf.SetY(s.begin)
		s.ink()
		return
	}
	y := top
	s.grey()
	s.font("", smallSize+0.5)
	issuer := s.child("P")
	for i, l := range s.split(s.options.Issuer, inner*0.68) {
		s.within(issuer, func() { s.line(left, y+float64(i)*lead(smallSize+0.5), inner*0.68, smallSize+0.5, l, "L") })
		s.pdf.SetY(y + float64(i+1)*lead(smallSize+0.5))
	}
	below := s.pdf.GetY()
	s.tagged("P", func() { s.line(left+inner*0.7, y, inner*0.3, smallSize+0.5, s.one(s.options.Form, inner*0.3), "R") })
	s.ink()
	s.shyrdak(math.Max(below, y+lead(smallSize+0.5)) + 1)
	s.pdf.SetY(math.Max(below, y+lead(smallSize+0.5)) + 8)
	s.tagged("H1", func() { s.centred(s.options.Title, 15, "B") })
	s.tagged("P", func() { s.centred(s.options.Subtitle, bodySize, "") })
	s.tagged("P", func() { s.centred(s.options.Number, 11, "B") })
	s.begin = s.pdf.GetY() + 1.5
	s.pdf.SetY(s.begin)
}

// joined are the parts that are there, with a dot between.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " · ")
}

// one cuts a text to what fits on one line.
func (s *sheet) one(txt string, w float64) string {
	lines := s.split(txt, w)
	if len(lines) > 1 {
		return lines[0] + "…"
	}
	return lines[0]
}

func (s *sheet) centred(txt string, size float64, style string) {
	if txt == "" {
		return
	}
	s.font(style, size)
	for _, l := range s.split(txt, inner) {
		s.line(left, s.pdf.GetY(), inner, size, l, "C")
		s.pdf.SetY(s.pdf.GetY() + lead(size))
	}
	s.pdf.SetY(s.pdf.GetY() + 0.8)
}

func (s *sheet) footer() {
	s.within(nil, s.foot)
	s.pdf.RawWriteStr(endMarked)
}

func (s *sheet) foot() {
	y := height - 12.0
	s.grey()
	s.font("", smallSize-0.5)
	s.pdf.SetDrawColor(0xb8, 0xc2, 0xc8)
	s.pdf.SetLineWidth(0.15)
	s.pdf.Line(left, y-1.5, left+inner, y-1.5)
	s.line(left, y, inner*0.74, smallSize-0.5, s.one(s.options.Note, inner*0.74), "L")
	words := fmt.Sprintf(pageOf.In(s.options.Lang), s.pdf.PageNo(), s.total)
	s.line(left+inner*0.75, y, inner*0.25, smallSize-0.5, words, "R")
	s.ink()
}

// heading sets a title with room under it for the first lines of what follows, or for
// the whole of it where that is never parted.
func (s *sheet) heading(title string, whole float64) {
	s.font("B", 11.5)
	lines := s.split(title, inner)
	s.room(3 + float64(len(lines))*lead(11.5) + max(12, whole+1))
	if s.pdf.GetY() > s.begin {
		s.pdf.SetY(s.pdf.GetY() + 3)
	}
	s.font("B", 11.5) // a new page's head has set its own
	s.pdf.SetTextColor(0x0b, 0x4a, 0x6f)
	s.tagged("H2", func() {
		for _, l := range lines {
			s.line(left, s.pdf.GetY(), inner, 11.5, l, "L")
			s.pdf.SetY(s.pdf.GetY() + lead(11.5))
		}
	})
	s.ink()
	s.pdf.SetY(s.pdf.GetY() + 1)
}

func (s *sheet) paragraph(txt string, size float64, style string) {
	s.font(style, size)
	s.tagged("P", func() {
		for _, l := range s.split(txt, inner) {
			s.room(lead(size))
			s.font(style, size)
			s.line(left, s.pdf.GetY(), inner, size, l, "L")
			s.pdf.SetY(s.pdf.GetY() + lead(size))
		}
	})
	s.pdf.SetY(s.pdf.GetY() + 1.2)
}

func (s *sheet) rows(rows []Row) {
	const keyWidth = inner * 0.36
	s.pdf.SetDrawColor(0xb8, 0xc2, 0xc8)
	table := s.child("Table")
	for _, r := range rows {
		key, value := table.pair()
		s.font("", bodySize)
		keys := s.split(r.Key, keyWidth-3)
		s.font("B", bodySize)
		values := s.split(dash(r.Value), inner-keyWidth)
		s.together(float64(max(len(keys), len(values)))*lead(bodySize) + 2)
		for i := 0; i < max(len(keys), len(values)); i++ {
			s.room(lead(bodySize) + 2)
			y := s.pdf.GetY() + 0.8
			if i < len(keys) {
				s.grey()
				s.font("", bodySize)
				s.within(key, func() { s.line(left, y, keyWidth, bodySize, keys[i], "L") })
				s.ink()
			}
			if i < len(values) {
				s.font("B", bodySize)
				s.within(value, func() { s.line(left+keyWidth, y, inner-keyWidth, bodySize, values[i], "L") })
			}
			s.pdf.SetY(s.pdf.GetY() + lead(bodySize))
		}
		s.pdf.SetY(s.pdf.GetY() + 1.6)
		s.pdf.SetLineWidth(0.15)
		s.pdf.SetDrawColor(0xb8, 0xc2, 0xc8)
		s.pdf.Line(left, s.pdf.GetY(), left+inner, s.pdf.GetY())
	}
	s.pdf.SetY(s.pdf.GetY() + 2)
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// grid sets a line of boxes after the other; a box grows with its neighbours.
func (s *sheet) grid(columns int, rows []Row) {
	table := s.child("Table")
	for start := 0; start < len(rows); start += columns {
		line := rows[start:min(start+columns, len(rows))]
		w := inner / float64(len(line)) // the last line is as wide as the others
		high := 0.0
		values := make([][]string, len(line))
		for i, r := range line {
			s.font("", labelSize)
			labels := len(s.split(r.Key, w-3))
			s.font("B", bodySize)
			values[i] = s.split(dash(r.Value), w-3)
			high = math.Max(high, float64(labels)*lead(labelSize)+float64(len(values[i]))*lead(bodySize)+2)
		}
		s.room(math.Min(high, bottom-top-20))
		y := s.pdf.GetY()
		s.pdf.SetDrawColor(0x6b, 0x78, 0x80)
		s.pdf.SetLineWidth(0.2)
		for i, r := range line {
			x := left + float64(i)*w
			s.pdf.Rect(x, y, w, high, "D")
			s.gridBox(table, x+1.5, y+1, w-3, r.Key, values[i])
		}
		s.pdf.SetY(y + high)
	}
	s.pdf.SetY(s.pdf.GetY() + 1.5)
}

func (s *sheet) gridBox(table *tag, x, y, w float64, label string, values []string) {
	key, value := table.pair() // a row each: what stands above is the name of what is below
	s.grey()
	s.font("", labelSize)
	for _, l := range s.split(label, w) {
		s.within(key, func() { s.line(x, y, w, labelSize, l, "L") })
		y += lead(labelSize)
	}
	s.ink()
	s.font("B", bodySize)
	for _, l := range values {
		s.within(value, func() { s.line(x, y, w, bodySize, l, "L") })
		y += lead(bodySize)
	}
}
