package registration_test

import (
	"testing"

	"github.com/sanarip/sanarip/system/identity/internal/registration"
)

func TestAPassportIsTakenAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{
		"id 123 45 67": "ID1234567", "ID№1234567": "ID1234567", "ид 1234567": "ID1234567", "ИД-1234567": "ID1234567", "IД1234567": "ID1234567",
		"АН 1234567": "AN1234567", "aн1234567": "AN1234567", "an 1234567": "AN1234567",
		"АС1234567": "AC1234567", "AH1234567": "AH1234567", // Latin letters are taken at their word
		"": "", "ID123456": "", "ИДИД12345": "", "1234567": "", "ЖД1234567": "", "ID12З4567": "",
	} {
		got, err := registration.ParsePassport(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
}
