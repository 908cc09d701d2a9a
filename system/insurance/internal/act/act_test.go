package act

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

var expert = treated.Expert{PIN: "12511199000088", Name: "Орозбекова Нургүл Асановна", Role: "Эксперт"}

type world struct {
	fund  treated.Fund
	acts  Acts
	clock *clock.Manual
}

func each(t *testing.T, run func(t *testing.T, w world)) {
	t.Helper()
	rules, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := price.Demo()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(treatedtest.Now)
		queue := job.New(d, now, slog.New(slog.DiscardHandler), job.Config{})
		run(t, world{treated.Fund{
			DB: d, Clock: now, Queue: queue, Catalogue: rules, Tables: tables,
			OrganisationName: func(code string) string { return code },
		}, Acts{DB: d, Clock: now, Queue: queue}, now})
	})
}

// one is the n-th case of November; wrong makes it come back.
func (w world) one(t *testing.T, n int, wrong bool) insuranceapi.Decision {
	t.Helper()
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n)
	c.Patient.PIN, c.Patient.Name, c.Patient.Rural = "", fmt.Sprint("Киши ", n), n%3 == 0
	if wrong {
		c.Result = ""
	}
	d, err := w.fund.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w world) december() { w.clock.Advance(20 * 24 * time.Hour) }

func (w world) number(t *testing.T, query string) int64 {
	t.Helper()
	return numberOf(t, w.fund.DB, query)
}

func numberOf(t *testing.T, d *db.DB, query string) int64 {
	t.Helper()
	var n int64
	if err := d.Read.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever comes between acts, each accepted case stands in exactly one, and the
// sums are those of the cases to the tyiyn.
func TestActsTakeEachCaseOnceAndAddUp(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		if _, err := w.acts.Make(t.Context(), "950174", "2026-11", expert); !fail.Is(err, fail.Invalid) {
			t.Errorf("a month that is not over: %v", err)
		}
		w.december()
		random := rand.New(rand.NewPCG(11, 12))
		n := 0
		var total int64
		for round := range 4 {
			want := int64(0)
			for range 3 + random.IntN(6) {
				n++
				d := w.one(t, n, random.IntN(4) == 0)
				if d.State != insuranceapi.Accepted {
					continue
				}
				if random.IntN(4) == 0 { // an expert looks: not in this act
					if err := w.fund.Do(t.Context(), d.CaseID, treated.StepTake, "", expert); err != nil {
						t.Fatal(err)
					}
					continue
				}
				want += d.Price
			}
			a, err := w.acts.Make(t.Context(), "950174", "2026-11", expert)
			if want == 0 {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			whole, err := w.acts.Read(t.Context(), a.ID, "950174")
			if err != nil || a.Price != want || sum(whole.Lines) != want || len(whole.Lines) != a.Cases || a.Sequence != round+1 {
				t.Fatalf("act %+v with %d lines of %d, want %d: %v", a, len(whole.Lines), sum(whole.Lines), want, err)
			}
			total += want
		}
		if got := w.number(t, `SELECT CAST(SUM(price) AS BIGINT) FROM treated_case WHERE stage = 'settled'`); got != total || w.number(t, `SELECT CAST(SUM(price) AS BIGINT) FROM act`) != total {
			t.Errorf("settled %d, acts %d", got, total)
		}
		if _, err := w.acts.Make(t.Context(), "950174", "2026-11", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("an empty act: %v", err)
		}
		rest, err := w.acts.Left(t.Context(), "950174", "2026-11")
		if err != nil || rest.Accepted != 0 || rest.Review+rest.Returned == 0 {
			t.Errorf("rest %+v, %v", rest, err)
		}
		if _, err := w.acts.Read(t.Context(), "none", ""); !fail.Is(err, fail.NotFound) {
			t.Errorf("no act: %v", err)
		}
		listed, err := w.acts.List(t.Context(), Filter{Organisation: "950174"})
		acts := listed.Acts
		if err != nil || len(acts) == 0 {
			t.Fatal(err)
		}
		if _, err := w.acts.Read(t.Context(), acts[0].ID, "950201"); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital's act: %v", err)
		}
	})
}

// Two who settle a month at once, while an expert returns cases of it: no case
// stands in two acts, none that was returned is paid.
func TestActsAtOnceTakeNoCaseTwice(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		var ids []string
		for n := range 12 {
			ids = append(ids, w.one(t, n+1, false).CaseID)
		}
		w.december()
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				_, err := w.acts.Make(t.Context(), "950174", "2026-11", expert)
				if err != nil && !fail.Is(err, fail.Conflict) && !fail.Is(err, fail.Invalid) {
					t.Error(err)
				}
			})
		}
		for _, caseID := range ids[:4] {
			all.Go(func() {
				if err := w.fund.Return(t.Context(), caseID, "Нет протокола.", expert); err != nil && !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		lines, settled := w.number(t, `SELECT COUNT(*) FROM act_case`), w.number(t, `SELECT COUNT(*) FROM treated_case WHERE stage = 'settled'`)
		returned := w.number(t, `SELECT COUNT(*) FROM treated_case WHERE stage = 'returned'`)
		inAct := w.number(t, `SELECT COUNT(*) FROM act_case a JOIN treated_case c ON c.id = a.case_id WHERE c.stage <> 'settled' OR c.price <> a.price`)
		if lines != settled || settled+returned != 12 || inAct != 0 {
			t.Errorf("%d lines, %d settled, %d returned, %d wrong", lines, settled, returned, inAct)
		}
		if a, b := w.number(t, `SELECT CAST(SUM(price) AS BIGINT) FROM act`), w.number(t, `SELECT CAST(SUM(price) AS BIGINT) FROM act_case`); a != b {
			t.Errorf("acts %d, their lines %d", a, b)
		}
	})
}

