// Package compare lays two tables of groups and rates side by side: what weighs
// another amount, what came and what went, and what that makes of a month. It
// reads alone.
package compare

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/rerun"
)

// Group is a group as the two tables have it. A weight of 0 says that the table
// has no such group.
type Group struct {
	Code string
	Name text.Words // in the second table, or in the first if it is gone
	A, B int64      // weights, ten-thousandths
	// CostA and CostB are base rate × weight in tyiyn, before adjustments.
	CostA, CostB int64
	// Moved says that other cases fall under it: its diagnoses or conditions differ.
	Moved bool
}

// Weighs says that the weight differs, came or went.
func (g Group) Weighs() bool { return g.A != g.B }

// Changed says that the weight or what falls under the group differs.
func (g Group) Changed() bool { return g.Weighs() || g.Moved }

// Adjustment is one as the two tables have it; nil where a table has none.
type Adjustment struct{ A, B *price.Adjustment }

// Pair is two tables and all groups of both, by code.
type Pair struct {
	A, B        price.Table
	Groups      []Group
	Adjustments []Adjustment // those that differ, in the order of the second table, then those gone
}

// Of compares the tables. A code that a table has several times is compared in
// the order in which it stands.
func Of(a, b price.Table) Pair {
	p := Pair{A: a, B: b}
	left := slices.Clone(a.Groups)
	for _, g := range b.Groups {
		line := Group{Code: g.Code, Name: g.Name, B: g.Weight, CostB: price.Cost(b.BaseRate, g.Weight)}
		if i := slices.IndexFunc(left, func(x price.Group) bool { return x.Code == g.Code }); i >= 0 {
			was := left[i]
			line.A, line.CostA, line.Moved = was.Weight, price.Cost(a.BaseRate, was.Weight), !sameCases(was, g)
			left = slices.Delete(left, i, i+1)
		}
		p.Groups = append(p.Groups, line)
	}
	for _, g := range left {
		p.Groups = append(p.Groups, Group{Code: g.Code, Name: g.Name, A: g.Weight, CostA: price.Cost(a.BaseRate, g.Weight)})
	}
	slices.SortStableFunc(p.Groups, func(x, y Group) int { return strings.Compare(x.Code, y.Code) })
	for i := range b.Adjustments {
		was := adjustment(a, b.Adjustments[i].ID)
		if was == nil || !sameAdjustment(*was, b.Adjustments[i]) {
			p.Adjustments = append(p.Adjustments, Adjustment{was, &b.Adjustments[i]})
		}
	}
	for i := range a.Adjustments {
		if adjustment(b, a.Adjustments[i].ID) == nil {
			p.Adjustments = append(p.Adjustments, Adjustment{&a.Adjustments[i], nil})
		}
	}
	return p
}

// sameCases says that the groups take up the same cases, as far as they say it
// themselves: what stands before them in their tables may take some away.
func sameCases(a, b price.Group) bool {
	return slices.Equal(a.Diagnoses, b.Diagnoses) && a.Operation == b.Operation && slices.Equal(a.Operations, b.Operations) && a.Complication == b.Complication &&
		a.AgeFrom == b.AgeFrom && a.AgeUntil == b.AgeUntil
}

func adjustment(t price.Table, id string) *price.Adjustment {
	i := slices.IndexFunc(t.Adjustments, func(a price.Adjustment) bool { return a.ID == id })
	if i < 0 {
		return nil
	}
	return &t.Adjustments[i]
}

func sameAdjustment(a, b price.Adjustment) bool {
	return a.Kind == b.Kind && a.Value == b.Value && a.Rural == b.Rural && a.Insured == b.Insured &&
		slices.Equal(a.Categories, b.Categories) && a.AgeFrom == b.AgeFrom && a.AgeUntil == b.AgeUntil
}

// Changed are the groups that differ, by code.
func (p Pair) Changed() []Group {
	return slices.DeleteFunc(slices.Clone(p.Groups), func(g Group) bool { return !g.Changed() })
}

// Greatest are the groups whose weights differ most, at most so many, by code.
func (p Pair) Greatest(most int) []Group {
	all := slices.DeleteFunc(slices.Clone(p.Groups), func(g Group) bool { return !g.Weighs() })
	slices.SortStableFunc(all, func(x, y Group) int { return cmp.Compare(far(y), far(x)) })
	all = all[:min(most, len(all))]
	slices.SortStableFunc(all, func(x, y Group) int { return strings.Compare(x.Code, y.Code) })
	return all
}

func far(g Group) int64 { return max(g.A-g.B, g.B-g.A) }

// Sum is what the cases of a group would cost by either table. The group is the
// one by which the cases were accepted.
type Sum struct {
	Group string
	Cases int
	A, B  int64 // tyiyn
}

// Difference is what the second table adds (or takes).
func (s Sum) Difference() int64 { return s.B - s.A }

// Effect is a month's accepted cases by both tables.
type Effect struct {
	All      Sum
	ByGroup  []Sum
	NoGroupA int // cases that the first table has no group for: they count as 0
	NoGroupB int
}

// EffectOf is what the two tables make of a month; both are its re-runs by the first
// and by the second. What was paid stays as it is.
func EffectOf(both []rerun.Result) Effect {
	var e Effect
	a, b := both[0], both[1]
	e.NoGroupA, e.NoGroupB = a.Ungrouped, b.Ungrouped
	at := map[string]int{}
	add := func(s rerun.Sum, second bool) {
		i, known := at[s.Key]
		if !known {
			i = len(e.ByGroup)
			at[s.Key] = i
			e.ByGroup = append(e.ByGroup, Sum{Group: s.Key, Cases: s.Cases})
		}
		if second {
			e.ByGroup[i].B = s.After
		} else {
			e.ByGroup[i].A = s.After
		}
	}
	for _, s := range a.ByGroup {
		add(s, false)
	}
	for _, s := range b.ByGroup {
		add(s, true)
	}
	slices.SortStableFunc(e.ByGroup, func(x, y Sum) int { return strings.Compare(x.Group, y.Group) })
	for _, s := range e.ByGroup {
		e.All.Cases += s.Cases
		e.All.A += s.A
		e.All.B += s.B
	}
	return e
}
