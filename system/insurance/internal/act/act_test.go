package act

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
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

type card []cardapi.FormLine

func (c card) Forms(context.Context, cardapi.Month) ([]cardapi.FormLine, error) { return c, nil }

// MC-7: to the last case. Nothing is said when all is well; every kind of
// difference is found by its number.
func TestAMonthIsReconciledToTheLastCase(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		var forms card
		var lastID string
		for n := range 6 {
			d := w.one(t, n+1, n == 5)
			lastID = d.CaseID
			forms = append(forms, cardapi.FormLine{Number: d.Number, Revision: 1, State: string(d.State), Price: d.Price})
		}
		hand := treatedtest.Good()
		hand.Number, hand.Patient.PIN, hand.Patient.Name = "00000991895017426", "", "Кол Менен"
		if _, err := w.fund.Enter(t.Context(), hand, treated.Sender{PIN: "1"}); err != nil {
			t.Fatal(err)
		}
		past := treatedtest.Good()
		past.Number, past.Patient.PIN, past.Patient.Name = "90000011895017426", "", "Үлгү"
		if _, err := w.fund.Past(t.Context(), past, treated.ByExchange, treatedtest.Now); err != nil {
			t.Fatal(err)
		}
		reconcile := func(c card) Reconciled {
			t.Helper()
			r, err := w.acts.Reconcile(t.Context(), c, "950174", "2026-11")
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		// The case that came back comes again, corrected: it is one case of the month,
		// in its newest revision, here and in the totals.
		corrected := treatedtest.Good()
		corrected.Number, corrected.Patient.PIN, corrected.Patient.Name = forms[5].Number, "", "Киши 6"
		corrected.Patient.Rural, corrected.Revision, corrected.Replaces = true, 2, lastID
		d, err := w.fund.Submit(t.Context(), corrected)
		if err != nil || d.State != insuranceapi.Accepted {
			t.Fatalf("%+v, %v", d, err)
		}
		forms[5] = cardapi.FormLine{Number: d.Number, Revision: 2, State: string(d.State), Price: d.Price}
		totals, err := total.Of(t.Context(), w.fund.DB.Read, []string{"2026-10", "2026-11"}, "950174")
		want := sumOf(forms)
		if err != nil || totals.All().Cases != 8 || totals.All().Accepted != 8 || totals.All().Returned != 0 || totals.ByMonth("2026-10").Cases != 0 {
			t.Errorf("%+v, %v", totals.Rows, err)
		}
		r := reconcile(forms)
		if r.FundPrice != want || r.FundPrice+r.HandPrice != totals.All().Price-w.number(t, `SELECT price FROM treated_case WHERE demo = 1`) {
			t.Errorf("%+v, the forms make %d, the totals %+v", r, want, totals.All())
		}
		if len(r.Differences) != 0 || r.Compared != 6 || r.ByHand != 1 || r.CardPrice != r.FundPrice || r.FundPrice == 0 || r.HandPrice == 0 {
			t.Fatalf("%+v", r)
		}
		wrong := append(card{}, forms[1:]...) // the first is missing in the card
		wrong[0].Price++
		wrong[1].State, wrong[1].Price = "returned", 0
		wrong[2].Revision = 2
		wrong = append(wrong, cardapi.FormLine{Number: "00000501895017426", Revision: 1, State: "queued"},
			cardapi.FormLine{Number: hand.Number, Revision: 1, State: "returned"}) // came both ways: the one by hand counts
		r = reconcile(wrong)
		got := map[string]string{}
		for _, d := range r.Differences {
			got[d.Number[:7]] = d.Kind
		}
		kinds := map[string]string{"0000001": NotInCard, "0000002": OtherPrice, "0000003": OtherState, "0000004": OtherTurn, "0000050": NotAtFund, "0000099": OtherState}
		if len(got) != len(kinds) || len(r.Differences) != len(kinds) {
			t.Errorf("%v", got)
		}
		for number, kind := range kinds {
			if got[number] != kind {
				t.Errorf("%s: %s, want %s", number, got[number], kind)
			}
		}
	})
}

func sumOf(c card) int64 {
	var all int64
	for _, f := range c {
		all += f.Price
	}
	return all
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

// Each way in which a card and the fund may differ, alone: its kind, and what counts
// as compared, as entered by hand and as money of either side.
func TestEachKindOfDifference(t *testing.T) {
	in := func(state string, revision int, price int64) []cardapi.FormLine {
		return []cardapi.FormLine{{Number: "1", State: state, Revision: revision, Price: price}}
	}
	at := func(way string, demo bool) []known {
		return []known{{ID: "c", Number: "1", State: "accepted", Way: way, Revision: 1, Price: 700, Demo: demo}}
	}
	for name, tc := range map[string]struct {
		card []cardapi.FormLine
		fund []known
		want Reconciled
		kind string
	}{
		"alike":               {in("accepted", 1, 700), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, ""},
		"alike, of the demo":  {in("accepted", 1, 700), at(treated.ByExchange, true), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, ""},
		"another price":       {in("accepted", 1, 701), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 701, FundPrice: 700}, OtherPrice},
		"another state":       {in("returned", 1, 700), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, OtherState},
		"another revision":    {in("accepted", 2, 700), at(treated.ByExchange, false), Reconciled{Compared: 1, CardPrice: 700, FundPrice: 700}, OtherTurn},
		"not in the card":     {nil, at(treated.ByExchange, false), Reconciled{Compared: 1, FundPrice: 700}, NotInCard},
		"not at the fund":     {in("accepted", 1, 700), nil, Reconciled{Compared: 1, CardPrice: 700}, NotAtFund},
		"the demo's past":     {nil, at(treated.ByExchange, true), Reconciled{}, ""},
		"by hand alone":       {nil, at(treated.ByHand, false), Reconciled{ByHand: 1, HandPrice: 700}, ""},
		"by hand, and a card": {in("queued", 1, 0), at(treated.ByHand, false), Reconciled{Compared: 1, FundPrice: 700}, OtherState},
		"nothing":             {nil, nil, Reconciled{}, ""},
	} {
		r := compare("", "", tc.card, tc.fund)
		var kinds string
		for _, d := range r.Differences {
			kinds += d.Kind
			if d.Number != "1" || (d.CaseID == "") != (len(tc.fund) == 0) {
				t.Errorf("%s: %+v", name, d)
			}
		}
		r.Differences = nil
		if !reflect.DeepEqual(r, tc.want) || kinds != tc.kind {
			t.Errorf("%s: %+v, %s", name, r, kinds)
		}
	}
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
