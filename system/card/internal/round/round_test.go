package round

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/order"
)

// What is due today, who had it, and that a dose is given once though two
// nurses press at the same moment.
func TestRoundOfADay(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor, nurse := formtest.Doctor(t.Context()), formtest.Nurse(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now() // 10:00
		in := order.Ordering{Once: id.New(), Kind: "drug", Text: "Цефтриаксон", Dose: "1 г", Times: "2 раза в день", From: now.Add(-24 * time.Hour)}
		diet := order.Ordering{Once: id.New(), Kind: "diet", Text: "Стол 10", From: now.Add(-time.Hour)}
		for _, o := range []order.Ordering{in, diet} {
			if err := order.Prescribe(doctor, w.Desk, stayID, o); err != nil {
				t.Fatal(err)
			}
		}
		today := func() Today {
			patients, err := Patients(nurse, w.Desk, formtest.Department)
			if err != nil || len(patients) != 1 {
				t.Fatal(patients, err)
			}
			due, err := DueAt(nurse, w.Desk, formtest.Department, patients, w.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return due
		}
		due := today()
		if len(due.Waiting) != 2 || len(due.Standing) != 1 || len(due.Done) != 0 || !due.Waiting[0].Late(now) || due.Waiting[1].Late(now) {
			t.Fatalf("%+v", due)
		}
		morning, evening := due.Waiting[0].Due, due.Waiting[1].Due
		if err := order.Fulfil(nurse, w.Desk, stayID, order.Marking{Once: id.New(), Order: in.Once, At: now, Due: morning.Add(time.Minute), Given: true}); !fail.Is(err, fail.BadRequest) {
			t.Fatal("an hour that is not due:", err)
		}
		if err := order.Fulfil(nurse, w.Desk, stayID, order.Marking{Once: id.New(), Order: in.Once, At: now, Due: evening, Given: true}); !fail.Is(err, fail.Conflict) {
			t.Fatal("ten hours early:", err)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 4 {
			group.Go(func() {
				err := order.Fulfil(nurse, w.Desk, stayID, order.Marking{Once: id.New(), Order: in.Once, At: now, Due: morning, Given: true})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if e := fail.As(err); e == nil || e.Key != "card.orders.marked_already" {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won != 1 || w.Int(`SELECT COUNT(*) FROM order_mark`) != 1 {
			t.Fatalf("the dose was given %d times", won)
		}
		if due = today(); len(due.Waiting) != 1 || len(due.Done) != 1 || !due.Done[0].Mark.Given {
			t.Fatalf("%+v", due)
		}
		if err := order.End(doctor, w.Desk, stayID, in.Once, "Отмена"); err != nil {
			t.Fatal(err)
		}
		if due = today(); len(due.Waiting) != 0 || len(due.Done) != 1 {
			t.Fatalf("%+v", due)
		}
	})
}

// An hour before midnight and one after it are one night: the dose of midnight is in
// the list before it, that of ten in the evening after it.
func TestRoundOverMidnight(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor, nurse := formtest.Doctor(t.Context()), formtest.Nurse(t.Context())
		stayID, morning := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now() // 10:00
		in := order.Ordering{Once: id.New(), Kind: "drug", Text: "Цефтриаксон", Dose: "1 г", Hours: "0 8 22", From: morning}
		if err := order.Prescribe(doctor, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		waiting := func() string {
			patients, err := Patients(nurse, w.Desk, formtest.Department)
			if err != nil {
				t.Fatal(err)
			}
			today, err := DueAt(nurse, w.Desk, formtest.Department, patients, w.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			v := roundOf{place: place{Now: w.Clock.Now()}, Today: today}
			var hours []string
			for _, due := range v.waiting() {
				hours = append(hours, order.Hour(due.Due))
			}
			return strings.Join(hours, " ")
		}
		for _, at := range []struct {
			after time.Duration
			want  string
		}{{13*time.Hour + 10*time.Minute, "22:00 00:00"}, {14*time.Hour + 10*time.Minute, "22:00 00:00"}, {21*time.Hour + 10*time.Minute, "22:00 00:00 08:00"}, {24*time.Hour + 10*time.Minute, "00:00 08:00"}} {
			w.Clock.Advance(morning.Add(at.after).Sub(w.Clock.Now()))
			if got := waiting(); got != at.want {
				t.Errorf("%s: %q, not %q", w.Clock.Now(), got, at.want)
			}
		}
		// What was left of the evening is marked in the night.
		w.Clock.Advance(morning.Add(38*time.Hour + 10*time.Minute).Sub(w.Clock.Now())) // 00:10
		evening := morning.Add(36 * time.Hour)
		if err := order.Fulfil(nurse, w.Desk, stayID, order.Marking{Once: id.New(), Order: in.Once, At: w.Clock.Now(), Due: evening, Given: true}); err != nil {
			t.Fatal(err)
		}
		if got := waiting(); got != "00:00" {
			t.Errorf("%q", got)
		}
	})
}

func TestHandover(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		nurse := formtest.Nurse(t.Context())
		stayID, other, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Stay(w.Patient(formtest.PIN(3))), w.Clock.Now()
		in := order.Ordering{Once: id.New(), Kind: "procedure", Text: "Перевязка", Hours: "8", From: now.Add(-24 * time.Hour)}
		if err := order.Prescribe(formtest.Doctor(t.Context()), w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		for i, v := range []observation.Vitals{{Temperature: 390}, {Temperature: 372}} {
			m := observation.Measuring{Once: id.New(), At: now.Add(time.Duration(i-2) * time.Hour), Vitals: v}
			if err := observation.Measure(nurse, w.Desk, stayID, m); err != nil {
				t.Fatal(err)
			}
		}
		if err := Tell(nurse, w.Desk, stayID, id.New(), ""); !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		once := id.New()
		for range 2 {
			if err := Tell(nurse, w.Desk, stayID, once, "Наблюдать давление"); err != nil {
				t.Fatal(err)
			}
		}
		states, err := Handover(nurse, w.Desk, formtest.Department)
		if err != nil || len(states) != 2 {
			t.Fatalf("%+v %v", states, err)
		}
		for _, s := range states {
			if s.Patient.StayID == other {
				if s.Vitals != nil || len(s.Notes)+len(s.Waiting) != 0 {
					t.Errorf("%+v", s)
				}
				continue
			}
			if s.Vitals == nil || s.Vitals.Vitals.Temperature != 372 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0].Body, "давление") || len(s.Waiting) != 1 {
				t.Errorf("%+v", s)
			}
		}
	})
}
