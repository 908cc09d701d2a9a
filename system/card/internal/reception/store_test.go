package reception_test

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// discharged ends a stay behind the back of the discharge, whose rules are not
// what these tests are about.
func discharged(stayID string, at time.Time) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE stay SET state = 'discharged', discharged_at = $2 WHERE id = $1`, stayID, db.Micros(at))
		return err
	}
}