// Two who settle the month at once, again and again, while the hospital's cases
// still come in and are accepted: each stands in one act, and the sums agree to
// the last case. Nothing is left when they have come to rest.
func TestCasesAcceptedDuringActsStandInOne(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		w.december()
		const cases, givers = 24, 3
		var all sync.WaitGroup
		var mu sync.Mutex
		paid := map[string]int64{} // what the hospital was told, by case
		for giver := range givers {
			all.Go(func() {
				for n := giver; n < cases; n += givers {
					c := treatedtest.Good()
					c.Number = fmt.Sprintf("%07d1895017426", n+1)
					c.Patient.PIN, c.Patient.Name, c.Patient.Rural = "", fmt.Sprint("Киши ", n), n%3 == 0
					d, err := w.fund.Submit(t.Context(), c)
					if err != nil || d.State != insuranceapi.Accepted {
						t.Errorf("case %d: %+v, %v", n, d, err)
						return
					}
					mu.Lock()
					paid[d.CaseID] = d.Price
					mu.Unlock()
				}
			})
		}
		settle := func() error {
			_, err := w.acts.Make(t.Context(), "950174", "2026-11", expert)
			if err != nil && !fail.Is(err, fail.Conflict) && !fail.Is(err, fail.Invalid) {
				t.Error(err)
			}
			return err
		}
		for range 2 {
			all.Go(func() {
				for range 6 {
					_ = settle()
				}
			})
		}
		all.Wait()
		for settle() == nil { // what came after the last of them
		}
		listed, err := w.acts.List(t.Context(), Filter{Organisation: "950174"})
		acts := listed.Acts
		if err != nil || len(acts) == 0 {
			t.Fatalf("%d acts, %v", len(acts), err)
		}
		seen, sequences := map[string]bool{}, map[int]bool{}
		var total, want int64
		for _, a := range acts {
			whole, err := w.acts.Read(t.Context(), a.ID, "950174")
			if err != nil || len(whole.Lines) != a.Cases || sum(whole.Lines) != a.Price || sequences[a.Sequence] {
				t.Errorf("act %+v with %d lines of %d, %v", a, len(whole.Lines), sum(whole.Lines), err)
			}
			sequences[a.Sequence] = true
			for _, l := range whole.Lines {
				if seen[l.CaseID] || l.Price != paid[l.CaseID] {
					t.Errorf("case %s of %d stands in act %s again or with another price than %d", l.Number, l.Price, a.Number(), paid[l.CaseID])
				}
				seen[l.CaseID] = true
			}
			total += a.Price
		}
		for _, price := range paid {
			want += price
		}
		left := w.number(t, `SELECT COUNT(*) FROM treated_case WHERE stage <> 'settled'`)
		if len(seen) != cases || len(paid) != cases || total != want || left != 0 || !sequences[len(acts)] {
			t.Errorf("%d of %d cases in %d acts of %d, want %d; %d are left", len(seen), cases, len(acts), total, want, left)
		}
	})
}

// A month is Bishkek's: it is over at midnight there, and who left a second
// before it is a case of that month, who left at midnight one of the next.
func TestAMonthIsOverAtMidnightInBishkek(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		midnight := time.Date(2026, 12, 1, 0, 0, 0, 0, clock.Bishkek)
		w.clock.Advance(midnight.Add(-time.Second).Sub(w.clock.Now()))
		leave := func(n int, at time.Time) insuranceapi.Decision {
			t.Helper()
			c := treatedtest.Good()
			c.Number = fmt.Sprintf("%07d1895017426", n)
			c.Patient.PIN, c.Patient.Name = "", fmt.Sprint("Киши ", n)
			c.DischargedAt = at
			c.Moves[len(c.Moves)-1].Until = at
			c.BedDays = clock.DateOf(c.AdmittedAt).DaysUntil(clock.DateOf(at))
			d, err := w.fund.Submit(t.Context(), c)
			if err != nil || d.State != insuranceapi.Accepted {
				t.Fatalf("%+v, %v", d, err)
			}
			return d
		}
		last := leave(1, midnight.Add(-time.Second))
		if a, err := w.acts.Make(t.Context(), "950174", "2026-11", expert); !fail.Is(err, fail.Invalid) {
			t.Errorf("settled a second before the month was over: %+v, %v", a, err)
		}
		if open, _, err := w.acts.Waiting(t.Context(), Filter{}); err != nil || len(open) != 0 {
			t.Errorf("offered a second before the month was over: %+v, %v", open, err)
		}
		w.clock.Advance(time.Second)
		leave(2, midnight)
		if open, more, err := w.acts.Waiting(t.Context(), Filter{}); err != nil || more || len(open) != 1 || open[0] != (Open{"950174", "2026-11", 1, last.Price}) {
			t.Errorf("offered %+v, %v", open, err)
		}
		a, err := w.acts.Make(t.Context(), "950174", "2026-11", expert)
		if err != nil || a.Cases != 1 || a.Price != last.Price {
			t.Errorf("%+v, %v", a, err)
		}
		if rest, err := w.acts.Left(t.Context(), "950174", "2026-12"); err != nil || rest.Accepted != 1 {
			t.Errorf("of December %+v, %v", rest, err)
		}
	})
}

