package monitor

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func seeded(t *testing.T, w formtest.World) {
	t.Helper()
	for range 2 { // what is there stays
		if err := Seed(t.Context(), w.Desk.DB, w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func entry(w formtest.World, stayID string, at, signed time.Time) {
	w.T.Helper()
	entryID := id.New()
	w.Exec(`INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
		VALUES ($1, $2, 'diary', $1, 1, '', 'x', $3, $4, $5, 'Врач', $6)`, entryID, stayID, db.Micros(at), formtest.DoctorPIN, formtest.DoctorName, db.Micros(signed))
}

func returned(w formtest.World, stayID, number string, decided time.Time) {
	w.T.Helper()
	w.Exec(`INSERT INTO form (number, stay_id, organisation, department, year, sequence, state, issued_at, issued_by) VALUES ($1, $2, $3, $4, 2026, $5, 'valid', 1, '')`,
		number, stayID, formtest.Hospital, formtest.Department, int(number[6]-'0'))
	w.Exec(`INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, created_at, created_by, decided_at) VALUES ($1, 1, $2, '{}', $3, 'returned', 1, '', $4)`,
		number, stayID, id.New(), db.Micros(decided))
}

// MC-7: each figure counts what it says, and its list shows as many.
func TestFiguresAndTheirListsAgree(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		seeded(t, w)
		now := w.Clock.Now()
		// Lies for two days, nothing written: no diary. Entered at once.
		silent := w.Stay(w.Patient(formtest.PIN(1)))
		// Has a diary of yesterday, signed thirty hours after; a draft of two days ago.
		late := w.Stay(w.Patient(formtest.PIN(2)))
		entry(w, late, now.Add(-31*time.Hour), now.Add(-time.Hour))
		w.Exec(`INSERT INTO entry_draft (stay_id, by_pin, content, saved_at) VALUES ($1, $2, '{}', $3)`, late, formtest.DoctorPIN, db.Micros(now.Add(-49*time.Hour)))
		// Entered two days after the admission.
		entered := w.Stay(w.Patient(formtest.PIN(3)))
		w.Exec(`UPDATE stay SET created_at = $2 WHERE id = $1`, entered, db.Micros(now))
		entry(w, entered, now, now)
		// Discharged ten days ago, returned eight days ago: answered in time, not corrected.
		back := w.Stay(w.Patient(formtest.PIN(4)))
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, back, db.Micros(now.AddDate(0, 0, -10)))
		returned(w, back, "00000011895017426", now.AddDate(0, 0, -8))
		// Discharged five days ago, the fund has not answered.
		quiet := w.Stay(w.Patient(formtest.PIN(5)))
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, quiet, db.Micros(now.AddDate(0, 0, -5)))
		// Another department is counted apart, another hospital not at all.
		surgical := w.Stay(w.Patient(formtest.PIN(6)))
		w.Exec(`UPDATE stay SET department = '05' WHERE id = $1`, surgical)
		foreign := w.Stay(w.Patient(formtest.PIN(7)))
		w.Exec(`UPDATE stay SET organisation = '950201' WHERE id = $1`, foreign)

		got, err := Compute(t.Context(), w.Desk, formtest.Hospital)
		if err != nil {
			t.Fatal(err)
		}
		want := Figures{Lying: 3, Admitted: 5, Discharged: 2, Written: 2, LateAdmission: 1, LateEntry: 1, NoDiary: 1, Draft: 1, FormLate: 1, Returned: 1, MeasuredAt: now}
		if got[formtest.Department] != want {
			t.Errorf("got  %+v\nwant %+v", got[formtest.Department], want)
		}
		if f := got["05"]; f.Lying != 1 || f.NoDiary != 1 {
			t.Errorf("surgery: %+v", f)
		}
		statistician := desk.With(t.Context(), formtest.Staff(formtest.HeadPIN, formtest.HeadName, workforceapi.Statistician))
		for _, matter := range Matters {
			sum := 0
			for _, f := range got {
				sum += f.Behind(matter)
			}
			list, err := List(statistician, w.Desk, matter, "", 100)
			if err != nil || len(list) != sum {
				t.Errorf("%s: %d counted, %d listed, %v", matter, sum, len(list), err)
			}
		}
		if list, err := List(statistician, w.Desk, NoDiary, formtest.Department, 100); err != nil || len(list) != 1 || list[0].StayID != silent {
			t.Errorf("a department's list: %+v %v", list, err)
		}
		if n := w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'monitor.read'`); n != 6 {
			t.Errorf("%d people seen are recorded, want each once", n)
		}
		if err := Measure(t.Context(), w.Desk, formtest.Hospital); err != nil {
			t.Fatal(err)
		}
		if err := Measure(t.Context(), w.Desk, formtest.Hospital); err != nil {
			t.Fatal(err)
		}
		kept, err := Kept(t.Context(), w.Desk.DB.Read)
		if err != nil || len(kept[formtest.Hospital]) != 2 || kept[formtest.Hospital][formtest.Department] != want {
			t.Errorf("%+v %v", kept, err)
		}
	})
}

// A deadline changes from a day on: before it the former one holds.
func TestDeadlinesAreDated(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		seeded(t, w)
		ctx := desk.With(t.Context(), formtest.Staff(formtest.HeadPIN, formtest.HeadName, workforceapi.Operator))
		today := clock.DateOf(w.Clock.Now())
		next := clock.DateOf(today.Start().AddDate(0, 0, 1))
		if err := SetDeadline(ctx, w.Desk, Deadline{Code: FormDays, Value: 1, From: clock.DateOf(today.Start().AddDate(0, 0, -1)), Source: "x"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("the past was changed: %v", err)
		}
		if err := SetDeadline(ctx, w.Desk, Deadline{Code: FormDays, Value: 0, From: next, Source: "x"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("no days at all: %v", err)
		}
		if err := SetDeadline(ctx, w.Desk, Deadline{Code: FormDays, Value: 1, From: next, Source: "приказ"}); err != nil {
			t.Fatal(err)
		}
		if err := SetDeadline(ctx, w.Desk, Deadline{Code: FormDays, Value: 2, From: next, Source: "приказ"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("two values from one day: %v", err)
		}
		for day, want := range map[clock.Date]int{today: 3, next: 1} {
			if got, err := InForce(ctx, w.Desk.DB.Read, day); err != nil || got[FormDays] != want {
				t.Errorf("%s: %d, want %d, %v", day, got[FormDays], want, err)
			}
		}
		for _, code := range Codes {
			if got, _ := InForce(ctx, w.Desk.DB.Read, today); got[code] == 0 {
				t.Errorf("%s is in no row", code)
			}
		}
		// Two hours after Bishkek's midnight, while UTC still has the day before:
		// today may be set, and that day may not.
		w.Clock.Advance(next.Start().Add(2 * time.Hour).Sub(w.Clock.Now()))
		if err := SetDeadline(ctx, w.Desk, Deadline{Code: ReturnDays, Value: 9, From: today, Source: "x"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("yesterday was changed: %v", err)
		}
		if err := SetDeadline(ctx, w.Desk, Deadline{Code: ReturnDays, Value: 9, From: next, Source: "x"}); err != nil {
			t.Errorf("today: %v", err)
		}
	})
}

// A share says 100 only for all and 0 only for none.
func TestSharesDoNotFlatter(t *testing.T) {
	for range 2000 {
		whole := 1 + rand.IntN(100_000)
		part := rand.IntN(whole + 1)
		got := Share(part, whole)
		switch {
		case (got == 100) != (part == whole) || (got == 0) != (part == 0):
			t.Fatalf("%d of %d is %d %%", part, whole, got)
		case part > 0 && part < whole && (got*whole > part*100+whole || got*whole < part*100-whole):
			t.Fatalf("%d of %d is %d %%", part, whole, got)
		}
	}
}
