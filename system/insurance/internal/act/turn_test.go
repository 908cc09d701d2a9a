package act

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

var (
	second   = treated.Expert{PIN: "20101198500123", Name: "Эсенбеков Нурлан"}
	hospital = treated.Expert{PIN: "10408198400512", Name: "Асылбекова Назгүл", Hospital: "950174"}
)

// turning is a hospital's form as its card knows it, on its way over the turn of
// a month.
type turning struct {
	c      insuranceapi.Case
	caseID string
}

// at moves the discharge: a correction may take a case into the other month.
func (f *turning) at(discharged time.Time, wrong bool) {
	f.c.DischargedAt = discharged
	f.c.Moves = append([]insuranceapi.Move{}, f.c.Moves...)
	f.c.Moves[len(f.c.Moves)-1].Until = discharged
	f.c.BedDays = clock.DateOf(f.c.AdmittedAt).DaysUntil(clock.DateOf(discharged))
	f.c.Result = "improved"
	if wrong {
		f.c.Result = ""
	}
}

// step is one thing that may happen to a case; what is not possible now is
// refused by the fund and leaves nothing behind.
func (w world) step(t *testing.T, f *turning, random *rand.Rand) {
	t.Helper()
	turn := time.Date(2026, 12, 1, 0, 0, 0, 0, clock.Bishkek)
	do := func(step treated.Step, by treated.Expert) {
		err := w.fund.Do(t.Context(), f.caseID, step, "Комментарий.", by)
		if err != nil && !fail.Is(err, fail.Conflict) {
			t.Error(err)
		}
	}
	switch random.IntN(6) {
	case 0:
		do(treated.StepReturn, expert)
	case 1:
		do(treated.StepTake, expert)
	case 2:
		do(treated.StepConfirm, expert)
	case 3:
		do(treated.StepAppeal, hospital)
		do(treated.StepGrant, second)
	default: // a correction, to either side of the turn
		before := *f
		f.c.Revision, f.c.Replaces = f.c.Revision+1, f.caseID
		f.at(turn.Add([]time.Duration{-time.Second, -time.Microsecond, 0, time.Second}[random.IntN(4)]), random.IntN(3) == 0)
		d, err := w.fund.Submit(t.Context(), f.c)
		if err != nil {
			if !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
			*f = before
			return
		}
		f.caseID = d.CaseID
	}
}

// Over the turn of a month, while acts of both months are made, cases are
// returned, appealed against and corrected into the other month: each form is
// paid once, in its own month, at the price that its hospital knows, and the
// card's totals agree with the fund's to the last case.
func TestOverAMonthsTurnEachFormIsPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		w.clock.Advance(time.Date(2027, 1, 2, 12, 0, 0, 0, clock.Bishkek).Sub(w.clock.Now()))
		const givers, forms, steps = 3, 5, 8
		all := make([][]*turning, givers)
		var working, acting sync.WaitGroup
		for giver := range givers {
			working.Go(func() {
				random := rand.New(rand.NewPCG(uint64(giver), 5))
				for n := range forms {
					f := &turning{c: treatedtest.Good()}
					f.c.Number = fmt.Sprintf("%07d1895017426", 1+giver*forms+n)
					f.c.Patient.PIN, f.c.Patient.Name = "", fmt.Sprint("Киши ", giver, n)
					f.at(time.Date(2026, 11, 30, 23, 59, 59, 0, clock.Bishkek), random.IntN(2) == 0)
					d, err := w.fund.Submit(t.Context(), f.c)
					if err != nil {
						t.Error(err)
						return
					}
					f.caseID = d.CaseID
					all[giver] = append(all[giver], f)
				}
				for range steps {
					for _, f := range all[giver] {
						w.step(t, f, random)
					}
				}
			})
		}
		settle := func() {
			for _, month := range []string{"2026-11", "2026-12"} {
				if _, err := w.acts.Make(t.Context(), "950174", month, expert); err != nil && !fail.Is(err, fail.Conflict) && !fail.Is(err, fail.Invalid) {
					t.Error(err)
				}
			}
		}
		stop := make(chan struct{})
		acting.Go(func() {
			random := rand.New(rand.NewPCG(9, 9))
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(random.IntN(20)) * time.Millisecond):
					settle()
				}
			}
		})
		working.Wait()
		close(stop)
		acting.Wait()
		settle()

		for what, query := range map[string]string{
			"forms in two acts":             `SELECT COUNT(*) FROM (SELECT number FROM act_case GROUP BY number HAVING COUNT(*) > 1) twice`,
			"lines of another month":        `SELECT COUNT(*) FROM act_case l JOIN act a ON a.id = l.act_id JOIN treated_case c ON c.id = l.case_id WHERE c.month <> a.month`,
			"lines of another price":        `SELECT COUNT(*) FROM act_case l JOIN treated_case c ON c.id = l.case_id WHERE c.price <> l.price OR c.stage <> 'settled' OR c.is_current <> 1`,
			"settled without a line":        `SELECT COUNT(*) FROM treated_case c WHERE c.stage = 'settled' AND NOT EXISTS (SELECT 1 FROM act_case l WHERE l.case_id = c.id)`,
			"returned with a price":         `SELECT COUNT(*) FROM treated_case WHERE state = 'returned' AND price <> 0`,
			"acts of another sum":           `SELECT COUNT(*) FROM act a WHERE a.price <> (SELECT SUM(l.price) FROM act_case l WHERE l.act_id = a.id) OR a.cases <> (SELECT COUNT(*) FROM act_case l WHERE l.act_id = a.id)`,
			"accepted and left by the acts": `SELECT COUNT(*) FROM treated_case WHERE is_current = 1 AND stage = 'accepted'`,
			"forms with two current cases":  `SELECT COUNT(*) FROM (SELECT number FROM treated_case WHERE is_current = 1 GROUP BY number HAVING COUNT(*) <> 1) twice`,
		} {
			if n := w.number(t, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
		if n := w.number(t, `SELECT COUNT(*) FROM act_case`); n < 3 {
			t.Errorf("only %d cases were paid", n)
		}
		// What the hospital's card knows: the last decision on each of its forms.
		lines := map[string]card{}
		for _, mine := range all {
			for _, f := range mine {
				whole, err := w.fund.Read(t.Context(), f.caseID, expert)
				if err != nil {
					t.Fatal(err)
				}
				month := monthOf(f.c.DischargedAt)
				lines[month] = append(lines[month], cardapi.FormLine{Number: f.c.Number, Revision: f.c.Revision, State: string(whole.Decision.State), Price: whole.Decision.Price})
			}
		}
		for _, month := range []string{"2026-11", "2026-12"} {
			r, err := w.acts.Reconcile(t.Context(), lines[month], "950174", month)
			if err != nil || len(r.Differences) != 0 || r.CardPrice != r.FundPrice || r.Compared != len(lines[month]) {
				t.Errorf("%s: %+v, %v", month, r, err)
			}
		}
	})
}
