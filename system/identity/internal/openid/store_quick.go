package openid

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

// stands says that the grant is there and was not revoked. A machine's is not
// written: only its revocation is.
func (g *grants) stands(ctx context.Context, grantID string) (bool, error) {
	var revoked int64
	err := g.db.Read.QueryRowContext(ctx, `SELECT revoked_at FROM permission WHERE id = $1`, grantID).Scan(&revoked)
	if errors.Is(err, sql.ErrNoRows) {
		_, ok := machine(grantID)
		return ok, nil
	}
	return err == nil && revoked == 0, db.Explain(err)
}
