package document

import (
	_ "embed" // the fonts
	"encoding/binary"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Golos Text by Paratype, cut down to Latin, Cyrillic with Ң Ө Ү and signs
// (SIL OFL 1.1, font/LICENSE.txt).
//
//go:embed font/golos-text-regular.ttf
var regular []byte

//go:embed font/golos-text-bold.ttf
var bold []byte

const family = "golos"

// covered are the characters that both fonts have.
var covered = sync.OnceValue(func() map[rune]bool {
	in, all := characters(bold), map[rune]bool{}
	for r := range characters(regular) {
		all[r] = in[r]
	}
	return all
})

// plain prepares a text for the fonts: composed, without control characters. A
// character that no font has becomes "?" rather than a hole:
// what was there is seen to be missing.
func plain(s string) string {
	have := covered()
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u2009' || r == '\u202f':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\ufe0f':
			return -1
		case have[r]:
			return r
		}
		return '?'
	}, norm.NFC.String(strings.ToValidUTF8(s, "?")))
}

// characters reads the cmap of a TrueType font (format 4, which is the one for
// Unicode's first plane).
func characters(font []byte) map[rune]bool {
	all := map[rune]bool{}
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(font[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(font[at:])) }
	for i := range u16(4) {
		entry := 12 + 16*i
		if string(font[entry:entry+4]) != "cmap" {
			continue
		}
		cmap := u32(entry + 8)
		for j := range u16(cmap + 2) {
			if sub := cmap + u32(cmap+4+8*j+4); u16(sub) == 4 {
				segments(sub, u16, all)
			}
		}
	}
	return all
}

func segments(sub int, u16 func(int) int, all map[rune]bool) {
	count := u16(sub+6) / 2
	ends, starts := sub+14, sub+16+2*count
	for k := range count {
		from, until := u16(starts+2*k), u16(ends+2*k)
		for r := from; r <= until && r < 0xffff; r++ {
			all[rune(r)] = true
		}
	}
}
