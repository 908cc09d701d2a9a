package patient_test

import (
	"context"
	"database/sql"
	"os"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
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
	for l, want := range map[text.Lang]string{text.KY: "Кыргызстан", text.RU: "Кыргызстан", text.EN: "Kyrgyzstan"} {
		if got := patient.CountryName(spoken(t, l), "KG"); got != want {
			t.Errorf("%s: this country is %q", l, got)
		}
	}
	for l, want := range map[text.Lang]string{text.KY: "Тажикстан", text.RU: "Таджикистан", text.EN: "Tajikistan"} {
		if got := patient.CountryName(spoken(t, l), "TJ"); got != want {
			t.Errorf("%s: %q", l, got)
		}
	}
}

// Who was registered before there were keys is found among the doubles as well.
func TestKeysAreFilledIn(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, _ := cardtest.Desk(t, store, n)
		p, _, err := patient.Register(n.As(t.Context(), 0), d, patient.Patient{FamilyName: "Асанова", GivenName: "Айгүл", Sex: patient.Female})
		if err != nil {
			t.Fatal(err)
		}
		err = d.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE patient SET alike_key = ''`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if more, err := patient.FillKeys(t.Context(), d.DB); err != nil || more {
			t.Errorf("%v, %v", more, err)
		}
		var key string
		if err := d.DB.Read.QueryRowContext(t.Context(), `SELECT alike_key FROM patient WHERE id = $1`, p.ID).Scan(&key); err != nil || key != patient.AlikeKey("Asanova", "Aigul") {
			t.Errorf("%q, %v", key, err)
		}
	})
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
