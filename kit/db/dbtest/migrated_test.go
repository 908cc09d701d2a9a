package dbtest_test

import (
	"context"
	"database/sql"
	"testing"
	"testing/fstest"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// Every test has a database of its own, however many are copied from one
// original, and a changed migration is another original.
func TestCopiesShareNothing(t *testing.T) {
	sets := func(text string) []db.Set {
		return []db.Set{{Name: "things", Files: fstest.MapFS{"00001_thing.sql": {Data: []byte("-- +goose Up\n" + text)}}}}
	}
	rows := func(t *testing.T, d *db.DB) (n int) {
		t.Helper()
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM thing`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const made = "CREATE TABLE thing (id TEXT PRIMARY KEY);\n"
	for range 3 {
		dbtest.Each(t, "card", sets(made), func(t *testing.T, d *db.DB) {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO thing (id) VALUES ('mine')`)
				return err
			})
			if n := rows(t, d); err != nil || n != 1 {
				t.Errorf("%d rows, %v", n, err)
			}
			if err := d.Migrate(t.Context(), sets(made)...); err != nil {
				t.Errorf("migrated again: %v", err)
			}
		})
	}
	dbtest.Each(t, "card", sets(made+"INSERT INTO thing (id) VALUES ('a');\nINSERT INTO thing (id) VALUES ('b');\n"), func(t *testing.T, d *db.DB) {
		if n := rows(t, d); n != 2 {
			t.Errorf("%d rows of the changed migration", n)
		}
	})
}
