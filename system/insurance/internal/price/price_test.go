package price

import (
	"bytes"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/text"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

func demo(t testing.TB) Tables {
	t.Helper()
	tables, err := Demo()
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func TestTheGoodCaseHasItsGroupAndPrice(t *testing.T) {
	table, ok := demo(t).On(clock.Date{Year: 2026, Month: 11, Day: 19})
	if !ok || table.ID != "ДЕМО-2026-2" {
		t.Fatalf("table %q", table.ID)
	}
	p, ok := table.Price(treatedtest.Good())
	// 18 500,00 × 1.0850 = 20 072,50; rural × 1.0500 = 21 076,125 → 21 076,13; reduced − 1 080 = 19 996,13
	if !ok || p.Group.Code != "004.3" || p.Price != 1999613 || len(p.Steps) != 4 {
		t.Errorf("%+v", p)
	}
	if p.Steps[3].Result != p.Price || p.Steps[2].Result != 2107613 || Decimal(p.Group.Weight) != "1.0850" {
		t.Errorf("steps %+v", p.Steps)
	}
}

func TestTablesAreDated(t *testing.T) {
	tables := demo(t)
	for day, want := range map[clock.Date]string{
		{Year: 2024, Month: 12, Day: 31}: "", {Year: 2025, Month: 1, Day: 1}: "ДЕМО-2025",
		{Year: 2026, Month: 6, Day: 30}: "ДЕМО-2025", {Year: 2026, Month: 7, Day: 1}: "ДЕМО-2026-2",
	} {
		if table, _ := tables.On(day); table.ID != want {
			t.Errorf("%s: %q", day, table.ID)
		}
	}
}

// Two tables are never in force on one day, not even where one ends and the
// other begins.
func TestTablesDoNotShareADay(t *testing.T) {
	for first, refused := range map[int]bool{30: true, 1: false} {
		tables := demo(t)[:2]
		tables[0].Until = clock.Date{Year: 2026, Month: 6, Day: 30}
		tables[1].From = clock.Date{Year: 2026, Month: 6, Day: 30}
		if first == 1 {
			tables[1].From = clock.Date{Year: 2026, Month: 7, Day: 1}
		}
		data, err := json.Marshal(tables)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(data); (err != nil) != refused {
			t.Errorf("the second from %s: %v", tables[1].From, err)
		}
	}
}

// randomCase is a case that some group fits.
func randomCase(r *rand.Rand) insuranceapi.Case {
	c := treatedtest.Good()
	letters := "ABCDEFGHIJKLMNOPQRST"
	c.Diagnoses[1].Code = string(letters[r.IntN(len(letters))]) + string(rune('0'+r.IntN(10))) + string(rune('0'+r.IntN(10)))
	c.Diagnoses[2].Rank = []string{"comorbid", "complication"}[r.IntN(2)]
	c.Patient.Rural, c.Patient.Insured = r.IntN(2) == 0, r.IntN(2) == 0
	c.Patient.Category = []string{"", "child", "pensioner", "low_income"}[r.IntN(4)]
	c.Patient.BirthDate.Year = 2026 - r.IntN(100)
	if r.IntN(2) == 0 {
		c.Operations = nil
	}
	return c
}

// Every price is the exact product, rounded half up at each step, never below
// zero, and the same each time; the steps add up to it.
func TestMoneyIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tables := demo(t)
	ten := big.NewInt(one)
	half := func(amount, factor int64) int64 { // floor(a·f/10000 + 1/2) in big numbers
		v := new(big.Int).Mul(big.NewInt(amount), big.NewInt(factor))
		v.Mul(v, big.NewInt(2)).Add(v, ten)
		return v.Div(v, new(big.Int).Mul(ten, big.NewInt(2))).Int64()
	}
	for range 5000 {
		table := tables[random.IntN(len(tables))]
		table.BaseRate = 1 + random.Int64N(4_000_000)
		c := randomCase(random)
		p, ok := table.Price(c)
		if !ok {
			t.Fatalf("no group for %s", c.Diagnoses[1].Code)
		}
		want := half(table.BaseRate, p.Group.Weight)
		for _, a := range table.Adjustments {
			switch {
			case !a.fits(c):
			case a.Kind == "factor":
				want = half(want, a.Value)
			default:
				want = max(0, want+a.Value)
			}
		}
		sum, before := int64(0), int64(0)
		for _, s := range p.Steps {
			sum += s.Result - before
			before = s.Result
			if s.Name.KY == "" || s.Name.EN == "" || s.Source == "" {
				t.Fatalf("step %+v", s)
			}
		}
		if p.Price != want || sum != p.Price || p.Price < 0 {
			t.Fatalf("price %d, want %d, sum of steps %d", p.Price, want, sum)
		}
		if again, _ := table.Price(c); again.Price != p.Price {
			t.Fatal("two prices for one case")
		}
	}
}

func TestHalfATyiynIsRoundedUp(t *testing.T) {
	for _, c := range []struct{ amount, factor, want int64 }{
		{1, 5000, 1}, {1, 4999, 0}, {3, 5000, 2}, {100, 10000, 100}, {0, 99999, 0}, {most, mostFactor, most * 10},
	} {
		if got := times(c.amount, c.factor); got != c.want {
			t.Errorf("%d × %d = %d, want %d", c.amount, c.factor, got, c.want)
		}
	}
}

// Prices are never computed in floating point.
func TestThereIsNoFloatingPoint(t *testing.T) {
	source, err := os.ReadFile("price.go")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`float(32|64)|math\.Round`).Find(source); found != nil {
		t.Errorf("%s in price.go", found)
	}
}

