package fhir

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
)

// encounterTable holds stays and the times in departments under one roof.
func encounterTable(s *sealer) *table {
	return &table{
		from: `(SELECT s.id, '' AS part_of, s.id AS stay_id, s.patient_id, s.organisation, s.state, s.admitted_at AS start_at, s.discharged_at AS end_at, s.doctor_pin
				FROM stay s
			UNION ALL
			SELECT m.id, m.stay_id, '', s.patient_id, s.organisation, CASE WHEN m.until_at = 0 THEN 'open' ELSE 'discharged' END, m.from_at, m.until_at, ''
				FROM move m JOIN stay s ON s.id = m.stay_id) e
			JOIN patient p ON p.id = e.patient_id`,
		keys: []key{{expr: "e.id"}},
		id:   func(keys []string) string { return keys[0] },
		columns: map[string]column{
			"_id":              idColumn("e.id"),
			"identifier":       formColumn("e.stay_id"),
			"patient":          refColumn("e.patient_id"),
			"subject":          refColumn("e.patient_id"),
			"status":           tokenColumn(map[string]string{"http://hl7.org/fhir/encounter-status": "CASE e.state WHEN 'open' THEN 'in-progress' ELSE 'finished' END"}),
			"class":            constantColumn(inpatient.System, inpatient.Code),
			"date":             spanColumn("e.start_at", "CASE e.end_at WHEN 0 THEN "+forever+" ELSE e.end_at END"),
			"part-of":          refColumn("e.part_of"),
			"participant":      staffColumn(s, "e.doctor_pin"),
			"diagnosis":        diagnosisColumn("e.stay_id"),
			"service-provider": refColumn("e.organisation"),
		},
		sorts: map[string]key{"date": {expr: "e.start_at", number: true}},
		reach: stayReach("e.organisation"),
	}
}

// formColumn is the number of the stay's valid form 066/у.
func formColumn(stay string) column {
	return func(b *builder, c criterion) string {
		var numbers []string
		for _, v := range c.values {
			if !v.hasSystem || v.system == sidForm066 {
				numbers = append(numbers, v.text)
			}
		}
		return "EXISTS (SELECT 1 FROM form f WHERE f.stay_id = " + stay + " AND f.state = 'valid' AND " + in(b, "f.number", numbers) + ")"
	}
}

// diagnosisColumn is a diagnosis of the stay that stands.
func diagnosisColumn(stay string) column {
	return func(b *builder, c criterion) string {
		return "EXISTS (SELECT 1 FROM diagnosis d WHERE d.stay_id = " + stay + " AND d.ended_at = 0 AND " + refColumn("d.id")(b, c) + ")"
	}
}

