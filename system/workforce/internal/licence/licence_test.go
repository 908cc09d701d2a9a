package licence

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

// The first and the last day of a licence are days on which it holds; the day of
// its withdrawal is not. It is shown as running out from sixty days before its end.
func TestALicenceHoldsOnItsFirstAndLastDay(t *testing.T) {
	day := func(month time.Month, day int) clock.Date { return clock.Date{Year: 2026, Month: month, Day: day} }
	l := Licence{From: day(3, 1), Until: day(10, 31)}
	endless, oneDay, withdrawn := Licence{From: day(3, 1)}, Licence{From: day(3, 1), Until: day(3, 1)}, l
	withdrawn.Withdrawn = day(6, 15)
	never := l
	never.Withdrawn = day(2, 1)
	for name, c := range map[string]struct {
		of   Licence
		on   clock.Date
		want State
	}{
		"day before":                 {l, day(2, 28), Later},
		"first day":                  {l, day(3, 1), Valid},
		"sixty-one days are left":    {l, day(8, 31), Valid},
		"sixty days are left":        {l, day(9, 1), Soon},
		"last day":                   {l, day(10, 31), Soon},
		"day after":                  {l, day(11, 1), Over},
		"without end":                {endless, day(12, 31), Valid},
		"of one day, on it":          {oneDay, day(3, 1), Soon},
		"of one day, after it":       {oneDay, day(3, 2), Over},
		"day before withdrawal":      {withdrawn, day(6, 14), Valid},
		"day of withdrawal":          {withdrawn, day(6, 15), Withdrawn},
		"withdrawn and over":         {withdrawn, day(12, 1), Withdrawn},
		"withdrawn before it began":  {never, day(2, 10), Withdrawn},
		"before it was ever in hand": {never, day(1, 31), Later},
	} {
		if got := c.of.On(c.on); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
	if wrong := (Licence{Number: "1", Kind: "medical", From: day(3, 1), Until: day(3, 1)}).check(); len(wrong) != 0 {
		t.Errorf("a licence of one day is refused: %+v", wrong)
	}
	if wrong := (Licence{Number: "1", Kind: "medical", From: day(3, 2), Until: day(3, 1)}).check(); len(wrong) != 1 || wrong[0].Field != "until" {
		t.Errorf("it ends before it begins: %+v", wrong)
	}
}
