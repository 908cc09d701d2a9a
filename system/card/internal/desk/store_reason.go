package desk

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func reasonSince(ctx context.Context, q db.Querier, stayID, pin string, since time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM reading_reason WHERE stay_id = $1 AND pin = $2 AND at > $3`, stayID, pin, db.Micros(since)).Scan(&n)
	return n > 0, db.Explain(err)
}

func insertReason(ctx context.Context, tx db.Querier, reasonID, stayID, pin, reason, note string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO reading_reason (id, stay_id, pin, reason, note, at) VALUES ($1, $2, $3, $4, $5, $6)`, reasonID, stayID, pin, reason, note, db.Micros(at))
	return err
}

// patientOf is the ПИН of the stay's patient, where the stay is the hospital's.
func patientOf(ctx context.Context, q db.Querier, stayID, organisation string) (string, error) {
	var pin string
	err := q.QueryRowContext(ctx, `SELECT COALESCE(p.pin, '') FROM stay s JOIN patient p ON p.id = s.patient_id WHERE s.id = $1 AND s.organisation = $2`, stayID, organisation).Scan(&pin)
	return pin, err
}
