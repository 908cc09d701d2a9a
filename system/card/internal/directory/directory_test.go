package directory_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/directory"
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
		hospital, err := desk.Directory.Organisation(ctx, cardtest.Hospital)
		if err != nil {
			t.Fatal(err)
		}
		if names, err := desk.Directory.Names(ctx); err != nil || len(names) != 4 || !slices.Contains(names, hospital.Name) || !slices.Contains(names, hospital.ShortName) {
			t.Errorf("names of access records: %+v %v", names, err)
		}
		state := func() map[string]string {
			states := map[string]string{}
			beds, err := ward.Beds(ctx, desk, cardtest.Hospital, "18")
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

// The list of doctors outlives a start while НИСУР is away, and says of when it is.
func TestDoctorsAreKeptWhileTheRegisterIsAway(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx, n := t.Context(), cardtest.New()
		before, now := cardtest.Desk(t, d, n)
		known := before.Directory.Doctors(ctx, cardtest.Hospital)
		if at, away := before.Directory.DoctorsAway(cardtest.Hospital); len(known) == 0 || away || !at.Equal(now.Now()) {
			t.Fatalf("%v of %s, away %v", known, at, away)
		}
		asked := now.Now()
		now.Advance(50 * time.Hour)
		n.Set(func(n *cardtest.Neighbours) { n.Away = true })
		restarted := &directory.Directory{DB: d, Clock: now, Log: before.Log, Workforce: before.Directory.Workforce}
		if got := restarted.Doctors(ctx, cardtest.Hospital); !slices.Equal(got, known) {
			t.Errorf("after a start %v, before it %v", got, known)
		}
		if at, away := restarted.DoctorsAway(cardtest.Hospital); !away || !at.Equal(asked) {
			t.Errorf("of %s, away %v", at, away)
		}
		if got := restarted.Doctors(ctx, "999999"); len(got) != 0 {
			t.Errorf("another's doctors: %v", got)
		}
		if at, away := restarted.DoctorsAway("999999"); !away || !at.IsZero() {
			t.Errorf("nothing was ever known, and it says of %s, away %v", at, away)
		}
		// НИСУР is back, and one has left: the copy follows.
		n.Set(func(n *cardtest.Neighbours) { n.Away, n.PostsOf = false, n.PostsOf[1:] })
		now.Advance(time.Hour)
		left := restarted.Doctors(ctx, cardtest.Hospital)
		if len(left) >= len(known) {
			t.Fatalf("who has left is still there: %v", left)
		}
		n.Set(func(n *cardtest.Neighbours) { n.Away = true })
		again := &directory.Directory{DB: d, Clock: now, Log: before.Log, Workforce: before.Directory.Workforce}
		if got := again.Doctors(ctx, cardtest.Hospital); !slices.Equal(got, left) {
			t.Errorf("kept %v, want %v", got, left)
		}
	})
}
