package sso

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// Whoever ends all sessions of an account leaves none behind, also when somebody
// is just being let in: by a new session or by renewing the one that they have.
func TestNobodyIsLetInWhileAllSessionsEnd(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		s := &Sessions{DB: d, Clock: clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))}
		s.Ended = func(context.Context, *sql.Tx, Session, []string) error { return nil }
		write := func(statement string) {
			t.Helper()
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		write(account)
		epoch := func() (n int64) {
			t.Helper()
			if err := d.Read.QueryRowContext(t.Context(), `SELECT epoch FROM account WHERE id = 'a'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		begin := func(at int64, current *Session) (Session, error) {
			_, session, err := s.Start(t.Context(), "a", Proof{Method: "password", AMR: []string{"pwd"}, Level: "substantial", Epoch: at}, current)
			return session, err
		}
		end := func() error {
			return d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return s.EndAll(ctx, tx, "a", "") })
		}
		left := func(when string) {
			t.Helper()
			if all, err := s.Of(t.Context(), "a"); err != nil || len(all) != 0 {
				t.Fatalf("%s: %d sessions are left, %v", when, len(all), err)
			}
		}
		for round := range 60 {
			at, current := epoch(), (*Session)(nil)
			if round%2 == 1 {
				first, err := begin(at, nil)
				if err != nil {
					t.Fatal(err)
				}
				current = &first
			}
			switch round % 6 {
			case 0, 1: // first in, then all ended
				if _, err := begin(at, current); err != nil {
					t.Fatal(err)
				}
				if err := end(); err != nil {
					t.Fatal(err)
				}
			case 2, 3: // all ended, then in
				if err := end(); err != nil {
					t.Fatal(err)
				}
				if _, err := begin(at, current); !errors.Is(err, ErrLate) {
					t.Fatalf("let in after all was ended: %v", err)
				}
			default:
				var both sync.WaitGroup
				both.Go(func() {
					if _, err := begin(at, current); err != nil && !errors.Is(err, ErrLate) {
						t.Error(err)
					}
				})
				both.Go(func() {
					if err := end(); err != nil {
						t.Error(err)
					}
				})
				both.Wait()
			}
			left("all ended")
		}
		// An account that is blocked or closed by whom this door does not know.
		for _, state := range []string{"blocked", "closed"} {
			current, err := begin(epoch(), nil)
			if err != nil {
				t.Fatal(err)
			}
			write(`UPDATE account SET state = '` + state + `' WHERE id = 'a'`)
			for _, of := range []*Session{nil, &current} {
				if _, err := begin(epoch(), of); !errors.Is(err, ErrLate) {
					t.Fatalf("let in to an account that is %s: %v", state, err)
				}
			}
			write(`UPDATE account SET state = 'active' WHERE id = 'a'`)
			if err := end(); err != nil {
				t.Fatal(err)
			}
		}
		// The one that is kept goes on, and is renewed with a new proof.
		kept, err := begin(epoch(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := begin(epoch(), nil); err != nil {
			t.Fatal(err)
		}
		err = d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return s.EndAll(ctx, tx, "a", kept.SID) })
		if err != nil {
			t.Fatal(err)
		}
		if all, err := s.Of(t.Context(), "a"); err != nil || len(all) != 1 || all[0].SID != kept.SID {
			t.Fatalf("%+v %v", all, err)
		}
		if again, err := begin(epoch(), &kept); err != nil || again.SID != kept.SID {
			t.Fatalf("%+v %v", again, err)
		}
	})
}
