package db_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// Statements that stand alone are all kept, however many come at once; within a
// transaction they would be written past it, and are refused.
func TestSingleStatementsAreTransactions(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					if _, err := d.Single().ExecContext(t.Context(), `UPDATE thing SET number = number + 1 WHERE id = $1`, "counter"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := number(t, d, "counter"); n != 40 {
			t.Errorf("%d of 40 are kept", n)
		}
		err := d.Tx(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
			_, err := d.Single().ExecContext(ctx, `UPDATE thing SET number = 0 WHERE id = 'counter'`)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "past the transaction") || number(t, d, "counter") != 40 {
			t.Errorf("written past a transaction: %v", err)
		}
		if _, err := d.Single().ExecContext(t.Context(), `INSERT INTO thing (id, number) VALUES ('counter', 1)`); !db.Unique(err) {
			t.Errorf("a row that is there already: %v", err)
		}
	})
}
