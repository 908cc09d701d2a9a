// Package rerun prices a month of accepted cases anew by another table and shows
// the differences. It reads alone: what was decided and paid stays as it is.
package rerun

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

// Paid is an accepted case as it was priced.
type Paid struct {
	ID, Number, Organisation, Group string
	Price                           int64 // tyiyn
	Case                            insuranceapi.Case
}

// Line is a case before and after.
type Line struct {
	ID, Number, Organisation string
	Was, Now                 string // groups; Now "" when none fits
	Before, After            int64  // tyiyn
}

// Difference is what the other table adds (or takes).
func (l Line) Difference() int64 { return l.After - l.Before }

// Sum adds up cases.
type Sum struct {
	Key           string // hospital or group
	Cases         int
	Changed       int
	Before, After int64
}

// Difference is what the other table adds (or takes).
func (s Sum) Difference() int64 { return s.After - s.Before }

func (s *Sum) add(l Line) {
	s.Cases++
	s.Before += l.Before
	s.After += l.After
	if l.Before != l.After || l.Was != l.Now {
		s.Changed++
	}
}

// Result is a month under another table.
type Result struct {
	Table      price.Table `json:"-"`
	All        Sum
	ByHospital []Sum
	ByGroup    []Sum  // by the group that it had
	Changed    []Line // the greatest differences first, at most mostLines
	Ungrouped  int    // cases for which the table has no group: they count as 0
}

const mostLines = 200

// Month prices the month's accepted cases by each of the tables, in one reading;
// organisation "" is every hospital. done is told how many were priced.
func Month(ctx context.Context, q db.Querier, month, organisation string, done func(int), tables ...price.Table) ([]Result, error) {
	all := make([]*running, len(tables))
	for i, table := range tables {
		all[i] = &running{Result: Result{Table: table}, hospitals: map[string]*Sum{}, groups: map[string]*Sum{}}
	}
	n := 0
	err := paid(ctx, q, month, organisation, func(p Paid) {
		for _, r := range all {
			r.add(p)
		}
		n++
		done(n)
	})
	results := make([]Result, len(all))
	for i, r := range all {
		r.ByHospital, r.ByGroup = sorted(r.hospitals), sorted(r.groups)
		r.keepGreatest()
		results[i] = r.Result
	}
	return results, err
}

// running is a result that is being added up.
type running struct {
	Result
	hospitals, groups map[string]*Sum
}

func (r *running) add(p Paid) {
	l := Line{ID: p.ID, Number: p.Number, Organisation: p.Organisation, Was: p.Group, Before: p.Price}
	if priced, ok := r.Table.Price(p.Case); ok {
		l.Now, l.After = priced.Group.Code, priced.Price
	} else {
		r.Ungrouped++
	}
	r.All.add(l)
	under(r.hospitals, p.Organisation).add(l)
	under(r.groups, p.Group).add(l)
	if l.Before == l.After && l.Was == l.Now {
		return
	}
	if r.Changed = append(r.Changed, l); len(r.Changed) > 20*mostLines {
		r.keepGreatest()
	}
}

// keepGreatest orders the lines, the greatest differences first, and leaves as many as
// are shown.
func (r *running) keepGreatest() {
	slices.SortFunc(r.Changed, func(a, b Line) int {
		return cmp.Or(cmp.Compare(size(b.Difference()), size(a.Difference())), strings.Compare(a.Organisation, b.Organisation), strings.Compare(a.Number, b.Number))
	})
	r.Changed = r.Changed[:min(len(r.Changed), mostLines)]
}

func size(v int64) int64 { return max(v, -v) }

func under(sums map[string]*Sum, key string) *Sum {
	if sums[key] == nil {
		sums[key] = &Sum{Key: key}
	}
	return sums[key]
}

func sorted(sums map[string]*Sum) []Sum {
	list := make([]Sum, 0, len(sums))
	for _, s := range sums {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Sum) int { return strings.Compare(a.Key, b.Key) })
	return list
}
