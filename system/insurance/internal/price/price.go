// Package price groups a treated case (КЗГ) and prices it by a dated table:
// base rate × weight × adjustments. Amounts are whole tyiyn, weights and factors
// whole ten-thousandths; each product is rounded half up to a tyiyn, step by
// step in the order of the table. There is no floating point.
package price

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// one is 1.0000 in ten-thousandths.
const one = 10_000

// Table is the groups, weights and adjustments in force for a time.
type Table struct {
	ID          string       `json:"id"`
	Demo        bool         `json:"demo"`            // invented, and shown as such
	Trial       bool         `json:"trial,omitempty"` // only for comparing: in force on no day, From may be zero
	Name        text.Words   `json:"name"`
	Source      string       `json:"source"`
	From        clock.Date   `json:"from"`
	Until       clock.Date   `json:"until,omitzero"` // the last day; zero: open
	BaseRate    int64        `json:"base_rate"`      // tyiyn for a weight of 1.0000
	Categories  []string     `json:"categories"`     // of co-payment
	Groups      []Group      `json:"groups"`         // the first that fits is taken
	Adjustments []Adjustment `json:"adjustments"`    // every one that fits, in this order
}

// Group is a clinical group. Conditions left out always hold.
type Group struct {
	Code         string     `json:"code"`
	Name         text.Words `json:"name"`
	Weight       int64      `json:"weight"`    // ten-thousandths
	Diagnoses    []string   `json:"diagnoses"` // of the final main one: "I21-I22", "S72"
	Operation    string     `json:"operation,omitempty"`
	Operations   []string   `json:"operations,omitempty"` // codes, one of which, or a part of one, was done: "A16.12"
	Complication string     `json:"complication,omitempty"`
	AgeFrom      int        `json:"age_from,omitempty"`
	AgeUntil     int        `json:"age_until,omitempty"` // 0: without end
}

// Adjustment changes the price: kind "factor" multiplies by ten-thousandths,
// "amount" adds tyiyn (the price never falls below 0).
type Adjustment struct {
	ID         string     `json:"id"`
	Name       text.Words `json:"name"`
	Kind       string     `json:"kind"`
	Value      int64      `json:"value"`
	Rural      string     `json:"rural,omitempty"`      // yes, no
	Insured    string     `json:"insured,omitempty"`    // yes, no
	Categories []string   `json:"categories,omitempty"` // of co-payment, none: any
	AgeFrom    int        `json:"age_from,omitempty"`
	AgeUntil   int        `json:"age_until,omitempty"`
}

//go:embed demo.json
var demoJSON []byte

// Tables are all tables known.
type Tables []Table

// Demo is the invented tables that come with the program.
func Demo() (Tables, error) { return Read(demoJSON) }

// Read reads tables from JSON (an array of Table) and checks them.
func Read(data []byte) (Tables, error) {
	var t Tables
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields() // a condition misspelt would hold for everybody
	if err := decoder.Decode(&t); err != nil {
		return nil, err
	}
	if len(t) == 0 {
		return nil, fmt.Errorf("no table of rates")
	}
	for i, table := range t {
		if err := table.check(); err != nil {
			return nil, fmt.Errorf("table %s: %w", table.ID, err)
		}
		for _, other := range t[:i] {
			if other.ID == table.ID || (!other.Trial && !table.Trial && other.overlaps(table)) {
				return nil, fmt.Errorf("tables %s and %s are in force at once", other.ID, table.ID)
			}
		}
	}
	return t, nil
}

// most bounds what a case can cost (10 billion som), so that no product of a
// price and a factor leaves an int64.
const most, mostFactor = 1_000_000_000_000, 100_000

