package ward_test

import (
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/ward"
)

// Who is kept apart is marked where somebody is about to go to them, once, however
// many say so at the same moment; and what ended stays on record.
func TestIsolation(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		nurse := formtest.Nurse(t.Context())
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		apart := func() string {
			_, lying, err := ward.Floor(nurse, w.Desk, formtest.Hospital, formtest.Department)
			if err != nil || len(lying) != 1 {
				t.Fatal(lying, err)
			}
			view, err := stay.Find(nurse, w.Desk, stayID)
			if err != nil || view.Isolation != lying[0].Isolation {
				t.Fatal("board and banner differ:", view.Isolation, lying[0].Isolation, err)
			}
			return lying[0].Isolation
		}
		if got := apart(); got != "" {
			t.Fatal(got)
		}
		for _, wrong := range []ward.Isolating{{Once: id.New(), Kind: "walls", Reason: "Корь"}, {Once: id.New(), Kind: "airborne"}} {
			if err := ward.Isolate(nurse, w.Desk, stayID, wrong); !fail.Is(err, fail.Invalid) {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		in := ward.Isolating{Once: id.New(), Kind: "airborne", Reason: "Корь"}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := ward.Isolate(nurse, w.Desk, stayID, in); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if got := apart(); got != "airborne" || w.Int(`SELECT COUNT(*) FROM isolation`) != 1 {
			t.Fatal(got)
		}
		if err := ward.AskTransfer(formtest.Doctor(t.Context()), w.Desk, stayID, "05", "Живот"); err != nil {
			t.Fatal(err)
		}
		asked, err := ward.Incoming(nurse, w.Desk.DB.Read, formtest.Hospital, "05")
		if err != nil || len(asked) != 1 || asked[0].Isolation != "airborne" {
			t.Fatalf("%+v %v", asked, err)
		}
		next := ward.Isolating{Once: id.New(), Kind: "contact", Reason: "Не корь"}
		if err := ward.Isolate(nurse, w.Desk, stayID, next); err != nil {
			t.Fatal(err)
		}
		if err := ward.EndIsolation(nurse, w.Desk, stayID, in.Once); !fail.Is(err, fail.Conflict) {
			t.Fatal("another isolation was lifted than was seen:", err)
		}
		if got := apart(); got != "contact" {
			t.Fatal(got)
		}
		if err := ward.EndIsolation(nurse, w.Desk, stayID, next.Once); err != nil {
			t.Fatal(err)
		}
		all, err := ward.Isolations(nurse, w.Desk.DB.Read, stayID)
		if got := apart(); got != "" || err != nil || len(all) != 2 || all[0].EndedAt.IsZero() || all[1].EndedAt.IsZero() || all[0].EndedName == "" {
			t.Fatalf("%q %+v %v", got, all, err)
		}
	})
}
