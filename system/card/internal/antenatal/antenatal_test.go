package antenatal

import (
	"context"
	"database/sql"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
)

// clinic is a desk with a woman who is not registered yet.
type clinic struct {
	*testing.T
	d     *desk.Desk
	now   *clock.Manual
	woman patient.Patient
	ctx   context.Context // of a doctor of the clinic
	other context.Context // of a doctor of another one
	store *db.DB
}

func clinics2(t *testing.T, run func(c clinic)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		elsewhere := cardtest.Post("10101198000018", "Другой Врач", n.PostsOf[0].Role, "18")
		elsewhere.Organisation = "950201"
		n.PostsOf = append(n.PostsOf, elsewhere)
		c := clinic{T: t, d: d, now: now, ctx: n.As(t.Context(), 0), other: n.As(t.Context(), len(n.PostsOf)-1), store: store}
		var err error
		c.woman, _, err = patient.Register(c.ctx, d, patient.Patient{PIN: "10101199500012", FamilyName: "Садыкова", GivenName: "Нургүл", Sex: patient.Female, BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}})
		if err != nil {
			t.Fatal(err)
		}
		run(c)
	})
}

// weeks is the registration of a pregnancy of so many weeks today.
func (c clinic) weeks(n int) cardapi.Registration {
	return cardapi.Registration{LastPeriod: gestation.Plus(clock.DateOf(c.now.Now()), -7*n), Fetuses: 1, Gravida: 1}
}

func (c clinic) register(in cardapi.Registration) string {
	c.Helper()
	once := id.New()
	if err := Register(c.ctx, c.d, c.woman.ID, once, in); err != nil {
		c.Fatal(err)
	}
	return once
}

func (c clinic) record(pregnancyID string) Record {
	c.Helper()
	r, err := Read(c.ctx, c.d, pregnancyID)
	if err != nil {
		c.Fatal(err)
	}
	return r
}

func finding(err error) string {
	if e := fail.As(err); e != nil && len(e.Findings) > 0 {
		return e.Findings[0].Field
	}
	return ""
}

