package order

import (
	"fmt"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

func TestHours(t *testing.T) {
	for words, want := range map[string]string{"8 20": "[08:00 20:00]", "20, 8:30;8.30": "[08:30 20:00]", "": "[]"} {
		if got, ok := Hours(words); !ok || fmt.Sprint(got) != want {
			t.Errorf("%q: %v %v", words, got, ok)
		}
	}
	for _, words := range []string{"25", "8:60", "утром", "-1"} {
		if got, ok := Hours(words); ok {
			t.Errorf("%q: %v", words, got)
		}
	}
	for times, want := range map[string]int{
		"3 раза в день": 3, "1 раз в сутки": 1, "күнүнө 2 жолу": 2, "4 р/д": 4, "каждые 6 часов": 4, "ар 8 саат": 3,
		"при болях": 0, "каждые 7 часов": 0, "9 раз в день": 0, "": 0,
	} {
		if got := HoursOf(times); len(got) != want {
			t.Errorf("%q: %v", times, got)
		}
	}
}

// Doses begin with the order and end with its last day or its end.
func TestDueOn(t *testing.T) {
	day := clock.Date{Year: 2026, Month: 11, Day: 22}
	next := clock.Date{Year: 2026, Month: 11, Day: 23}
	o := Order{Hours: []string{"08:00", "20:00"}, From: day.Start().Add(9 * time.Hour), LastDay: next}
	if got := o.DueOn(day); len(got) != 1 || !got[0].Equal(day.Start().Add(20*time.Hour)) {
		t.Fatal(got)
	}
	if got := o.DueOn(next); len(got) != 2 {
		t.Fatal(got)
	}
	if got := o.DueOn(clock.Date{Year: 2026, Month: 11, Day: 24}); len(got) != 0 {
		t.Fatal(got)
	}
	o.EndedAt = next.Start().Add(10 * time.Hour)
	if got := o.DueOn(next); len(got) != 1 || !o.DueAt(next.Start().Add(8*time.Hour)) || o.DueAt(next.Start().Add(20*time.Hour)) {
		t.Fatal(got)
	}
}
