package db_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// counting is a question that gives the numbers below the limit that are there.
func counting(limit int, into *[]int) db.Question {
	return db.Question{Query: `SELECT number FROM thing WHERE number < $1 ORDER BY number`, Args: []any{limit}, Each: func(row db.Row) error {
		var n int
		err := row.Scan(&n)
		*into = append(*into, n)
		return err
	}}
}

// What is asked together is answered as if it were asked alone: none, one and many
// rows, also when many ask at the same time.
func TestQuestionsAskedTogetherAreAnsweredEach(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, number) VALUES ('a', 10), ('b', 20), ('c', 30)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				var none, one, many []int
				var words string
				err := d.Ask(context.Background(), counting(-5, &none), counting(1, &one), counting(25, &many), db.Question{
					Query: `SELECT id FROM thing WHERE id = $1 AND number = $2`, Args: []any{"c", 30}, Each: func(row db.Row) error { return row.Scan(&words) },
				})
				if err != nil || len(none) != 0 || len(one) != 1 || len(many) < 3 || many[len(many)-1] != 20 || words != "c" {
					t.Errorf("%v %v %v %q %v", none, one, many, words, err)
				}
			})
		}
		all.Wait()
	})
}

// An error of one, of the database or of what reads its rows, is told, and the
// connection serves those who ask next.
func TestAQuestionThatFailsLeavesTheConnectionUsable(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		enough := errors.New("enough")
		for range 12 { // more often than there are connections
			var n []int
			err := d.Ask(t.Context(), counting(1, &n), db.Question{Query: `SELECT number FROM nothing WHERE number < $1`, Args: []any{1}}, counting(1, &n))
			if err == nil || !strings.Contains(err.Error(), "nothing") {
				t.Fatalf("a table that is not there: %v", err)
			}
			err = d.Ask(t.Context(), db.Question{Query: `SELECT number FROM thing`, Each: func(db.Row) error { return enough }}, counting(1, &n))
			if !errors.Is(err, enough) {
				t.Fatalf("rows that are not wanted: %v", err)
			}
			n = nil
			if err := d.Ask(t.Context(), counting(1, &n)); err != nil || len(n) != 1 {
				t.Fatalf("afterwards: %v %v", n, err)
			}
		}
	})
}

// Reading past a transaction is a mistake on both engines, told at once.
func TestNobodyAsksPastTheTransaction(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		var n []int
		err := d.Tx(t.Context(), func(ctx context.Context, _ *sql.Tx) error { return d.Ask(ctx, counting(1, &n)) })
		if err == nil || !strings.Contains(err.Error(), "past the transaction") || len(n) != 0 {
			t.Errorf("%v %v", n, err)
		}
	})
}
