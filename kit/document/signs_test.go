package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/text"
)

// What doctors write, paste and dictate stands on the paper as it was written:
// Greek, ticks, arrows, signs of mathematics, Roman numbers, fractions, names in
// other languages, letters with a stress.
func TestWhatADoctorWritesIsSet(t *testing.T) {
	everything := New(Options{Title: "Знаки", Lang: text.RU, At: at})
	for _, line := range []string{
		"α-блокатор, β-ХГЧ, γ-ГТ, Δ-ритм, λ, μ, π, Ω, ω-3, Σ",
		"√ ✓ ✔ ✗ ☐ ☑ ☒ ● ○ ■ ▲ ▼ ★",
		"≥ ≤ ≠ ≈ ± ∓ × ÷ ∞ ∅ ∑ ∆ ° ‰ ′ ″ ~ ∼ < >",
		"↑ ↓ → ← ↔ ⇒ ↗ ↘ ↕",
		"I–IV: Ⅰ Ⅱ Ⅲ Ⅳ, ⅓ ½ ¼ ¾ ⅛, 10⁹ 10⁻³ xⁿ",
		"♀ ♂ ⚠ ☎ ℞ † ™ © № § ℃",
		"ң ө ү Ң Ө Ү қ ғ ұ ә ӣ ҷ ў ҳ ї є ş ğ ı ə ł ß ñ ç ơ ư",
	} {
		d := New(Options{Title: "Знаки", Lang: text.RU, At: at})
		d.Text(line)
		d.Strong(line)
		got := run(t, need(t, "pdftotext"), "-layout", write(t, d), "-")
		if strings.Count(together(got), together(line)) != 2 {
			t.Errorf("%q is set as %q", line, got)
		}
		everything.Text(line)
		everything.Strong(line)
	}
	write(t, everything) // to look at it
}

// What no font has is named, never lost: by what it is made of, else by its number.
func TestWhatNoFontHasIsNamed(t *testing.T) {
	for written, want := range map[string]string{
		"дали 💊 в 8:00":          "дали [U+1F48A] в 8:00",
		"漢":                      "[U+6F22]",
		"𝛼₁":                     "α₁",
		"5㎎, 2㎖":                 "5mg, 2ml",
		"п⑫3":                    "п(12)3",
		"aᵠ":                     "a[U+1D60]",
		"а\u0301":                "а\u0301",
		"\xff":                   "\ufffd",
		"a\u3000b\u200bc\u2028d": "a bc\nd",
	} {
		if got := plain(written); got != want {
			t.Errorf("%q is set as %q, want %q", written, got, want)
		}
	}
	have := covered()
	for r := range have {
		if r > 0xffff {
			t.Fatalf("%U is set, and the fonts' table has no place for it", r)
		}
	}
	if len(have) < 1000 {
		t.Errorf("%d characters can be set", len(have))
	}
}

// A paper without rare signs is set in the small face, and is as small as ever.
func TestThePaperThatNeedsNoSignsIsSetInTheUsualFace(t *testing.T) {
	for line, want := range map[string]bool{"Ңөү ≥ 5 мкм, 10⁹/л ↑": false, "β-блокатор": true} {
		s := newSheet(Options{Lang: text.RU, At: at}, 0, usual())
		s.paragraph(line, bodySize, "")
		if s.signs != want {
			t.Errorf("%q: signs %v", line, s.signs)
		}
		if err := s.pdf.Error(); err != nil {
			t.Error(fmt.Errorf("%q: %w", line, err))
		}
	}
}

// together is the text without its spaces, which a reader of PDFs guesses.
func together(s string) string { return strings.Join(strings.Fields(s), "") }
