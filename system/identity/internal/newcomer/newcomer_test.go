package newcomer

import (
	"testing"

	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

func TestNamesAreComparedAsPeopleReadThem(t *testing.T) {
	for _, pair := range [][2]string{
		{"Өкүл Үсөнбековна", "өкүл  үсөнбековна "},
		{"Асанова", "АСАНОВА"},
		{"Йусуф", "И\u0306усуф"}, // one letter or two marks
		{"Абдырахмангазынуруллабекмуратовакадырова", "Абдырахмангазынуруллабекмуратовакадырова-Жумабекова"},
	} {
		if !same(pair[0], pair[1]) {
			t.Errorf("%q and %q differ", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"Асанова", "Асанов"}, {"Асанов", "Асанова"}, {"", "Асанова"}, {"Айгүл", "Айгүл Маратовна"}, {"Айгуль", "Айгүл"},
	} {
		if same(pair[0], pair[1]) {
			t.Errorf("%q and %q are taken for one", pair[0], pair[1])
		}
	}
}

// A false page can pass a PIN from the mail on, but no card's signature.
func TestACardResistsPhishingAndACloudSignatureDoesNot(t *testing.T) {
	if w := Way(door.Card); !assurance.Resists(w.AMR) || w.Level != assurance.High {
		t.Errorf("%+v", w)
	}
	if w := Way(door.Signature); assurance.Resists(w.AMR) || w.Level != assurance.Substantial {
		t.Errorf("%+v", w)
	}
}