// An act is of a month and of a hospital; what is none of them is refused as that.
func TestAnActIsOfAMonthAndAHospital(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		w.december()
		for _, of := range [][2]string{{"950174", ""}, {"950174", "2026"}, {"950174", "2026-13"}, {"95017", "2026-11"}, {"9501740", "2026-11"}, {"", "2026-11"}, {"", ""}} {
			_, err := w.acts.Make(t.Context(), of[0], of[1], expert)
			if e := fail.As(err); e == nil || e.Key != "insurance.act.no_month" {
				t.Errorf("%v: %v", of, err)
			}
		}
	})
}

func sum(lines []Line) int64 {
	var total int64
	for _, l := range lines {
		total += l.Price
	}
	return total
}

// An act of any size is read page by page, each case once, in the order of the whole.
func TestAnActIsReadPageByPage(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		for n := range 2*PageSize + 3 {
			w.one(t, n+1, false)
		}
		w.clock.Advance(31 * 24 * time.Hour)
		a, err := w.acts.Make(t.Context(), "950174", "2026-11", expert)
		if err != nil || a.Cases != 2*PageSize+3 {
			t.Fatal(a.Cases, err)
		}
		whole, err := w.acts.Read(t.Context(), a.ID, "")
		if err != nil || len(whole.Lines) != a.Cases || sum(whole.Lines) != a.Price {
			t.Fatalf("%d lines of %d, %v", len(whole.Lines), sum(whole.Lines), err)
		}
		id := func(i int) string { return whole.Lines[i].CaseID }
		for _, x := range []struct {
			at               Stretch
			from, until      int
			earlier, further bool
		}{
			{Stretch{}, 0, PageSize, false, true},
			{Stretch{After: "none"}, 0, PageSize, false, true}, // of a case that stands elsewhere the first page
			{Stretch{After: id(PageSize - 1)}, PageSize, 2 * PageSize, true, true},
			{Stretch{After: id(2*PageSize - 1)}, 2 * PageSize, 2*PageSize + 3, true, false},
			{Stretch{After: id(2*PageSize + 2)}, 0, 0, true, false},
			{Stretch{Before: id(2 * PageSize)}, PageSize, 2 * PageSize, true, true},
			{Stretch{Before: id(PageSize)}, 0, PageSize, false, true},
			{Stretch{Before: id(2)}, 0, PageSize, false, true},
		} {
			p, err := w.acts.Page(t.Context(), a.ID, "950174", x.at)
			if err != nil || !slices.Equal(p.Lines, whole.Lines[x.from:x.until]) || p.Earlier != x.earlier || p.Further != x.further || p.Price != a.Price {
				t.Errorf("%+v: %d lines, earlier %v, further %v, %v", x.at, len(p.Lines), p.Earlier, p.Further, err)
			}
		}
		if _, err := w.acts.Page(t.Context(), a.ID, "950201", Stretch{}); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital reads a page: %v", err)
		}
		if n := w.number(t, `SELECT COUNT(*) FROM case_step WHERE step = 'settle' AND was = 'accepted' AND became = 'settled' AND sequence = 1`); n != 2*PageSize+3 {
			t.Errorf("%d cases know that they were settled", n)
		}
	})
}

// What of a month stands in no act is counted by where it stands: a case whose appeal was
// refused is with the hospital.
func TestWhatIsLeftIsCountedByWhereItStands(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		hospital := treated.Expert{PIN: "10408198400512", Name: "Асылбекова Назгүл", Role: "Статистик", Hospital: "950174"}
		do := func(d insuranceapi.Decision, step treated.Step, by treated.Expert) {
			t.Helper()
			if err := w.fund.Do(t.Context(), d.CaseID, step, "Так.", by); err != nil {
				t.Fatal(err)
			}
		}
		w.one(t, 1, false)
		do(w.one(t, 2, false), treated.StepTake, expert)
		do(w.one(t, 3, true), treated.StepAppeal, hospital)
		refused := w.one(t, 4, true)
		do(refused, treated.StepAppeal, hospital)
		do(refused, treated.StepRefuse, expert)
		w.one(t, 5, true)
		if rest, err := w.acts.Left(t.Context(), "950174", "2026-11"); err != nil || rest != (Rest{Accepted: 1, Review: 1, Appealed: 1, Returned: 2}) {
			t.Errorf("left %+v, %v", rest, err)
		}
	})
}
