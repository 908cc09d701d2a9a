package sso

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// Who enters a system at the very moment of the sign-out is signed out of it,
// or does not get in: no session is left behind.
func TestASignOutReachesTheSystemThatIsJustBeingEntered(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		told := map[string][]string{}
		s := &Sessions{DB: d, Clock: clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))}
		s.Ended = func(_ context.Context, _ *sql.Tx, session Session, clients []string) error {
			mu.Lock()
			defer mu.Unlock()
			told[session.SID] = clients
			return nil
		}
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, account)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			_, session, err := s.Start(t.Context(), "a", Proof{Method: "password", AMR: []string{"pwd"}, Level: "substantial", Agent: "Firefox"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var both sync.WaitGroup
			entered := false
			both.Go(func() {
				var err error
				if entered, err = s.Entered(t.Context(), session.SID, "card"); err != nil {
					t.Error(err)
				}
			})
			both.Go(func() {
				if err := s.End(t.Context(), session); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			if entered != slices.Contains(told[session.SID], "card") {
				t.Fatalf("entered %v, told %v", entered, told[session.SID])
			}
		}
	})
}

const account = `INSERT INTO account (id, pin, family_name, given_name, patronymic, sex, birth_date, citizenship, email, email_verified,
	phone, phone_verified, lang, password, created_at)
	VALUES ('a', '21209196000217', 'Асанов', 'Азамат', '', 'male', '1960-09-12', 'KGZ', '', 0, '', 0, 'ky', '', 0)`
