package observation

import (
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
)

// A range holds from an age on and on days of its own; each line names its source.
func TestUsualRangesAreDatedAndOfAnAge(t *testing.T) {
	adult, child := clock.Date{Year: 1980, Month: 5, Day: 1}, clock.Date{Year: 2012, Month: 5, Day: 1}
	on := clock.Date{Year: 2026, Month: 11, Day: 22}
	for _, c := range []struct {
		sign  string
		value int
		born  clock.Date
		on    clock.Date
		out   bool
	}{
		{"pulse", 90, adult, on, false},
		{"pulse", 91, adult, on, true},
		{"pulse", 50, adult, on, true},
		{"pulse", 51, adult, on, false},
		{"pulse", 0, adult, on, false},
		{"pulse", 130, child, on, false},
		{"pulse", 130, child, clock.Date{Year: 2028, Month: 5, Day: 1}, true}, // sixteen that day
		{"pulse", 130, child, clock.Date{Year: 2028, Month: 4, Day: 30}, false},
		{"pulse", 130, clock.Date{}, on, false},
		{"pulse", 130, adult, clock.Date{Year: 2017, Month: 11, Day: 30}, false},
		{"temperature", 381, adult, on, true},
		{"systolic", 220, adult, on, true},
		{"respiration", 21, adult, on, true},
		{"saturation", 95, adult, on, true},
	} {
		if got := Out(c.sign, c.value, c.born, c.on); got != c.out {
			t.Errorf("%s %d, born %s, on %s: %v", c.sign, c.value, c.born, c.on, got)
		}
	}
}

// A range that is replaced holds to the end of its last day, the new one from
// the day after: no day has two, and none has neither.
func TestAUsualRangeChangesOnItsDay(t *testing.T) {
	all, err := readUsual("sign,low,high,min_years,from,until,source\npulse,50,90,16,2026-01-01,2026-11-18,s\npulse,60,80,16,2026-11-19,,s\n")
	if err != nil {
		t.Fatal(err)
	}
	defer func(before func() []usual) { usuals = before }(usuals)
	usuals = func() []usual { return all }
	for day, want := range map[clock.Date]bool{
		{Year: 2025, Month: 12, Day: 31}: false, {Year: 2026, Month: 11, Day: 18}: false, {Year: 2026, Month: 11, Day: 19}: true,
	} {
		if got := Out("pulse", 85, clock.Date{Year: 1980, Month: 5, Day: 1}, day); got != want {
			t.Errorf("85 on %s: %v", day, got)
		}
	}
	for day, want := range map[clock.Date]bool{{Year: 2025, Month: 12, Day: 31}: false, {Year: 2026, Month: 1, Day: 1}: true, {Year: 2026, Month: 11, Day: 18}: true} {
		if got := Out("pulse", 95, clock.Date{Year: 1980, Month: 5, Day: 1}, day); got != want {
			t.Errorf("95 on %s: %v", day, got)
		}
	}
}

func TestUsualTableIsWhole(t *testing.T) {
	for _, table := range []string{"sign\npulse,x,1,1,2020-01-01,,s\n", "sign,low,high,min_years,from,until,source\npulse,1,2,x,2020-01-01,,s\n", "sign,low,high,min_years,from,until,source\npulse,1,2,3,2020,,s\n"} {
		if _, err := readUsual(table); err == nil {
			t.Errorf("%q is read", table)
		}
	}
	for _, u := range usuals() {
		if u.low >= u.high || u.from.IsZero() || u.minYears <= 0 {
			t.Errorf("%+v", u)
		}
	}
}
