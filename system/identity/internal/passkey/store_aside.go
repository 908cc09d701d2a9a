package passkey

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// PutAside puts the keys aside that were made since the moment, in the
// transaction: they open nothing until the person has looked at them.
func (k *Keys) PutAside(ctx context.Context, tx *sql.Tx, a account.Account, since time.Time) ([]account.Aside, error) {
	var aside []account.Aside
	for row, err := range db.Rows(ctx, tx, `UPDATE passkey SET suspended_at = $3 WHERE account_id = $1 AND created_at >= $2 AND suspended_at = 0 RETURNING id, name, created_at`,
		a.ID, db.Micros(since), db.Micros(k.Clock.Now())) {
		if err != nil {
			return nil, err
		}
		thing := account.Aside{Kind: account.KindPasskey}
		var created int64
		if err := row.Scan(&thing.Reference, &thing.Name, &created); err != nil {
			return nil, err
		}
		thing.Added = db.Time(created)
		aside = append(aside, thing)
	}
	return aside, nil
}

// GiveBack lets the key open the account again; false when it is gone.
func (k *Keys) GiveBack(ctx context.Context, tx *sql.Tx, accountID string, thing account.Aside) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE passkey SET suspended_at = 0 WHERE id = $1 AND account_id = $2 AND suspended_at > 0`, thing.Reference, accountID)
}

// Discard takes a key that was put aside away for good.
func (k *Keys) Discard(ctx context.Context, tx *sql.Tx, accountID string, thing account.Aside) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM passkey WHERE id = $1 AND account_id = $2 AND suspended_at > 0`, thing.Reference, accountID)
	return err
}
