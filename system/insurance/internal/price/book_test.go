package price

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

const small = `table;T1;аты;имя;name;приказ;2026-11-01;;100.50
category;
category;pensioner
group;1;1.2500;A00-Z99;;;;;а;и;n
adjustment;rural;factor;1.05;;yes;;;;а;и;n
adjustment;copay;amount;-10.25;;;pensioner|none;;;а;и;n
`

func TestACSVFileIsReadExactly(t *testing.T) {
	table, bad, err := ReadCSV(strings.NewReader("\ufeff" + small))
	if err != nil || len(bad) != 0 {
		t.Fatal(bad, err)
	}
	if table.BaseRate != 10050 || table.Groups[0].Weight != 12500 || table.Adjustments[0].Value != 10500 || table.Adjustments[1].Value != -1025 ||
		len(table.Adjustments[1].Categories) != 2 || table.Adjustments[1].Categories[1] != "" || table.Trial {
		t.Errorf("%+v", table)
	}
	trial, _, err := ReadCSV(strings.NewReader(strings.Replace(small, "2026-11-01", "", 1)))
	if err != nil || !trial.Trial {
		t.Errorf("%+v, %v", trial, err)
	}
	for name, file := range map[string]string{
		"no table": "group;1;1;A00;;;;;а;и;n\n", "two tables": small + small, "half a tyiyn": strings.Replace(small, "100.50", "100.505", 1),
		"a weight of letters": strings.Replace(small, "1.2500", "1,2x", 1), "a range backwards": strings.Replace(small, "A00-Z99", "Z99-A00", 1),
		"an unknown kind": small + "magic;1\n", "no groups": "table;T1;а;и;n;s;2026-11-01;;100\n", "maybe": strings.Replace(small, "yes", "maybe", 1),
	} {
		if _, bad, err := ReadCSV(strings.NewReader(file)); err == nil && len(bad) == 0 {
			t.Errorf("%s: taken", name)
		}
	}
}

// What cannot be read is told with its line, and nothing of the file is taken: a day
// misread would make a table for comparing, an age misread would hold for everybody,
// and a group without a Kyrgyz name would stand nameless before those who read it.
func TestEveryBadCellIsToldByItsLine(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		for name, spoil := range map[string]struct {
			old, new string
			line     int
			says     string
		}{
			"a first day":                   {"2026-11-01", "2026-13-01", 1, `from "2026-13-01" cannot be read`},
			"a last day":                    {"2026-11-01;;", "2026-11-01;2026-11-31;", 1, `until "2026-11-31" cannot be read`},
			"a table not in Kyrgyz":         {"T1;аты", "T1;", 1, "name_ky is missing"},
			"a group not in Kyrgyz":         {"A00-Z99;;;;;а", "A00-Z99;;;;;", 4, "name_ky is missing"},
			"a group of blanks":             {"A00-Z99;;;;;а", "A00-Z99;;;;; ", 4, "name_ky is missing"},
			"a group not in Russian":        {"A00-Z99;;;;;а;и", "A00-Z99;;;;;а;", 4, "name_ru is missing"},
			"a group not in English":        {"A00-Z99;;;;;а;и;n", "A00-Z99;;;;;а;и;", 4, "name_en is missing"},
			"an adjustment not in Kyrgyz":   {"yes;;;;а", "yes;;;;", 5, "name_ky is missing"},
			"an age":                        {"A00-Z99;;;;;", "A00-Z99;;;сто;;", 4, `age_from "сто" cannot be read`},
			"an age too high":               {"A00-Z99;;;;;", "A00-Z99;;;;151;", 4, `age_until "151" cannot be read`},
			"a diagnosis":                   {"A00-Z99", "A00-Z9", 4, `diagnoses "A00-Z9" cannot be read`},
			"a weight with too many places": {"1.2500", "1.25001", 4, `weight "1.25001" cannot be read`},
		} {
			file := strings.Replace(small, spoil.old, spoil.new, 1)
			r, err := Import(t.Context(), d, clock.NewManual(treatedtest.Now), strings.NewReader(file), "groups.csv")
			if err == nil || len(r.Bad) != 1 || r.Bad[0].Line != spoil.line || r.Bad[0].Reason != spoil.says {
				t.Errorf("%s: %+v, %v", name, r.Bad, err)
			}
		}
		if n, err := countTables(t.Context(), d.Read); n != 0 || err != nil {
			t.Errorf("%d tables were taken, %v", n, err)
		}
		long := small + strings.Repeat("category;x\n", mostRows)
		if _, _, err := ReadCSV(strings.NewReader(long)); err == nil {
			t.Error("more rows than a file may have: taken")
		}
	})
}

func TestATableIsFoundByItsIDAlone(t *testing.T) {
	if x, ok := demo(t).Find("ДЕМО-2025"); !ok || x.ID != "ДЕМО-2025" {
		t.Error(x.ID, ok)
	}
	if x, ok := demo(t).Find("нет такой"); ok || x.ID != "" {
		t.Error(x.ID, ok)
	}
}

