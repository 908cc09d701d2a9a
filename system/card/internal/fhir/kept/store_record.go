package kept

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

// PatientOf is the id of the person's Patient, "" if the card knows none.
func PatientOf(ctx context.Context, q db.Querier, pin string) (string, error) {
	var found string
	err := q.QueryRowContext(ctx, `SELECT id FROM patient WHERE pin = $1 ORDER BY created_at, id LIMIT 1`, pin).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return found, db.Explain(err)
}