func loadStays(ctx context.Context, q db.Querier, ids []string) ([]stayRow, error) {
	b := &builder{}
	var all []stayRow
	err := each(ctx, q, b, `SELECT s.id, s.patient_id, COALESCE(p.pin, ''), s.organisation, s.state, s.kind, s.brought_by, s.referrer,
		s.department, COALESCE(s.bed_id, ''), s.doctor_pin, s.doctor_name, s.outcome, s.result, s.transferred_to,
		s.admitted_at, s.discharged_at, s.created_at, COALESCE(f.number, ''), COALESCE(f.issued_at, 0)
		FROM stay s JOIN patient p ON p.id = s.patient_id LEFT JOIN form f ON f.stay_id = s.id AND f.state = 'valid'
		WHERE `+in(b, "s.id", ids), func(row scanner) error {
		var s stayRow
		var admitted, discharged, created, issued int64
		err := row.Scan(&s.ID, &s.PatientID, &s.PIN, &s.Organisation, &s.State, &s.Kind, &s.BroughtBy, &s.Referrer,
			&s.Department, &s.BedID, &s.DoctorPIN, &s.DoctorName, &s.Outcome, &s.Result, &s.TransferredTo,
			&admitted, &discharged, &created, &s.Form, &issued)
		s.Admitted, s.Discharged, s.Created, s.FormIssued = db.Time(admitted), db.Time(discharged), db.Time(created), db.Time(issued)
		all = append(all, s)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	place := map[string]int{}
	for i, s := range all {
		place[s.ID] = i
	}
	diagnoses, err := loadDiagnoses(ctx, q, "d.stay_id", ids)
	if err != nil {
		return nil, err
	}
	for _, d := range diagnoses {
		s := &all[place[d.StayID]]
		s.Diagnoses = append(s.Diagnoses, d)
	}
	moves, err := loadMoves(ctx, q, "m.stay_id", ids)
	if err != nil {
		return nil, err
	}
	for _, m := range moves {
		s := &all[place[m.StayID]]
		s.Moves = append(s.Moves, m)
	}
	return all, nil
}

// loadMoves reads times in departments by their own ids or those of stays.
func loadMoves(ctx context.Context, q db.Querier, by string, ids []string) ([]moveRow, error) {
	b := &builder{}
	var all []moveRow
	err := each(ctx, q, b, `SELECT m.id, m.stay_id, s.patient_id, COALESCE(p.pin, ''), s.organisation, m.department, COALESCE(m.bed_id, ''),
		m.by_pin, m.by_name, m.from_at, m.until_at
		FROM move m JOIN stay s ON s.id = m.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+in(b, by, ids)+` ORDER BY m.from_at, m.id`, func(row scanner) error {
		var m moveRow
		var from, until int64
		err := row.Scan(&m.ID, &m.StayID, &m.PatientID, &m.PIN, &m.Organisation, &m.Department, &m.BedID, &m.ByPIN, &m.ByName, &from, &until)
		m.From, m.Until = db.Time(from), db.Time(until)
		all = append(all, m)
		return err
	})
	return all, err
}

// What a diagnosis is now. A withdrawn one is refuted; what was thought on the
// way in is provisional; the disease is over when the patient was discharged
// recovered.
const (
	clinicalStatus = `CASE WHEN d.ended_at <> 0 THEN 'inactive' WHEN s.state = 'discharged' AND s.result = 'recovered' THEN 'resolved' ELSE 'active' END`
	verified       = `CASE WHEN d.ended_at <> 0 THEN 'refuted' WHEN d.stage IN ('referral', 'admission') THEN 'provisional' ELSE 'confirmed' END`
)

func conditionTable() *table {
	return &table{
		from: "diagnosis d JOIN stay s ON s.id = d.stay_id JOIN patient p ON p.id = s.patient_id",
		keys: []key{{expr: "d.id"}},
		id:   func(keys []string) string { return keys[0] },
		columns: map[string]column{
			"_id":                 idColumn("d.id"),
			"patient":             refColumn("s.patient_id"),
			"subject":             refColumn("s.patient_id"),
			"encounter":           refColumn("d.stay_id"),
			"code":                tokenColumn(map[string]string{icd10: "d.code"}),
			"category":            tokenColumn(map[string]string{hl7 + "condition-category": "'encounter-diagnosis'", codeStage: "d.stage", codeRank: "d.rank"}),
			"clinical-status":     tokenColumn(map[string]string{hl7 + "condition-clinical": clinicalStatus}),
			"verification-status": tokenColumn(map[string]string{hl7 + "condition-ver-status": verified}),
			"recorded-date":       momentColumn("d.at"),
		},
		sorts: map[string]key{"recorded-date": {expr: "d.at", number: true}},
		reach: stayReach("s.organisation"),
	}
}

// loadDiagnoses reads diagnoses by their own ids or those of stays, the main
// ones first.
func loadDiagnoses(ctx context.Context, q db.Querier, by string, ids []string) ([]diagnosisRow, error) {
	b := &builder{}
	var all []diagnosisRow
	err := each(ctx, q, b, `SELECT d.id, d.stay_id, s.patient_id, COALESCE(p.pin, ''), d.stage, d.rank, d.code, d.text, d.by_pin, d.by_name,
		`+clinicalStatus+`, `+verified+`, d.at, d.ended_at, s.discharged_at
		FROM diagnosis d JOIN stay s ON s.id = d.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+in(b, by, ids)+` ORDER BY CASE d.rank WHEN 'main' THEN 0 ELSE 1 END, d.at, d.id`, func(row scanner) error {
		var d diagnosisRow
		var at, ended, discharged int64
		err := row.Scan(&d.ID, &d.StayID, &d.PatientID, &d.PIN, &d.Stage, &d.Rank, &d.Code, &d.Text, &d.ByPIN, &d.ByName,
			&d.Clinical, &d.Verified, &at, &ended, &discharged)
		d.At, d.Ended, d.Discharged = db.Time(at), db.Time(ended), db.Time(discharged)
		all = append(all, d)
		return err
	})
	return all, err
}

// newest picks the newest signed version of an operation.
const newest = `o.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM operation later WHERE later.root = o.root AND later.version > o.version AND later.signed_at <> 0)`

func procedureTable(s *sealer) *table {
	return &table{
		from:   "operation o JOIN stay s ON s.id = o.stay_id JOIN patient p ON p.id = s.patient_id",
		always: newest,
		keys:   []key{{expr: "o.root"}},
		id:     func(keys []string) string { return keys[0] },
		columns: map[string]column{
			"_id":       idColumn("o.root"),
			"patient":   refColumn("s.patient_id"),
			"subject":   refColumn("s.patient_id"),
			"encounter": refColumn("o.stay_id"),
			"performer": staffColumn(s, "o.surgeon_pin"),
			"code":      tokenColumn(map[string]string{codeOperation: "o.code"}),
			"status":    constantColumn("http://hl7.org/fhir/event-status", "completed"),
			"date":      momentColumn("o.at"),
		},
		sorts: map[string]key{"date": {expr: "o.at", number: true}},
		reach: stayReach("s.organisation"),
	}
}

func loadOperations(ctx context.Context, q db.Querier, roots []string) ([]operationRow, error) {
	b := &builder{}
	var all []operationRow
	err := each(ctx, q, b, `SELECT o.root, o.stay_id, s.patient_id, COALESCE(p.pin, ''), o.code, o.name, o.anaesthesia, o.complication, o.protocol,
		o.surgeon_pin, o.surgeon_name, o.at, o.signed_at
		FROM operation o JOIN stay s ON s.id = o.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+newest+` AND `+in(b, "o.root", roots), func(row scanner) error {
		var o operationRow
		var at, signed int64
		err := row.Scan(&o.Root, &o.StayID, &o.PatientID, &o.PIN, &o.Code, &o.Name, &o.Anaesthesia, &o.Complication, &o.Protocol,
			&o.SurgeonPIN, &o.SurgeonName, &at, &signed)
		o.At, o.Signed = db.Time(at), db.Time(signed)
		all = append(all, o)
		return err
	})
	return all, err
}
