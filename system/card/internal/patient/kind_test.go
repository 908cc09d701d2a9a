package patient_test

import (
	"context"
	"os"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

func spoken(t *testing.T, l text.Lang) context.Context {
	t.Helper()
	return text.With(t.Context(), text.MustLoad(design.Texts, os.DirFS("../..")), l)
}

// ISO 3166-1 has 249 countries; this one is not a foreigner's.
func TestCountriesAreThoseOfISO3166(t *testing.T) {
	if n := len(patient.Countries()); n != 248 {
		t.Errorf("%d countries: %v", n, patient.Countries())
	}
	for typed, want := range map[string]string{"Узбекистан": "UZ", "өзбекстан": "UZ", "uzbekistan": "UZ", "kz": "KZ", "Россия": "RU", "Кытай": "CN", "Түркия": "TR"} {
		if code, ok := patient.Country(typed); !ok || code != want {
			t.Errorf("%q is %q %v", typed, code, ok)
		}
	}
	for _, typed := range []string{"", "KG", "Кыргызстан", "ZZ", "Нарния"} {
		if code, ok := patient.Country(typed); ok {
			t.Errorf("%q is %q", typed, code)
		}
	}
	for l, want := range map[text.Lang]string{text.KY: "Тажикстан", text.RU: "Таджикистан", text.EN: "Tajikistan"} {
		if got := patient.CountryName(spoken(t, l), "TJ"); got != want {
			t.Errorf("%s: %q", l, got)
		}
	}
}

func TestOneNameSpeltTwoWaysIsAlike(t *testing.T) {
	alike := [][2][2]string{
		{{"Асанова", "Айгүл"}, {"Asanova", "Aigul"}},
		{{"Өмүрбекова", "Жылдыз"}, {"Омурбекова", "Жылдыз"}},
		{{"Жумабеков", "Эрмек"}, {"Jumabekov", "Ermek"}},
		{{"Жумабеков", "Эрмек"}, {"Zhumabekov", "Ermek"}},
		{{"Кадырова", "Чынара"}, {"Kadyrova", "Chynara"}},
		{{"Эрмек", "Жумабеков"}, {"Жумабеков", "Эрмек"}},
		{{"Мамытова", "Жибек"}, {"МАМЫТОВА", "жибек "}},
		{{"Шаршенбаев", "Нурлан"}, {"Sharshenbaev", "Nurlan"}},
		{{"Иссаков", "Данияр"}, {"Исаков", "Данияр"}},
	}
	for _, pair := range alike {
		a, b := patient.AlikeKey(pair[0][0], pair[0][1]), patient.AlikeKey(pair[1][0], pair[1][1])
		if a != b || a == "" {
			t.Errorf("%v: %q, %q", pair, a, b)
		}
	}
	if patient.AlikeKey("Асанов", "Азамат") == patient.AlikeKey("Асанов", "Азат") || patient.AlikeKey("", "") != "" {
		t.Error("different names have one key")
	}
}
