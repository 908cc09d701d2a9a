package patient

import (
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/sanarip/sanarip/kit/text"
)

// Kinds of a patient.
const (
	Citizen   = "citizen"   // of this country, with a ПИН at hand or not
	Foreigner = "foreigner" // with another country's passport, without a ПИН
	Nameless  = "unknown"   // nobody knows who they are
	Newborn   = "newborn"   // born here, until they have a ПИН
)

// KindWord is the kind in the reader's language, "" for a citizen with a ПИН.
func (p Patient) KindWord(ctx context.Context) string {
	switch {
	case p.Kind == Foreigner:
		return text.Joined(text.T(ctx, "card.patient.foreigner"), CountryName(ctx, p.Country))
	case p.Kind == Nameless && p.FullName() == "":
		return text.T(ctx, "card.patient.identity_unknown")
	case p.Kind == Newborn && p.PIN == "":
		return text.T(ctx, "card.patient.newborn")
	case p.PIN == "":
		return text.T(ctx, "card.patient.pin_missing")
	}
	return ""
}

// newbornName tells twins of one mother apart while they have no names.
func (p Patient) newbornName(ctx context.Context) string {
	key := "card.patient.newborn_child"
	switch p.Sex {
	case Female:
		key = "card.patient.newborn_girl"
	case Male:
		key = "card.patient.newborn_boy"
	}
	name := text.T(ctx, key, "Mother", p.FamilyName)
	if p.BirthOrder > 0 {
		name += " № " + string(rune('0'+p.BirthOrder%10))
	}
	return name
}

// Countries are the codes of ISO 3166-1 alpha-2 that name a country, without
// this one.
var Countries = sync.OnceValue(func() []string {
	var all []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			region, err := language.ParseRegion(code)
			if err == nil && region.IsCountry() && region.String() == code && code != home && !outdated[code] {
				all = append(all, code)
			}
		}
	}
	return all
})

// home is this country; CLDR has another Russian name of it than the country itself.
const (
	home   = "KG"
	homeRU = "Кыргызстан"
)

// outdated are codes that CLDR still names and ISO 3166-1 no longer has, or
// never had as a country's (reserved for other uses).
var outdated = map[string]bool{
	"AN": true, "BU": true, "CS": true, "DD": true, "FX": true, "NT": true, "SU": true, "TP": true, "YD": true, "YU": true, "ZR": true,
	"AC": true, "CP": true, "CQ": true, "DG": true, "EA": true, "IC": true, "TA": true, "EU": true, "EZ": true, "UN": true, "QO": true, "XA": true, "XB": true, "XK": true, "ZZ": true, "UK": true, "VD": true, "CT": true, "FQ": true, "JT": true, "MI": true, "NQ": true, "PC": true, "PU": true, "PZ": true, "WK": true,
	"DY": true, "HV": true, "NH": true, "RH": true,
}

var namers = map[text.Lang]display.Namer{
	text.KY: display.Regions(language.Kirghiz), text.RU: display.Regions(language.Russian), text.EN: display.Regions(language.English),
}

// CountryName is the country in the reader's language, the code itself if it has
// no name.
func CountryName(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if region.String() == home && text.LangOf(ctx) == text.RU {
		return homeRU
	}
	if namer := namers[text.LangOf(ctx)]; namer != nil {
		if name := namer.Name(region); name != "" {
			return name
		}
	}
	return code
}

// Country finds the country that a clerk typed: its code or its name in any of
// the three languages.
func Country(typed string) (code string, ok bool) {
	typed = strings.TrimSpace(typed)
	if slices.Contains(Countries(), strings.ToUpper(typed)) {
		return strings.ToUpper(typed), true
	}
	folded := text.Fold(typed)
	if folded == "" {
		return "", false
	}
	for _, code := range Countries() {
		region := language.MustParseRegion(code)
		for _, namer := range namers {
			if text.Fold(namer.Name(region)) == folded {
				return code, true
			}
		}
	}
	return "", false
}

// countriesLike are the countries whose name in the reader's language holds what
// was typed, those that begin with it first.
func countriesLike(ctx context.Context, typed string, limit int) []string {
	folded := text.Fold(strings.TrimSpace(typed))
	if folded == "" {
		return nil
	}
	var first, then []string
	for _, code := range Countries() {
		name := text.Fold(CountryName(ctx, code))
		switch {
		case strings.HasPrefix(name, folded) || strings.EqualFold(code, folded):
			first = append(first, code)
		case strings.Contains(name, folded):
			then = append(then, code)
		}
	}
	all := slices.Concat(first, then)
	return all[:min(limit, len(all))]
}