func TestEveryDiagnosisHasAGroup(t *testing.T) {
	for _, table := range demo(t) {
		for letter := 'A'; letter <= 'Z'; letter++ {
			for _, number := range []string{"00", "21", "35", "72", "80", "99"} {
				for _, operations := range [][]insuranceapi.Operation{nil, {{}}} {
					c := insuranceapi.Case{Operations: operations, Diagnoses: []insuranceapi.Diagnosis{{Stage: "final", Rank: "main", Code: string(letter) + number + ".0"}}}
					if _, ok := table.Group(c); !ok {
						t.Errorf("%s: no group for %s", table.ID, c.Diagnoses[0].Code)
					}
				}
			}
		}
	}
}

func TestABadTableIsRefused(t *testing.T) {
	good := func() Table {
		x := demo(t)[1]
		x.Groups, x.Adjustments = slices.Clone(x.Groups), slices.Clone(x.Adjustments)
		return x
	}
	for name, spoil := range map[string]func(*Table){
		"no id":                    func(x *Table) { x.ID = "" },
		"no base rate":             func(x *Table) { x.BaseRate = 0 },
		"a base rate too high":     func(x *Table) { x.BaseRate, x.Groups, x.Adjustments = 1_000_000_001, onlyGroup(1), nil },
		"no first day":             func(x *Table) { x.From = clock.Date{} },
		"a trial with a first day": func(x *Table) { x.Trial = true },
		"no Russian name":          func(x *Table) { x.Name.RU = "" },
		"no Kyrgyz name":           func(x *Table) { x.Name.KY = "" },
		"no English name":          func(x *Table) { x.Name.EN = " " },
		"a group not in Kyrgyz":    func(x *Table) { x.Groups = onlyGroup(1); x.Groups[0].Name.KY = "" },
		"a group not in English":   func(x *Table) { x.Groups = onlyGroup(1); x.Groups[0].Name.EN = "" },
		"no source":                func(x *Table) { x.Source = "" },
		"a group without a code":   func(x *Table) { x.Groups = onlyGroup(1); x.Groups[0].Code = "" },
		"a nameless group":         func(x *Table) { x.Groups = onlyGroup(1); x.Groups[0].Name = text.Words{} },
		"no weight":                func(x *Table) { x.Groups = onlyGroup(0) },
		"a weight too high":        func(x *Table) { x.BaseRate, x.Groups, x.Adjustments = 1, onlyGroup(1_000_001), nil },
		"a group of nothing":       func(x *Table) { x.Groups = onlyGroup(1); x.Groups[0].Diagnoses = nil },
		"an unreadable code":       func(x *Table) { x.Groups[0].Operations = []string{"а16"} },
		"an adjustment without id": func(x *Table) { x.Adjustments[0].ID = "" },
		"a factor of nothing":      func(x *Table) { x.Adjustments[0].Kind, x.Adjustments[0].Value = "factor", 0 },
		"a negative factor":        func(x *Table) { x.Adjustments[0].Kind, x.Adjustments[0].Value = "factor", -1 },
		"an amount too high":       func(x *Table) { x.Adjustments[0].Kind, x.Adjustments[0].Value = "amount", most },
		"amounts too high together": func(x *Table) {
			x.BaseRate, x.Groups = 1_000_000, onlyGroup(10_000)
			x.Adjustments = []Adjustment{{ID: "x", Name: x.Name, Kind: "amount", Value: most - 1_000_000}, {ID: "y", Name: x.Name, Kind: "amount", Value: 1}}
		},
		"an amount too low": func(x *Table) { x.Adjustments[0].Kind, x.Adjustments[0].Value = "amount", -most },
		"a case too dear": func(x *Table) {
			x.BaseRate, x.Groups[0].Weight = 1_000_000_000, 1_000_000
			x.Adjustments[0].Kind, x.Adjustments[0].Value = "factor", mostFactor
			x.Adjustments[1].Kind, x.Adjustments[1].Value = "factor", mostFactor
		},
		"ends before":                func(x *Table) { x.Until = clock.Date{Year: 2020, Month: time.January, Day: 1} },
		"no groups":                  func(x *Table) { x.Groups = nil },
		"negative weight":            func(x *Table) { x.Groups = []Group{{Code: "1", Name: x.Name, Weight: -1, Diagnoses: []string{"A00"}}} },
		"an unreadable operation":    func(x *Table) { x.Groups[0].Operation = "да" },
		"an unreadable complication": func(x *Table) { x.Groups[0].Complication = "Yes" },
		"a code for a category":      func(x *Table) { x.Groups[0].Diagnoses = []string{"I21.0"} },
		"a small letter":             func(x *Table) { x.Groups[0].Diagnoses = []string{"i21-I22"} },
		"a span backwards":           func(x *Table) { x.Groups[0].Diagnoses = []string{"I22-I21"} },
		"ages backwards":             func(x *Table) { x.Groups[0].AgeFrom, x.Groups[0].AgeUntil = 60, 18 },
		"an unreadable village":      func(x *Table) { x.Adjustments[0].Rural = "true" },
		"an unreadable insurance":    func(x *Table) { x.Adjustments[0].Insured = "1" },
		"a nameless adjustment":      func(x *Table) { x.Adjustments[0].Name = text.Words{} },
		"an adjustment not in ky":    func(x *Table) { x.Adjustments[0].Name.KY = "" },
		"a category that is none":    func(x *Table) { x.Adjustments[0].Categories = []string{"pensoner"} },
		"unknown kind":               func(x *Table) { x.Adjustments = []Adjustment{{ID: "x", Kind: "magic", Value: 1}} },
		"a ruinous factor":           func(x *Table) { x.Adjustments = []Adjustment{{ID: "x", Kind: "factor", Value: mostFactor + 1}} },
	} {
		x := good()
		spoil(&x)
		if x.check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	// What is just within the bounds is taken.
	for name, change := range map[string]func(*Table){
		"as it is":           func(*Table) {},
		"a tyiyn":            func(x *Table) { x.BaseRate = 1; x.Groups[0].Weight = 10_000 },
		"the highest rate":   func(x *Table) { x.BaseRate, x.Groups, x.Adjustments = 1_000_000_000, onlyGroup(10_000), nil },
		"the lowest weight":  func(x *Table) { x.BaseRate, x.Groups, x.Adjustments = 10_000, onlyGroup(1), nil },
		"the highest weight": func(x *Table) { x.BaseRate, x.Groups, x.Adjustments = 1, onlyGroup(1_000_000), nil },
		"the highest factor": func(x *Table) {
			x.BaseRate, x.Groups, x.Adjustments = 1, onlyGroup(10_000), []Adjustment{{ID: "x", Name: x.Name, Kind: "factor", Value: mostFactor}}
		},
		"a span of one":     func(x *Table) { x.Groups[0].Diagnoses = []string{"J18-J18"} },
		"the lowest amount": func(x *Table) { x.Adjustments = []Adjustment{{ID: "x", Name: x.Name, Kind: "amount", Value: 1 - most}} },
		"the greatest case": func(x *Table) {
			x.BaseRate, x.Groups, x.Adjustments = 1_000_000, onlyGroup(10_000), []Adjustment{{ID: "x", Name: x.Name, Kind: "amount", Value: most - 1_000_000}}
		},
		"one age":             func(x *Table) { x.Groups[0].AgeFrom, x.Groups[0].AgeUntil = 18, 18 },
		"one day":             func(x *Table) { x.Until = x.From },
		"a trial":             func(x *Table) { x.Trial, x.From, x.Until = true, clock.Date{}, clock.Date{} },
		"a category for none": func(x *Table) { x.Adjustments[0].Categories = []string{""} },
	} {
		x := good()
		change(&x)
		if err := x.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(bytes.Replace(demoJSON, []byte(`"base_rate": 1780000`), []byte(`"base_rate": 0`), 1)); err == nil {
		t.Error("a table that is not whole is read")
	}
	if _, err := Read([]byte(`[]`)); err == nil {
		t.Error("no tables: taken")
	}
	if _, err := Read(bytes.Replace(demoJSON, []byte(`"rural":`), []byte(`"rurall":`), 1)); err == nil {
		t.Error("a condition that nobody reads: taken")
	}
	a, b := good(), demo(t)[0]
	if a.overlaps(b) || !a.overlaps(good()) {
		t.Error("overlap is told wrongly")
	}
}

// A group may name operations: one of them, or a part of one, must have been done.
func TestAGroupOfAnOperation(t *testing.T) {
	with := func(operations ...string) Table {
		return Table{
			BaseRate: 100, Groups: []Group{
				{Code: "1", Weight: 30_000, Diagnoses: []string{"I20-I25"}, Operations: operations},
				{Code: "2", Weight: 10_000, Diagnoses: []string{"A00-Z99"}},
			},
		}
	}
	c := insuranceapi.Case{Diagnoses: []insuranceapi.Diagnosis{{Stage: "final", Rank: "main", Code: "I21.0"}}}
	for _, tc := range []struct {
		named string
		done  []string
		group string
	}{
		{"A16.12.1", nil, "2"},
		{"A16.12.1", []string{"A16.12.1"}, "1"},
		{"A16.12", []string{"A16.12.1"}, "1"},
		{"A16.12.1", []string{"A16.12"}, "2"},
		{"A16.1", []string{"A16.12"}, "2"},
		{"A16.12.1", []string{"B1", "А16.12.1"}, "1"},
		{"B1 A16", []string{"A16.1"}, "1"},
		{"A16", []string{""}, "2"},
		{"", nil, "1"},
	} {
		c.Operations = nil
		for _, code := range tc.done {
			c.Operations = append(c.Operations, insuranceapi.Operation{Code: code})
		}
		if g, ok := with(strings.Fields(tc.named)...).Group(c); !ok || g.Code != tc.group {
			t.Errorf("%+v: %+v", tc, g)
		}
	}
}

// onlyGroup is one group of the weight that takes every case.
func onlyGroup(weight int64) []Group {
	return []Group{{Code: "1", Name: text.Words{KY: "а", RU: "а", EN: "a"}, Weight: weight, Diagnoses: []string{"A00-Z99"}}}
}
