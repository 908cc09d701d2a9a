package diagnosis

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// Of is all diagnoses of the stay by stage, rank and moment, the withdrawn too.
func Of(ctx context.Context, q db.Querier, stayID string) ([]Diagnosis, error) {
	var all []Diagnosis
	for row, err := range db.Rows(ctx, q, `SELECT id, stage, rank, code, text, at, by_name, ended_at, ended_name, end_reason, replaced_by FROM diagnosis WHERE stay_id = $1
		ORDER BY CASE stage WHEN 'referral' THEN 1 WHEN 'admission' THEN 2 WHEN 'clinical' THEN 3 WHEN 'final' THEN 4 ELSE 5 END,
			CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, CASE rank WHEN 'main' THEN 1 WHEN 'complication' THEN 2 ELSE 3 END, at, id`, stayID) {
		if err != nil {
			return nil, err
		}
		var d Diagnosis
		var at, ended int64
		if err := row.Scan(&d.ID, &d.Stage, &d.Rank, &d.Code, &d.Text, &at, &d.ByName, &ended, &d.EndedName, &d.EndReason, &d.ReplacedBy); err != nil {
			return nil, err
		}
		d.At, d.EndedAt = db.Time(at), db.Time(ended)
		all = append(all, d)
	}
	return all, nil
}

func insert(ctx context.Context, tx db.Querier, stayID string, d Diagnosis, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, d.ID, stayID, d.Stage, d.Rank, d.Code, d.Text, db.Micros(d.At), by, d.ByName)
	return err
}

// end ends the diagnosis: withdrawn, or with the reason and the one that stands
// instead.
func end(ctx context.Context, tx db.Querier, diagnosisID, pin, name string, at time.Time, reason, insteadID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE diagnosis SET ended_at = $2, ended_by = $3, ended_name = $4, end_reason = $5, replaced_by = $6 WHERE id = $1 AND ended_at = 0`,
		diagnosisID, db.Micros(at), pin, name, reason, insteadID)
	return err
}
