package act

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// many copies the one case that there is.
func (w world) many(t *testing.T, copies int) {
	t.Helper()
	columns := `revision, replaces, is_current, organisation, department, patient_pin, admitted_at, discharged_at, month, main_code, state, group_code, price,
		content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage, worth, findings`
	err := w.fund.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < `+fmt.Sprint(copies)+`)
		INSERT INTO treated_case (id, number, `+columns+`) SELECT id || '-' || CAST(n.i AS TEXT), number || '-' || CAST(n.i AS TEXT), `+columns+` FROM treated_case, n WHERE 1 = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An act that its page did not wait for is in the making: nobody sees half of it, a
// second one is not begun, an expert may still return what it has not reached and the
// hospital's cases still come in; its job ends it, and it adds up.
func TestALargeActIsMadeByItsJob(t *testing.T) {
	usual := batch
	batch = 10
	defer func() { batch = usual }()
	each(t, func(t *testing.T, w world) {
		w.acts.Queue.Handle(MakeJob, MakePolicy, w.acts.Go)
		one := w.one(t, 1, false)
		w.many(t, 34)
		w.december()
		a, err := w.acts.order(t.Context(), "950174", "2026-11", expert)
		if err != nil || a.Made() || a.Expected != 35 {
			t.Fatalf("%+v, %v", a, err)
		}
		if a, err = w.acts.take(t.Context(), a.ID, expert); err != nil || a.Made() || a.Cases != 10 || a.Price != 10*one.Price {
			t.Fatalf("%+v, %v", a, err)
		}
		if _, err := w.acts.Read(t.Context(), a.ID, "950174"); !fail.Is(err, fail.NotFound) {
			t.Errorf("the hospital reads half an act: %v", err)
		}
		if whole, err := w.acts.Read(t.Context(), a.ID, ""); err != nil || len(whole.Lines) != 0 || whole.Cases != 10 || whole.Made() {
			t.Errorf("%d lines, %+v, %v", len(whole.Lines), whole.Act, err)
		}
		if all, err := w.acts.List(t.Context(), Filter{}); err != nil || len(all.Acts) != 0 {
			t.Errorf("half an act is listed: %+v, %v", all, err)
		}
		if going, err := w.acts.Making(t.Context()); err != nil || len(going) != 1 || going[0].ID != a.ID {
			t.Errorf("in the making %+v, %v", going, err)
		}
		again, err := w.acts.Make(t.Context(), "950174", "2026-11", second)
		if e := fail.As(err); e == nil || e.Key != beingMade || again.ID != a.ID {
			t.Errorf("a second one: %+v, %v", again, err)
		}
		if stopped, err := w.acts.GivenUp(t.Context(), a); err != nil || stopped {
			t.Errorf("given up: %v, %v", stopped, err)
		}
		if err := w.fund.Return(t.Context(), one.CaseID, "Нет протокола.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("a case of the act was returned: %v", err)
		}
		if err := w.fund.Return(t.Context(), one.CaseID+"-34", "Нет протокола.", expert); err != nil {
			t.Errorf("a case that the act has not reached: %v", err)
		}
		late := w.one(t, 2, false)
		w.clock.Advance(atOnce)
		if err := w.acts.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		whole, err := w.acts.Read(t.Context(), a.ID, "950174")
		if err != nil || !whole.Made() || whole.Number() != "950174-2026-11/1" || whole.Cases != 35 || len(whole.Lines) != 35 || whole.Price != sum(whole.Lines) || whole.Price != 34*one.Price+late.Price {
			t.Errorf("%d lines, %+v, %v", len(whole.Lines), whole.Act, err)
		}
		if n := w.number(t, `SELECT COUNT(*) FROM case_step WHERE step = 'settle'`); n != 35 {
			t.Errorf("%d cases know that they were settled", n)
		}
		if !whole.MadeAt.Equal(w.clock.Now()) || whole.MadeAt.Equal(a.MadeAt) {
			t.Errorf("made at %v, ordered at %v", whole.MadeAt, a.MadeAt)
		}
		// A slower worker comes back to it: a made act takes up nothing more.
		w.one(t, 3, false)
		if again, err := w.acts.take(t.Context(), a.ID, expert); err != nil || again != whole.Act {
			t.Errorf("worked on again %+v, %v", again, err)
		}
		if rest, err := w.acts.Left(t.Context(), "950174", "2026-11"); err != nil || rest.Accepted != 1 {
			t.Errorf("left %+v, %v", rest, err)
		}
	})
}

