package treated

import (
	"context"
	"encoding/json"

	"github.com/sanarip/sanarip/kit/db"
)

const doubleColumns = `id, case_id, way, content, content_hash, decision, sent_by, received_at`

func scanDouble(row db.Row) (Double, error) {
	var d Double
	var received int64
	var content, decision string
	if err := row.Scan(&d.ID, &d.CaseID, &d.Way, &content, &d.hash, &decision, &d.SentBy, &received); err != nil {
		return d, err
	}
	d.ReceivedAt = db.Time(received)
	if err := json.Unmarshal([]byte(content), &d.Case); err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(decision), &d.Decision)
}

func doubleOf(ctx context.Context, q db.Querier, number string, revision int, way string) (Double, error) {
	return scanDouble(q.QueryRowContext(ctx, `SELECT `+doubleColumns+` FROM case_double WHERE number = $1 AND revision = $2 AND way = $3`, number, revision, way))
}

// keepDouble keeps the last content that came so.
func keepDouble(ctx context.Context, tx db.Querier, d Double, content string) error {
	decision, err := json.Marshal(d.Decision)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO case_double (id, case_id, number, revision, organisation, way, content, content_hash, decision, sent_by, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (number, revision, way) DO UPDATE SET content = excluded.content, content_hash = excluded.content_hash,
			decision = excluded.decision, sent_by = excluded.sent_by, received_at = excluded.received_at`,
		d.ID, d.CaseID, d.Case.Number, d.Case.Revision, d.Case.Organisation, d.Way, content, d.hash, string(decision), d.SentBy, db.Micros(d.ReceivedAt))
	return err
}

// doubles are those of the case, the newest first.
func doubles(ctx context.Context, q db.Querier, caseID string) ([]Double, error) {
	return db.List(ctx, q, scanDouble, `SELECT `+doubleColumns+` FROM case_double WHERE case_id = $1 ORDER BY received_at DESC, id`, caseID)
}
