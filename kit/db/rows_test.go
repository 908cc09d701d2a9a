package db_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

const numbersBelow = `SELECT number FROM thing WHERE number < $1 ORDER BY number`

// threeThings are the numbers 10, 20 and 30.
func threeThings(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM thing`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, number) VALUES ('a', 10), ('b', 20), ('c', 30)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRowsAreReadInTheirOrder(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		threeThings(t, d)
		for limit, want := range map[int][]int{5: nil, 15: {10}, 99: {10, 20, 30}} {
			got, err := db.Column[int](t.Context(), d.Read, numbersBelow, limit)
			if err != nil || !slices.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("below %d: %v %v, want %v", limit, got, err, want)
			}
		}
	})
}

// Whoever leaves a range early may ask again at once, on the same connection too:
// more often here than there are connections.
func TestRowsLeftEarlyAreClosed(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		threeThings(t, d)
		first := func(ctx context.Context, q db.Querier) (n int) {
			for row, err := range db.Rows(ctx, q, numbersBelow, 99) {
				if err != nil {
					t.Fatal(err)
				}
				if err := row.Scan(&n); err != nil {
					t.Fatal(err)
				}
				break
			}
			return n
		}
		for range 12 {
			if n := first(t.Context(), d.Read); n != 10 {
				t.Fatalf("the first is %d", n)
			}
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for range 3 {
				if n := first(ctx, tx); n != 10 {
					t.Errorf("within a transaction the first is %d", n)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A question that fails, rows that break off and a row that cannot be read are
// errors; what was read before is not given as if it were all.
func TestRowsThatFailAreNoRows(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		threeThings(t, d)
		if got, err := db.Column[int](t.Context(), d.Read, `SELECT number FROM nothing`); err == nil || got != nil {
			t.Errorf("a table that is not there: %v %v", got, err)
		}
		ctx, leave := context.WithCancel(t.Context())
		got, err := db.List(ctx, d.Read, func(row db.Row) (n int, err error) {
			err = row.Scan(&n)
			leave()
			return n, err
		}, `WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 1000000) SELECT n FROM count`)
		if !errors.Is(err, context.Canceled) || got != nil {
			t.Errorf("broken off: %d rows, %v", len(got), err)
		}
		enough := errors.New("enough")
		seen := 0
		got, err = db.List(t.Context(), d.Read, func(row db.Row) (n int, err error) {
			if seen++; seen == 2 {
				return 0, enough
			}
			return n, row.Scan(&n)
		}, numbersBelow, 99)
		if !errors.Is(err, enough) || got != nil || seen != 2 {
			t.Errorf("a row that cannot be read: %v %v after %d", got, err, seen)
		}
	})
}
