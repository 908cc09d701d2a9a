package factor

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// PutAside puts the account's set of codes aside if it was made since the moment,
// in the transaction: none of them serves until the person has looked at it.
func (b *Backups) PutAside(ctx context.Context, tx *sql.Tx, a account.Account, since time.Time) ([]account.Aside, error) {
	var made int64
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(created_at), 0) FROM backup_code WHERE account_id = $1 AND suspended_at = 0`, a.ID).Scan(&made)
	if err != nil || made == 0 || db.Time(made).Before(since) {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE backup_code SET suspended_at = $2 WHERE account_id = $1`, a.ID, db.Micros(b.Clock.Now()))
	return []account.Aside{{Kind: account.KindBackup, Added: db.Time(made)}}, err
}

// GiveBack lets the set serve again; false when it is gone: a new set
// takes the place of all others.
func (b *Backups) GiveBack(ctx context.Context, tx *sql.Tx, accountID string, _ account.Aside) (bool, error) {
	n, err := db.Changed(ctx, tx, `UPDATE backup_code SET suspended_at = 0 WHERE account_id = $1 AND suspended_at > 0`, accountID)
	return n > 0, err
}

// Discard takes a set that was put aside away for good.
func (b *Backups) Discard(ctx context.Context, tx *sql.Tx, accountID string, _ account.Aside) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM backup_code WHERE account_id = $1 AND suspended_at > 0`, accountID)
	return err
}
