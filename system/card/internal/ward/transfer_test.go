package ward_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// surgeon is a doctor of the other department.
func surgeon(ctx context.Context) context.Context {
	s := formtest.Staff("20711199000377", "Исаков Данияр", workforceapi.Doctor)
	s.Post.Department = "05"
	return desk.With(ctx, s)
}

func beds(w formtest.World) {
	w.Exec(`INSERT INTO bed (id, organisation, department, room, name, position) VALUES ('b1', $1, '05', '1', '1-1', 1), ('b2', $1, '18', '2', '2-1', 1)`, formtest.Hospital)
}

// A transfer is asked once, answered once by the department that was asked, and
// moves the patient in the same transaction.
func TestTransferAskedAndTakenOver(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		beds(w)
		doctor, other := formtest.Doctor(t.Context()), surgeon(t.Context())
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		for _, to := range []string{"99", formtest.Department} {
			if err := ward.AskTransfer(doctor, w.Desk, stayID, to, "Операция"); !fail.Is(err, fail.Invalid) {
				t.Fatal(to, err)
			}
		}
		if err := ward.AskTransfer(doctor, w.Desk, stayID, "05", ""); !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		if err := ward.AskTransfer(doctor, w.Desk, stayID, "05", "Операция"); err != nil {
			t.Fatal(err)
		}
		if err := ward.AskTransfer(doctor, w.Desk, stayID, "05", "Ещё раз"); !fail.Is(err, fail.Conflict) {
			t.Fatal("asked twice:", err)
		}
		asked, err := ward.Incoming(t.Context(), w.Desk.DB.Read, formtest.Hospital, "05")
		if err != nil || len(asked) != 1 {
			t.Fatalf("%+v %v", asked, err)
		}
		if err := ward.TakeOver(doctor, w.Desk, asked[0].ID, "b1"); !fail.Is(err, fail.Forbidden) {
			t.Fatal("the asking department answered itself:", err)
		}
		if err := ward.TakeOver(other, w.Desk, asked[0].ID, "b2"); !fail.Is(err, fail.Invalid) {
			t.Fatal("into another department's bed:", err)
		}
		if err := ward.RefuseTransfer(other, w.Desk, asked[0].ID, "Нет мест"); err != nil {
			t.Fatal(err)
		}
		if err := ward.TakeOver(other, w.Desk, asked[0].ID, "b1"); !fail.Is(err, fail.Conflict) {
			t.Fatal("taken over after the refusal:", err)
		}
		if err := ward.AskTransfer(doctor, w.Desk, stayID, "05", "Место есть"); err != nil {
			t.Fatal(err)
		}
		if asked, err = ward.Incoming(t.Context(), w.Desk.DB.Read, formtest.Hospital, "05"); err != nil || len(asked) != 1 {
			t.Fatalf("%+v %v", asked, err)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 4 {
			group.Go(func() {
				err := ward.TakeOver(other, w.Desk, asked[0].ID, "b1")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won != 1 || w.Int(`SELECT COUNT(*) FROM stay WHERE department = '05' AND bed_id = 'b1' AND doctor_pin = '20711199000377'`) != 1 ||
			w.Int(`SELECT COUNT(*) FROM move WHERE stay_id = $1`, stayID) != 2 {
			t.Fatalf("taken over %d times", won)
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action LIKE 'transfer.%'`) != 4 {
			t.Error("not on record")
		}
	})
}

// Nobody is asked for, or taken over, who has been discharged, or whom another
// move has taken from where they were asked for.
func TestATransferOfWhoIsThereNoMore(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		beds(w)
		doctor, other := formtest.Doctor(t.Context()), surgeon(t.Context())
		ask := func(i int) (stayID, transferID string) {
			t.Helper()
			stayID = w.Stay(w.Patient(formtest.PIN(i)))
			if err := ward.AskTransfer(doctor, w.Desk, stayID, "05", "Операция"); err != nil {
				t.Fatal(err)
			}
			asked, err := ward.TransfersOf(t.Context(), w.Desk.DB.Read, stayID)
			if err != nil || len(asked) != 1 {
				t.Fatal(asked, err)
			}
			return stayID, asked[0].ID
		}
		moved, movedID := ask(1)
		if err := ward.Move(doctor, w.Desk, ward.MoveTo{Stay: moved, At: w.Clock.Now().Add(-time.Hour), Department: "05", Reason: "Экстренно"}); err != nil {
			t.Fatal(err)
		}
		if err := ward.TakeOver(other, w.Desk, movedID, "b1"); fail.As(err) == nil || fail.As(err).Key != "card.transfer.moved_meanwhile" {
			t.Error("moved meanwhile:", err)
		}
		left, leftID := ask(2)
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, left, w.Clock.Now().UnixMicro())
		for what, err := range map[string]error{
			"taken over": ward.TakeOver(other, w.Desk, leftID, "b1"), "refused": ward.RefuseTransfer(other, w.Desk, leftID, "Нет мест"),
			"asked for": ward.AskTransfer(doctor, w.Desk, left, "05", "Ещё"),
		} {
			if fail.As(err) == nil || fail.As(err).Key != "card.move.discharged" {
				t.Errorf("%s after the discharge: %v", what, err)
			}
		}
		if n := w.Int(`SELECT COUNT(*) FROM move WHERE stay_id IN ($1, $2)`, moved, left); n != 3 {
			t.Errorf("%d moves", n)
		}
	})
}

// A bed is kept for one, lapses by itself, and does not stop an emergency.
func TestReserve(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		beds(w)
		nurse, now := formtest.Nurse(t.Context()), w.Clock.Now()
		for _, until := range []time.Time{now, now.Add(-time.Hour), now.Add(100 * time.Hour)} {
			if _, err := ward.Reserve(nurse, w.Desk, "b2", "Сыдыкова", until); !fail.Is(err, fail.Invalid) {
				t.Fatal(until, err)
			}
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 4 {
			group.Go(func() {
				_, err := ward.Reserve(nurse, w.Desk, "b2", "Сыдыкова", now.Add(time.Hour))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won != 1 {
			t.Fatalf("reserved %d times", won)
		}
		w.Clock.Advance(time.Hour) // to the moment
		if _, err := ward.Reserve(nurse, w.Desk, "b2", "Усенов", w.Clock.Now().Add(time.Hour)); err != nil {
			t.Fatal("a reservation did not lapse:", err)
		}
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		in := ward.MoveTo{Stay: stayID, At: w.Clock.Now(), Department: formtest.Department, Bed: "b2"}
		if err := ward.Move(nurse, w.Desk, in); err != nil {
			t.Fatal("a reservation stopped an emergency:", err)
		}
		if _, err := ward.Reserve(nurse, w.Desk, "b2", "Ещё", w.Clock.Now().Add(time.Hour)); !fail.Is(err, fail.Conflict) {
			t.Fatal("a bed with a patient was reserved:", err)
		}
		if _, err := ward.Release(nurse, w.Desk, "b2"); err != nil || w.Int(`SELECT COUNT(*) FROM bed_reservation`) != 0 {
			t.Fatal(err)
		}
	})
}
