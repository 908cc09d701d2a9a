package patient

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// LoadDetails are those of the patient; fail.NotFound.
func LoadDetails(ctx context.Context, q db.Querier, patientID string) (Details, error) {
	var d Details
	var at int64
	err := q.QueryRowContext(ctx, `SELECT phone, social_status, workplace, privilege, kin_name, kin_relation, kin_phone, blood_group, rhesus, blood_at, blood_by, alerts
		FROM patient WHERE id = $1`, patientID).
		Scan(&d.Phone, &d.SocialStatus, &d.Workplace, &d.Privilege, &d.KinName, &d.KinRelation, &d.KinPhone, &d.BloodGroup, &d.Rhesus, &at, &d.BloodBy, &d.Alerts)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fail.New(fail.NotFound, "card.patient.not_found")
	}
	d.BloodAt = db.Time(at)
	return d, db.Explain(err)
}

func updateDetails(ctx context.Context, tx *sql.Tx, patientID string, d Details) error {
	_, err := tx.ExecContext(ctx, `UPDATE patient SET phone = $2, social_status = $3, workplace = $4, privilege = $5, kin_name = $6, kin_relation = $7,
			kin_phone = $8, blood_group = $9, rhesus = $10, blood_at = $11, blood_by = $12, alerts = $13 WHERE id = $1`,
		patientID, d.Phone, d.SocialStatus, d.Workplace, d.Privilege, d.KinName, d.KinRelation, d.KinPhone, d.BloodGroup, d.Rhesus,
		db.Micros(d.BloodAt), d.BloodBy, d.Alerts)
	return err
}
