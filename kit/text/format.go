package text

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/sanarip/sanarip/kit/clock"
)

// Date is 22.11.2026; a zero date is a dash.
func Date(d clock.Date) string {
	if d.IsZero() {
		return "—"
	}
	return fmt.Sprintf("%02d.%02d.%04d", d.Day, int(d.Month), d.Year)
}

// Moment is 22.11.2026 14:05 in Bishkek; a zero time is a dash.
func Moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(clock.Bishkek).Format("02.01.2006 15:04")
}

// Fours parts a long number or key, of ASCII letters and digits, in groups of four:
// it can be read out, and wraps between them.
func Fours(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Money is an amount in tyiyn (1/100 som) as the reader's language writes it:
// «1 250 сом», «1 250,50 сом», in English “1 250.50 som”.
// It is never broken between lines.
func Money(ctx context.Context, tyiyn int64) string {
	return Amount(ctx, tyiyn) + "\u00a0" + T(ctx, "kit.som")
}

// Amount is Money without the currency.
func Amount(ctx context.Context, tyiyn int64) string { return Decimal(ctx, Som(tyiyn)) }

// Som is an amount in tyiyn with a point in every language: «1 250.50». Thousands
// are parted by a no-break space: a comma would be read as another's decimal.
func Som(tyiyn int64) string {
	sign := ""
	if tyiyn < 0 {
		sign, tyiyn = "−", -tyiyn
	}
	digits := fmt.Sprint(tyiyn / 100)
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteRune('\u00a0')
		}
		b.WriteRune(r)
	}
	if rest := tyiyn % 100; rest != 0 {
		fmt.Fprintf(&b, ".%02d", rest)
	}
	return sign + b.String()
}

// Change is the difference of two amounts: «+ 1 250,50», «− 80», «0».
func Change(ctx context.Context, tyiyn int64) string {
	switch {
	case tyiyn > 0:
		return "+\u00a0" + Amount(ctx, tyiyn)
	case tyiyn < 0:
		return "−\u00a0" + Amount(ctx, -tyiyn)
	}
	return "0"
}

// Decimal is a decimal, given with a point, as it is written in the reader's
// language: 0,9125 in Kyrgyz and Russian. One kept with a comma gets its point in
// English.
func Decimal(ctx context.Context, written string) string {
	if LangOf(ctx) == EN {
		return strings.Replace(written, ",", ".", 1)
	}
	return strings.Replace(written, ".", ",", 1)
}

// Fold prepares a text for comparison in search: lower case, composed, Ё as Е,
// inner spaces single. Kyrgyz Ң Ө Ү keep their own identity.
func Fold(s string) string {
	s = norm.NFC.String(s)
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		r = unicode.ToLower(r)
		if r == 'ё' {
			r = 'е'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Joined is the words that there are, with a space between: a name of which the
// patronymic may be missing.
func Joined(words ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" }), " ")
}
