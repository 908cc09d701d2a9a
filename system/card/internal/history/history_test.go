package history

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func findings(err error) string {
	var fields []string
	if e := fail.As(err); e != nil {
		for _, f := range e.Findings {
			fields = append(fields, f.Field)
		}
	}
	return strings.Join(fields, " ")
}

// MC-1: an entry is signed when written and never changes; a correction is a
// new version with author and reason, and the former text stays.
func TestWriteAndCorrect(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		first := Writing{Once: id.New(), Kind: Diary, Body: "Состояние удовлетворительное.", At: now}
		for range 2 {
			if err := Write(ctx, w.Desk, stayID, first); err != nil {
				t.Fatal(err)
			}
		}
		if w.Int(`SELECT COUNT(*) FROM entry`) != 1 {
			t.Fatal("sent twice, written twice")
		}
		w.Clock.Advance(time.Hour)
		c := Correcting{Once: id.New(), Root: first.Once, Seen: 1, Body: "Состояние средней тяжести.", At: now, Reason: "Описка"}
		other := desk.With(t.Context(), formtest.Staff("20711199000377", "Исаков Данияр", workforceapi.Doctor))
		if err := Correct(other, w.Desk, stayID, c); !fail.Is(err, fail.Forbidden) {
			t.Fatal("another doctor:", err)
		}
		without := c
		without.Reason = ""
		if got := findings(Correct(ctx, w.Desk, stayID, without)); got != "reason" {
			t.Fatal(got)
		}
		for range 2 {
			if err := Correct(ctx, w.Desk, stayID, c); err != nil {
				t.Fatal(err)
			}
		}
		stale := c
		stale.Once, stale.Body = id.New(), "Ещё раз"
		if err := Correct(ctx, w.Desk, stayID, stale); fail.As(err) == nil || fail.As(err).Key != "card.history.corrected_meanwhile" {
			t.Fatal(err)
		}
		head := Correcting{Once: id.New(), Root: first.Once, Seen: 2, Body: "Состояние тяжёлое.", At: now, Reason: "Обход"}
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, w.Clock.Now().UnixMicro()) // also after the discharge
		if err := Correct(formtest.Head(t.Context()), w.Desk, stayID, head); err != nil {
			t.Fatal(err)
		}
		all, err := Entries(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		e := all[0]
		if e.Version != 3 || e.Body != "Состояние тяжёлое." || e.ByPIN != formtest.HeadPIN || len(e.Former) != 2 ||
			e.Former[1].Body != first.Body || e.Former[0].Reason != "Описка" || e.author() != formtest.DoctorPIN {
			t.Fatalf("%+v", e)
		}
		for _, query := range []string{
			`UPDATE entry SET body = 'x'`, `UPDATE entry SET signed_at = 0`, `DELETE FROM entry`,
		} {
			if err := w.TryExec(query); err == nil {
				t.Errorf("the database took %s", query)
			}
		}
		if w.Int(`SELECT COUNT(*) FROM entry WHERE body = 'x' OR signed_at = 0`) != 0 || w.Int(`SELECT COUNT(*) FROM entry`) != 3 {
			t.Error("a signed entry was changed")
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'history.correct'`) != 2 {
			t.Error("corrections are not on record")
		}
	})
}

func TestWriteRefused(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		for want, in := range map[string]Writing{
			"kind":    {Once: id.New(), Kind: FormCorrection, Body: "b", At: now},
			"body":    {Once: id.New(), Kind: Diary, At: now},
			"at":      {Once: id.New(), Kind: Diary, Body: "b", At: now.Add(time.Second)},
			"body at": {Once: id.New(), Kind: Diary, At: now.Add(-49 * time.Hour)},
		} {
			if got := findings(Write(ctx, w.Desk, stayID, in)); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if err := Write(ctx, w.Desk, stayID, Writing{Once: "' OR 1=1", Kind: Diary, Body: "b", At: now}); !fail.Is(err, fail.BadRequest) {
			t.Error(err)
		}
		if err := Write(ctx, w.Desk, "nobody", Writing{Once: id.New(), Kind: Diary, Body: "b", At: now}); !fail.Is(err, fail.NotFound) {
			t.Error(err)
		}
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, now.UnixMicro())
		if err := Write(ctx, w.Desk, stayID, Writing{Once: id.New(), Kind: Diary, Body: "b", At: now}); !fail.Is(err, fail.Conflict) {
			t.Error(err)
		}
		if w.Int(`SELECT COUNT(*) FROM entry`) != 0 {
			t.Error("something was written")
		}
	})
}

// Those who correct the same version at once, none of whom has written yet: one
// wins, the others are told.
func TestCorrectInParallel(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		first := Writing{Once: id.New(), Kind: Diary, Body: "b", At: now}
		if err := Write(ctx, w.Desk, stayID, first); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		holding, enough := make(chan struct{}), make(chan struct{})
		group.Go(func() {
			err := w.Desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				var err error
				if w.Desk.DB.Dialect == db.Postgres {
					_, err = tx.ExecContext(ctx, `LOCK TABLE entry IN SHARE MODE`)
				}
				close(holding)
				<-enough
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-holding
		for range 4 {
			group.Go(func() {
				err := Correct(ctx, w.Desk, stayID, Correcting{Once: id.New(), Root: first.Once, Seen: 1, Body: "c", At: now, Reason: "r"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		close(enough)
		group.Wait()
		if won != 1 {
			t.Fatal(won)
		}
	})
}
