package treated

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

// steps of the plan by which the engine would answer the query. PostgreSQL reads and
// sorts a small table whole, and rightly; here it is told to do so only where there is
// no other way.
func plan(t *testing.T, d *db.DB, query string, args []any) string {
	t.Helper()
	var steps []string
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		steps = nil
		explain, columns := "EXPLAIN QUERY PLAN ", 4
		if strings.HasSuffix(t.Name(), "/postgres") {
			explain, columns = "EXPLAIN (COSTS OFF) ", 1
			for _, off := range []string{"enable_seqscan", "enable_sort", "enable_bitmapscan"} {
				if _, err := tx.ExecContext(ctx, "SET LOCAL "+off+" = off"); err != nil {
					return err
				}
			}
		}
		for row, err := range db.Rows(ctx, tx, explain+query, args...) {
			if err != nil {
				return err
			}
			var step string
			var unused [3]int
			into := []any{&unused[0], &unused[1], &unused[2], &step}
			if err := row.Scan(into[4-columns:]...); err != nil {
				return err
			}
			steps = append(steps, step)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "\n")
}

// whole says that the plan goes through a table from end to end.
func whole(plan string) bool {
	for step := range strings.SplitSeq(plan, "\n") {
		if strings.Contains(step, "Seq Scan") || (strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "INDEX") && !strings.Contains(step, "CONSTANT")) {
			return true
		}
	}
	return false
}

func sorts(plan string) bool {
	return strings.Contains(plan, "TEMP B-TREE FOR ORDER") || strings.Contains(plan, "Sort")
}

// Whatever a list is filtered and ordered by, of a country's cases no more are read than
// are shown: it goes along an index. A narrow filter with the order of another may sort
// what it has found.
func TestListsGoByIndex(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		for _, organisation := range []string{"", "950174"} {
			for _, month := range []string{"", "2026-11"} {
				for _, state := range []string{"", string(Accepted), string(Appealed)} {
					for _, order := range []string{"", ByWorth, ByDoubt} {
						by := Filter{Organisation: organisation, Month: month, State: state, Order: order}
						conditions := 0
						for _, c := range []string{organisation, month, state} {
							if c != "" {
								conditions++
							}
						}
						query, args := listQuery(by, PageSize+1)
						p := plan(t, d, query, args)
						if whole(p) || (sorts(p) && order != "" && conditions < 2) || (sorts(p) && order == "") {
							t.Errorf("list %+v:\n%s", by, p)
						}
						for _, key := range []Filter{{After: "c"}, {Before: "c"}} {
							far := by
							far.After, far.Before = key.After, key.Before
							query, args = listQuery(far, PageSize+1)
							if p := plan(t, d, query, args); whole(p) || (sorts(p) && order == "") {
								t.Errorf("far in list %+v:\n%s", far, p)
							}
						}
						query, args = followingQuery(by, "c")
						if p := plan(t, d, query, args); whole(p) {
							t.Errorf("the next of %+v:\n%s", by, p)
						}
					}
				}
			}
		}
		if p := plan(t, d, lastMonths, nil); strings.Contains(p, "SCAN c") || strings.Contains(p, "Seq Scan on treated_case") {
			t.Errorf("months:\n%s", p)
		}
	})
}
