package db_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// Whoever watches a context hears of its statements, in every way in which they
// are sent, and of nobody else's.
func TestAWatchedContextTellsItsStatements(t *testing.T) {
	dbtest.Each(t, "watched", nil, func(t *testing.T, d *db.DB) {
		var told []string
		ctx := db.Watch(t.Context(), func(statement string) { told = append(told, statement) })
		var n int
		if err := d.Read.QueryRowContext(ctx, `SELECT 1`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if err := d.Read.QueryRowContext(t.Context(), `SELECT 2`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		each := func(row db.Row) error { return row.Scan(&n) }
		if err := d.Ask(ctx, db.Question{Query: `SELECT 5`, Each: each}, db.Question{Query: `SELECT 6`, Each: each}); err != nil {
			t.Fatal(err)
		}
		err := d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `CREATE TABLE t (n INTEGER)`); err != nil {
				return err
			}
			return db.Send(ctx, tx, db.Write(`INSERT INTO t VALUES (3)`), db.Write(`INSERT INTO t VALUES (4)`))
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{`SELECT 1`, `CREATE TABLE t (n INTEGER)`, `INSERT INTO t VALUES (3)`, `INSERT INTO t VALUES (4)`, `SELECT 5`, `SELECT 6`} {
			if !slices.Contains(told, statement) {
				t.Errorf("%q was not told: %q", statement, told)
			}
		}
		if slices.Contains(told, `SELECT 2`) {
			t.Error("of another's")
		}
	})
}
