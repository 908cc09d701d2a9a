package openid

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/migration"
)

func granted200(t *testing.T, d *db.DB) []string {
	t.Helper()
	var ids []string
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for range 200 {
			grant := id.New()
			ids = append(ids, grant)
			if _, err := tx.ExecContext(ctx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, data, expires_at) VALUES ($1, '', 'system', '', 0, 1, '{}', 9)`, grant); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// Many ask about many at once, while some are revoked: nobody who asks after a
// revocation is committed hears that the grant stands, and each hears of its own.
func TestNobodyHearsOfAGrantThatWasRevoked(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		ids := granted200(t, d)
		s := &standing{db: d}
		var all sync.WaitGroup
		for i, grant := range ids {
			all.Go(func() {
				for range 3 {
					if revoked, found, err := s.of(t.Context(), grant); err != nil || !found || revoked != 0 {
						t.Errorf("before: %d %v %v", revoked, found, err)
					}
				}
				if i%2 == 1 {
					return
				}
				err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE id = $1`, grant, i+1)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				for range 3 {
					if revoked, found, err := s.of(t.Context(), grant); err != nil || !found || revoked != int64(i+1) {
						t.Errorf("after: %d %v %v", revoked, found, err)
					}
				}
			})
		}
		all.Go(func() {
			for i := range 50 {
				if _, found, err := s.of(t.Context(), fmt.Sprint("nothing", i)); err != nil || found {
					t.Errorf("a grant that there is not: %v %v", found, err)
				}
			}
		})
		all.Wait()
		if s.busy || s.next != nil {
			t.Error("a question is left over")
		}
	})
}

// Who leaves takes nobody along; a store that is away is an error for all, and
// no yes.
func TestAQuestionWhoseAskerLeaves(t *testing.T) {
	d := dbtest.SQLite(t, "identity", migration.Sets...)
	grant := granted200(t, d)[0]
	s := &standing{db: d}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, found, err := s.of(gone, grant); err == nil && !found {
		t.Error("an answer that was not read")
	}
	if _, found, err := s.of(t.Context(), grant); err != nil || !found {
		t.Errorf("the next: %v %v", found, err)
	}
	_ = d.Close()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if stands, err := (&grants{standing: s}).stands(context.Background(), machineGrant+"system."+grant); err == nil || stands {
				t.Errorf("without a store: %v %v", stands, err)
			}
		})
	}
	all.Wait()
}