// A record is written once however often it is sent, belongs to its clinic
// alone, is corrected in versions and never changed.
func TestARecordIsSignedAndCorrected(t *testing.T) {
	clinics2(t, func(c clinic) {
		once := id.New()
		for range 2 {
			if err := Register(c.ctx, c.d, c.woman.ID, once, c.weeks(20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := Register(c.other, c.d, c.woman.ID, id.New(), c.weeks(20)); !fail.Is(err, fail.Conflict) {
			t.Fatalf("a second pregnancy at once: %v", err)
		}
		if _, err := Read(c.other, c.d, once); !fail.Is(err, fail.NotFound) {
			t.Fatalf("another clinic reads: %v", err)
		}
		day := clock.DateOf(c.now.Now())
		v := cardapi.Visit{Day: day, Weight: 612, Systolic: 150, Diastolic: 95, Next: gestation.Plus(day, 14)}
		w := Writing{Once: id.New()}
		for range 2 {
			if err := WriteVisit(c.ctx, c.d, once, w, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := WriteVisit(c.other, c.d, once, Writing{Once: id.New()}, v); !fail.Is(err, fail.NotFound) {
			t.Fatalf("another clinic writes: %v", err)
		}
		r := c.record(once)
		if len(r.Visits) != 1 || r.Warnings != 2 || r.NextVisit != gestation.Plus(day, 14) { // pressure, untested
			t.Fatalf("%d visits, %d warnings, next %s", len(r.Visits), r.Warnings, r.NextVisit)
		}
		v.Systolic, v.Diastolic = 120, 80
		correction := Writing{Once: id.New(), Root: w.Once, Seen: 1}
		if got := finding(WriteVisit(c.ctx, c.d, once, correction, v)); got != "reason" {
			t.Fatal(got)
		}
		correction.Reason = "Описка"
		if err := WriteVisit(c.ctx, c.d, once, correction, v); err != nil {
			t.Fatal(err)
		}
		correction.Once = id.New()
		if err := WriteVisit(c.ctx, c.d, once, correction, v); !fail.Is(err, fail.Conflict) {
			t.Fatalf("an outdated correction: %v", err)
		}
		r = c.record(once)
		if len(r.Visits) != 1 || r.Visits[0].Version != 2 || len(r.Visits[0].Former) != 1 || r.Warnings != 1 {
			t.Fatalf("%+v, %d warnings", r.Visits, r.Warnings)
		}
		for _, kind := range []string{"hiv", "syphilis", "hbsag"} {
			if err := WriteResult(c.ctx, c.d, once, Writing{Once: id.New()}, cardapi.LabResult{Day: day, Kind: kind, Value: "negative"}); err != nil {
				t.Fatal(err)
			}
		}
		if r = c.record(once); r.Warnings != 0 || len(r.Results) != 3 {
			t.Fatalf("%d warnings", r.Warnings)
		}
		moved := c.weeks(22)
		if err := CorrectRegistration(c.ctx, c.d, once, Writing{Once: id.New(), Root: once, Seen: 1, Reason: "Уточнено"}, moved); err != nil {
			t.Fatal(err)
		}
		if r = c.record(once); r.DatedFrom != moved.LastPeriod || len(r.Registration.Former) != 1 {
			t.Fatalf("dated from %s", r.DatedFrom)
		}
		for _, statement := range []string{`UPDATE antenatal_part SET content = '{}'`, `DELETE FROM antenatal_part`} {
			err := c.store.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err == nil {
				t.Errorf("the database took %s", statement)
			}
		}
	})
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	clinics2(t, func(c clinic) {
		day := clock.DateOf(c.now.Now())
		for field, in := range map[string]cardapi.Registration{
			"last_period": {Fetuses: 1, Gravida: 1},
			"gravida":     {LastPeriod: gestation.Plus(day, -90), Fetuses: 1},
			"para":        {LastPeriod: gestation.Plus(day, -90), Fetuses: 1, Gravida: 1, Para: 1},
			"fetuses":     {LastPeriod: gestation.Plus(day, -90), Gravida: 1},
			"scan_weeks":  {Ultrasound: day, UltrasoundDays: 14, Fetuses: 1, Gravida: 1},
		} {
			if got := finding(Register(c.ctx, c.d, c.woman.ID, id.New(), in)); got != field {
				t.Errorf("%s: %q", field, got)
			}
		}
		if err := Register(c.ctx, c.d, c.woman.ID, id.New(), c.weeks(46)); finding(err) != "last_period" {
			t.Errorf("46 weeks: %v", err)
		}
		pregnancy := c.register(c.weeks(20))
		for field, v := range map[string]cardapi.Visit{
			"weight":   {Day: day},
			"pressure": {Day: day, Systolic: 80, Diastolic: 120},
			"fundal":   {Day: day, Fundal: 20},
			"next":     {Day: day, Weight: 600, Next: day},
			"day":      {Day: gestation.Plus(day, 1), Weight: 600},
		} {
			if got := finding(WriteVisit(c.ctx, c.d, pregnancy, Writing{Once: id.New()}, v)); got != field {
				t.Errorf("%s: %q", field, got)
			}
		}
	})
}

// A loss is not a birth; what was closed by hand can be taken back; a new
// pregnancy may follow.
func TestAPregnancyEnds(t *testing.T) {
	clinics2(t, func(c clinic) {
		day := clock.DateOf(c.now.Now())
		pregnancy := c.register(c.weeks(21))
		loss := Closing{Outcome: "miscarriage", EndedOn: day, Note: "Выписка больницы"}
		if got := finding(Close(c.ctx, c.d, pregnancy, Closing{Outcome: "stillbirth", EndedOn: day, Note: "x"})); got != "outcome" {
			t.Errorf("a birth before its week: %q", got)
		}
		if err := Close(c.ctx, c.d, pregnancy, loss); err != nil {
			t.Fatal(err)
		}
		if err := Close(c.ctx, c.d, pregnancy, loss); !fail.Is(err, fail.Conflict) {
			t.Errorf("closed twice: %v", err)
		}
		if err := WriteVisit(c.ctx, c.d, pregnancy, Writing{Once: id.New()}, cardapi.Visit{Day: day, Weight: 600}); !fail.Is(err, fail.Conflict) {
			t.Errorf("written after the end: %v", err)
		}
		if err := Reopen(c.ctx, c.d, pregnancy); err != nil {
			t.Fatal(err)
		}
		if err := Close(c.ctx, c.d, pregnancy, loss); err != nil {
			t.Fatal(err)
		}
		c.register(c.weeks(2))
		if err := Reopen(c.ctx, c.d, pregnancy); !fail.Is(err, fail.Conflict) {
			t.Errorf("two pregnancies at once: %v", err)
		}
	})
}

// However many register a woman or take her over at once, one does.
func TestOneClinicAtATime(t *testing.T) {
	clinics2(t, func(c clinic) {
		race := func(do func(i int, ctx context.Context) error) (won int) {
			var wait sync.WaitGroup
			errs := make([]error, 8)
			for i := range errs {
				ctx := c.ctx
				if i%2 == 1 {
					ctx = c.other
				}
				wait.Go(func() { errs[i] = do(i, ctx) })
			}
			wait.Wait()
			for _, err := range errs {
				switch {
				case err == nil:
					won++
				case !fail.Is(err, fail.Conflict):
					t.Error(err)
				}
			}
			return won
		}
		if won := race(func(_ int, ctx context.Context) error { return Register(ctx, c.d, c.woman.ID, id.New(), c.weeks(10)) }); won != 1 {
			t.Fatalf("%d registered the same pregnancy", won)
		}
		from := func() Pregnancy {
			g, ok, err := openOf(t.Context(), c.d.DB.Read, c.woman.ID)
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			return g
		}()
		away, at := c.other, from.Organisation
		if at != cardtest.Hospital {
			away = c.ctx
		}
		race(func(_ int, _ context.Context) error {
			_, err := TakeOver(away, c.d, c.woman.ID, at, "Переехала")
			return err
		})
		var moves int
		if err := c.store.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pregnancy_move`).Scan(&moves); err != nil || moves != 1 {
			t.Errorf("%d moves, %v", moves, err)
		}
		back := c.ctx
		if at != cardtest.Hospital {
			back = c.other
		}
		if _, err := TakeOver(back, c.d, c.woman.ID, at, "Переехала"); !fail.Is(err, fail.Conflict) {
			t.Errorf("a page that is out of date moves her: %v", err)
		}
	})
}
