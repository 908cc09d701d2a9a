package ward_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func world(t *testing.T, run func(t *testing.T, ctx context.Context, d *desk.Desk, n *cardtest.Neighbours, now *clock.Manual)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		run(t, n.As(t.Context(), 0), d, n, now)
	})
}

// admit lays an unknown person into a bed of the therapy; 0: without a bed.
func admit(t *testing.T, ctx context.Context, d *desk.Desk, bed int) string {
	t.Helper()
	p, _, err := patient.Register(ctx, d, patient.Patient{Sex: patient.Male, Description: "…"})
	if err != nil {
		t.Fatal(err)
	}
	a := reception.Admission{
		Patient: p.ID, Kind: reception.Emergency, At: d.Clock.Now(), BroughtBy: "ambulance", Admission: reception.Diagnosis{Code: "I10"},
		Department: "18", DoctorPIN: desk.Of(ctx).PIN,
	}
	if bed > 0 {
		a.Bed = cardtest.BedID("18", bed)
	}
	stayID, err := reception.Admit(ctx, d, a)
	if err != nil {
		t.Fatal(err)
	}
	return stayID
}

func wants(t *testing.T, err error, field, key string) {
	t.Helper()
	e := fail.As(err)
	if e == nil || (field == "" && e.Key != key) || (field != "" && (len(e.Findings) != 1 || e.Findings[0].Field != field || e.Findings[0].Key != key)) {
		t.Errorf("%v, not %s %s", err, field, key)
	}
}

func TestMove(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, n *cardtest.Neighbours, now *clock.Manual) {
		stayID := admit(t, ctx, d, 0)
		other := admit(t, ctx, d, 2)
		to := func(at time.Time, department, bed string) error {
			return ward.Move(ctx, d, ward.MoveTo{Stay: stayID, At: at, Department: department, Bed: bed})
		}
		start := now.Now()
		wants(t, to(start, "18", cardtest.BedID("18", 1)), "at", "card.move.before_last")
		now.Advance(time.Hour)
		wants(t, to(now.Now().Add(time.Minute), "18", cardtest.BedID("18", 1)), "at", "card.at.future")
		wants(t, to(time.Time{}, "18", ""), "at", "kit.field.required")
		wants(t, to(now.Now(), "18", ""), "bed", "card.move.same")
		wants(t, to(now.Now(), "77", ""), "department", "kit.field.choose")
		wants(t, to(now.Now(), "05", cardtest.BedID("18", 1)), "bed", "card.bed.other_department")
		wants(t, to(now.Now(), "18", cardtest.BedID("18", 2)), "bed", "card.bed.taken_first")
		if _, err := ward.SetBed(ctx, d, cardtest.BedID("18", 3), ward.Cleaning); err != nil {
			t.Fatal(err)
		}
		wants(t, to(now.Now(), "18", cardtest.BedID("18", 3)), "bed", "card.bed.is_cleaned")
		_, err := ward.SetBed(ctx, d, cardtest.BedID("18", 2), ward.Cleaning)
		wants(t, err, "", "card.bed.occupied")

		nurse := n.As(t.Context(), 2)
		wants(t, ward.Move(nurse, d, ward.MoveTo{Stay: stayID, At: now.Now(), Department: "05", Bed: cardtest.BedID("05", 1)}), "department", "card.move.doctor_only")
		if err := ward.Move(nurse, d, ward.MoveTo{Stay: stayID, At: now.Now(), Department: "18", Bed: cardtest.BedID("18", 1)}); err != nil {
			t.Fatal(err)
		}
		now.Advance(time.Hour)
		err = ward.Move(ctx, d, ward.MoveTo{Stay: stayID, At: now.Now(), Department: "05", Bed: cardtest.BedID("05", 1), DoctorPIN: n.PostsOf[1].PIN, DoctorName: n.PostsOf[1].PersonName, Reason: "операция"})
		if err != nil {
			t.Fatal(err)
		}
		moves, err := ward.Moves(ctx, d.DB.Read, stayID)
		if err != nil || len(moves) != 3 {
			t.Fatalf("moves %+v %v", moves, err)
		}
		for i, want := range []ward.Moved{
			{Department: "18", From: start, Until: start.Add(time.Hour)},
			{Department: "18", Bed: "101-1", From: start.Add(time.Hour), Until: start.Add(2 * time.Hour)},
			{Department: "05", Bed: "101-1", From: start.Add(2 * time.Hour), Reason: "операция"},
		} {
			got := moves[i]
			got.ByName = ""
			if got != want {
				t.Errorf("move %d: %+v, not %+v", i, got, want)
			}
		}
		view, err := stay.Find(ctx, d, stayID)
		if err != nil || view.Department != "05" || view.DoctorPIN != n.PostsOf[1].PIN || view.DepartmentName.RU != "Хирургия" {
			t.Errorf("%+v %v", view, err)
		}
		// The bed that was left can be given away.
		if err := ward.Move(ctx, d, ward.MoveTo{Stay: other, At: now.Now(), Department: "18", Bed: cardtest.BedID("18", 1)}); err != nil {
			t.Error(err)
		}
		// Nobody is moved out of a stay that is over.
		err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, stayID, db.Micros(now.Now()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		now.Advance(time.Hour)
		wants(t, to(now.Now(), "18", ""), "", "card.move.discharged")
	})
}

func TestManyMoveIntoOneBed(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, now *clock.Manual) {
		const times = 10
		var stays []string
		for range times {
			stays = append(stays, admit(t, ctx, d, 0))
		}
		now.Advance(time.Minute)
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for _, s := range stays {
			all.Go(func() {
				err := ward.Move(ctx, d, ward.MoveTo{Stay: s, At: now.Now(), Department: "05", Bed: cardtest.BedID("05", 1)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else {
					wants(t, err, "bed", "card.bed.taken_first")
				}
			})
		}
		all.Wait()
		_, waiting, err := ward.Floor(ctx, d, cardtest.Hospital, "18")
		if err != nil || done != 1 || len(waiting) != times-1 {
			t.Errorf("%d in one bed, %d wait, %v", done, len(waiting), err)
		}
	})
}

func TestAnotherHospitalSeesNothing(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, n *cardtest.Neighbours, now *clock.Manual) {
		stayID := admit(t, ctx, d, 1)
		stranger := n.PostsOf[1]
		stranger.Organisation = "950201"
		elsewhere := desk.With(t.Context(), desk.Staff{PIN: stranger.PIN, Name: stranger.PersonName, Post: stranger})
		if _, err := stay.Read(elsewhere, d, stayID); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital read the stay: %v", err)
		}
		now.Advance(time.Minute)
		n.Set(func(n *cardtest.Neighbours) {
			o := n.Orgs[0]
			o.Code, o.Departments = "950201", []workforceapi.Department{{Code: "05"}}
			n.Orgs = append(n.Orgs, o)
		})
		if err := ward.Move(elsewhere, d, ward.MoveTo{Stay: stayID, At: now.Now(), Department: "05"}); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital moved the patient: %v", err)
		}
		if _, err := ward.SetBed(elsewhere, d, cardtest.BedID("18", 2), ward.Cleaning); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital cleaned the bed: %v", err)
		}
	})
}
