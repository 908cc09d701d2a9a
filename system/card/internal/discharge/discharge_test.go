package discharge

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

func better(w formtest.World) form.Ending {
	return form.Ending{At: w.Clock.Now().Add(-10 * time.Minute), Outcome: "discharged", Result: "improved", Recommendations: "Диета № 10."}
}

// MC-4: one transaction closes the stay, its move and orders, gives the number
// and orders the hand-over and the message.
func TestDischarge(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		w.Exec(`INSERT INTO medical_order (id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, created_at)
			VALUES ('o1', $1, 'drug', 'Аспирин', '100 мг', '1 раз', 1, 'p', 'n', 1)`, stayID)
		end := better(w)
		n, err := Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, end)
		if err != nil {
			t.Fatal(err)
		}
		if n.String() != "00000011895017426" {
			t.Fatal(n.String())
		}
		for what, query := range map[string]string{
			"stay":      `SELECT COUNT(*) FROM stay WHERE state = 'discharged' AND result = 'improved' AND discharged_by = '` + formtest.DoctorPIN + `'`,
			"move":      `SELECT COUNT(*) FROM move WHERE until_at <> 0`,
			"order":     `SELECT COUNT(*) FROM medical_order WHERE ended_at <> 0 AND end_reason = 'discharge'`,
			"form":      `SELECT COUNT(*) FROM form WHERE state = 'valid'`,
			"case":      `SELECT COUNT(*) FROM treated_case WHERE state = 'queued' AND revision = 1`,
			"sheet":     `SELECT COUNT(*) FROM form_sheet`,
			"hand-over": `SELECT COUNT(*) FROM job WHERE kind = 'handover'`,
			"message":   `SELECT COUNT(*) FROM job WHERE kind = 'notify'`,
			"access":    `SELECT COUNT(*) FROM access_record WHERE action = 'discharge' AND subject_pin = '` + formtest.PatientPIN + `'`,
		} {
			if got := w.Int(query); got != 1 {
				t.Errorf("%s: %d, want 1", what, got)
			}
		}
		r, ok, err := form.Latest(t.Context(), w.Desk.DB.Read, n.String(), "")
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		c := r.Case
		if c.Patient.PIN != formtest.PatientPIN || c.BedDays != 2 || c.HeadOfDepartment.PIN != formtest.HeadPIN || len(c.Diagnoses) != 4 ||
			len(c.Moves) != 1 || !c.Moves[0].Until.Equal(end.At) || !c.DischargedAt.Equal(end.At) {
			t.Fatalf("%+v", c)
		}
		_, err = Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, end)
		if e := fail.As(err); e == nil || e.Kind != fail.Conflict || e.Key != "card.discharge.already" {
			t.Fatal("a second discharge:", err)
		}
	})
}

// Two doctors at once: one wins, the other is told.
func TestDischargeTwiceInParallel(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			group.Go(func() { _, errs[i] = Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, better(w)) })
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case fail.As(err).Key != "card.discharge.already":
				t.Error(err)
			}
		}
		if won != 1 || w.Int(`SELECT COUNT(*) FROM form`) != 1 || w.Int(`SELECT last FROM form_sequence`) != 1 {
			t.Fatalf("%d won, %d forms", won, w.Int(`SELECT COUNT(*) FROM form`))
		}
	})
}

func TestGaps(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		now := w.Clock.Now()
		bare := w.Stay(w.Patient(""))
		w.Exec(`UPDATE stay SET doctor_pin = ''`)
		w.Exec(`DELETE FROM department_head`)
		ctx := formtest.Doctor(t.Context())
		cases := map[string]struct {
			end  form.Ending
			want []string
		}{
			"nothing entered": {form.Ending{}, []string{
				"card.discharge.gap_at", "card.discharge.gap_outcome", "card.discharge.gap_result",
				"card.discharge.gap_final", "card.discharge.gap_epicrisis", "card.discharge.gap_doctor", "card.discharge.gap_head",
			}},
			"future":           {form.Ending{At: now.Add(time.Minute), Outcome: "discharged", Result: "improved"}, []string{"card.discharge.at_future"}},
			"before admission": {form.Ending{At: now.Add(-72 * time.Hour), Outcome: "discharged", Result: "improved"}, []string{"card.discharge.at_before_admission"}},
			"as it began":      {form.Ending{At: now.Add(-48 * time.Hour), Outcome: "discharged", Result: "improved"}, []string{"card.discharge.at_before_admission"}},
			"transferred":      {form.Ending{At: now, Outcome: "transferred", Result: "improved"}, []string{"card.discharge.gap_transferred"}},
			"died":             {form.Ending{At: now, Outcome: "died"}, []string{"card.discharge.gap_postmortem"}},
			"hostile":          {form.Ending{At: now, Outcome: "x", Result: "y"}, []string{"card.discharge.gap_outcome", "card.discharge.gap_result"}},
		}
		for name, c := range cases {
			_, err := Discharge(ctx, w.Desk, bare, c.end)
			e := fail.As(err)
			if e == nil || e.Kind != fail.Invalid {
				t.Fatalf("%s: %v", name, err)
			}
			for _, want := range c.want {
				if !has(e, want) {
					t.Errorf("%s: %s is not told: %+v", name, want, e.Findings)
				}
			}
		}
		if w.Int(`SELECT COUNT(*) FROM form`)+w.Int(`SELECT COUNT(*) FROM form_sequence`)+w.Int(`SELECT COUNT(*) FROM job`) != 0 {
			t.Error("a refused discharge left something behind")
		}
	})
}

