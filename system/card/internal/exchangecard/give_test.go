package exchangecard

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
)

// The card is given at its week, earlier with a reason; a new code ends the old
// one. Who is due stands in the list.
func TestTheCardIsGivenAtItsWeek(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		ctx := n.As(t.Context(), 0)
		woman, _, err := patient.Register(ctx, d, patient.Patient{PIN: "10101199500012", FamilyName: "Садыкова", GivenName: "Нургүл", Sex: patient.Female, BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}})
		if err != nil {
			t.Fatal(err)
		}
		pregnancy := id.New()
		if err := antenatal.Register(ctx, d, woman.ID, pregnancy, cardapi.Registration{LastPeriod: gestation.Plus(clock.DateOf(now.Now()), -7*31), Fetuses: 1, Gravida: 1}); err != nil {
			t.Fatal(err)
		}
		if e := fail.As(Give(ctx, d, pregnancy, "")); e == nil || len(e.Findings) != 1 || e.Findings[0].Field != "early" {
			t.Fatalf("given a week early without a reason: %v", e)
		}
		due := func() int {
			sizes, err := antenatal.Counts(t.Context(), d.DB.Read, cardtest.Hospital, clock.DateOf(now.Now()))
			if err != nil {
				t.Fatal(err)
			}
			return sizes[antenatal.ListDue]
		}
		if due() != 0 {
			t.Error("due a week early")
		}
		now.Advance(7 * 24 * time.Hour)
		if due() != 1 {
			t.Error("not due at 32 weeks")
		}
		for range 2 {
			if err := Give(ctx, d, pregnancy, ""); err != nil {
				t.Fatal(err)
			}
		}
		if due() != 0 {
			t.Error("still due")
		}
		given, err := codesOf(t.Context(), d.DB.Read, pregnancy)
		if err != nil || len(given) != 2 || given[0].Code == given[1].Code || len(given[0].Code) != 16 {
			t.Fatalf("%+v %v", given, err)
		}
		valid := 0
		for _, g := range given {
			if _, err := byCode(t.Context(), d.DB.Read, g.Code); err == nil {
				valid++
			}
		}
		if valid != 1 {
			t.Errorf("%d codes open the card", valid)
		}
	})
}
