package treated

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

// senderOf is the organisation's own system, "" where it has none.
func senderOf(ctx context.Context, q db.Querier, organisation string) (string, error) {
	var own string
	err := q.QueryRowContext(ctx, `SELECT subsystem FROM sender WHERE organisation = $1`, organisation).Scan(&own)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return own, err
}

func setSender(ctx context.Context, tx db.Querier, organisation, subsystem string) error {
	if subsystem == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM sender WHERE organisation = $1`, organisation)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sender (organisation, subsystem) VALUES ($1, $2) ON CONFLICT (organisation) DO UPDATE SET subsystem = excluded.subsystem`, organisation, subsystem)
	return err
}
