package treated_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

func TestTheListIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for i := range treated.PageSize + 2 {
			c := treatedtest.Good()
			c.Patient.PIN, c.Patient.Name = "", "Киши "+string(rune('А'+i))
			c.Number = "00002" + string(rune('0'+i/10)) + string(rune('0'+i%10)) + c.Number[7:]
			if i == 0 {
				c.Doctor.PIN = ""
			}
			if _, err := f.Submit(doctor(t), c); err != nil {
				t.Fatal(err)
			}
		}
		first, more, err := f.List(t.Context(), treated.Filter{})
		if err != nil || len(first) != treated.PageSize || !more {
			t.Errorf("%d lines, more %v, %v", len(first), more, err)
		}
		second, more, err := f.List(t.Context(), treated.Filter{After: first[len(first)-1].ID})
		if err != nil || len(second) != 2 || more {
			t.Errorf("%d lines, more %v, %v", len(second), more, err)
		}
		for what, before := range map[string]string{"ahead of the second": second[0].ID, "ahead of one in the middle of it": first[3].ID} {
			if back, more, err := f.List(t.Context(), treated.Filter{Before: before}); err != nil || more || !reflect.DeepEqual(back, first) {
				t.Errorf("%s: %d lines, more %v, %v", what, len(back), more, err)
			}
		}
		returned, _, err := f.List(t.Context(), treated.Filter{State: "returned", Month: "2026-11", Organisation: "950174"})
		if err != nil || len(returned) != 1 {
			t.Errorf("%d returned, %v", len(returned), err)
		}
		if none, _, _ := f.List(t.Context(), treated.Filter{Month: "2026-10"}); len(none) != 0 {
			t.Errorf("%d in October", len(none))
		}
		if months, err := f.Months(t.Context()); err != nil || len(months) != 1 || months[0] != "2026-11" {
			t.Errorf("months %v, %v", months, err)
		}
	})
}

// From the first case of a list, the next of each is the list to its end, whatever
// the filter; a case that a decision took out of the list still has its next.
func TestTheNextCaseIsThatOfTheList(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for i := range 8 {
			c := treatedtest.Good()
			c.Patient.PIN, c.Patient.Name = "", "Киши "+string(rune('А'+i))
			c.Number = "000020" + string(rune('0'+i)) + c.Number[7:]
			c.DischargedAt = c.DischargedAt.Add(time.Duration(i/2) * time.Minute) // two at the same moment
			c.Moves[len(c.Moves)-1].Until = c.DischargedAt
			if i%3 == 0 {
				c.Doctor.PIN = "" // comes back
			}
			c.Patient.Rural = i%2 == 0 // dearer
			if i > 4 {
				c.Patient.Policy = "" // a warning
			}
			if _, err := f.Submit(doctor(t), c); err != nil {
				t.Fatal(err)
			}
		}
		next := func(by treated.Filter, caseID string) string {
			id, err := f.Next(t.Context(), by, caseID)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		for _, by := range []treated.Filter{{}, {State: "accepted"}, {State: "returned"}, {Month: "2026-11", Organisation: "950174"}, {Organisation: "950201"}, {Order: treated.ByWorth}, {Order: treated.ByDoubt}, {State: "accepted", Order: treated.ByDoubt}, {State: "returned", Order: treated.ByWorth}} {
			lines, _, err := f.List(t.Context(), by)
			if err != nil {
				t.Fatal(err)
			}
			for i, l := range lines {
				want := ""
				if i+1 < len(lines) {
					want = lines[i+1].ID
				}
				if got := next(by, l.ID); got != want {
					t.Errorf("%+v: after line %d comes %q, want %q", by, i, got, want)
				}
			}
		}
		accepted := treated.Filter{State: "accepted"}
		lines, _, err := f.List(t.Context(), accepted)
		if err != nil || len(lines) != 5 {
			t.Fatalf("%d accepted, %v", len(lines), err)
		}
		if err := f.Return(t.Context(), lines[1].ID, "Нет протокола.", expert); err != nil {
			t.Fatal(err)
		}
		if got := next(accepted, lines[1].ID); got != lines[2].ID {
			t.Errorf("after the decision comes %q, want %q", got, lines[2].ID)
		}
		// What an expert decides moves nothing in the lists by worth and by doubt.
		for _, order := range []string{treated.ByWorth, treated.ByDoubt} {
			by := treated.Filter{State: "accepted", Order: order}
			lines, _, err := f.List(t.Context(), by)
			if err != nil || len(lines) < 3 {
				t.Fatalf("%s: %d accepted, %v", order, len(lines), err)
			}
			for i, l := range lines[1:] {
				before := lines[i]
				if sorted := before.Price >= l.Price; order == treated.ByWorth && !sorted {
					t.Errorf("%d stands before %d", before.Price, l.Price)
				}
				if order == treated.ByDoubt && (before.Findings < l.Findings || before.Findings == l.Findings && before.Price < l.Price) {
					t.Errorf("%+v stands before %+v", before, l)
				}
			}
			if order == treated.ByWorth && lines[0].Price == lines[len(lines)-1].Price || order == treated.ByDoubt && lines[0].Findings == lines[len(lines)-1].Findings {
				t.Errorf("%s: nothing to be ordered: %+v", order, lines)
			}
			if err := f.Return(t.Context(), lines[0].ID, "Нет протокола.", expert); err != nil {
				t.Fatal(err)
			}
			if got := next(by, lines[0].ID); got != lines[1].ID {
				t.Errorf("%s: after the decision comes %q, want %q", order, got, lines[1].ID)
			}
		}
		if got := next(accepted, "none"); got != "" {
			t.Errorf("after no case comes %q", got)
		}
	})
}
