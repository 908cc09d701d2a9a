// Package pin knows the ПИН, the personal number of a resident of Kyrgyzstan:
// 14 digits kept as text. The first is the sex (1 female, 2 male), the next
// eight the birth date ddmmyyyy, the rest a serial. It has no public check
// digit, so none is enforced; a disagreement with the person's own data is a
// warning, never a refusal.
package pin

import (
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

// Parse takes a ПИН as people write it (with spaces or dashes) and gives its 14
// digits, or a *fail.Error whose key says what is wrong.
func Parse(s string) (string, error) {
	cleaned := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u00a0', '\t':
			return -1
		}
		return r
	}, s)
	if cleaned == "" {
		return "", fail.New(fail.Invalid, "kit.pin.empty")
	}
	for _, r := range cleaned {
		if r < '0' || r > '9' {
			return "", fail.New(fail.Invalid, "kit.pin.digits_only")
		}
	}
	if len(cleaned) != 14 {
		return "", fail.New(fail.Invalid, "kit.pin.length", "Count", len(cleaned))
	}
	if cleaned[0] != '1' && cleaned[0] != '2' {
		return "", fail.New(fail.Invalid, "kit.pin.first_digit")
	}
	if _, ok := BirthDate(cleaned); !ok {
		return "", fail.New(fail.Invalid, "kit.pin.birth_date")
	}
	return cleaned, nil
}

// BirthDate is the date that a well-formed ПИН carries.
func BirthDate(pin string) (clock.Date, bool) {
	if len(pin) != 14 {
		return clock.Date{}, false
	}
	t, err := time.Parse("02012006", pin[1:9])
	if err != nil || t.Year() < 1850 {
		return clock.Date{}, false
	}
	y, m, d := t.Date()
	return clock.Date{Year: y, Month: m, Day: d}, true
}

// Sex is "female" or "male" as FHIR and OpenID Connect name them, or "".
func Sex(pin string) string {
	switch {
	case strings.HasPrefix(pin, "1"):
		return "female"
	case strings.HasPrefix(pin, "2"):
		return "male"
	}
	return ""
}

// Grouped is the ПИН as it is shown: 2 12091960 00217.
func Grouped(pin string) string {
	if len(pin) != 14 {
		return pin
	}
	return pin[:1] + " " + pin[1:9] + " " + pin[9:]
}

// Masked shows the first and the last two digits alone.
func Masked(pin string) string {
	if len(pin) != 14 {
		return strings.Repeat("•", len(pin))
	}
	return pin[:1] + " •••••••• •••" + pin[12:]
}
