package writing

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

func lockStay(ctx context.Context, tx db.Querier, stayID, organisation, lock string) (Held, error) {
	h := Held{ID: stayID, Organisation: organisation}
	var patientID string
	var admitted, discharged int64
	err := tx.QueryRowContext(ctx, `SELECT patient_id, state, admitted_at, discharged_at FROM stay WHERE id = $1 AND organisation = $2`+lock,
		stayID, organisation).Scan(&patientID, &h.State, &admitted, &discharged)
	if errors.Is(err, sql.ErrNoRows) {
		return h, fail.New(fail.NotFound, "card.form.no_stay")
	}
	if err != nil {
		return h, err
	}
	h.AdmittedAt, h.DischargedAt = db.Time(admitted), db.Time(discharged)
	var pin sql.NullString
	err = tx.QueryRowContext(ctx, `SELECT pin FROM patient WHERE id = $1`, patientID).Scan(&pin)
	h.PatientPIN = pin.String
	return h, err
}
