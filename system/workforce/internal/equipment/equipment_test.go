package equipment

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
)

func TestACallIsAnsweredInTimeOrLate(t *testing.T) {
	day := func(d int) clock.Date { return clock.Date{Year: 2026, Month: 11, Day: d} }
	call := Call{ID: "x", Since: day(5), Due: day(15)}
	handed := func(counted, handed int) []Report {
		return []Report{{Day: day(counted), At: time.Date(2026, 11, handed, 6, 0, 0, 0, time.UTC)}}
	}
	for _, c := range []struct {
		name    string
		reports []Report
		on      int
		want    Answer
	}{
		{"nothing, and there is time", nil, 15, Waiting},
		{"nothing, and there is none", nil, 16, Overdue},
		{"counted before it was asked", handed(4, 6), 16, Overdue},
		{"on the last day", handed(15, 15), 20, InTime},
		{"a day late", handed(10, 16), 20, Late},
		{"seen before it was handed in", handed(10, 16), 15, Waiting},
		{"late once more after in time", append(handed(6, 7), handed(10, 18)...), 20, InTime},
	} {
		if got := answer(call, c.reports, day(c.on)); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestRatiosAreRounded(t *testing.T) {
	for _, c := range [][3]int{{1, 3, 33}, {2, 3, 67}, {0, 5, 0}, {7, 0, -1}, {5, 4, 125}} {
		if got := (Figures{Working: c[0], Doctors: c[1]}).PerDoctor(); got != c[2] {
			t.Errorf("%d for %d: %d", c[0], c[1], got)
		}
	}
	words := text.MustLoad(design.Texts)
	for lang, want := range map[text.Lang]string{text.KY: "1,25", text.RU: "1,25", text.EN: "1.25"} {
		if got := hundredths(text.With(t.Context(), words, lang), 125); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	if hundredths(t.Context(), 5) != "0,05" || hundredths(t.Context(), -1) != "—" {
		t.Error("hundredths are written wrongly")
	}
}
