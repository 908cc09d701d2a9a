package treated_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// before and after the midnight of Bishkek at which tables change.
var (
	before = time.Date(2026, 11, 14, 23, 59, 59, 0, clock.Bishkek).UTC()
	after  = time.Date(2026, 11, 15, 0, 0, 0, 0, clock.Bishkek).UTC()
)

// leaving is the n-th case, discharged at the moment.
func leaving(n int, at time.Time) insuranceapi.Case {
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n+1)
	c.Patient.PIN, c.Patient.Name = "", fmt.Sprint("Киши ", n)
	c.DischargedAt = at
	c.Moves[len(c.Moves)-1].Until = at
	c.BedDays = clock.DateOf(c.AdmittedAt).DaysUntil(clock.DateOf(at))
	return c
}

// changing is the catalogue in which the rule is a warning until the 14th and an
// error from the 15th.
func changing(t *testing.T, id string) rule.Catalogue {
	t.Helper()
	known, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	var rules []insuranceapi.Rule
	for _, r := range known.All() {
		if r.ID != id {
			rules = append(rules, r)
			continue
		}
		old := r
		old.Severity, old.Until = rule.Warning, clock.Date{Year: 2026, Month: 11, Day: 14}
		r.Severity, r.From = rule.Error, clock.Date{Year: 2026, Month: 11, Day: 15}
		rules = append(rules, old, r)
	}
	k, unknown, err := rule.From(rules)
	if err != nil || len(unknown) != 0 || len(rules) != len(known.All())+1 {
		t.Fatalf("%d rules, unknown %v, %v", len(rules), unknown, err)
	}
	return k
}

const newGroups = `table;Т-15;аты;имя;name;приказ;2026-11-15;;20000.00
category;
category;pensioner
group;900;2.0000;A00-Z99;;;;;а;и;n
adjustment;rural;factor;1.10;;yes;;;;а;и;n
`

