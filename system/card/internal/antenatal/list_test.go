package antenatal

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
)

// A clinic's lists give each pregnancy once, page by page: the open ones of more women
// than once were shown, and those that are over; also when one ends between two pages.
func TestListsAreReadByPages(t *testing.T) {
	clinics2(t, func(c clinic) {
		const open, closed = 215, 205
		today := clock.DateOf(c.now.Now())
		var women []string
		for i := range open {
			p, _, err := patient.Register(c.ctx, c.d, patient.Patient{
				PIN: fmt.Sprintf("1010119960%04d", i+1), FamilyName: "Асанова", GivenName: fmt.Sprint("А", i), Sex: patient.Female, BirthDate: clock.Date{Year: 1996, Month: 1, Day: 1},
			})
			if err != nil {
				t.Fatal(err)
			}
			women = append(women, p.ID)
		}
		change := func(do func(ctx context.Context, tx *sql.Tx) error) {
			t.Helper()
			if err := c.d.DB.Tx(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		change(func(ctx context.Context, tx *sql.Tx) error {
			for i := range open + closed {
				g := Pregnancy{
					ID: fmt.Sprintf("pregnancy-%03d", i), Number: fmt.Sprintf("950174-26-%05d", i), Patient: patient.Patient{ID: women[i%open]},
					Organisation: cardtest.Hospital, DatedFrom: gestation.Plus(today, -i/3), CreatedAt: c.now.Now(),
				}
				if i < closed { // those that are over come first: a woman has one open at a time
					g.ID = fmt.Sprintf("closed-%03d", i)
				}
				if err := insertPregnancy(ctx, tx, g, ""); err != nil {
					return err
				}
				if i >= closed {
					continue
				}
				if err := SetClosed(ctx, tx, g.ID, Closing{Outcome: "birth", EndedOn: today}, "", c.now.Now().AddDate(0, 0, -i/4)); err != nil {
					return err
				}
			}
			return nil
		})
		for _, list := range []string{ListOpen, ListClosed} {
			want := map[string]int{ListOpen: open, ListClosed: closed}[list]
			seen, after, pages := map[string]bool{}, "", 0
			for more := true; more; pages++ {
				var all []Pregnancy
				var err error
				if all, more, err = listOf(t.Context(), c.d.DB.Read, cardtest.Hospital, list, today, after); err != nil {
					t.Fatal(err)
				}
				for i, g := range all {
					if seen[g.ID] || (i > 0 && list == ListOpen && g.DatedFrom.Before(all[i-1].DatedFrom)) || (i > 0 && list == ListClosed && g.ClosedAt.After(all[i-1].ClosedAt)) {
						t.Errorf("%s: %s stands there twice or not in its place", list, g.ID)
					}
					seen[g.ID] = true
				}
				if after = all[len(all)-1].ID; pages == 1 && list == ListOpen {
					change(func(ctx context.Context, tx *sql.Tx) error {
						return SetClosed(ctx, tx, after, Closing{Outcome: "birth", EndedOn: today}, "", c.now.Now().AddDate(-1, 0, 0))
					})
				}
			}
			if list == ListClosed {
				want++ // the one that ended while the other list was read
			}
			if len(seen) != want || pages != 5 {
				t.Errorf("%s: %d of %d on %d pages", list, len(seen), want, pages)
			}
		}
		for query, want := range map[string]string{"?list=closed": `rel="next"`, "?list=closed&after=closed-200": `rel="prev"`} {
			w := httptest.NewRecorder()
			if err := listPage(w, httptest.NewRequestWithContext(c.ctx, "GET", "/antenatal"+query, nil), c.d); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: there is no %s", query, want)
			}
		}
	})
}

// A page of a list reads what it shows: along an index, however much there is.
func TestListsGoByIndex(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		today := clock.Date{Year: 2026, Month: 11, Day: 22}
		for _, list := range lists {
			for _, number := range []string{"", "950174-26-00001"} {
				query, args := listQuery(cardtest.Hospital, list, today, "2026-01-01", number, 5)
				if steps := dbtest.Plan(t, store, query, args...); steps.Whole() || steps.Sorts() {
					t.Errorf("%s behind %q:\n%s", list, number, steps)
				}
			}
		}
	})
}
