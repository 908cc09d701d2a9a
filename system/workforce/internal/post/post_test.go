package post

import (
	"testing"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"

	"github.com/sanarip/sanarip/kit/clock"
)

func TestAPostGivesAccessFromItsFirstDayUntilTheDayOfLeaving(t *testing.T) {
	day := func(d int) clock.Date { return clock.Date{Year: 2026, Month: 11, Day: d} }
	for _, c := range []struct {
		name            string
		from, until, on clock.Date
		want            bool
	}{
		{"before it begins", day(10), clock.Date{}, day(9), false},
		{"on its first day", day(10), clock.Date{}, day(10), true},
		{"without end", day(10), clock.Date{}, day(28), true},
		{"the day before leaving", day(10), day(20), day(19), true},
		{"the day of leaving", day(10), day(20), day(20), false},
		{"ended on its first day", day(10), day(10), day(10), false},
	} {
		if got := InForce(c.from, c.until, c.on); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestTitlesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, title := range workforceapi.Titles {
		if title.Code == "" || seen[title.Code] || title.Role == "" || title.Kind == "" || title.Name.KY == "" || title.Name.RU == "" || title.Name.EN == "" {
			t.Errorf("title %+v", title)
		}
		seen[title.Code] = true
	}
}
