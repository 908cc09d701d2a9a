package diagnosis

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

func TestMakeAndWithdraw(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		now := w.Clock.Now()
		good := Making{Stage: "final", Rank: "main", Value: "I21.0", Typed: "I21.0 Острый", At: now}
		for range 2 { // the second changes nothing
			if err := Make(ctx, w.Desk, book, stayID, good); err != nil {
				t.Fatal(err)
			}
		}
		all, err := Of(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 || all[0].Code != "I21.0" || all[0].Text == "" {
			t.Fatal(all, err)
		}
		for name, c := range map[string]struct {
			change func(*Making)
			field  string
		}{
			"a second main":     {func(m *Making) { m.Value, m.Typed = "J18.9", "J18.9" }, "why"},
			"a heading":         {func(m *Making) { m.Value, m.Typed = "I21", "I21" }, "icd"},
			"no code":           {func(m *Making) { m.Value, m.Typed = "", "" }, "icd"},
			"an unknown code":   {func(m *Making) { m.Value, m.Typed = "Z99.9", "Z99.9" }, "icd"},
			"a hostile stage":   {func(m *Making) { m.Stage = "x" }, "stage"},
			"a hostile rank":    {func(m *Making) { m.Rank = "x" }, "rank"},
			"the future":        {func(m *Making) { m.At = now.Add(time.Minute) }, "at"},
			"before admission":  {func(m *Making) { m.At = now.Add(-72 * time.Hour) }, "at"},
			"no moment":         {func(m *Making) { m.At = time.Time{} }, "at"},
			"typed but unclear": {func(m *Making) { m.Value, m.Typed = "", "щщщ" }, "icd"},
		} {
			in := good
			c.change(&in)
			err := Make(ctx, w.Desk, book, stayID, in)
			if e := fail.As(err); e == nil || e.Kind != fail.Invalid || len(e.Findings) == 0 || e.Findings[0].Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			if err := Withdraw(ctx, w.Desk, stayID, all[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		good.Value, good.Typed = "J18.9", "J18.9"
		if err := Make(ctx, w.Desk, book, stayID, good); err != nil {
			t.Fatal(err)
		}
		if all, err = Of(t.Context(), w.Desk.DB.Read, stayID); err != nil || len(all) != 2 || all[1].EndedAt.IsZero() {
			t.Fatal("the withdrawn diagnosis is not kept:", all, err)
		}
		if err := Withdraw(ctx, w.Desk, stayID, "nobody"); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = 1`)
		if err := Make(ctx, w.Desk, book, stayID, good); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
	})
}

func TestOneMainInParallel(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		var group sync.WaitGroup
		for _, code := range []string{"I21.0", "I10", "J18.9", "K35.8"} {
			group.Go(func() {
				err := Make(ctx, w.Desk, book, stayID, Making{Stage: "final", Rank: "main", Value: code, Typed: code, At: w.Clock.Now()})
				if err != nil && !fail.Is(err, fail.Invalid) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := w.Int(`SELECT COUNT(*) FROM diagnosis`); n != 1 {
			t.Fatal(n)
		}
	})
}

// The stay's lock and the index of the database each hold it by themselves: who comes
// while another writes the main diagnosis waits, sees it and is told of it; and what
// did not wait is refused by the database.
func TestOneMainIsHeldByTheLockAndByTheIndex(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		one := Diagnosis{Stage: "final", Rank: "main", Code: "I21.0", Text: "x", At: w.Clock.Now()}
		second := make(chan error, 1)
		err := w.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := writing.HoldOpen(ctx, w.Desk, tx, stayID); err != nil {
				return err
			}
			one.ID = id.New()
			if err := insert(ctx, tx, stayID, one, formtest.DoctorPIN); err != nil {
				return err
			}
			go func() {
				second <- Make(formtest.Doctor(t.Context()), w.Desk, book, stayID, Making{Stage: "final", Rank: "main", Value: "I10", Typed: "I10", At: w.Clock.Now()})
			}()
			// Until it waits: for the stay, or for what it would write beside this.
			for w.Desk.DB.Dialect == db.Postgres && w.Int(`SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if e := fail.As(<-second); e == nil || len(e.Findings) != 1 || e.Findings[0].Key != "card.diagnosis.second_main" {
			t.Errorf("who waited is told %v", e)
		}
		err = w.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			one.ID = id.New()
			return insert(ctx, tx, stayID, one, formtest.DoctorPIN)
		})
		if !db.Unique(err) {
			t.Errorf("a second main diagnosis beside the first: %v", err)
		}
	})
}

