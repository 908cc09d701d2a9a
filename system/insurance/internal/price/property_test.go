package price

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// Whatever the table and the case: the first group that fits is taken, each
// product is exact to a half tyiyn, what is taken off takes no more than there is,
// and the last step is the price. The reckoning here is written apart from the
// product's, in fractions.
func TestAnyCaseIsPricedAsItsTableSays(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 11))
	priced := map[string]int{}
	for range 6_000 {
		table, c := anyTable(random), anyCase(random)
		if err := table.check(); err != nil {
			t.Fatalf("%+v: %v", table, err)
		}
		group, want := reckoned(table, c)
		p, ok := table.Price(c)
		if ok != (group != "") {
			t.Fatalf("group %q of %+v for %+v, want %q", p.Group.Code, table.Groups, c, group)
		}
		if !ok {
			priced["none"]++
			continue
		}
		if p.Group.Code != group || p.Price != want || p.Steps[len(p.Steps)-1].Result != p.Price || p.Steps[0].Result != table.BaseRate {
			t.Fatalf("%s at %d, want %s at %d\ntable %+v\ncase %+v", p.Group.Code, p.Price, group, want, table, c)
		}
		priced["some"]++
		if p.Price == 0 {
			priced["free"]++
		}
		if len(p.Steps) > 3 {
			priced["steps"]++
		}
	}
	for _, kind := range []string{"none", "some", "free", "steps"} {
		if priced[kind] < 50 {
			t.Errorf("only %d of %s", priced[kind], kind)
		}
	}
}

func anyTable(random *rand.Rand) Table {
	words := text.Words{KY: "к", RU: "р", EN: "e"}
	table := Table{ID: "T", Name: words, Source: "s", From: clock.Date{Year: 2026, Month: 1, Day: 1}, BaseRate: 1 + random.Int64N(5_000_000), Categories: []string{"child", "pensioner"}}
	condition := func() string { return []string{"", "", "yes", "no"}[random.IntN(4)] }
	ages := func() (int, int) {
		return []int{0, 0, 1, 18, 60}[random.IntN(5)], []int{0, 0, 60, 90}[random.IntN(4)]
	}
	for i := range 1 + random.IntN(5) {
		g := Group{Code: fmt.Sprint("G", i), Name: words, Weight: 1 + random.Int64N(40_000), Diagnoses: []string{[]string{"I20-I22", "I22", "J00-J99", "S72"}[random.IntN(4)]}, Operation: condition(), Complication: condition()}
		g.AgeFrom, g.AgeUntil = ages()
		table.Groups = append(table.Groups, g)
	}
	for i := range random.IntN(5) {
		a := Adjustment{ID: fmt.Sprint("A", i), Name: words, Kind: "factor", Value: 1 + random.Int64N(20_000), Rural: condition(), Insured: condition()}
		if random.IntN(2) == 0 {
			a.Kind, a.Value = "amount", random.Int64N(2_000_000)-1_800_000
		}
		if random.IntN(3) == 0 {
			a.Categories = [][]string{{"child"}, {"", "pensioner"}}[random.IntN(2)]
		}
		a.AgeFrom, a.AgeUntil = ages()
		table.Adjustments = append(table.Adjustments, a)
	}
	return table
}

func anyCase(random *rand.Rand) insuranceapi.Case {
	at := time.Date(2026, 5, 5, 12, 0, 0, 0, clock.Bishkek)
	years := []int{0, 1, 17, 18, 59, 60, 61, 90, 91}[random.IntN(9)]
	c := insuranceapi.Case{AdmittedAt: at, DischargedAt: at.AddDate(0, 0, 5)}
	c.Patient.BirthDate = clock.Date{Year: 2026 - years, Month: 5, Day: 5}
	if random.IntN(10) == 0 {
		c.Patient.BirthDate = clock.Date{} // unknown: counts as forty
	}
	c.Patient.Rural, c.Patient.Insured = random.IntN(2) == 0, random.IntN(2) == 0
	c.Patient.Category = []string{"", "child", "pensioner"}[random.IntN(3)]
	code := []string{"I19.9", "I20.0", "I21", "I22.9", "I23", "J18.9", "S72.0"}[random.IntN(7)]
	c.Diagnoses = []insuranceapi.Diagnosis{{Stage: "admission", Rank: "main", Code: "J18.9"}, {Stage: "final", Rank: "main", Code: code}}
	if random.IntN(2) == 0 {
		c.Diagnoses = append(c.Diagnoses, insuranceapi.Diagnosis{Stage: "final", Rank: "complication", Code: "I46.9"})
	}
	if random.IntN(2) == 0 {
		c.Operations = []insuranceapi.Operation{{Name: "операция"}}
	}
	return c
}

// reckoned is the group and the price as one would find them on paper.
func reckoned(table Table, c insuranceapi.Case) (group string, price int64) {
	age, known := rule.Age(c)
	if !known {
		age = 40
	}
	main := c.Diagnoses[1].Code[:3]
	complicated := len(c.Diagnoses) == 3
	fits := func(condition string, is bool) bool {
		return condition == "" || condition == "yes" && is || condition == "no" && !is
	}
	aged := func(from, until int) bool { return from <= age && (until == 0 || until >= age) }
	spans := map[string][]string{"I20-I22": {"I20", "I21", "I22"}, "I22": {"I22"}, "J00-J99": {"J18"}, "S72": {"S72"}}
	product := func(amount, factor int64) int64 { // half a tyiyn goes up
		half := new(big.Rat).Add(new(big.Rat).Mul(big.NewRat(amount, 1), big.NewRat(factor, 10_000)), big.NewRat(1, 2))
		return new(big.Int).Quo(half.Num(), half.Denom()).Int64()
	}
	for _, g := range table.Groups {
		if !slices.Contains(spans[g.Diagnoses[0]], main) || !fits(g.Operation, len(c.Operations) == 1) || !fits(g.Complication, complicated) || !aged(g.AgeFrom, g.AgeUntil) {
			continue
		}
		group, price = g.Code, product(table.BaseRate, g.Weight)
		break
	}
	if group == "" {
		return "", 0
	}
	for _, a := range table.Adjustments {
		of := len(a.Categories) == 0 || slices.Contains(a.Categories, c.Patient.Category)
		switch {
		case !of || !fits(a.Rural, c.Patient.Rural) || !fits(a.Insured, c.Patient.Insured) || !aged(a.AgeFrom, a.AgeUntil):
		case a.Kind == "factor":
			price = product(price, a.Value)
		case price+a.Value < 0:
			price = 0
		default:
			price += a.Value
		}
	}
	return group, price
}
