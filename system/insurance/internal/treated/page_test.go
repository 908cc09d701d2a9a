package treated_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Page by page, in either direction and in every order, a list gives each of its cases
// once, also where many are alike in what it goes by; and a page goes on from a case
// that has left the list meanwhile.
func TestAListIsReadPageByPage(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		const cases = 2*treated.PageSize + 7
		for n := range cases {
			c := treatedtest.Good()
			c.Number = fmt.Sprintf("%07d1895017426", n+1)
			c.Patient.PIN, c.Patient.Name, c.Patient.Rural = "", fmt.Sprint("Киши ", n), n%2 == 0
			if n%5 == 0 {
				c.Result = ""
			}
			last := len(c.Moves) - 1
			c.DischargedAt = c.DischargedAt.Add(-time.Duration(n%4) * time.Minute)
			c.Moves[last].Until = c.DischargedAt
			if _, err := f.Submit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		list := func(by treated.Filter) ([]treated.Line, bool) {
			t.Helper()
			lines, more, err := f.List(t.Context(), by)
			if err != nil {
				t.Fatal(err)
			}
			return lines, more
		}
		for by, want := range map[treated.Filter]int{
			{}: cases, {Order: treated.ByWorth}: cases, {Order: treated.ByDoubt}: cases, {Month: "2026-11"}: cases,
			{State: "returned"}: 12, {State: "accepted"}: cases - 12, {State: "accepted", Order: treated.ByWorth}: cases - 12, {Organisation: "950201"}: 0,
		} {
			var pages [][]treated.Line
			seen, at := map[string]bool{}, by
			for more := true; more; {
				var lines []treated.Line
				lines, more = list(at)
				if len(lines) != treated.PageSize && more {
					t.Fatalf("%+v: a page of %d, and more", at, len(lines))
				}
				for _, l := range lines {
					if seen[l.ID] {
						t.Errorf("%+v: %s stands there twice", by, l.Number)
					}
					seen[l.ID] = true
				}
				if pages = append(pages, lines); more {
					at.After = lines[len(lines)-1].ID
				}
			}
			if len(seen) != want {
				t.Errorf("%+v: %d cases of %d", by, len(seen), want)
			}
			for i := len(pages) - 1; i > 0; i-- {
				at = by
				at.Before = pages[i][0].ID
				if back, more := list(at); !reflect.DeepEqual(back, pages[i-1]) || more != (i > 1) {
					t.Errorf("%+v: back from page %d are %d lines, more %v", by, i+1, len(back), more)
				}
			}
		}
		accepted := treated.Filter{State: "accepted"}
		first, _ := list(accepted)
		gone := first[len(first)-1].ID
		accepted.After = gone
		second, _ := list(accepted)
		if err := f.Return(t.Context(), gone, "Нет протокола.", expert); err != nil {
			t.Fatal(err)
		}
		if after, _ := list(accepted); !reflect.DeepEqual(after, second) {
			t.Errorf("the page behind a case that has left the list has %d lines, had %d", len(after), len(second))
		}
		accepted.After = "nobody"
		if none, more := list(accepted); len(none) != 0 || more {
			t.Errorf("behind no case are %d", len(none))
		}
	})
}
