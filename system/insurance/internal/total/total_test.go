package total

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

func TestMonthsRunOverTheYear(t *testing.T) {
	got := Months(clock.Date{Year: 2026, Month: time.January, Day: 31}, 3)
	if len(got) != 3 || got[0] != "2025-11" || got[1] != "2025-12" || got[2] != "2026-01" {
		t.Error(got)
	}
}

func TestSumsAddUp(t *testing.T) {
	months := Months(clock.Date{Year: 2026, Month: time.November, Day: 22}, 12)
	totals := Totals{months, []Row{
		{"950174", "2026-10", Sum{3, 2, 1, 100}}, {"950201", "2026-10", Sum{1, 1, 0, 50}}, {"950174", "2026-03", Sum{1, 0, 1, 0}},
	}}
	if s := totals.ByMonth("2026-10"); s != (Sum{4, 3, 1, 150}) {
		t.Errorf("%+v", s)
	}
	if s := totals.All(); s != (Sum{5, 3, 2, 150}) {
		t.Errorf("%+v", s)
	}
	if busy := totals.Busy(); busy[0] != "2026-03" || len(busy) != 9 {
		t.Error(busy)
	}
	if busy := (Totals{Months: months}).Busy(); len(busy) != 6 {
		t.Error(busy)
	}
}
