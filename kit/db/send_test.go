package db_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// What is sent together happens in its order, each seeing what those before it
// did, and is undone with its transaction.
func TestWhatIsSentTogetherHappensInItsOrder(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		send := func(end error) (sum, rows int, err error) {
			err = d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				err := db.Send(ctx, tx,
					db.Write(`INSERT INTO thing (id, number) VALUES ($1, $2), ('sent-two', 20)`, "sent-one", 10),
					db.Write(`UPDATE thing SET number = number + $1 WHERE id LIKE 'sent-%'`, 1),
					db.Question{Query: `SELECT number FROM thing WHERE id LIKE 'sent-%' ORDER BY number`, Each: func(row db.Row) error {
						var n int
						rows++
						err := row.Scan(&n)
						sum += n
						return err
					}},
					db.Write(`DELETE FROM thing WHERE id = $1`, "sent-one"),
				)
				return errors.Join(err, end)
			})
			return sum, rows, err
		}
		count := func() (n int) {
			if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM thing WHERE id LIKE 'sent-%'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		undone := errors.New("undone")
		if sum, rows, err := send(undone); !errors.Is(err, undone) || sum != 32 || rows != 2 || count() != 0 {
			t.Errorf("undone: sum %d of %d rows, %v, %d left", sum, rows, err, count())
		}
		if sum, rows, err := send(nil); err != nil || sum != 32 || rows != 2 || count() != 1 {
			t.Errorf("sum %d of %d rows, %v, %d left", sum, rows, err, count())
		}
	})
}

// One that fails takes those before it along, and the connection serves on.
func TestOneThatFailsUndoesWhatWasSentWithIt(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		for range 12 { // more often than there are connections
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				return db.Send(ctx, tx, db.Write(`INSERT INTO thing (id, number) VALUES ('sent-a', 1)`),
					db.Write(`INSERT INTO thing (id, number) VALUES ('sent-a', 2)`), db.Write(`INSERT INTO thing (id, number) VALUES ('sent-b', 3)`))
			})
			if !db.Unique(err) {
				t.Fatalf("the same id twice: %v", err)
			}
			var n int
			if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM thing WHERE id LIKE 'sent-%'`).Scan(&n); err != nil || n != 0 {
				t.Fatalf("%d left, %v", n, err)
			}
		}
	})
}

// A transaction that has ended, because its reader left or because it was undone,
// takes nothing more: it would be written outside of it.
func TestNothingIsSentAfterTheTransaction(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		if d.Dialect == db.SQLite {
			t.Skip("shared commits: there Send goes through database/sql, which refuses by itself")
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if err := tx.Rollback(); err != nil {
				return err
			}
			return db.Send(ctx, tx, db.Write(`INSERT INTO thing (id, number) VALUES ('sent-late', 1)`))
		})
		if !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("after it was undone: %v", err)
		}
		leaving, leave := context.WithCancel(t.Context())
		err = d.Tx(leaving, func(ctx context.Context, tx *sql.Tx) error {
			leave()
			return db.Send(context.WithoutCancel(ctx), tx, db.Write(`INSERT INTO thing (id, number) VALUES ('sent-left', 1)`))
		})
		if err == nil {
			t.Error("a transaction whose reader has left was committed")
		}
		var n int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM thing WHERE id LIKE 'sent-%'`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d were written, %v", n, err)
		}
	})
}
