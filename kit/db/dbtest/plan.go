package dbtest

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
)

// Steps are those by which an engine would answer a query, one a line.
type Steps string

// Plan asks the engine how it would answer the query. PostgreSQL reads and sorts a
// small table whole, and rightly; here it does so only where there is no other way.
func Plan(t testing.TB, d *db.DB, query string, args ...any) Steps {
	t.Helper()
	var steps []string
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		steps = nil
		explain, columns := "EXPLAIN QUERY PLAN ", 4
		if d.Dialect == db.Postgres {
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
	return Steps(strings.Join(steps, "\n"))
}

// Whole says that a table is gone through from end to end.
func (s Steps) Whole() bool {
	for step := range strings.SplitSeq(string(s), "\n") {
		if strings.Contains(step, "Seq Scan") || (strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "INDEX") && !strings.Contains(step, "CONSTANT")) {
			return true
		}
	}
	return false
}

// Sorts says that all the rows that were found are put in order afterwards; of
// those that come in order already, alike ones may be.
func (s Steps) Sorts() bool {
	return strings.Contains(string(s), "TEMP B-TREE FOR ORDER") || strings.Contains(strings.ReplaceAll(string(s), "Incremental Sort", ""), "Sort\n")
}
