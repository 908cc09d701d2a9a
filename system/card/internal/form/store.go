package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Load reads the record of a stay of the organisation. lock is d.ForUpdate() in
// the transaction of a change, "" for a read. A stay of another organisation is
// fail.NotFound.
func Load(ctx context.Context, q db.Querier, stayID, organisation, lock string) (Record, error) {
	var r Record
	var organisationCode string
	var admitted, discharged, first int64
	err := q.QueryRowContext(ctx, `SELECT id, state, organisation, department, kind, admitted_at, hours_since_onset, brought_by,
			referrer, first_this_year, doctor_pin, doctor_name, patient_id, discharged_at, outcome, result, transferred_to,
			recommendations, discharged_by
		FROM stay WHERE id = $1`+lock, stayID).
		Scan(&r.StayID, &r.State, &organisationCode, &r.Department, &r.Kind, &admitted, &r.HoursSinceOnset, &r.BroughtBy,
			&r.Referrer, &first, &r.Doctor.PIN, &r.Doctor.Name, &r.Patient.ID, &discharged, &r.Ending.Outcome, &r.Ending.Result,
			&r.Ending.TransferredTo, &r.Ending.Recommendations, &r.Ending.By)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && organisation != "" && organisationCode != organisation) {
		return Record{}, fail.New(fail.NotFound, "card.form.no_stay")
	}
	if err != nil {
		return Record{}, db.Explain(err)
	}
	r.AdmittedAt, r.Ending.At, r.FirstThisYear = db.Time(admitted), db.Time(discharged), first == 1
	r.Organisation.Code = organisationCode
	for _, part := range []func(context.Context, db.Querier, *Record) error{
		loadOrganisation, loadPatient, loadMoves, loadDiagnoses, loadOperations, loadEpicrisis,
	} {
		if err := part(ctx, q, &r); err != nil {
			return Record{}, db.Explain(err)
		}
	}
	return r, nil
}

func loadOrganisation(ctx context.Context, q db.Querier, r *Record) error {
	var data string
	err := q.QueryRowContext(ctx, `SELECT data FROM organisation WHERE code = $1`, r.Organisation.Code).Scan(&data)
	if err == nil {
		code := r.Organisation.Code
		if err := json.Unmarshal([]byte(data), &r.Organisation); err != nil {
			return err
		}
		r.Organisation.Code = code
	} else if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	err = q.QueryRowContext(ctx, `SELECT pin, name FROM department_head WHERE organisation = $1 AND department = $2`,
		r.Organisation.Code, r.Department).Scan(&r.Head.PIN, &r.Head.Name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func loadPatient(ctx context.Context, q db.Querier, r *Record) error {
	var pin sql.NullString
	var family, given, patronymic, birth string
	var rural, insured int64
	p := &r.Patient
	err := q.QueryRowContext(ctx, `SELECT pin, family_name, given_name, patronymic, birth_date, sex, region, address, rural,
			passport, citizenship, insured, policy, category FROM patient WHERE id = $1`, p.ID).
		Scan(&pin, &family, &given, &patronymic, &birth, &p.Sex, &p.Region, &p.Address, &rural,
			&p.Passport, &p.Citizenship, &insured, &p.Policy, &p.Category)
	if err != nil {
		return err
	}
	p.PIN, p.Name, p.BirthDate = pin.String, joined(family, given, patronymic), db.Date(birth)
	p.Rural, p.Insured = rural == 1, insured == 1
	return nil
}

func joined(parts ...string) string {
	name := ""
	for _, part := range parts {
		if part == "" {
			continue
		}
		if name != "" {
			name += " "
		}
		name += part
	}
	return name
}

func loadMoves(ctx context.Context, q db.Querier, r *Record) error {
	rows, err := q.QueryContext(ctx, `SELECT department, from_at, until_at FROM move WHERE stay_id = $1 ORDER BY from_at, id`, r.StayID)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m Move
		var from, until int64
		if err := rows.Scan(&m.Department, &from, &until); err != nil {
			return err
		}
		m.From, m.Until = db.Time(from), db.Time(until)
		r.Moves = append(r.Moves, m)
	}
	return rows.Err()
}

func loadDiagnoses(ctx context.Context, q db.Querier, r *Record) error {
	rows, err := q.QueryContext(ctx, `SELECT stage, rank, code, text, at FROM diagnosis WHERE stay_id = $1 AND ended_at = 0
		ORDER BY CASE stage WHEN 'referral' THEN 1 WHEN 'admission' THEN 2 WHEN 'clinical' THEN 3 WHEN 'final' THEN 4 ELSE 5 END,
			CASE rank WHEN 'main' THEN 1 WHEN 'complication' THEN 2 ELSE 3 END, at, id`, r.StayID)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d Diagnosis
		var at int64
		if err := rows.Scan(&d.Stage, &d.Rank, &d.Code, &d.Text, &at); err != nil {
			return err
		}
		d.At = db.Time(at)
		r.Diagnoses = append(r.Diagnoses, d)
	}
	return rows.Err()
}

func loadOperations(ctx context.Context, q db.Querier, r *Record) error {
	rows, err := q.QueryContext(ctx, `SELECT at, code, name, anaesthesia, complication FROM operation o WHERE stay_id = $1
		AND version = (SELECT MAX(version) FROM operation newer WHERE newer.root = o.root) ORDER BY at, id`, r.StayID)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var o insuranceapi.Operation
		var at int64
		if err := rows.Scan(&at, &o.Code, &o.Name, &o.Anaesthesia, &o.Complication); err != nil {
			return err
		}
		o.At = db.Time(at)
		r.Operations = append(r.Operations, o)
	}
	return rows.Err()
}

func loadEpicrisis(ctx context.Context, q db.Querier, r *Record) error {
	err := q.QueryRowContext(ctx, `SELECT body FROM entry e WHERE stay_id = $1 AND kind = 'discharge_epicrisis' AND signed_at <> 0
		AND version = (SELECT MAX(version) FROM entry newer WHERE newer.root = e.root) ORDER BY at DESC, id DESC LIMIT 1`, r.StayID).Scan(&r.Epicrisis)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
