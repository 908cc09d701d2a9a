package merge_test

import (
	"maps"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/merge"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

func TestLikelyDoublesAreShownUntilSaidOtherwise(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		born := clock.Date{Year: 1995, Month: 1, Day: 12}
		a := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: born, Passport: "ID7"})
		same := w.register(patient.Patient{FamilyName: "Sadykova", GivenName: "Nurgul", BirthDate: born})
		slip := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: clock.Date{Year: 1995, Month: 12, Day: 1}})
		paper := w.register(patient.Patient{FamilyName: "Токтоева", GivenName: "Нургүл", Passport: "ID7"})
		w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: clock.Date{Year: 1961, Month: 7, Day: 30}})
		w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Айгүл", BirthDate: born})
		pairs, err := merge.DoublesOf(t.Context(), w.d.DB.Read, a)
		got := map[string]string{}
		for _, p := range pairs {
			got[p.B.ID] = p.Why
		}
		want := map[string]string{same.ID: "name_birth", slip.ID: "name_slip", paper.ID: "passport"}
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%v, want %v, %v", got, want, err)
		}
		all, err := merge.Doubles(t.Context(), w.d.DB.Read, cardtest.Hospital)
		if err != nil || len(all) != 4 { // with the two spelt alike on either day
			t.Errorf("%d pairs, %v", len(all), err)
		}
		if err := merge.Apart(w.keeper, w.d, same.ID, a.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := merge.Do(w.keeper, w.d, merge.Wish{Survivor: a.ID, Merged: paper.ID}); err != nil {
			t.Fatal(err)
		}
		if pairs, err = merge.DoublesOf(t.Context(), w.d.DB.Read, a); err != nil || len(pairs) != 1 || pairs[0].B.ID != slip.ID {
			t.Errorf("%+v, %v", pairs, err)
		}
	})
}

// The page of one patient names those who may be the same: whoever opens it is on
// their record too.
func TestWhoeverSeesTheDoublesOfAPatientIsOnTheirRecord(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		born := clock.Date{Year: 1995, Month: 1, Day: 12}
		a := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: born})
		other := w.register(patient.Patient{PIN: "11201199500017", FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: born})
		if _, err := merge.Panel(w.d)(w.doctor, a); err != nil {
			t.Fatal(err)
		}
		var n int
		err := w.d.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE subject_pin = $1 AND action = 'patient.find'`, other.PIN).Scan(&n)
		if err != nil || n != 1 {
			t.Errorf("%d records of the one who was named, %v", n, err)
		}
	})
}
