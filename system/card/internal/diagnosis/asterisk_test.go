package diagnosis

import (
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// A code that tells how a disease shows is told to be no main diagnosis; beside the
// code of the disease it is right.
func TestAnAsteriskCodeIsNoMainDiagnosis(t *testing.T) {
	if len(asterisk) != 83 || !slices.IsSorted(asterisk) || len(slices.Compact(slices.Clone(asterisk))) != 83 {
		t.Fatal("ICD-10 has 83 asterisk categories:", len(asterisk))
	}
	for code, want := range map[string]bool{"G01": true, "M49.0": true, "A17.0": false, "G00.9": false, "N51.8": true, "": false, "G0": false} {
		if Manifestation(code) != want {
			t.Error(code, !want)
		}
	}
	v := diagnosesOf{Stay: stay.View{Patient: patient.Patient{Sex: "female", BirthDate: clock.Date{Year: 1980, Month: 1, Day: 1}}}}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct{ rank, code, key string }{
		{"main", "G01", "card.diagnosis.manifestation"},
		{"comorbid", "G01", ""},
		{"main", "N51.8", "card.diagnosis.conflict_male"}, // what is said first
		{"main", "G00.9", ""},
	} {
		if got := v.conflict(Diagnosis{Rank: c.rank, Code: c.code, At: at}); got != c.key {
			t.Errorf("%s %s: %q, want %q", c.rank, c.code, got, c.key)
		}
	}
}
