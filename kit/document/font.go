package document

import (
	_ "embed" // the fonts
	"fmt"
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

// DejaVu Sans, cut down to what Golos Text lacks and people write in a case
// history: Greek, arrows, signs of mathematics, ticks and boxes, Roman numbers,
// fractions, letters of other languages (font/LICENSE-DEJAVU.txt). Its outlines
// are in the measure of Golos Text.
//
//go:embed font/dejavu-sans-regular.ttf
var regularSigns []byte

//go:embed font/dejavu-sans-bold.ttf
var boldSigns []byte

const family = "golos"

// face is what a document is set in.
type face struct{ regular, bold []byte }

// usual is Golos Text alone; with signs is what a text asks for that needs them:
// most papers do not, and a font is read whole for each.
var (
	usual     = sync.OnceValue(func() face { return face{complete(regularFile, nil), complete(boldFile, nil)} })
	withSigns = sync.OnceValue(func() face {
		return face{complete(regularFile, regularSigns), complete(boldFile, boldSigns)}
	})
)

// covered are the characters that can be set, in both weights: true those of the
// usual face, false those that need the signs.
var covered = sync.OnceValue(func() map[rune]bool {
	all := map[rune]bool{}
	for i, f := range []face{withSigns(), usual()} {
		in := characters(f.bold)
		for r := range characters(f.regular) {
			if in[r] {
				all[r] = i == 1
			}
		}
	}
	return all
})

// plain prepares a text for the fonts: composed, without control characters. What
// no font has is not lost: it is set as what it is made of where that says the
// same (℃ is °C, 𝛼 is α), else by its number in Unicode, [U+1F489], which names
// it to whoever looks it up.
func plain(s string) string {
	have := covered()
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "\ufffd")) {
		if r == '\t' || unicode.Is(unicode.Zs, r) && r != '\u00a0' {
			r = ' '
		}
		_, set := have[r]
		switch {
		case r == '\n' || set:
			b.WriteRune(r)
		case r == '\u2028' || r == '\u2029':
			b.WriteByte('\n')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r):
		default:
			b.WriteString(instead(r, have))
		}
	}
	return b.String()
}

// instead is what stands for a character that no font has.
func instead(r rune, have map[rune]bool) string {
	parts := norm.NFKC.String(string(r))
	said := parts != string(r) && !unicode.Is(unicode.Lm, r) // a raised letter on the line is another quantity
	for _, p := range parts {
		_, set := have[p]
		said = said && set
	}
	switch {
	case !said:
		return fmt.Sprintf("[U+%04X]", r)
	case unicode.Is(unicode.No, r): // ⑫: on the line it would run into the digits beside it
		return "(" + parts + ")"
	}
	return parts
}

// characters are those that the font has.
func characters(font []byte) map[rune]bool {
	all := map[rune]bool{}
	for r := range open(font).glyphs {
		all[r] = true
	}
	return all
}
