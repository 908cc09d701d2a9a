package journal

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

func TestTheJournalOpensWithTheWholeNight(t *testing.T) {
	t.Parallel()
	day := func(month time.Month, day int) clock.Date { return clock.Date{Year: 2026, Month: month, Day: day} }
	for name, c := range map[string]struct{ asked, got Wish }{
		"nothing said":        {Wish{}, Wish{From: day(2, 28), Until: day(3, 1)}},
		"one day":             {Wish{From: day(3, 1)}, Wish{From: day(3, 1), Until: day(3, 1)}},
		"until a day":         {Wish{Until: day(2, 3)}, Wish{From: day(2, 3), Until: day(2, 3)}},
		"the wrong way round": {Wish{From: day(2, 4), Until: day(2, 3)}, Wish{From: day(2, 3), Until: day(2, 3)}},
		"more than a quarter": {Wish{From: day(1, 1), Until: day(12, 31)}, Wish{From: day(9, 30), Until: day(12, 31)}},
	} {
		if got := c.asked.tidy(day(3, 1)); got != c.got {
			t.Errorf("%s: %v", name, got)
		}
	}
}
