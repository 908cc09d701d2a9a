// Package total adds up cases by hospital and month of discharge.
package total

import (
	"context"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// Row is one hospital in one month.
type Row struct {
	Organisation string
	Month        string // 2026-11
	Sum
}

// Sum is what is added up.
type Sum struct {
	Cases, Accepted, Returned int
	Price                     int64 // tyiyn, of those accepted
}

func (s *Sum) add(o Sum) {
	s.Cases += o.Cases
	s.Accepted += o.Accepted
	s.Returned += o.Returned
	s.Price += o.Price
}

// Span is how many months a page shows.
const Span = 12

// Months is the last n months up to the day's own, the oldest first.
func Months(today clock.Date, n int) []string {
	list := make([]string, 0, n)
	first := time.Date(today.Year, today.Month, 1, 0, 0, 0, 0, time.UTC)
	for i := n - 1; i >= 0; i-- {
		m := first.AddDate(0, -i, 0)
		list = append(list, fmt.Sprintf("%04d-%02d", m.Year(), int(m.Month())))
	}
	return list
}

// Totals is rows of a span of months.
type Totals struct {
	Months []string // the oldest first, those without cases too
	Rows   []Row    // by hospital and month, only those with cases
}

// Of reads the totals; organisation "" is every hospital.
func Of(ctx context.Context, q db.Querier, months []string, organisation string) (Totals, error) {
	rows, err := read(ctx, q, months[0], months[len(months)-1], organisation)
	return Totals{months, rows}, err
}

// ByMonth adds up the hospitals of a month.
func (t Totals) ByMonth(month string) Sum {
	var s Sum
	for _, r := range t.Rows {
		if r.Month == month {
			s.add(r.Sum)
		}
	}
	return s
}

// All adds up everything.
func (t Totals) All() Sum {
	var s Sum
	for _, r := range t.Rows {
		s.add(r.Sum)
	}
	return s
}

// Busy is the months from the first one with a case on, six at least: a young
// fund's chart is not a year of zeros.
func (t Totals) Busy() []string {
	first := max(0, len(t.Months)-6)
	for i, m := range t.Months[:first] {
		if t.ByMonth(m).Cases > 0 {
			return t.Months[i:]
		}
	}
	return t.Months[first:]
}