func has(e *fail.Error, key string) bool {
	for _, f := range e.Findings {
		if f.Key == key {
			return true
		}
	}
	return false
}

// Not before the last move, not before the end of the last operation; the last
// move ends with the stay, and the number is one of the department of the last.
func TestDischargeAfterMoveAndOperation(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, now := formtest.Doctor(t.Context()), w.Clock.Now()
		stayID := w.Ready(formtest.PatientPIN)
		end := better(w)
		end.At = now.Add(-5 * time.Hour)
		w.Exec(`UPDATE move SET until_at = $1`, db.Micros(now.Add(-4*time.Hour)))
		w.Exec(`INSERT INTO move (id, stay_id, department, from_at, by_pin, by_name, reason) VALUES ('m2', $1, '05', $2, 'p', 'n', '')`, stayID, db.Micros(now.Add(-4*time.Hour)))
		if _, err := Discharge(ctx, w.Desk, stayID, end); err == nil || !has(fail.As(err), "card.discharge.at_before_move") {
			t.Fatal(err)
		}
		end.At = now.Add(-3 * time.Hour)
		w.Exec(`INSERT INTO operation (id, stay_id, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, root, version, reason, by_pin, by_name, signed_at)
			VALUES ('op', $1, $2, 'A', 'Операция', '', '', '', 'p', 'n', 'op', 1, '', 'p', 'n', 0)`, stayID, db.Micros(now.Add(-2*time.Hour)))
		if _, err := Discharge(ctx, w.Desk, stayID, end); err == nil || !has(fail.As(err), "card.discharge.at_before_operation") {
			t.Fatal(err)
		}
		w.Exec(`UPDATE operation SET ended_at = $1`, db.Micros(now.Add(-time.Hour)))
		end.At = now.Add(-90 * time.Minute)
		if _, err := Discharge(ctx, w.Desk, stayID, end); err == nil || !has(fail.As(err), "card.discharge.at_before_operation") {
			t.Fatal("while the operation went on:", err)
		}
		w.Exec(`UPDATE stay SET department = '05'`)
		w.Exec(`INSERT INTO form_sequence (organisation, department, year, last) VALUES ($1, $2, 2026, 41)`, formtest.Hospital, formtest.Department)
		end.At = now.Add(-time.Hour)
		n, err := Discharge(ctx, w.Desk, stayID, end)
		if err != nil || n.String() != "00000010595017426" {
			t.Fatal(n, err)
		}
		if w.Int(`SELECT COUNT(*) FROM move WHERE id = 'm2' AND until_at = $1`, db.Micros(end.At)) != 1 || w.Int(`SELECT COUNT(*) FROM move WHERE until_at = $1`, db.Micros(now.Add(-4*time.Hour))) != 1 {
			t.Error("the moves do not end as they should")
		}
	})
}

// Death needs a post-mortem diagnosis, ends the orders in force, of this patient
// alone, and writes to nobody.
func TestDeath(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		w.Exec(`INSERT INTO medical_order (id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, created_at) VALUES ('o1', $1, 'diet', 'Стол 10', '', '', 1, 'p', 'n', 1)`, stayID)
		other := w.Stay(w.Patient(formtest.PIN(1)))
		w.Exec(`INSERT INTO medical_order (id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, created_at, ended_at, ended_by, end_reason)
			VALUES ('o2', $1, 'drug', 'Аспирин', '', '', 1, 'p', 'n', 1, 7, 'p', 'аллергия'), ('o3', $2, 'drug', 'Аспирин', '', '', 1, 'p', 'n', 1, 0, '', '')`, stayID, other)
		end := form.Ending{At: w.Clock.Now(), Outcome: "died", Result: "worse", TransferredTo: "куда-то"}
		if _, err := Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, end); err == nil || !has(fail.As(err), "card.discharge.gap_postmortem") {
			t.Fatal(err)
		}
		w.Diagnosis(stayID, "postmortem", "main", "I21.0")
		if _, err := Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, end); err != nil {
			t.Fatal(err)
		}
		if w.Int(`SELECT COUNT(*) FROM medical_order WHERE end_reason = 'death'`) != 1 || w.Int(`SELECT COUNT(*) FROM job WHERE kind = 'notify'`) != 0 ||
			w.Int(`SELECT COUNT(*) FROM stay WHERE outcome = 'died' AND result = '' AND transferred_to = ''`) != 1 {
			t.Fatal("a death is not written as one")
		}
		if w.Int(`SELECT COUNT(*) FROM medical_order WHERE id = 'o2' AND ended_at = 7 AND end_reason = 'аллергия'`) != 1 || w.Int(`SELECT COUNT(*) FROM medical_order WHERE id = 'o3' AND ended_at = 0`) != 1 {
			t.Error("orders that had ended, or of another patient, were ended by the death")
		}
	})
}

