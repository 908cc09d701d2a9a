package reception

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Lying is a person's open stay.
type Lying struct {
	Stay         string
	Organisation string
	AdmittedAt   time.Time
	CreatedAt    time.Time
	CreatedBy    string // ПИН
}

// OpenStay is the person's open stay, if there is one.
func OpenStay(ctx context.Context, q db.Querier, patientID string) (Lying, bool, error) {
	var l Lying
	var admitted, created int64
	err := q.QueryRowContext(ctx, `SELECT id, organisation, admitted_at, created_at, created_by FROM stay WHERE patient_id = $1 AND state = 'open'`, patientID).
		Scan(&l.Stay, &l.Organisation, &admitted, &created, &l.CreatedBy)
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	l.AdmittedAt, l.CreatedAt = db.Time(admitted), db.Time(created)
	return l, err == nil, db.Explain(err)
}

// Hold holds the person's row for a change of who comes and goes; who was merged
// into another meanwhile is fail.Conflict.
func Hold(ctx context.Context, d *db.DB, tx *sql.Tx, patientID string) error {
	var into string
	if err := tx.QueryRowContext(ctx, `SELECT merged_into FROM patient WHERE id = $1`+d.ForUpdate(), patientID).Scan(&into); err != nil {
		return err
	}
	if into != "" {
		return fail.New(fail.Conflict, "card.patient.merged_meanwhile")
	}
	return nil
}

// lastDischarge is the end of the person's last stay, zero for none.
func lastDischarge(ctx context.Context, tx *sql.Tx, patientID string) (time.Time, error) {
	var until int64
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(discharged_at), 0) FROM stay WHERE patient_id = $1`, patientID).Scan(&until)
	return db.Time(until), err
}

// staysSince says whether the person had a stay since then: a default of the form.
func staysSince(ctx context.Context, q db.Querier, patientID string, since time.Time) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM stay WHERE patient_id = $1 AND admitted_at >= $2`, patientID, db.Micros(since)).Scan(&n)
	return n > 0, db.Explain(err)
}

func insertStay(ctx context.Context, tx *sql.Tx, now time.Time, stayID string, a Admission) error {
	staff := desk.Of(ctx)
	var bed any
	if a.Bed != "" {
		bed = a.Bed
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer,
			first_this_year, department, bed_id, doctor_pin, doctor_name, created_at, created_by, payment, transport)
		VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		stayID, a.Patient, staff.Post.Organisation, a.Kind, db.Micros(a.At), a.HoursSinceOnset, a.BroughtBy, a.Referrer,
		db.Flag(a.FirstThisYear), a.Department, bed, a.DoctorPIN, a.DoctorName, db.Micros(now), staff.PIN, a.Payment, a.Transport)
	return err
}

func insertDiagnosis(ctx context.Context, tx *sql.Tx, stayID, stage string, g Diagnosis, at time.Time) error {
	staff := desk.Of(ctx)
	_, err := tx.ExecContext(ctx, `INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name)
		VALUES ($1, $2, $3, 'main', $4, $5, $6, $7, $8)`,
		id.New(), stayID, stage, g.Code, g.Text, db.Micros(at), staff.PIN, staff.Name)
	return err
}

func updatePatient(ctx context.Context, tx *sql.Tx, a Admission) error {
	_, err := tx.ExecContext(ctx, `UPDATE patient SET insured = $2, policy = $3, category = $4, alerts = $5, policy_until = $6 WHERE id = $1`,
		a.Patient, db.Flag(a.Insured), a.Policy, a.Category, a.Alerts, a.PolicyUntil.String())
	return err
}
