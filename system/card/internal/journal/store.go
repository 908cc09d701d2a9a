package journal

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// mostLines is how many rows of either kind a page shows.
const mostLines = 1000

func insertRefusal(ctx context.Context, tx *sql.Tx, now time.Time, r Refusal) error {
	staff := desk.Of(ctx)
	_, err := tx.ExecContext(ctx, `INSERT INTO refusal (id, organisation, year, number, patient_id, department, kind, at, hours_since_onset, brought_by, referrer,
			code, text, reason, reason_text, help, sent_to, by_pin, by_name, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		r.ID, staff.Post.Organisation, r.Year, r.Number, r.Patient, staff.Post.Department, r.Kind, db.Micros(r.At), r.HoursSinceOnset, r.BroughtBy, r.Referrer,
		r.Code, r.Text, r.Reason, r.ReasonText, r.Help, r.SentTo, staff.PIN, staff.Name, db.Micros(now))
	return err
}

func readRefusals(ctx context.Context, q db.Querier, where string, args ...any) ([]Line, error) {
	var all []Line
	for row, err := range db.Rows(ctx, q, `SELECT `+patient.Columns+`, r.id, r.year, r.number, r.department, r.kind, r.at, r.hours_since_onset, r.brought_by, r.referrer,
			r.code, r.text, r.reason, r.reason_text, r.help, r.sent_to, r.by_name
		FROM refusal r JOIN patient p ON p.id = r.patient_id WHERE `+where, args...) {
		if err != nil {
			return nil, err
		}
		var l Line
		var at int64
		r := &l.Refusal
		p, err := patient.Scan(row, &r.ID, &r.Year, &r.Number, &l.Department, &l.Kind, &at, &l.Hours, &l.BroughtBy, &l.Referrer,
			&l.Code, &l.Text, &r.Reason, &r.ReasonText, &r.Help, &r.SentTo, &l.Doctor)
		if err != nil {
			return nil, err
		}
		l.Patient, l.At, r.At, r.Patient = p, db.Time(at), db.Time(at), p.ID
		all = append(all, l)
	}
	return all, nil
}

// refusals are those of the organisation in the time of the wish.
func refusals(ctx context.Context, q db.Querier, organisation string, w Wish) ([]Line, error) {
	return readRefusals(ctx, q, `r.organisation = $1 AND r.at >= $2 AND r.at < $3 AND ($4 = '' OR r.kind = $4) AND ($5 = '' OR r.department = $5)
		ORDER BY r.at DESC, r.number DESC LIMIT $6`,
		organisation, db.Micros(w.From.Start()), db.Micros(w.Until.Start().AddDate(0, 0, 1)), w.Kind, w.Department, mostLines)
}

// RefusalsOf are the patient's refusals in the organisation, newest first.
func RefusalsOf(ctx context.Context, q db.Querier, organisation, patientID string) ([]Line, error) {
	return readRefusals(ctx, q, `r.organisation = $1 AND r.patient_id = $2 ORDER BY r.at DESC LIMIT 50`, organisation, patientID)
}

// admissions are those of the organisation in the time of the wish; the
// department is where the patient was laid first.
func admissions(ctx context.Context, q db.Querier, organisation string, w Wish) ([]Line, error) {
	var all []Line
	for row, err := range db.Rows(ctx, q, `SELECT `+patient.Columns+`, s.id, s.admitted_at, s.kind, s.brought_by, s.referrer, s.hours_since_onset, m.department,
			COALESCE(g.code, ''), COALESCE(g.text, ''), s.doctor_name, s.discharged_at
		FROM stay s JOIN patient p ON p.id = s.patient_id
			JOIN move m ON m.id = (SELECT id FROM move WHERE stay_id = s.id ORDER BY from_at, id LIMIT 1)
			LEFT JOIN diagnosis g ON g.stay_id = s.id AND g.stage = 'admission' AND g.rank = 'main' AND g.ended_at = 0
		WHERE s.organisation = $1 AND s.admitted_at >= $2 AND s.admitted_at < $3 AND ($4 = '' OR s.kind = $4) AND ($5 = '' OR m.department = $5)
		ORDER BY s.admitted_at DESC, s.id DESC LIMIT $6`,
		organisation, db.Micros(w.From.Start()), db.Micros(w.Until.Start().AddDate(0, 0, 1)), w.Kind, w.Department, mostLines) {
		if err != nil {
			return nil, err
		}
		var l Line
		var at, discharged int64
		p, err := patient.Scan(row, &l.Stay, &at, &l.Kind, &l.BroughtBy, &l.Referrer, &l.Hours, &l.Department, &l.Code, &l.Text, &l.Doctor, &discharged)
		if err != nil {
			return nil, err
		}
		l.Patient, l.At, l.Discharged = p, db.Time(at), db.Time(discharged)
		all = append(all, l)
	}
	return all, nil
}
