package directory_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/card/migration"
)

// NR-1: the card's copy follows НИСУР; a bed in use is closed, never deleted.
func TestSync(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx, n := t.Context(), cardtest.New()
		desk, _ := cardtest.Desk(t, d, n)
		if report, err := desk.Directory.Sync(ctx); err != nil || report.Organisations != 2 || report.Changed != 0 {
			t.Fatalf("again: %+v %v", report, err)
		}
		state := func() map[string]string {
			states := map[string]string{}
			beds, err := ward.Beds(ctx, d.Read, cardtest.Hospital, "18")
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range beds {
				states[b.Name] = b.State
			}
			return states
		}
		if got := state(); len(got) != 3 || got["101-1"] != ward.Ready {
			t.Fatalf("beds %v", got)
		}
		if _, err := ward.SetBed(n.As(ctx, 2), desk, cardtest.BedID("18", 1), ward.Cleaning); err != nil {
			t.Fatal(err)
		}
		n.Set(func(n *cardtest.Neighbours) { n.Orgs[0].Departments[0].Beds = cardtest.Beds("18", 2) })
		if report, err := desk.Directory.Sync(ctx); err != nil || report.Changed != 1 {
			t.Fatalf("a bed less: %+v %v", report, err)
		}
		if got := state(); len(got) != 2 || got["101-1"] != ward.Cleaning {
			t.Errorf("a bed less: %v", got)
		}
		n.Set(func(n *cardtest.Neighbours) { n.Orgs[0].Departments[0].Beds = cardtest.Beds("18", 4) })
		if _, err := desk.Directory.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if got := state(); len(got) != 4 || got["101-3"] != ward.Ready || got["101-1"] != ward.Cleaning {
			t.Errorf("opened again: %v", got)
		}
		n.Set(func(n *cardtest.Neighbours) { n.Away = true })
		if o, err := desk.Directory.Organisation(ctx, cardtest.Hospital); err != nil || len(o.Departments) != 2 {
			t.Errorf("while НИСУР is away: %v", err)
		}
		if _, err := desk.Directory.Sync(ctx); err == nil {
			t.Error("a copy of nobody")
		}
		if got := state(); len(got) != 4 {
			t.Errorf("a failed copy changed the beds: %v", got)
		}
	})
}
