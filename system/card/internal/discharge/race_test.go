package discharge

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	wards "github.com/sanarip/sanarip/system/card/internal/ward"
)

// MC-5 over the year's turn, which is Bishkek's and six hours before that of UTC:
// forms that are written at once in the first hour of January count on in the old
// year for who left in it, and begin with 1 in the new one, neither with a gap.
func TestNumbersOverTheYearsTurn(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		turn := time.Date(2027, time.January, 1, 0, 0, 0, 0, clock.Bishkek)
		w.Clock.Advance(turn.Add(-30 * time.Minute).Sub(w.Clock.Now()))
		before := w.Ready(formtest.PIN(0))
		if n, err := Discharge(formtest.Doctor(t.Context()), w.Desk, before, better(w)); err != nil || n.String() != "00000011895017426" {
			t.Fatalf("before the turn: %s, %v", n, err)
		}
		w.Clock.Advance(time.Hour) // half past midnight
		const each = 8
		stays := make([]string, 2*each)
		for i := range stays {
			stays[i] = w.Ready(formtest.PIN(i + 1))
		}
		given := make([]form.Number, len(stays))
		var group sync.WaitGroup
		for i, stayID := range stays {
			group.Go(func() {
				end := better(w)
				end.At = turn // the first moment of the new year
				if i%2 == 0 {
					end.At = turn.Add(-time.Minute)
				}
				var err error
				if given[i], err = Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, end); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		seen := map[string]bool{}
		for i, n := range given {
			if want := 26 + i%2; n.Year != want {
				t.Errorf("%s is of the year %d, not %d", n, n.Year, want)
			}
			seen[fmt.Sprintf("%d/%d", n.Year, n.Sequence)] = true
		}
		for i := range each {
			for _, want := range []string{fmt.Sprintf("26/%d", i+2), fmt.Sprintf("27/%d", i+1)} {
				if !seen[want] {
					t.Errorf("no form has the number %s: %v", want, given)
				}
			}
		}
	})
}

// A discharge and a move at the same moment: whoever is second is told. No stay is
// over while the patient lies somewhere, and the form names the department in
// which they lay last.
func TestADischargeAndAMoveAtOnce(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, now := formtest.Doctor(t.Context()), w.Clock.Now()
		const rounds = 12
		moved := 0
		for i := range rounds {
			stayID := w.Ready(formtest.PIN(i))
			var number form.Number
			var left, went error
			var both sync.WaitGroup
			both.Go(func() {
				end := better(w)
				end.At = now
				number, left = Discharge(ctx, w.Desk, stayID, end)
			})
			both.Go(func() {
				went = wards.Move(ctx, w.Desk, wards.MoveTo{Stay: stayID, At: now.Add(-time.Hour), Department: "05", Reason: "Операция"})
			})
			both.Wait()
			if left != nil {
				t.Fatalf("round %d: not discharged: %v", i, left)
			}
			department := formtest.Department
			if went == nil {
				department = "05"
				moved++
			} else if e := fail.As(went); e.Key != "card.move.discharged" {
				t.Errorf("round %d: the move was refused with %v", i, went)
			}
			if number.Department != department {
				t.Errorf("round %d: moved %v, and the number is %s", i, went == nil, number)
			}
			lies := w.Int(`SELECT COUNT(*) FROM move WHERE stay_id = $1 AND until_at = 0`, stayID)
			last := w.Int(`SELECT COUNT(*) FROM move WHERE stay_id = $1 AND until_at = $2 AND department = $3`, stayID, db.Micros(now), department)
			if lies != 0 || last != 1 {
				t.Errorf("round %d: %d moves are open, %d end with the stay", i, lies, last)
			}
		}
		t.Logf("%d of %d moves were first", moved, rounds)
	})
}

// Of two who void a form at once one does, and of those who then reissue it one
// gives the next number.
func TestVoidsAtOnceAreOne(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		n, err := Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, better(w))
		if err != nil {
			t.Fatal(err)
		}
		w.Exec(`UPDATE treated_case SET state = 'returned'`)
		ctx := formtest.Head(t.Context())
		const hands = 6
		voided, given := make([]error, hands), make([]form.Number, hands)
		var group sync.WaitGroup
		for i := range hands {
			group.Go(func() {
				voided[i] = form.Void(ctx, w.Desk, stayID, fmt.Sprintf("рука %d", i))
				var err error
				if given[i], err = form.Reissue(ctx, w.Desk, stayID); err != nil && fail.As(err).Key != "card.form.reissue_none" {
					t.Error(err)
				}
			})
		}
		group.Wait()
		once := 0
		for _, err := range voided {
			if err == nil {
				once++
			} else if key := fail.As(err).Key; key != "card.form.void_none" && key != "card.form.void_queued" {
				t.Error(err)
			}
		}
		var anew []form.Number
		for _, each := range given {
			if each.Sequence != 0 {
				anew = append(anew, each)
			}
		}
		if once != 1 || len(anew) != 1 || anew[0].Sequence != n.Sequence+1 {
			t.Fatalf("voided %d times, given %v after %s", once, anew, n)
		}
		if valid := w.Int(`SELECT COUNT(*) FROM form WHERE stay_id = $1 AND state = 'valid'`, stayID); valid != 1 {
			t.Errorf("%d valid forms of one stay", valid)
		}
	})
}
