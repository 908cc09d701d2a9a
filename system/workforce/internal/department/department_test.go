package department

import (
	"math/rand/v2"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
)

// A code is never two open departments', and never two departments' in one year.
func TestCodesOfAnyYearsNeverMeet(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // a test's own
	day := func() clock.Date {
		return clock.Date{Year: 2024 + random.IntN(4), Month: 1, Day: 1 + random.IntN(28)}
	}
	for range 2000 {
		var all []Department
		for range 12 {
			d := Department{Code: []string{"05", "18"}[random.IntN(2)], From: day()}
			if CodeFree(all, d.Code, d.From) != nil {
				continue
			}
			if random.IntN(4) > 0 {
				d.Until = clock.Date{Year: d.From.Year + random.IntN(2), Month: 6, Day: 1 + random.IntN(28)}
			}
			for _, other := range all {
				if other.Code != d.Code {
					continue
				}
				if other.Until.IsZero() || d.From.Before(other.Until) {
					t.Fatalf("two at once: %+v %+v", other, d)
				}
				if other.Until.Year == d.From.Year {
					t.Fatalf("two in one year: %+v %+v", other, d)
				}
			}
			all = append(all, d)
		}
	}
}