// The table of groups for the 15th is imported while cases of the 14th and of
// the 15th come in at once: each is priced wholly by one table, that of its day
// as it was known, and from the import on by the new one. The rule that changes
// that midnight is asked by the same day.
func TestTablesThatChangeAtMidnightWhileCasesComeIn(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		given, err := price.Demo()
		if err != nil {
			t.Fatal(err)
		}
		f.Tables, f.Catalogue = &price.Book{DB: f.DB, Given: given}, changing(t, "OUT-002")
		const givers, each = 4, 6
		var all sync.WaitGroup
		var mu sync.Mutex
		decided := map[string]insuranceapi.Decision{}
		cases := map[string]insuranceapi.Case{}
		give := func(n int) {
			c := leaving(n, before)
			if n%2 == 1 {
				c = leaving(n, after)
			}
			if n%4 >= 2 {
				c.Result = "" // OUT-002
			}
			d, err := f.Submit(doctor(t), c)
			if err != nil {
				t.Errorf("case %d: %v", n, err)
				return
			}
			mu.Lock()
			decided[c.Number], cases[c.Number] = d, c
			mu.Unlock()
		}
		for giver := range givers {
			all.Go(func() {
				for n := range each {
					give(giver*each + n)
				}
			})
		}
		all.Go(func() {
			if r, err := price.Import(t.Context(), f.DB, f.clock, strings.NewReader(newGroups), "groups.csv"); err != nil || len(r.Bad) != 0 {
				t.Errorf("%+v, %v", r.Bad, err)
			}
		})
		all.Wait()
		known, err := f.Tables.Tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		judge := func(number string, mayBe ...string) {
			t.Helper()
			d, c := decided[number], cases[number]
			day := clock.DateOf(c.DischargedAt)
			want, severity := insuranceapi.Accepted, rule.Warning
			if c.Result == "" && day.Day == 15 {
				want, severity = insuranceapi.Returned, rule.Error
			}
			if d.State != want || hasRule(d, "OUT-002") != (c.Result == "") {
				t.Errorf("%s of %s: %s with %+v, want %s", number, day, d.State, d.Findings, want)
				return
			}
			for _, found := range d.Findings {
				if found.Rule == "OUT-002" && found.Severity != severity {
					t.Errorf("%s of %s: %s is %s, want %s", number, day, found.Rule, found.Severity, severity)
				}
			}
			if want == insuranceapi.Returned {
				return
			}
			table, ok := known.Find(d.PriceTable)
			if !ok || !strings.Contains(strings.Join(mayBe, " "), d.PriceTable) {
				t.Errorf("%s of %s is priced by %q, want one of %q", number, day, d.PriceTable, mayBe)
				return
			}
			p, _ := table.Price(c)
			got, err := json.Marshal(d.Steps)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := json.Marshal(p.Steps)
			if err != nil {
				t.Fatal(err)
			}
			if d.Price != p.Price || d.Group != p.Group.Code || string(got) != string(steps) {
				t.Errorf("%s: group %s, %d by %s, that table says %s, %d", number, d.Group, d.Price, got, p.Group.Code, p.Price)
			}
		}
		for number, c := range cases {
			if clock.DateOf(c.DischargedAt).Day == 14 {
				judge(number, "ДЕМО-2026-2")
			} else {
				judge(number, "ДЕМО-2026-2", "Т-15")
			}
		}
		last := givers * each
		give(last)
		give(last + 1)
		judge(leaving(last, before).Number, "ДЕМО-2026-2")
		judge(leaving(last+1, after).Number, "Т-15")
		if len(decided) != last+2 {
			t.Errorf("%d of %d cases were decided", len(decided), last+2)
		}
		// What was decided stays: a resend hears it, and the fund keeps the same.
		for number, c := range cases {
			again, err := f.Submit(doctor(t), c)
			if err != nil || again.Price != decided[number].Price || again.PriceTable != decided[number].PriceTable {
				t.Errorf("%s again: %+v, %v", number, again, err)
			}
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1`); n != last+2 {
			t.Errorf("%d cases", n)
		}
	})
}

// An appeal that is granted later is priced by the table of the day of discharge,
// as if the case had been accepted then.
func TestAGrantedAppealIsPricedByItsDay(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		given, err := price.Demo()
		if err != nil {
			t.Fatal(err)
		}
		f.Tables = &price.Book{DB: f.DB, Given: given}
		if r, err := price.Import(t.Context(), f.DB, f.clock, strings.NewReader(newGroups), "groups.csv"); err != nil || len(r.Bad) != 0 {
			t.Fatalf("%+v, %v", r.Bad, err)
		}
		for n, c := range []struct {
			at    time.Time
			table string
		}{{before, "ДЕМО-2026-2"}, {after, "Т-15"}} {
			wrong := leaving(n, c.at)
			wrong.HoursSinceOnset = 0
			d := submit(t, f, wrong, insuranceapi.Returned)
			if err := f.Do(t.Context(), d.CaseID, treated.StepAppeal, "Неизвестно.", hospital); err != nil {
				t.Fatal(err)
			}
			if err := f.Do(t.Context(), d.CaseID, treated.StepGrant, "Согласны.", expert); err != nil {
				t.Fatal(err)
			}
			w, err := f.Read(t.Context(), d.CaseID, expert)
			if err != nil || w.Decision.PriceTable != c.table || w.Decision.Price == 0 {
				t.Errorf("of %s: %d by %q, want %q, %v", clock.DateOf(c.at), w.Decision.Price, w.Decision.PriceTable, c.table, err)
			}
		}
	})
}

// A stay over the year's end is a case of the year and the month in which it ends, in
// Bishkek: its number, its days, its month in every list, its rules and its rates.
func TestAStayOverTheYearsEnd(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		known, err := price.Demo()
		if err != nil {
			t.Fatal(err)
		}
		old, next := known[1], known[1]
		old.Until = clock.Date{Year: 2026, Month: 12, Day: 31}
		next.ID, next.From, next.Until, next.BaseRate = "2027", clock.Date{Year: 2027, Month: 1, Day: 1}, clock.Date{}, old.BaseRate+10_000
		f.Tables = price.Tables{next, old}
		f.clock.Advance(time.Date(2027, 1, 2, 12, 0, 0, 0, clock.Bishkek).Sub(f.clock.Now()))
		stay := func(n int, year string, until time.Time) insuranceapi.Case {
			c := leaving(n, until.UTC())
			c.Number = c.Number[:15] + year
			c.AdmittedAt = time.Date(2026, 12, 29, 10, 0, 0, 0, clock.Bishkek).UTC()
			c.Moves = []insuranceapi.Move{{Department: c.Department, From: c.AdmittedAt, Until: c.DischargedAt}}
			c.BedDays = clock.DateOf(c.AdmittedAt).DaysUntil(clock.DateOf(until))
			for i := range c.Operations {
				c.Operations[i].At = c.AdmittedAt.Add(time.Hour)
			}
			return c
		}
		last := time.Date(2026, 12, 31, 23, 59, 59, 999_999_000, clock.Bishkek)
		first := time.Date(2027, 1, 1, 0, 0, 0, 0, clock.Bishkek)
		for i, want := range []struct {
			until              time.Time
			year, month, table string
		}{{last, "26", "2026-12", old.ID}, {first, "27", "2027-01", "2027"}} {
			d, err := f.Submit(doctor(t), stay(i, want.year, want.until))
			if err != nil || d.State != insuranceapi.Accepted || d.PriceTable != want.table {
				t.Fatalf("%s: %+v, %v", want.month, d, err)
			}
			wrong := map[string]string{"26": "27", "27": "26"}[want.year]
			if d, err := f.Check(t.Context(), stay(5+i, wrong, want.until)); err != nil || !hasRule(d, "NUM-004") {
				t.Errorf("a number of the other year: %+v, %v", d.Findings, err)
			}
			for _, order := range []string{"", treated.ByWorth, treated.ByDoubt} {
				lines, _, err := f.List(t.Context(), treated.Filter{Month: want.month, Order: order})
				if err != nil || len(lines) != 1 || lines[0].ID != d.CaseID {
					t.Errorf("%s in the order %q: %+v, %v", want.month, order, lines, err)
				}
			}
		}
		if months, err := f.Months(t.Context()); err != nil || strings.Join(months, " ") != "2027-01 2026-12" {
			t.Error(months, err)
		}
	})
}

// What came the other way is never paid, nor a stay twice by an appeal, whatever the rules of the day are: the fund
// may end a rule, and then the hospital must not read that it is paid twice.
func TestADoubleIsReturnedByNoRuleToo(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		known, err := rule.Load()
		if err != nil {
			t.Fatal(err)
		}
		rules := known.All()
		for i := range rules {
			if strings.HasPrefix(rules[i].ID, "DUP-") {
				rules[i].Until = clock.Date{Year: 2026, Month: 1, Day: 1}
			}
		}
		if f.Catalogue, _, err = rule.From(rules); err != nil {
			t.Fatal(err)
		}
		one := submit(t, f, treatedtest.Good(), insuranceapi.Accepted)
		two, err := f.Enter(t.Context(), treatedtest.Good(), clerk)
		if err != nil || two.State != insuranceapi.Returned || two.Price != 0 || two.Group != "" || two.CaseID != one.CaseID {
			t.Errorf("%+v, %v", two, err)
		}
		same := treatedtest.Good()
		same.Number, same.HoursSinceOnset = "0000077"+same.Number[7:], 0
		back := submit(t, f, same, insuranceapi.Returned)
		if err := f.Do(t.Context(), back.CaseID, treated.StepAppeal, "Время неизвестно.", hospital); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(t.Context(), back.CaseID, treated.StepGrant, "Верно.", expert); !fail.Is(err, fail.Conflict) || fail.As(err).Key != "insurance.step.paid_already" {
			t.Errorf("one stay paid twice by an appeal: %v", err)
		}
		if seen, err := f.Preview(t.Context(), treatedtest.Good(), treated.ByHand); err != nil || seen.State != insuranceapi.Returned || seen.Price != 0 {
			t.Errorf("%+v, %v", seen, err)
		}
	})
}

// A case for which the table of its day has no group is not paid, whatever the rules of
// the day are, nor by an appeal; the table that has one pays it.
func TestWithoutAGroupNothingIsPaid(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		known, err := rule.Load()
		if err != nil {
			t.Fatal(err)
		}
		rules := known.All()
		for i := range rules {
			if strings.HasPrefix(rules[i].ID, "PRC-") {
				rules[i].Until = clock.Date{Year: 2026, Month: 1, Day: 1}
			}
		}
		if f.Catalogue, _, err = rule.From(rules); err != nil {
			t.Fatal(err)
		}
		all, err := f.Tables.Tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		table, ok := all.On(clock.DateOf(treatedtest.Good().DischargedAt))
		if !ok {
			t.Fatal("no table")
		}
		table.Groups = slices.DeleteFunc(slices.Clone(table.Groups), func(g price.Group) bool {
			only := price.Table{Groups: []price.Group{g}}
			_, covers := only.Group(treatedtest.Good())
			return covers
		})
		f.Tables = price.Tables{table}
		d := submit(t, f, treatedtest.Good(), insuranceapi.Returned)
		if d.Price != 0 || d.Group != "" || f.count(t, paid) != 0 {
			t.Errorf("%+v", d)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepAppeal, "Группы нет.", hospital); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepGrant, "Верно.", expert); !refusedAs(err, "insurance.step.no_group", nil, nil) || f.count(t, paid) != 0 {
			t.Errorf("granted without a group: %v", err)
		}
		f.Tables = all
		if err := f.Do(t.Context(), d.CaseID, treated.StepGrant, "Верно.", expert); err != nil || f.count(t, paid) != 1 {
			t.Errorf("with a group: %v", err)
		}
	})
}