// An adjustment in figures, as programs read it: the sign stands before the amount.
func TestAnAdjustmentInFigures(t *testing.T) {
	for want, a := range map[string]Adjustment{
		"× 1.0500": {Kind: "factor", Value: 10_500}, "− 2 150.50": {Kind: "amount", Value: -215_050}, "+ 0.01": {Kind: "amount", Value: 1},
	} {
		if got := strings.ReplaceAll(a.Text(), "\u00a0", " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheDemosFileIsTaken(t *testing.T) {
	file, err := os.Open("../../../../demo/groups.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	table, bad, err := ReadCSV(file)
	if err != nil || len(bad) != 0 || !table.Demo || len(table.Groups) < 30 {
		t.Fatalf("%+v %v %v", table.ID, bad, err)
	}
	if p, ok := table.Price(treatedtest.Good()); !ok || p.Price == 0 || len(p.Steps) != 4 {
		t.Errorf("%+v", p)
	}
}

// A table holds from its first day; it is known to a running fund at once, and
// never changed.
func TestAnImportedTableHoldsFromItsDay(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(treatedtest.Now)
		book := &Book{DB: d, Given: demo(t)}
		on := func(day int) string {
			t.Helper()
			all, err := book.Tables(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			table, _ := all.On(clock.Date{Year: 2026, Month: 11, Day: day})
			return table.ID
		}
		take := func(file string) (Imported, error) {
			return Import(t.Context(), d, now, strings.NewReader(file), "groups.csv")
		}
		if on(15) != "ДЕМО-2026-2" {
			t.Fatal(on(15))
		}
		if _, err := take(small); err != nil {
			t.Fatal(err)
		}
		if on(1) != "T1" || on(15) != "T1" {
			t.Errorf("%s, %s", on(1), on(15))
		}
		later := strings.NewReplacer("T1", "T2", "2026-11-01", "2026-11-10").Replace(small)
		if _, err := take(later); err != nil {
			t.Fatal(err)
		}
		if on(9) != "T1" || on(10) != "T2" {
			t.Errorf("on the 9th %s, on the 10th %s", on(9), on(10))
		}
		if _, err := take(strings.NewReplacer("T1", "T3", "2026-11-01", "").Replace(small)); err != nil || on(15) != "T2" {
			t.Errorf("a table for comparing is in force: %s, %v", on(15), err)
		}
		if r, err := take(small); err != nil || !r.Same {
			t.Errorf("the same again: %+v, %v", r, err)
		}
		if _, err := take(strings.Replace(small, "100.50", "200.50", 1)); err == nil || !strings.Contains(err.Error(), "give the new one an id of its own") {
			t.Error("a table by which prices were made was changed")
		}
		if r, err := take(small + "group;2;x;A00;;;;;а;и;n\n"); err == nil || len(r.Bad) != 1 || r.Bad[0].Line != 7 {
			t.Errorf("a bad row: %+v, %v", r.Bad, err)
		}
	})
}

// What is written as a decimal is read as exactly that many parts.
func TestDecimalsAreExact(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		want := random.Int64N(1_000_000) + 1
		r := csvRow{values: map[string]string{"x": Decimal(want)}}
		if got := r.scaled("x", one); got != want || r.err != nil {
			t.Fatalf("%s became %d, %v", Decimal(want), got, r.err)
		}
	}
}

// In a file of groups the operation is yes, no, or codes; a code that the table of
// operations does not have on the table's first day is told before anything is taken.
func TestGroupsOfOperationsInAFile(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		file := func(id, from, operation string) string {
			return "table;" + id + ";а;и;n;s;" + from + ";;100;yes\ngroup;1;1;A00-Z99;" + operation + ";;;;а;и;n\n"
		}
		now := clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
		take := func(file string) (Imported, error) {
			return Import(t.Context(), d, now, strings.NewReader(file), "test")
		}
		for _, bad := range []string{"yse", "A16.12 да", "+"} {
			if r, err := take(file("bad", "2026-01-01", bad)); err == nil || len(r.Bad) != 1 {
				t.Errorf("%q was taken: %+v", bad, r)
			}
		}
		if r, err := take(file("before", "2026-01-01", "Z9, а16.12")); err != nil || !slices.Equal(r.Table.Groups[0].Operations, []string{"Z9", "A16.12"}) || r.Table.Groups[0].Operation != "" {
			t.Errorf("without a table of operations: %+v %v", r, err)
		}
		if _, err := procedure.Import(t.Context(), d, now, strings.NewReader("A16.12.1,2026-07-01,2026-11-22,а,а,a\nB1,2026-01-01,2026-11-21,а,а,a\n"), "test"); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			id, from, operation string
			ok                  bool
		}{
			{"early", "2026-06-30", "A16.12", false},
			{"first", "2026-07-01", "A16.12", true},
			{"last", "2026-11-22", "A16.12.1", true},
			{"late", "2026-11-23", "A16.12.1", false},
			{"other", "2026-07-01", "A16.12.1 A16.2", false},
			{"none", "2026-06-30", "yes", true},
			{"trial", "", "A16.12.1", true},
			{"trial2", "", "A16.12.2", false},
			{"trial3", "", "B1", false},
		} {
			if _, err := take(file(tc.id, tc.from, tc.operation)); (err == nil) != tc.ok {
				t.Errorf("%+v: %v", tc, err)
			}
		}
	})
}
