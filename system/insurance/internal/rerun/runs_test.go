package rerun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

// process is one process of the fund on the database.
func process(t *testing.T, d *db.DB, now *clock.Manual) Runs {
	t.Helper()
	tables, err := price.Demo()
	if err != nil {
		t.Fatal(err)
	}
	r := Runs{DB: d, Clock: now, Queue: job.New(d, now, slog.New(slog.DiscardHandler), job.Config{}), Tables: tables}
	r.Queue.Handle(Job, JobPolicy, r.Go)
	return r
}

func november(t *testing.T, run func(t *testing.T, d *db.DB, now *clock.Manual, fund treated.Fund)) {
	t.Helper()
	rules, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(treatedtest.Now)
		one := process(t, d, now)
		fund := treated.Fund{DB: d, Clock: now, Queue: one.Queue, Catalogue: rules, Tables: one.Tables, OrganisationName: func(code string) string { return code }}
		run(t, d, now, fund)
	})
}

func submit(t *testing.T, fund treated.Fund, n int) {
	t.Helper()
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n)
	c.Patient.PIN, c.Patient.Name = "", fmt.Sprint("Киши ", n)
	if _, err := fund.Submit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

var asked = Asked{"2026-11", "", []string{"ДЕМО-2025"}}

// A short re-run is there at once, is shown to the next who asks with the moment of
// which it is, and is counted anew on demand or when it has grown old.
func TestAResultIsOfItsMoment(t *testing.T) {
	november(t, func(t *testing.T, d *db.DB, now *clock.Manual, fund treated.Fund) {
		one, other := process(t, d, now), process(t, d, now)
		submit(t, fund, 1)
		first, err := one.Of(t.Context(), asked)
		if err != nil || !first.Done() || first.Result[0].All.Cases != 1 || first.Cases != 1 || first.Priced != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		submit(t, fund, 2)
		now.Advance(time.Minute)
		again, err := other.Of(t.Context(), asked)
		if err != nil || !reflect.DeepEqual(again, first) {
			t.Errorf("in another process %+v, %v", again, err)
		}
		for what, a := range map[string]Asked{"month": {"2026-10", "", asked.Tables}, "hospital": {asked.Month, "950174", asked.Tables}, "tables": {asked.Month, "", []string{"ДЕМО-2025", "ДЕМО-2026-2"}}} {
			if r, err := one.Of(t.Context(), a); err != nil || r.ID == first.ID || !r.Done() || len(r.Result) != len(a.Tables) {
				t.Errorf("another %s: %+v, %v", what, r, err)
			}
		}
		anew, err := one.Begin(t.Context(), asked)
		if err != nil || anew.Result[0].All.Cases != 2 {
			t.Errorf("anew %+v, %v", anew, err)
		}
		if r, err := other.Of(t.Context(), asked); err != nil || r.ID != anew.ID {
			t.Errorf("after that %+v, %v", r, err)
		}
		now.Advance(fresh)
		if r, err := other.Of(t.Context(), asked); err != nil || r.ID == anew.ID {
			t.Errorf("an hour later %+v, %v", r, err)
		}
		now.Advance(kept + time.Second)
		if _, err := one.Of(t.Context(), asked); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM rerun`).Scan(&left); err != nil || left != 1 {
			t.Errorf("%d re-runs are kept, %v", left, err)
		}
	})
}

// A re-run goes on beside its page: another process shows it, and one that was begun in
// a process that died is begun anew in another, which is told; done twice, it is what
// it was first. What never ends is given up, and can be asked for anew.
func TestAReRunOutlivesItsProcess(t *testing.T) {
	november(t, func(t *testing.T, d *db.DB, now *clock.Manual, fund treated.Fund) {
		dying, other := process(t, d, now), process(t, d, now)
		submit(t, fund, 1)
		run, err := dying.order(t.Context(), asked)
		if err != nil {
			t.Fatal(err)
		}
		dying.Queue.Handle(Job, JobPolicy, func(ctx context.Context, j job.Job) error {
			failed := errors.New("killed")
			return errors.Join(failed, dying.save(ctx, func(tx db.Querier) error {
				return errors.Join(began(ctx, tx, run.ID, j.Attempts, 7), progressed(ctx, tx, run.ID, 5))
			}))
		})
		now.Advance(atOnce)
		if err := dying.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen, err := other.Of(t.Context(), asked)
		if err != nil || seen.ID != run.ID || seen.Done() || seen.GivenUp || seen.Priced != 5 || seen.Cases != 7 || seen.Begun != 1 {
			t.Fatalf("another process shows %+v, %v", seen, err)
		}
		now.Advance(time.Minute)
		if err := other.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen, err = dying.Of(t.Context(), asked)
		if err != nil || seen.ID != run.ID || !seen.Done() || seen.Begun != 2 || seen.Result[0].All.Cases != 1 {
			t.Fatalf("it ended as %+v, %v", seen, err)
		}
		submit(t, fund, 2)
		if err := other.do(t.Context(), run.ID, 3); err != nil {
			t.Fatal(err)
		}
		if after, err := other.Of(t.Context(), asked); err != nil || !reflect.DeepEqual(after, seen) {
			t.Errorf("a result was counted over: %+v, %v", after, err)
		}

		stuck, err := dying.order(t.Context(), Asked{"2026-11", "950174", asked.Tables})
		if err != nil {
			t.Fatal(err)
		}
		for range JobPolicy.MaxAttempts {
			now.Advance(2 * time.Minute)
			if err := dying.Queue.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		seen, err = other.Of(t.Context(), stuck.Asked)
		if err != nil || !seen.GivenUp || seen.Done() {
			t.Errorf("%+v, %v", seen, err)
		}
		if r, err := other.Begin(t.Context(), stuck.Asked); err != nil || !r.Done() || r.GivenUp {
			t.Errorf("asked for anew %+v, %v", r, err)
		}
	})
}