func (t Table) check() error {
	if t.ID == "" || t.From.IsZero() != t.Trial || unnamed(t.Name) != "" || t.Source == "" || t.BaseRate < 1 || t.BaseRate > 1_000_000_000 {
		return fmt.Errorf("id, name, source, first day or base rate are missing or out of bounds")
	}
	if !t.Until.IsZero() && t.Until.Before(t.From) {
		return fmt.Errorf("it ends before it begins")
	}
	dearest := int64(0)
	for _, g := range t.Groups {
		if g.Code == "" || unnamed(g.Name) != "" || g.Weight < 1 || g.Weight > 1_000_000 || len(g.Diagnoses) == 0 {
			return fmt.Errorf("group %q is not whole or its weight is out of bounds", g.Code)
		}
		if !condition(g.Operation) || !condition(g.Complication) || !ages(g.AgeFrom, g.AgeUntil) || !spans(g.Diagnoses) || !operations(g.Operations) {
			return fmt.Errorf("group %q has a condition that can't be read", g.Code)
		}
		dearest = max(dearest, times(t.BaseRate, g.Weight))
	}
	if dearest == 0 {
		return fmt.Errorf("no groups")
	}
	for _, a := range t.Adjustments {
		if a.ID == "" || unnamed(a.Name) != "" || !condition(a.Rural) || !condition(a.Insured) || !ages(a.AgeFrom, a.AgeUntil) {
			return fmt.Errorf("adjustment %q has no name or a condition that can't be read", a.ID)
		}
		for _, c := range a.Categories { // "" is who has none
			if c != "" && !slices.Contains(t.Categories, c) {
				return fmt.Errorf("adjustment %q is for the category %q, which the table does not have", a.ID, c)
			}
		}
		switch {
		case a.Kind == "factor" && a.Value > 0 && a.Value <= mostFactor:
			if a.Value > one {
				dearest = times(dearest, a.Value)
			}
		case a.Kind == "amount" && a.Value > -most && a.Value < most:
			dearest += max(0, a.Value)
		default:
			return fmt.Errorf("adjustment %q is not whole or out of bounds", a.ID)
		}
		if dearest > most {
			return fmt.Errorf("a case could cost more than %d tyiyn", int64(most))
		}
	}
	return nil
}

// unnamed is the first language in which there is no name, "" when each has one: a
// hospital reads its group in its own language, on paper too.
func unnamed(name text.Words) text.Lang {
	switch "" {
	case strings.TrimSpace(name.KY):
		return text.KY
	case strings.TrimSpace(name.RU):
		return text.RU
	case strings.TrimSpace(name.EN):
		return text.EN
	}
	return ""
}

// condition says that a condition is one of those that holds knows: any other
// word would count as "no".
func condition(word string) bool { return word == "" || word == "yes" || word == "no" }

func ages(from, until int) bool { return from >= 0 && (until == 0 || until >= from) }

// operations says that each is written as a code of an operation is, with a digit
// in it: a "yes" misspelt is none.
func operations(list []string) bool {
	return !slices.ContainsFunc(list, func(code string) bool {
		return procedure.CodeOf(code) != code || !strings.ContainsAny(code, "0123456789")
	})
}

// spans says that each is a category of ICD-10, or two with a dash.
func spans(list []string) bool {
	return !slices.ContainsFunc(list, func(span string) bool {
		from, until, ranged := strings.Cut(span, "-")
		return !category(from) || (ranged && (!category(until) || until < from))
	})
}

// Find is the table of the id.
func (t Tables) Find(id string) (Table, bool) {
	i := slices.IndexFunc(t, func(x Table) bool { return x.ID == id })
	if i < 0 {
		return Table{}, false
	}
	return t[i], true
}

func (t Table) overlaps(o Table) bool {
	startsBeforeEnd := func(a, b Table) bool { return b.Until.IsZero() || !b.Until.Before(a.From) }
	return startsBeforeEnd(t, o) && startsBeforeEnd(o, t)
}

// On is the table in force on the day: the first in the list, since what was
// imported stands before what came with the program.
func (t Tables) On(day clock.Date) (Table, bool) {
	for _, table := range t {
		if !table.Trial && !day.Before(table.From) && (table.Until.IsZero() || !table.Until.Before(day)) {
			return table, true
		}
	}
	return Table{}, false
}

// adult stands for a patient of unknown age.
const adult = 40

