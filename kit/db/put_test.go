package db_test

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// Writes that are put together are all kept or none, each sees those before it,
// and none is written past a transaction.
func TestPutIsOneTransaction(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		const insert = `INSERT INTO thing (id, number) VALUES ($1, $2)`
		add := db.Write(`UPDATE thing SET number = number + 1 WHERE id = 'counter'`)
		var all sync.WaitGroup
		for at := range 8 {
			all.Go(func() {
				for i := range 5 {
					id := strconv.Itoa(at) + "-" + strconv.Itoa(i)
					if err := d.Put(t.Context(), db.Write(insert, id, 1), add, db.Write(`UPDATE thing SET number = number + 1 WHERE id = $1`, id)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := number(t, d, "counter"); n != 40 {
			t.Errorf("%d of 40 are kept", n)
		}
		if n := number(t, d, "3-4"); n != 2 {
			t.Errorf("a write did not see the one before it: %d", n)
		}
		err := d.Put(t.Context(), add, db.Write(insert, "new", 1), db.Write(insert, "counter", 1), add)
		if !db.Unique(err) || number(t, d, "counter") != 40 {
			t.Errorf("a row that is there already: %v, counter %d", err, number(t, d, "counter"))
		}
		var n int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM thing WHERE id = 'new'`).Scan(&n); err != nil || n != 0 {
			t.Errorf("what came before the fault was kept: %d, %v", n, err)
		}
		err = d.Tx(t.Context(), func(ctx context.Context, _ *sql.Tx) error { return d.Put(ctx, add) })
		if err == nil || !strings.Contains(err.Error(), "past the transaction") || number(t, d, "counter") != 40 {
			t.Errorf("written past a transaction: %v", err)
		}
	})
}
