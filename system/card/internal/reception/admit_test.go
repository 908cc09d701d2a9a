package reception_test

import (
	"context"
	"database/sql"
	"errors"
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
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

const patientPIN = "21209196000217"

func world(t *testing.T, run func(t *testing.T, ctx context.Context, d *desk.Desk, n *cardtest.Neighbours, now *clock.Manual)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		n.Persons[patientPIN] = populationapi.Person{
			PIN: patientPIN, FamilyName: "Жумабеков", GivenName: "Эрмек", BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12}, Sex: "male",
		}
		d, now := cardtest.Desk(t, store, n)
		run(t, n.As(t.Context(), 0), d, n, now)
	})
}

func admission(d *desk.Desk, patientID, bed string) reception.Admission {
	return reception.Admission{
		Patient: patientID, Kind: reception.Planned, At: d.Clock.Now(), BroughtBy: "self", Admission: reception.Diagnosis{Code: "I10"},
		Department: "18", Bed: bed, DoctorPIN: "11503198500123",
	}
}

func count(t *testing.T, d *desk.Desk, query string) int {
	t.Helper()
	var n int
	if err := d.DB.Read.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Issue 2, 3: a hundred parallel admissions of one ПИН make one patient and one
// open stay.
func TestAHundredAdmitOnePerson(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, _ *clock.Manual) {
		const times = 100
		var all sync.WaitGroup
		var mu sync.Mutex
		var done, already int
		for range times {
			all.Go(func() {
				p, _, err := patient.Find(ctx, d, patientPIN)
				if err != nil {
					t.Error(err)
					return
				}
				a := admission(d, p.ID, "")
				a.Kind = reception.Emergency
				_, err = reception.Admit(ctx, d, a)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case fail.Is(err, fail.Conflict) && fail.As(err).Key == "card.admit.already":
					already++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done != 1 || already != times-1 {
			t.Errorf("%d admitted, %d told that somebody was first", done, already)
		}
		if n := count(t, d, `SELECT COUNT(*) FROM patient`); n != 1 {
			t.Errorf("%d patients", n)
		}
		for _, query := range []string{
			`SELECT COUNT(*) FROM stay`, `SELECT COUNT(*) FROM move`, `SELECT COUNT(*) FROM diagnosis`,
			`SELECT COUNT(*) FROM access_record WHERE action = 'stay.admit'`, `SELECT COUNT(*) FROM access_record WHERE action = 'patient.register'`,
		} {
			if n := count(t, d, query); n != 1 {
				t.Errorf("%s: %d", query, n)
			}
		}
	})
}

func TestTwoIntoOneBed(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, _ *clock.Manual) {
		const times = 20
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range times {
			p, _, err := patient.Register(ctx, d, patient.Patient{Sex: patient.Unknown, Description: "…"})
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				_, err := reception.Admit(ctx, d, admission(d, p.ID, cardtest.BedID("18", 1)))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
					return
				}
				if e := fail.As(err); len(e.Findings) != 1 || e.Findings[0].Key != "card.bed.taken_first" {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done != 1 {
			t.Errorf("%d lie in one bed", done)
		}
	})
}

func TestRulesOfAnAdmission(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, n *cardtest.Neighbours, now *clock.Manual) {
		p, _, err := patient.Find(ctx, d, patientPIN)
		if err != nil {
			t.Fatal(err)
		}
		bed := cardtest.BedID("18", 1)
		for name, c := range map[string]struct {
			change func(*reception.Admission)
			field  string
			key    string
		}{
			"in the future":     {func(a *reception.Admission) { a.At = now.Now().Add(time.Minute) }, "at", "card.at.future"},
			"no moment":         {func(a *reception.Admission) { a.At = time.Time{} }, "at", "kit.field.required"},
			"before birth":      {func(a *reception.Admission) { a.At = time.Date(1960, 9, 11, 0, 0, 0, 0, time.UTC); a.LateReason = "x" }, "at", "card.admit.before_birth"},
			"late, no reason":   {func(a *reception.Admission) { a.At = now.Now().Add(-31 * 24 * time.Hour) }, "late_reason", "card.admit.late"},
			"planned, no bed":   {func(a *reception.Admission) { a.Bed = "" }, "bed", "card.admit.bed_required"},
			"no diagnosis":      {func(a *reception.Admission) { a.Admission.Code = "" }, "admission", "kit.icd.required"},
			"unknown diagnosis": {func(a *reception.Admission) { a.Admission.Code = "Z99.9" }, "admission", "kit.icd.required"},
			"bad referral":      {func(a *reception.Admission) { a.Referral.Code = "nonsense" }, "referral", "kit.icd.required"},
			"other department":  {func(a *reception.Admission) { a.Department = "05" }, "bed", "card.bed.other_department"},
			"no department":     {func(a *reception.Admission) { a.Department = "77" }, "department", "card.place.required"},
			"no such bed":       {func(a *reception.Admission) { a.Bed = "nowhere" }, "bed", "card.bed.unknown"},
			"a stranger":        {func(a *reception.Admission) { a.DoctorPIN = "20711199000000" }, "doctor", "kit.field.choose"},
			"a nurse":           {func(a *reception.Admission) { a.DoctorPIN = n.PostsOf[2].PIN }, "doctor", "kit.field.choose"},
			"kind":              {func(a *reception.Admission) { a.Kind = "sudden" }, "kind", "kit.field.choose"},
			"brought by":        {func(a *reception.Admission) { a.BroughtBy = "" }, "brought_by", "kit.field.choose"},
			"hours":             {func(a *reception.Admission) { a.HoursSinceOnset = -1 }, "hours", "card.admit.hours_bounds"},
		} {
			a := admission(d, p.ID, bed)
			c.change(&a)
			_, err := reception.Admit(ctx, d, a)
			e, ok := errors.AsType[*fail.Error](err)
			if !ok || len(e.Findings) != 1 || e.Findings[0].Field != c.field || e.Findings[0].Key != c.key {
				t.Errorf("%s: %v %+v", name, err, e)
			}
		}
		if got := count(t, d, `SELECT COUNT(*) FROM stay`); got != 0 {
			t.Fatalf("%d stays after refusals", got)
		}
		// An emergency waits neither for a bed nor for НИСУР.
		n.Set(func(n *cardtest.Neighbours) { n.Away = true })
		a := admission(d, p.ID, "")
		a.Kind, a.HoursSinceOnset, a.Referral.Code = reception.Emergency, 3, "I20.0"
		if _, err := reception.Admit(ctx, d, a); err != nil {
			t.Fatal(err)
		}
		if _, err := reception.Admit(ctx, d, a); !fail.Is(err, fail.Conflict) {
			t.Errorf("admitted twice: %v", err)
		}
		if got := count(t, d, `SELECT COUNT(*) FROM diagnosis WHERE text <> '' AND rank = 'main'`); got != 2 {
			t.Errorf("%d diagnoses", got)
		}
	})
}

