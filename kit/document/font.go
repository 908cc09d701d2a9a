package document

import (
	_ "embed" // the fonts
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Golos Text by Paratype, cut down to Latin, Cyrillic with Ң Ө Ү and signs
// (SIL OFL 1.1, font/LICENSE.txt).
//
//go:embed font/golos-text-regular.ttf
var regularFile []byte

//go:embed font/golos-text-bold.ttf
var boldFile []byte

var regular, bold = complete(regularFile), complete(boldFile)

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

// characters are those that the font has.
func characters(font []byte) map[rune]bool {
	all := map[rune]bool{}
	for r := range open(font).glyphs {
		all[r] = true
	}
	return all
}