func TestUnknownPatientGetsNoMessage(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		if _, err := Discharge(formtest.Doctor(t.Context()), w.Desk, w.Ready(""), better(w)); err != nil {
			t.Fatal(err)
		}
		if w.Int(`SELECT COUNT(*) FROM job WHERE kind = 'notify'`) != 0 || w.Int(`SELECT COUNT(*) FROM job WHERE kind = 'handover'`) != 1 {
			t.Fatal("jobs")
		}
	})
}

func TestDischargeOfAnotherHospital(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		w.Exec(`UPDATE stay SET organisation = '950201'`)
		if _, err := Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, better(w)); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
	})
}

// MC-5: 1,000 parallel discharges give exactly the sequence 1…1000, also when
// every tenth of them fails at the last moment.
func TestThousandParallelDischarges(t *testing.T) {
	total := 1000
	if testing.Short() {
		total = 100
	}
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stays := make([]string, total)
		for i := range stays {
			stays[i] = w.Ready(formtest.PIN(i))
		}
		seen, errs := make([]int, total+1), make(chan error, total*2)
		var mu sync.Mutex
		var group sync.WaitGroup
		slots := make(chan struct{}, 100)
		for i, stayID := range stays {
			group.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if i%10 == 0 {
					errs <- failing(t.Context(), w, stayID)
				}
				n, err := Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, better(w))
				if err != nil {
					errs <- err
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if n.Sequence > total {
					errs <- fmt.Errorf("sequence %d", n.Sequence)
					return
				}
				seen[n.Sequence]++
			})
		}
		group.Wait()
		close(errs)
		for err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		for sequence := 1; sequence <= total; sequence++ {
			if seen[sequence] != 1 {
				t.Fatalf("sequence %d was given %d times", sequence, seen[sequence])
			}
		}
		if w.Int(`SELECT COUNT(*) FROM form`) != total || w.Int(`SELECT MAX(sequence) FROM form`) != total {
			t.Fatal("forms and sequence disagree")
		}
	})
}

// failing takes a number and rolls it back.
func failing(ctx context.Context, w formtest.World, stayID string) error {
	wanted := errors.New("pulled the plug")
	err := w.Desk.DB.Tx(formtest.Doctor(ctx), func(ctx context.Context, tx *sql.Tx) error {
		r, err := form.Load(ctx, tx, stayID, formtest.Hospital, w.Desk.DB.ForUpdate())
		if err != nil {
			return err
		}
		if _, err := (form.Issuing{Clock: w.Clock, Queue: w.Desk.Queue}).Issue(ctx, tx, r, better(w), "", formtest.DoctorPIN, form.Beside{}); err != nil {
			return err
		}
		return wanted
	})
	if errors.Is(err, wanted) {
		return nil
	}
	return err
}

// The sequence has seven digits; what comes after is an error, not a number.
func TestSequenceOverflow(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		w.Exec(`INSERT INTO form_sequence (organisation, department, year, last) VALUES ($1, $2, 2026, $3)`, formtest.Hospital, formtest.Department, form.LastSequence-1)
		n, err := Discharge(formtest.Doctor(t.Context()), w.Desk, w.Ready(formtest.PIN(1)), better(w))
		if err != nil || n.String() != "99999991895017426" {
			t.Fatal(n, err)
		}
		_, err = Discharge(formtest.Doctor(t.Context()), w.Desk, w.Ready(formtest.PIN(2)), better(w))
		if e := fail.As(err); e == nil || e.Key != "card.form.number_overflow" {
			t.Fatal(err)
		}
		if w.Int(`SELECT COUNT(*) FROM stay WHERE state = 'open'`) != 1 {
			t.Fatal("the stay was closed without a number")
		}
	})
}
