package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// watched counts what is asked, and keeps the bounds of the search itself.
type watched struct {
	db.Querier

	asked         int
	before, after string
}

func (w *watched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	w.before, w.after = args[2].(string), args[5].(string)
	return w.Querier.QueryContext(ctx, query, args...)
}

func (w *watched) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	w.asked++
	return w.Querier.QueryRowContext(ctx, query, args...)
}

// Days of a long trail are found by halving the chain, and nothing that is newer or
// older is walked through: the same records as by looking at each.
func TestDaysOfALongTrailAreFoundByHalving(t *testing.T) {
	dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
		const records, step = 3000, 10 * time.Minute // three weeks
		c := clock.NewManual(start)
		var all []string
		s := sealer(d)
		for i := 0; i < records; i += 50 {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				for range 50 {
					if err := audit.Add(ctx, tx, c, some(0)); err != nil {
						return err
					}
					c.Advance(step)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			seal(t, s)
		}
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return audit.Add(ctx, tx, c, some(0)) }); err != nil {
			t.Fatal(err) // the newest has no place yet
		}
		whole, err := audit.Search(t.Context(), d.Read, audit.Filter{Limit: records + 10})
		if err != nil || len(whole) != records+1 {
			t.Fatal(len(whole), err)
		}
		for _, r := range whole {
			all = append(all, fmt.Sprint(r.ID, r.At.Unix()))
		}
		last := start.Add(records * step)
		for _, each := range []struct{ from, until time.Time }{
			{},
			{until: start},
			{until: start.Add(time.Second)},
			{until: start.Add(step)},
			{until: start.Add(7 * 24 * time.Hour)},
			{until: last},
			{until: last.Add(time.Hour)},
			{from: start.Add(-time.Hour)},
			{from: start.Add(30 * time.Hour)},
			{from: last.Add(-time.Minute)},
			{from: last.Add(time.Hour)},
			{from: start.Add(48 * time.Hour), until: start.Add(72 * time.Hour)},
			{from: start.Add(72 * time.Hour), until: start.Add(48 * time.Hour)},
		} {
			var want []string
			for i, r := range whole {
				if !r.At.Before(each.from) && (each.until.IsZero() || r.At.Before(each.until)) {
					want = append(want, all[i])
				}
			}
			w := &watched{Querier: d.Read}
			found, err := audit.Search(t.Context(), w, audit.Filter{From: each.from, Until: each.until, Limit: records + 10})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range found {
				got = append(got, fmt.Sprint(r.ID, r.At.Unix()))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v: %d records instead of %d", each, len(got), len(want))
			}
			walked := 0
			for _, r := range whole {
				if (w.before == "" || r.ID < w.before) && r.ID > w.after {
					walked++
				}
			}
			// Prompt on either side is six records each, and the one without a place.
			if walked > len(want)+2*6+2 || w.asked > 2*(2+12) {
				t.Errorf("%v: %d records walked through for %d, %d questions", each, walked, len(want), w.asked)
			}
		}
		// The page that follows keeps to both bounds.
		middle := audit.Filter{From: start.Add(48 * time.Hour), Until: start.Add(72 * time.Hour), Limit: 10}
		first, err := audit.Search(t.Context(), d.Read, middle)
		if err != nil || len(first) != 10 {
			t.Fatal(len(first), err)
		}
		middle.Before, middle.Limit = first[9].ID, records
		if rest, err := audit.Search(t.Context(), d.Read, middle); err != nil || len(rest) != 24*6-10 || strings.Compare(rest[0].ID, first[9].ID) >= 0 {
			t.Fatal(len(rest), err)
		}
	})
}

// Records that were taken out of a trail leave the others to be found.
func TestATrailWithHolesIsSearched(t *testing.T) {
	dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(start)
		for range 200 {
			if err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return audit.Add(ctx, tx, c, some(0)) }); err != nil {
				t.Fatal(err)
			}
			c.Advance(time.Hour)
		}
		seal(t, sealer(d))
		unguard(t, d)
		change(t, d, `DELETE FROM access_record WHERE id IN (SELECT record_id FROM access_link WHERE sequence BETWEEN 60 AND 140)`,
			`DELETE FROM access_link WHERE sequence BETWEEN 90 AND 120`)
		for until, want := range map[int]int{20: 20, 70: 59, 100: 59, 150: 150 - 81, 500: 200 - 81} {
			found, err := audit.Search(t.Context(), d.Read, audit.Filter{Until: start.Add(time.Duration(until) * time.Hour), Limit: 300})
			if err != nil || len(found) != want {
				t.Errorf("%d: %d instead of %d, %v", until, len(found), want, err)
			}
		}
	})
}
