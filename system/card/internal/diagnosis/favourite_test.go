package diagnosis

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

func codesOf(all []Suggestion) []string {
	var codes []string
	for _, s := range all {
		codes = append(codes, s.Code.Code)
	}
	return codes
}

// What the doctor has marked or writes most is suggested before anything is
// typed, and first among what fits; each doctor has their own.
func TestADoctorsOwnDiagnosesComeFirst(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		suggest := func(query string) []Suggestion {
			t.Helper()
			all, err := Suggest(ctx, w.Desk, book, query)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		if all := suggest(""); len(all) != 0 {
			t.Fatalf("a new doctor has %v", codesOf(all))
		}
		plain := codesOf(suggest("I"))
		last := plain[len(plain)-1]
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		for stage, code := range map[string]string{"referral": "J18.9", "admission": "J18.9", "clinical": "I10"} {
			if err := Make(ctx, w.Desk, book, stayID, Making{Stage: stage, Rank: "main", Value: code, Typed: code, At: w.Clock.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // again changes nothing
			if err := Favour(ctx, w.Desk, book, last, true); err != nil {
				t.Fatal(err)
			}
		}
		if got := codesOf(suggest("")); !slices.Equal(got, []string{last, "J18.9", "I10"}) {
			t.Errorf("before anything is typed: %v", got)
		}
		if all := suggest("I"); all[0].Code.Code != last || !all[0].Favourite || all[1].Code.Code != "I10" || !all[1].Usual || len(all) != len(plain) {
			t.Errorf("what fits: %v", codesOf(all))
		}
		if other, err := Suggest(formtest.Head(t.Context()), w.Desk, book, ""); err != nil || len(other) != 0 {
			t.Errorf("another doctor has %v %v", codesOf(other), err)
		}
		w.Clock.Advance(usualFor + 24*time.Hour)
		if got := codesOf(suggest("")); !slices.Equal(got, []string{last}) {
			t.Errorf("after half a year: %v", got)
		}
		if err := Favour(ctx, w.Desk, book, last, false); err != nil || len(suggest("")) != 0 {
			t.Error("the mark was not taken back:", err)
		}
		if err := Favour(ctx, w.Desk, book, "Z99.9", true); !fail.Is(err, fail.NotFound) {
			t.Error("a code that there is not:", err)
		}
	})
}

// A withdrawn heading is not suggested, and marks have a bound.
func TestMarksHaveABound(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		for i := range mostFavourites {
			w.Exec(fmt.Sprintf(`INSERT INTO diagnosis_favourite (pin, code, added_at) VALUES ('%s', 'X%02d', 1)`, formtest.DoctorPIN, i))
		}
		if err := Favour(ctx, w.Desk, book, "I10", true); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		if all, err := Suggest(ctx, w.Desk, book, ""); err != nil || len(all) != 0 {
			t.Fatal("codes that the classification has not are suggested:", codesOf(all), err)
		}
	})
}