func TestNotBeforeTheLastDischarge(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, now *clock.Manual) {
		p, _, err := patient.Find(ctx, d, patientPIN)
		if err != nil {
			t.Fatal(err)
		}
		stayID, err := reception.Admit(ctx, d, admission(d, p.ID, cardtest.BedID("18", 1)))
		if err != nil {
			t.Fatal(err)
		}
		now.Advance(48 * time.Hour)
		if err := d.DB.Tx(ctx, discharged(stayID, now.Now())); err != nil {
			t.Fatal(err)
		}
		a := admission(d, p.ID, cardtest.BedID("18", 1))
		a.At = now.Now().Add(-time.Hour)
		if _, err := reception.Admit(ctx, d, a); err == nil || fail.As(err).Findings[0].Key != "card.admit.before_discharge" {
			t.Errorf("admitted while still lying: %v", err)
		}
		a.At = now.Now()
		if _, err := reception.Admit(ctx, d, a); err != nil {
			t.Errorf("the bed is free again: %v", err)
		}
	})
}

// An admission that comes while the discharge before it is being written sees the
// moment of that discharge, whichever of the two began first.
func TestNotBeforeADischargeThatIsBeingWritten(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, now *clock.Manual) {
		p, _, err := patient.Find(ctx, d, patientPIN)
		if err != nil {
			t.Fatal(err)
		}
		stayID, err := reception.Admit(ctx, d, admission(d, p.ID, cardtest.BedID("18", 1)))
		if err != nil {
			t.Fatal(err)
		}
		now.Advance(48 * time.Hour)
		a := admission(d, p.ID, cardtest.BedID("18", 2))
		a.At = now.Now().Add(-time.Hour)
		written, enough := make(chan struct{}), make(chan struct{})
		var both sync.WaitGroup
		both.Go(func() {
			err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				err := discharged(stayID, now.Now())(ctx, tx)
				close(written)
				<-enough
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-written
		both.Go(func() {
			_, err := reception.Admit(ctx, d, a)
			if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Key != "card.admit.before_discharge" {
				t.Errorf("admitted an hour before the discharge: %v", err)
			}
		})
		time.Sleep(100 * time.Millisecond) // for the admission to come to where it waits
		close(enough)
		both.Wait()
		if n := count(t, d, `SELECT COUNT(*) FROM stay`); n != 1 {
			t.Errorf("%d stays", n)
		}
	})
}
