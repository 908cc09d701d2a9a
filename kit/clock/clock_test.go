package clock_test

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

func TestDayInBishkek(t *testing.T) {
	// 18:30 UTC is half past midnight of the next day in Bishkek.
	at := time.Date(2026, 12, 31, 18, 30, 0, 0, time.UTC)
	if got := clock.DateOf(at); got.String() != "2027-01-01" {
		t.Error(got)
	}
}

func TestParseDate(t *testing.T) {
	for _, in := range []string{"2026-02-28", "28.02.2026"} {
		if d, ok := clock.ParseDate(in); !ok || d.String() != "2026-02-28" {
			t.Error(in, d, ok)
		}
	}
	for _, in := range []string{"", "30.02.2026", "2026-13-01", "1/2/2026", "2026-02-28T00:00"} {
		if _, ok := clock.ParseDate(in); ok {
			t.Error(in, "was taken")
		}
	}
}

func TestAgeAndDays(t *testing.T) {
	born := clock.Date{Year: 1960, Month: 9, Day: 12}
	if got := born.YearsAt(clock.Date{Year: 2026, Month: 9, Day: 11}); got != 65 {
		t.Error(got)
	}
	if got := born.YearsAt(clock.Date{Year: 2026, Month: 9, Day: 12}); got != 66 {
		t.Error(got)
	}
	if got := (clock.Date{Year: 2026, Month: 2, Day: 27}).DaysUntil(clock.Date{Year: 2026, Month: 3, Day: 2}); got != 3 {
		t.Error(got)
	}
}
