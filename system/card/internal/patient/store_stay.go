package patient

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// past is a stay in the patient's list, open or over.
type past struct {
	ID, Organisation, Department, State string
	AdmittedAt, DischargedAt            time.Time
	Code, Diagnosis                     string
	Doctor                              string
}

// mainDiagnosis chooses the newest stage of the main diagnosis of stay s.
const mainDiagnosis = `(SELECT id FROM diagnosis WHERE stay_id = s.id AND rank = 'main' AND ended_at = 0
	ORDER BY CASE stage WHEN 'postmortem' THEN 0 WHEN 'final' THEN 1 WHEN 'clinical' THEN 2 WHEN 'admission' THEN 3 ELSE 4 END LIMIT 1)`

func staysOf(ctx context.Context, q db.Querier, patientID string) ([]past, error) {
	var all []past
	for row, err := range db.Rows(ctx, q, `SELECT s.id, s.organisation, s.department, s.state, s.admitted_at, s.discharged_at,
			COALESCE(g.code, ''), COALESCE(g.text, ''), s.doctor_name
		FROM stay s LEFT JOIN diagnosis g ON g.id = `+mainDiagnosis+`
		WHERE s.patient_id = $1 ORDER BY s.admitted_at DESC LIMIT 100`, patientID) {
		if err != nil {
			return nil, err
		}
		var p past
		var admitted, discharged int64
		if err := row.Scan(&p.ID, &p.Organisation, &p.Department, &p.State, &admitted, &discharged, &p.Code, &p.Diagnosis, &p.Doctor); err != nil {
			return nil, err
		}
		p.AdmittedAt, p.DischargedAt = db.Time(admitted), db.Time(discharged)
		all = append(all, p)
	}
	return all, nil
}

// current is an open stay in a list.
type current struct {
	Patient    Patient
	StayID     string
	Department string
	Bed        string
	Code       string
	AdmittedAt time.Time
}

func ofDoctor(ctx context.Context, q db.Querier, organisation, doctorPIN string) ([]current, error) {
	var all []current
	for row, err := range db.Rows(ctx, q, `SELECT `+Columns+`, s.id, s.department, COALESCE(b.name, ''), COALESCE(g.code, ''), s.admitted_at
		FROM stay s JOIN patient p ON p.id = s.patient_id LEFT JOIN bed b ON b.id = s.bed_id LEFT JOIN diagnosis g ON g.id = `+mainDiagnosis+`
		WHERE s.organisation = $1 AND s.doctor_pin = $2 AND s.state = 'open' ORDER BY s.department, b.position, s.admitted_at LIMIT 200`, organisation, doctorPIN) {
		if err != nil {
			return nil, err
		}
		var c current
		var admitted int64
		p, err := Scan(row, &c.StayID, &c.Department, &c.Bed, &c.Code, &admitted)
		if err != nil {
			return nil, err
		}
		c.Patient, c.AdmittedAt = p, db.Time(admitted)
		all = append(all, c)
	}
	return all, nil
}

func sameName(ctx context.Context, q db.Querier, p Patient) ([]Patient, error) {
	var all []Patient
	for row, err := range db.Rows(ctx, q, `SELECT `+Columns+` FROM patient p WHERE p.merged_into = '' AND p.folded_name = $1 AND p.birth_date = $2 LIMIT 10`,
		text.Fold(p.FullName()), p.BirthDate.String()) {
		if err != nil {
			return nil, err
		}
		same, err := Scan(row)
		if err != nil {
			return nil, err
		}
		all = append(all, same)
	}
	return all, nil
}

func seen(ctx context.Context, d *desk.Desk, p Patient) error {
	return d.Seen(ctx, d.DB.Single(), p.PIN, "patient.read", p.ID)
}