func TestConflict(t *testing.T) {
	on := clock.Date{Year: 2026, Month: 11, Day: 22}
	man := clock.Date{Year: 1960, Month: 9, Day: 12}
	for _, c := range []struct {
		code, sex string
		born      clock.Date
		want      string
	}{
		{"I21.0", "male", man, ""},
		{"O80.0", "male", man, "card.diagnosis.conflict_female"},
		{"O80.0", "female", clock.Date{Year: 1995, Month: 1, Day: 1}, ""},
		{"O80.0", "female", clock.Date{Year: 2020, Month: 1, Day: 1}, "card.diagnosis.conflict_age"},
		{"N40", "female", man, "card.diagnosis.conflict_male"},
		{"N40", "unknown", clock.Date{}, ""},
		{"P07.0", "male", man, "card.diagnosis.conflict_age"},
		{"P07.0", "male", clock.Date{Year: 2026, Month: 11, Day: 20}, ""},
		{"", "male", man, ""},
		{"Z38.0", "male", clock.Date{Year: 2026, Month: 11, Day: 21}, ""}, // a child born here
		{"Z38.0", "male", man, "card.diagnosis.conflict_age"},
		{"Z36.0", "male", man, "card.diagnosis.conflict_female"},
		{"Z39.0", "male", man, "card.diagnosis.conflict_female"},
	} {
		if got := Conflict(c.code, c.sex, c.born, on); got != c.want {
			t.Errorf("%s %s %s: %q, want %q", c.code, c.sex, c.born, got, c.want)
		}
	}
}

// A row of the table holds on its first and last day, of codes and ages alike.
func TestAConflictHoldsOnItsDays(t *testing.T) {
	defer func(before func() []rule) { rules = before }(rules)
	day := func(d int) clock.Date { return clock.Date{Year: 2026, Month: 11, Day: d} }
	rules = func() []rule {
		return []rule{{from: "P00", until: "P96", minDays: 2, maxDays: 10, valid: day(5), ends: day(20)}, {from: "N40", until: "N51", sex: "male", valid: day(5)}}
	}
	for _, c := range []struct {
		code     string
		born, on int
		want     string
	}{
		{"P07.3", 1, 4, ""},
		{"P07.3", 4, 5, "card.diagnosis.conflict_age"},
		{"P07.3", 3, 5, ""}, // one day old, and two
		{"P07.3", 10, 20, ""},
		{"P07.3", 9, 20, "card.diagnosis.conflict_age"},
		{"P07.3", 9, 21, ""}, // ten days, eleven, and the row is over
		{"P96.9", 9, 20, "card.diagnosis.conflict_age"},
		{"P00", 9, 20, "card.diagnosis.conflict_age"},
		{"Q00", 9, 20, ""},
		{"O99", 9, 20, ""},
		{"N51.8", 1, 4, ""},
		{"N51.8", 1, 5, "card.diagnosis.conflict_male"},
		{"N52", 1, 5, ""},
	} {
		if got := Conflict(c.code, "female", day(c.born), day(c.on)); got != c.want {
			t.Errorf("%s, born on %d, on %d: %q, want %q", c.code, c.born, c.on, got, c.want)
		}
	}
}
