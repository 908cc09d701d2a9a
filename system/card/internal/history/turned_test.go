package history

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// A page that the database counts and cuts is the one that is cut from the whole
// history, whatever was corrected: to another hour, day or by another doctor.
func TestAPageByItsNumberIsCutFromTheWholeHistory(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		random := rand.New(rand.NewPCG(4, 2026)) //nolint:gosec // no secret
		for _, corrected := range []int{0, 10} {
			stayID := w.Stay(w.Patient(formtest.PIN(corrected)))
			start := w.Clock.Now().Add(-10 * 24 * time.Hour)
			for i := range 45 {
				root, version := id.New(), 1
				for ; version == 1 || i < corrected && random.IntN(3) > 0; version++ {
					kind := Kinds[i%3]
					by := []string{formtest.DoctorPIN, formtest.HeadPIN}[random.IntN(2)]
					at := start.Add(time.Duration(random.IntN(240)) * time.Hour).UnixMicro()
					entry := root
					if version > 1 {
						entry = id.New()
					}
					w.Exec(`INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
						VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, '', '', $7)`, entry, stayID, kind, root, version, fmt.Sprint(i, version), at, by)
				}
			}
			for _, wish := range []Wish{{}, {Page: 2}, {Page: 3}, {Page: 4}, {Kind: Kinds[1]}, {PIN: formtest.HeadPIN, Page: 2}, {Kind: Consultation}} {
				want, err := sought(t.Context(), w.Desk.DB, stayID, wish)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Read(t.Context(), w.Desk.DB, stayID, wish)
				if err != nil {
					t.Fatal(err)
				}
				if len(got.Entries) == 0 {
					got.Entries = want.Entries[:0]
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%d corrected, %+v: page %d of %d, %d found of %d, %v, %v\nnot page %d of %d, %d found of %d, %v, %v", corrected, wish,
						got.Page, got.Pages, got.Found, got.All, got.Kinds, got.Days, want.Page, want.Pages, want.Found, want.All, want.Kinds, want.Days)
				}
			}
		}
	})
}

// Before 2005 the day began at another hour in summer: it is not counted by today's.
func TestADayIsCountedByTheHourInForceThen(t *testing.T) {
	noon := func(year int, month time.Month) heap {
		at := time.Date(year, month, 15, 12, 0, 0, 0, clock.Bishkek)
		return heap{day: (at.UnixMicro() + shifted(time.Now())) / dayMicros}
	}
	if day, same := noon(2026, time.November).date(); !same || day != (clock.Date{Year: 2026, Month: time.November, Day: 15}) {
		t.Errorf("a day of 2026 is %s, counted as today: %v", day, same)
	}
	if _, same := noon(2004, time.January).date(); same {
		t.Error("a winter day of 2004 began an hour later")
	}
}
