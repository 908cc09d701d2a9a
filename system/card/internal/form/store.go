package form

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Anywhere stands for every organisation, for those who have asked already
// whose stay it is.
const Anywhere = "*"

// Load reads the record of a stay of the organisation. lock is d.ForUpdate() in
// the transaction of a change, "" for a read. A stay of another organisation is
// fail.NotFound.
func Load(ctx context.Context, q db.Querier, stayID, organisation, lock string) (Record, error) {
	var r Record
	var there bool
	// The stay first: what others wrote before they let go of its lock is seen by
	// the questions behind it.
	if err := db.Send(ctx, q, stayOf(&r, &there, stayID, lock), peopleOf(&r, stayID), courseOf(&r, stayID)); err != nil {
		return Record{}, db.Explain(err)
	}
	if !there || (organisation != Anywhere && r.Organisation.Code != organisation) {
		return Record{}, fail.New(fail.NotFound, "card.form.no_stay")
	}
	return r, nil
}

func stayOf(r *Record, there *bool, stayID, lock string) db.Question {
	each := func(row db.Row) error {
		var admitted, discharged, first int64
		err := row.Scan(&r.StayID, &r.State, &r.Organisation.Code, &r.Department, &r.Kind, &admitted, &r.HoursSinceOnset, &r.BroughtBy,
			&r.Referrer, &first, &r.Doctor.PIN, &r.Doctor.Name, &r.Patient.ID, &discharged, &r.Ending.Outcome, &r.Ending.Result,
			&r.Ending.TransferredTo, &r.Ending.Recommendations, &r.Ending.By, &r.Payment)
		r.AdmittedAt, r.Ending.At, r.FirstThisYear = db.Time(admitted), db.Time(discharged), first == 1
		*there = true
		return err
	}
	return db.Question{Query: `SELECT id, state, organisation, department, kind, admitted_at, hours_since_onset, brought_by,
			referrer, first_this_year, doctor_pin, doctor_name, patient_id, discharged_at, outcome, result, transferred_to,
			recommendations, discharged_by, payment
		FROM stay WHERE id = $1` + lock, Args: []any{stayID}, Each: each}
}

// peopleOf reads what there is one of: the patient, the hospital, who heads
// the department, the epicrisis. One question to the database, not four.
func peopleOf(r *Record, stayID string) db.Question {
	each := func(row db.Row) error {
		var pin sql.NullString
		var family, given, patronymic, birth, organisation, referrer string
		var rural, insured int64
		p, code := &r.Patient, r.Organisation.Code
		err := row.Scan(&pin, &family, &given, &patronymic, &birth, &p.Sex, &p.Region, &p.Address, &rural,
			&p.Passport, &p.Citizenship, &insured, &p.Policy, &p.Category, &p.Social, &p.Privilege, &p.Mother, &p.BirthOrder, &organisation, &referrer, &r.Head.PIN, &r.Head.Name, &r.Epicrisis)
		if err != nil {
			return err
		}
		p.PIN, p.Name, p.BirthDate = pin.String, text.Joined(family, given, patronymic), db.Date(birth)
		p.Rural, p.Insured = rural == 1, insured == 1
		if referrer != "" {
			var o workforceapi.Organisation
			if err := json.Unmarshal([]byte(referrer), &o); err != nil {
				return err
			}
			r.ReferrerName = o.Name
		}
		if organisation == "" {
			return nil
		}
		err = json.Unmarshal([]byte(organisation), &r.Organisation)
		r.Organisation.Code = code
		return err
	}
	return db.Question{Query: `SELECT p.pin, p.family_name, p.given_name, p.patronymic, p.birth_date, p.sex, p.region, p.address, p.rural,
			p.passport, CASE WHEN p.country <> '' THEN p.country ELSE p.citizenship END, p.insured, p.policy, p.category, p.social_status, p.privilege, COALESCE(m.pin, ''), COALESCE(n.birth_order, 0), COALESCE(o.data, ''), COALESCE(w.data, ''), COALESCE(h.pin, ''), COALESCE(h.name, ''),
			COALESCE((SELECT e.body FROM entry e WHERE e.stay_id = $1 AND e.kind = 'discharge_epicrisis' AND e.signed_at <> 0
				AND e.version = (SELECT MAX(version) FROM entry newer WHERE newer.root = e.root) ORDER BY e.at DESC, e.id DESC LIMIT 1), '')
		FROM stay s JOIN patient p ON p.id = s.patient_id LEFT JOIN organisation o ON o.code = s.organisation
			LEFT JOIN organisation w ON w.code = s.referrer
			LEFT JOIN newborn n ON n.patient_id = p.id LEFT JOIN patient m ON m.id = n.mother_id
			LEFT JOIN department_head h ON h.organisation = s.organisation AND h.department = s.department
		WHERE s.id = $1`, Args: []any{stayID}, Each: each}
}

// courseOf reads what there are many of: moves, diagnoses in force, operations
// in their newest version. One question to the database, not three.
func courseOf(r *Record, stayID string) db.Question {
	each := func(row db.Row) error {
		var part, rowID, a, b, c, d string
		var place int
		var at, until int64
		if err := row.Scan(&part, &place, &at, &rowID, &a, &b, &c, &d, &until); err != nil {
			return err
		}
		switch part {
		case "move":
			r.Moves = append(r.Moves, Move{Department: a, From: db.Time(at), Until: db.Time(until)})
		case "diagnosis":
			diagnosis := Diagnosis{At: db.Time(at)}
			diagnosis.Stage, diagnosis.Rank, diagnosis.Code, diagnosis.Text = a, b, c, d
			r.Diagnoses = append(r.Diagnoses, diagnosis)
		case "operation":
			r.Operations = append(r.Operations, insuranceapi.Operation{At: db.Time(at), Code: a, Name: b, Anaesthesia: c, Complication: d})
			if end := db.Time(until); end.After(r.OperationsEnd) {
				r.OperationsEnd = end
			}
		}
		return nil
	}
	return db.Question{Query: `SELECT 'move' AS part, 0 AS place, from_at AS at, id, department AS a, '' AS b, '' AS c, '' AS d, until_at
			FROM move WHERE stay_id = $1
		UNION ALL SELECT 'diagnosis', CASE stage WHEN 'referral' THEN 10 WHEN 'admission' THEN 20 WHEN 'clinical' THEN 30 WHEN 'final' THEN 40 ELSE 50 END
				+ CASE rank WHEN 'main' THEN 1 WHEN 'complication' THEN 2 ELSE 3 END, at, id, stage, rank, code, text, 0
			FROM diagnosis WHERE stay_id = $1 AND ended_at = 0
		UNION ALL SELECT 'operation', 0, at, id, code, name, anaesthesia, complication, ended_at
			FROM operation o WHERE stay_id = $1 AND version = (SELECT MAX(version) FROM operation newer WHERE newer.root = o.root)
		ORDER BY 1, 2, 3, 4`, Args: []any{stayID}, Each: each}
}
