package handover

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

func updateStay(ctx context.Context, tx db.Querier, stayID string, c Correction) error {
	_, err := tx.ExecContext(ctx, `UPDATE stay SET kind = $2, hours_since_onset = $3, referrer = $4, outcome = $5, result = $6,
			transferred_to = $7, recommendations = $8 WHERE id = $1`,
		stayID, c.Kind, c.HoursSinceOnset, c.Referrer, c.Outcome, c.Result, c.TransferredTo, c.Recommendations)
	return err
}

func updatePatient(ctx context.Context, tx db.Querier, patientID string, c Correction) error {
	_, err := tx.ExecContext(ctx, `UPDATE patient SET insured = $2, policy = $3, category = $4, region = $5, rural = $6 WHERE id = $1`,
		patientID, db.Flag(c.Insured), c.Policy, c.Category, c.Region, db.Flag(c.Rural))
	return err
}

func endDiagnosis(ctx context.Context, tx db.Querier, stayID string, dx Diagnosis, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE diagnosis SET ended_at = $5, ended_by = $6
		WHERE stay_id = $1 AND stage = $2 AND rank = $3 AND code = $4 AND ended_at = 0`,
		stayID, dx.Stage, dx.Rank, dx.Code, db.Micros(at), by)
	return err
}

func addDiagnosis(ctx context.Context, tx db.Querier, newID, stayID string, dx Diagnosis, name, pin, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, newID, stayID, dx.Stage, dx.Rank, dx.Code, name, db.Micros(at), pin, by)
	return err
}

// icdName is the name of a code that may stand as a diagnosis, "" for any other.
func icdName(ctx context.Context, q db.Querier, code string) (string, error) {
	var name string
	err := q.QueryRowContext(ctx, `SELECT name FROM icd WHERE code = $1 AND usable = 1`, code).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return name, err
}

// addReason leaves the reason of a correction in the case history, signed.
func addReason(ctx context.Context, tx db.Querier, newID, stayID, reason string, by desk.Staff, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
		VALUES ($1, $2, 'form_correction', $1, 1, '', $3, $4, $5, $6, $7, $4)`,
		newID, stayID, reason, db.Micros(at), by.PIN, by.Name, by.Post.Title.RU)
	return err
}

// Line is a case in the work list.
type Line struct {
	form.Ref
	StayID       string
	Patient      string // surname, given name, patronymic
	DischargedAt time.Time
	Doctor       string
	Department   string
	State        string
}

// which of the organisation's cases a work list shows: the newest revision of
// every valid form.
const current = `FROM treated_case c JOIN form f ON f.number = c.number AND f.state = 'valid'
	JOIN stay s ON s.id = c.stay_id JOIN patient p ON p.id = s.patient_id
	WHERE s.organisation = $1 AND c.state = $2
	AND c.revision = (SELECT MAX(revision) FROM treated_case newer WHERE newer.number = c.number)`

// lines of the work list in the state, the longest waiting first; those
// accepted the newest first.
func lines(ctx context.Context, q db.Querier, organisation, state string, limit int) ([]Line, error) {
	order := ` ORDER BY c.created_at, c.number LIMIT $3`
	if state == form.Accepted {
		order = ` ORDER BY c.decided_at DESC, c.number DESC LIMIT $3`
	}
	var all []Line
	for row, err := range db.Rows(ctx, q, `SELECT c.number, c.revision, c.stay_id, p.family_name, p.given_name, p.patronymic,
		s.discharged_at, s.doctor_name, s.department, c.state `+current+order, organisation, state, limit) {
		if err != nil {
			return nil, err
		}
		var l Line
		var family, given, patronymic string
		var discharged int64
		err := row.Scan(&l.Number, &l.Revision, &l.StayID, &family, &given, &patronymic, &discharged, &l.Doctor, &l.Department, &l.State)
		if err != nil {
			return nil, err
		}
		l.Patient, l.DischargedAt = text.Joined(family, given, patronymic), db.Time(discharged)
		all = append(all, l)
	}
	return all, nil
}
