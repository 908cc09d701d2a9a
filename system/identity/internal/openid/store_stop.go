package openid

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
)

// Stop takes back, in the transaction, all that the person granted to any
// client, also what outlives their sessions.
func (p *Provider) Stop(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE account_id = $1 AND revoked_at = 0`, accountID, db.Micros(p.config.Clock.Now()))
	return err
}
