package reception

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
)

// updateAdmission changes an open stay and says whether there was one.
func updateAdmission(ctx context.Context, tx *sql.Tx, stayID, organisation string, m Mending) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE stay SET hours_since_onset = $3, brought_by = $4, referrer = $5, payment = $6, transport = $7
		WHERE id = $1 AND organisation = $2 AND state = 'open'`, stayID, organisation, m.HoursSinceOnset, m.BroughtBy, m.Referrer, m.Payment, m.Transport)
}
