package department

import (
	"math/rand/v2"
	"testing"
	"time"

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

// The day from which something is closed is the first on which it is not open,
// for departments, beds and codes alike.
func TestTheDayOfClosingIsTheFirstWithout(t *testing.T) {
	day := func(month, day int) clock.Date { return clock.Date{Year: 2026, Month: time.Month(month), Day: day} }
	next := func(d clock.Date) clock.Date { return clock.DateOf(d.Start().AddDate(0, 0, 1)) }
	from, until := day(3, 1), day(11, 1)
	for on, open := range map[clock.Date]bool{day(2, 28): false, from: true, day(10, 31): true, until: false, next(until): false} {
		if OpenOn(from, until, on) != open {
			t.Errorf("%v: open is not %v", on, open)
		}
	}
	d := Department{Code: "18", Profile: "therapy", From: from, Until: until, Beds: []Bed{
		{Name: "1-1", From: from, Until: until},
		{Name: "1-2", From: from, Until: day(6, 1)},
		{Name: "1-2", From: day(6, 1), Until: until, Profile: "day"},
	}}
	count := func(on clock.Date) (therapy, daily int) {
		for _, p := range ByProfile([]Department{d}, on) {
			if p.Profile == "day" {
				daily = p.Beds
			} else {
				therapy = p.Beds
			}
		}
		return therapy, daily
	}
	for on, want := range map[clock.Date][2]int{day(2, 28): {}, from: {2, 0}, day(5, 31): {2, 0}, day(6, 1): {1, 1}, day(10, 31): {1, 1}, until: {}} {
		if therapy, daily := count(on); therapy != want[0] || daily != want[1] {
			t.Errorf("%v: %d and %d beds, not %v", on, therapy, daily, want)
		}
	}
	// A code is free from the year after the one in which its department closed.
	for on, free := range map[clock.Date]bool{
		day(2, 1): false, day(10, 31): false, until: false, day(12, 31): false, {Year: 2027, Month: 1, Day: 1}: true,
	} {
		if (CodeFree([]Department{d}, "18", on) == nil) != free {
			t.Errorf("%v: the code is free is not %v", on, free)
		}
	}
	lastDay := Department{Code: "18", From: day(1, 1), Until: clock.Date{Year: 2027, Month: 1, Day: 1}}
	if CodeFree([]Department{lastDay}, "18", lastDay.Until) == nil {
		t.Error("who is discharged on the night of closing may have a number of the new year")
	}
}