// Of an act whose every case was returned before it was reached nothing is left, and
// no number is lost by it.
func TestAnActOfNothingIsNone(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		w.acts.Queue.Handle(MakeJob, MakePolicy, w.acts.Go)
		d := w.one(t, 1, false)
		w.december()
		if _, err := w.acts.order(t.Context(), "950174", "2026-11", expert); err != nil {
			t.Fatal(err)
		}
		if err := w.fund.Return(t.Context(), d.CaseID, "Нет протокола.", expert); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(atOnce)
		if err := w.acts.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := w.number(t, `SELECT COUNT(*) FROM act`); n != 0 {
			t.Errorf("%d acts", n)
		}
		if n := w.number(t, `SELECT COUNT(*) FROM job WHERE kind = 'act' AND state <> 'done'`); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
		w.one(t, 2, false)
		if a, err := w.acts.Make(t.Context(), "950174", "2026-11", expert); err != nil || a.Sequence != 1 || a.Cases != 1 {
			t.Errorf("%+v, %v", a, err)
		}
	})
}

// Acts of a month are ordered by several and worked on by several processes at once,
// while cases come in, are returned and corrected: acts take turns, each case stands in
// one, and what came back is not paid.
func TestActsAreWorkedOnBySeveral(t *testing.T) {
	usual := batch
	batch = 3
	defer func() { batch = usual }()
	each(t, func(t *testing.T, w world) {
		w.december()
		var forms []insuranceapi.Case
		var ids []string
		for n := range 30 {
			c := treatedtest.Good()
			c.Number = fmt.Sprintf("%07d1895017426", n+1)
			c.Patient.PIN, c.Patient.Name = "", fmt.Sprint("Киши ", n)
			d, err := w.fund.Submit(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			forms, ids = append(forms, c), append(ids, d.CaseID)
		}
		a, err := w.acts.order(t.Context(), "950174", "2026-11", expert)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for {
					got, err := w.acts.take(t.Context(), a.ID, expert)
					if err != nil {
						t.Error(err)
						return
					}
					if got.Made() {
						return
					}
				}
			})
		}
		for n := 29; n > 20; n-- {
			all.Go(func() { // returned, and corrected at once: a new case of the same form
				err := w.fund.Return(t.Context(), ids[n], "Нет протокола.", expert)
				if fail.Is(err, fail.Conflict) {
					return
				}
				c := forms[n]
				c.Revision, c.Replaces = 2, ids[n]
				d, also := w.fund.Submit(t.Context(), c)
				if err := errors.Join(err, also); err != nil || d.State != insuranceapi.Accepted {
					t.Errorf("%+v, %v", d, err)
				}
			})
		}
		all.Wait()
		if _, err := w.acts.Make(t.Context(), "950174", "2026-11", expert); err != nil && !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		for what, query := range map[string]string{
			"forms not paid once":   `SELECT 30 - COUNT(*) FROM (SELECT number FROM act_case GROUP BY number HAVING COUNT(*) = 1) once`,
			"lines that moved":      `SELECT COUNT(*) FROM act_case l JOIN treated_case c ON c.id = l.case_id WHERE c.price <> l.price OR c.stage <> 'settled' OR c.is_current <> 1`,
			"acts of another sum":   `SELECT COUNT(*) FROM act a WHERE a.price <> (SELECT SUM(l.price) FROM act_case l WHERE l.act_id = a.id) OR a.cases <> (SELECT COUNT(*) FROM act_case l WHERE l.act_id = a.id)`,
			"acts in the making":    `SELECT COUNT(*) FROM act WHERE sequence = 0`,
			"cases settled unsaid":  `SELECT COUNT(*) FROM act_case l WHERE (SELECT COUNT(*) FROM case_step s WHERE s.case_id = l.case_id AND s.step = 'settle') <> 1`,
			"cases settled, no act": `SELECT COUNT(*) FROM treated_case c WHERE c.stage = 'settled' AND NOT EXISTS (SELECT 1 FROM act_case l WHERE l.case_id = c.id)`,
		} {
			if n := w.number(t, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
	})
}

// How long an act of a great month takes, and the longest of its transactions: on
// SQLite nobody else writes meanwhile. SANARIP_TEST_LARGE=19000 asks for it.
func TestHowLongALargeActTakes(t *testing.T) {
	var cases int
	if _, err := fmt.Sscan(os.Getenv("SANARIP_TEST_LARGE"), &cases); err != nil {
		t.Skip("only when it is asked for")
	}
	each(t, func(t *testing.T, w world) {
		w.one(t, 1, false)
		w.many(t, cases-1)
		w.december()
		began := time.Now()
		a, err := w.acts.order(t.Context(), "950174", "2026-11", expert)
		longest := time.Duration(0)
		for err == nil && !a.Made() {
			one := time.Now()
			a, err = w.acts.take(t.Context(), a.ID, expert)
			longest = max(longest, time.Since(one))
		}
		if err != nil || a.Cases != cases {
			t.Fatalf("%+v, %v", a, err)
		}
		t.Logf("%d cases in %v, the longest transaction %v", cases, time.Since(began).Round(time.Millisecond), longest.Round(time.Millisecond))
	})
}
