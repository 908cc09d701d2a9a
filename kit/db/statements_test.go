package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// One text inside the rows of the same text, as a tree is read.
func TestStatementWithinItsOwnRows(t *testing.T) {
	d := dbtest.SQLite(t, "card", things)
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		const query = `SELECT id FROM thing ORDER BY id`
		seen := ""
		read := func(each func() error) error {
			rows, err := tx.QueryContext(ctx, query)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			for rows.Next() {
				var id string
				if err := rows.Scan(&id); err != nil {
					return err
				}
				seen += id + " "
				if err := each(); err != nil {
					return err
				}
			}
			return rows.Err()
		}
		if err := read(func() error { return read(func() error { return nil }) }); err != nil {
			return err
		}
		if seen != "counter counter engine engine counter engine " {
			return fmt.Errorf("read %q", seen)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// More texts than are kept, each of them twice; a refused one does no harm; and
// the columns of a table that has changed since.
func TestMoreStatementsThanAreKept(t *testing.T) {
	d := dbtest.SQLite(t, "card", things)
	for range 2 {
		for i := range 150 {
			var got int
			err := d.Read.QueryRowContext(t.Context(), fmt.Sprintf(`SELECT %d + number FROM thing WHERE id = $1`, i), "engine").Scan(&got)
			if err != nil || got != i+1 {
				t.Fatal(i, got, err)
			}
		}
	}
	insert := func(id string) error {
		return d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, number) VALUES ($1, 1)`, id)
			return err
		})
	}
	if insert("a") != nil || insert("a") == nil || insert("b") != nil {
		t.Fatal("a statement does not outlive its refusal")
	}
	columns := func() int {
		rows, err := d.Read.QueryContext(t.Context(), `SELECT * FROM thing`)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		names, err := rows.Columns()
		if err := errors.Join(err, rows.Err()); err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	before := columns()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `ALTER TABLE thing ADD COLUMN more TEXT`)
		return err
	})
	if after := columns(); err != nil || after != before+1 {
		t.Fatal(before, after, err)
	}
}
