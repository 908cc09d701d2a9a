package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
)

func add(ctx context.Context, tx *sql.Tx, number int) error {
	_, err := tx.ExecContext(ctx, `UPDATE thing SET number = number + $1 WHERE id = 'counter'`, number)
	return err
}

// together runs the transactions so that all wait for the first one's turn to
// end, and gives what became of each.
func together(d *db.DB, all ...func(ctx context.Context, tx *sql.Tx) error) []error {
	began, release := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	var first sync.Once // it may be done again
	wait.Go(func() {
		_ = d.Tx(context.Background(), func(context.Context, *sql.Tx) error {
			first.Do(func() { close(began) })
			<-release
			return nil
		})
	})
	<-began
	became := make([]error, len(all))
	for i, each := range all {
		wait.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					became[i] = fmt.Errorf("panic: %v", v)
				}
			}()
			became[i] = d.Tx(context.Background(), each)
		})
	}
	time.Sleep(100 * time.Millisecond) // for all to come to the door; who is late makes the test easier, not wrong
	close(release)
	wait.Wait()
	return became
}

func TestNeighboursInOneCommitFailAlone(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		var hooks atomic.Int64
		var all []func(ctx context.Context, tx *sql.Tx) error
		for i := range 40 {
			all = append(all, func(ctx context.Context, tx *sql.Tx) error {
				db.OnCommit(ctx, func() { hooks.Add(1) })
				if err := add(ctx, tx, 1); err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return errors.New("no")
				case 2:
					panic("lost its head")
				}
				return nil
			})
		}
		for i, err := range together(d, all...) {
			if (i%4 == 0 || i%4 == 3) != (err == nil) {
				t.Errorf("transaction %d: %v", i, err)
			}
		}
		if got := number(t, d, "counter"); got != 20 || hooks.Load() != 20 {
			t.Fatalf("counted %d, %d hooks", got, hooks.Load())
		}
	})
}

// A full disk undoes a whole transaction of SQLite: the neighbours are done
// again, once.
func TestFullDiskOfANeighbour(t *testing.T) {
	d := dbtest.SQLite(t, "card", things)
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var got int
		return tx.QueryRowContext(ctx, `PRAGMA max_page_count = 1`).Scan(&got) // as many as there are
	})
	if err != nil {
		t.Fatal(err)
	}
	small := func(ctx context.Context, tx *sql.Tx) error { return add(ctx, tx, 1) }
	big := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, number, body) VALUES ('big', 1, $1)`, strings.Repeat("x", 200_000))
		return err
	}
	silent := func(ctx context.Context, tx *sql.Tx) error { _ = big(ctx, tx); return nil }
	for i, err := range together(d, small, small, big, small, silent, small, big, small) {
		switch i {
		case 2, 6:
			if e := fail.As(err); e == nil || e.Key != "kit.disk_full" {
				t.Errorf("the big one: %v", err)
			}
		case 4:
			if err == nil {
				t.Error("one that hides its error is told that it was written")
			}
		default:
			if err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		}
	}
	if got := number(t, d, "counter"); got != 5 {
		t.Fatalf("counted %d", got)
	}
}

// Who leaves while waiting has written nothing; who leaves when it has begun is
// not torn in two.
func TestLeavingDoesNotUndoNeighbours(t *testing.T) {
	d := dbtest.SQLite(t, "card", things)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := d.Tx(gone, func(ctx context.Context, tx *sql.Tx) error { return add(ctx, tx, 1) }); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	going, leave := context.WithCancel(t.Context())
	err := d.Tx(going, func(ctx context.Context, tx *sql.Tx) error {
		leave()
		return add(ctx, tx, 10)
	})
	if err != nil || number(t, d, "counter") != 10 {
		t.Fatalf("%v, counted %d", err, number(t, d, "counter"))
	}
}

// A transaction that reads past itself would miss what its neighbours wrote, and
// on PostgreSQL take a second connection while it holds one.
func TestReadingPastTheTransactionIsAnError(t *testing.T) {
	d := dbtest.SQLite(t, "card", things)
	err := d.Tx(t.Context(), func(ctx context.Context, _ *sql.Tx) error {
		var n int
		return d.Read.QueryRowContext(ctx, `SELECT number FROM thing WHERE id = 'counter'`).Scan(&n)
	})
	if err == nil {
		t.Fatal("it was read")
	}
}