// Group finds the group of a case; false when none fits.
func (t Table) Group(c insuranceapi.Case) (Group, bool) {
	code, _ := rule.MainCode(c) // "" for none and for several: no group covers it
	age := ageOf(c)
	i := slices.IndexFunc(t.Groups, func(g Group) bool {
		return g.covers(code) && holds(g.Operation, len(c.Operations) > 0) && g.performed(c) && holds(g.Complication, rule.Complicated(c)) && within(age, g.AgeFrom, g.AgeUntil)
	})
	if i < 0 {
		return Group{}, false
	}
	return t.Groups[i], true
}

func ageOf(c insuranceapi.Case) int {
	if age, ok := rule.Age(c); ok {
		return age
	}
	return adult
}

func (g Group) covers(code string) bool {
	return slices.ContainsFunc(g.Diagnoses, func(span string) bool {
		from, until, ranged := strings.Cut(span, "-")
		if !ranged {
			until = from
		}
		return len(code) >= 3 && code[:3] >= from && code[:3] <= until
	})
}

// performed says that one of the group's operations was done, where it names any.
func (g Group) performed(c insuranceapi.Case) bool {
	return len(g.Operations) == 0 || slices.ContainsFunc(c.Operations, func(o insuranceapi.Operation) bool {
		return slices.ContainsFunc(g.Operations, func(of string) bool { return procedure.Under(procedure.CodeOf(o.Code), of) })
	})
}

func holds(want string, is bool) bool {
	return want == "" || (want == "yes") == is
}

func within(age, from, until int) bool {
	return age >= from && (until == 0 || age <= until)
}

func (a Adjustment) fits(c insuranceapi.Case) bool {
	return holds(a.Rural, c.Patient.Rural) && holds(a.Insured, c.Patient.Insured) &&
		(len(a.Categories) == 0 || slices.Contains(a.Categories, c.Patient.Category)) && within(ageOf(c), a.AgeFrom, a.AgeUntil)
}

// Priced is a case with its group and price.
type Priced struct {
	Group Group
	Price int64 // tyiyn
	Steps []insuranceapi.Step
}

// Price groups and prices a case; false when no group fits. The result of the
// last step is the price.
func (t Table) Price(c insuranceapi.Case) (Priced, bool) {
	g, ok := t.Group(c)
	if !ok {
		return Priced{}, false
	}
	p := Priced{Group: g, Price: t.BaseRate}
	step := func(name text.Words, value string) {
		p.Steps = append(p.Steps, insuranceapi.Step{Name: name, Value: value, Result: p.Price, Source: t.ID})
	}
	step(text.Words{KY: "Базалык тариф", RU: "Базовая ставка", EN: "Base rate"}, "")
	p.Price = times(p.Price, g.Weight)
	step(text.Words{KY: "Топтун салмагы: " + g.Name.KY, RU: "Вес группы: " + g.Name.RU, EN: "Weight of the group: " + g.Name.EN}, "× "+Decimal(g.Weight))
	for _, a := range t.Adjustments {
		if !a.fits(c) {
			continue
		}
		if a.Kind == "factor" {
			p.Price = times(p.Price, a.Value)
		} else {
			p.Price = max(0, p.Price+a.Value)
		}
		step(a.Name, a.Text())
	}
	return p, true
}

// Text is the value of an adjustment as programs read it, with a point: «× 1.0500»,
// «− 2 150.50». Pages write it in the reader's language by text.Decimal.
func (a Adjustment) Text() string {
	if a.Kind == "factor" {
		return "× " + Decimal(a.Value)
	}
	if a.Value < 0 {
		return "− " + text.Som(-a.Value)
	}
	return "+ " + text.Som(a.Value)
}

// times multiplies a whole amount by ten-thousandths, rounded half up. Both are
// within the bounds of Table.check.
func times(amount, factor int64) int64 { return (amount*factor + one/2) / one }

// Cost is what a weight of ten-thousandths costs at the base rate, in tyiyn.
func Cost(base, weight int64) int64 { return times(base, weight) }

// Decimal writes ten-thousandths: 12500 is "1.2500".
func Decimal(v int64) string { return fmt.Sprintf("%d.%04d", v/one, v%one) }
