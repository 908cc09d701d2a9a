package kept

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/sealing"
)

// EncounterTable holds stays and the times in departments under one roof.
func EncounterTable(s *sealing.Sealer) *find.Table {
	return &find.Table{
		From: `(SELECT s.id, '' AS part_of, s.id AS stay_id, s.patient_id, s.organisation, s.state, s.admitted_at AS start_at, s.discharged_at AS end_at, s.doctor_pin
				FROM stay s
			UNION ALL
			SELECT m.id, m.stay_id, '', s.patient_id, s.organisation, CASE WHEN m.until_at = 0 THEN 'open' ELSE 'discharged' END, m.from_at, m.until_at, ''
				FROM move m JOIN stay s ON s.id = m.stay_id) e
			JOIN patient p ON p.id = e.patient_id`,
		Keys: []find.Key{{Expr: "e.id"}},
		ID:   func(keys []string) string { return keys[0] },
		Columns: map[string]find.Column{
			"_id":              find.IDColumn("e.id"),
			"identifier":       formColumn("e.stay_id"),
			"patient":          find.RefColumn("e.patient_id"),
			"subject":          find.RefColumn("e.patient_id"),
			"status":           find.TokenColumn(map[string]string{"http://hl7.org/fhir/encounter-status": "CASE e.state WHEN 'open' THEN 'in-progress' ELSE 'finished' END"}),
			"class":            find.ConstantColumn(inpatient.System, inpatient.Code),
			"date":             find.SpanColumn("e.start_at", "CASE e.end_at WHEN 0 THEN "+find.Forever+" ELSE e.end_at END"),
			"part-of":          find.RefColumn("e.part_of"),
			"participant":      find.StaffColumn(s, "e.doctor_pin"),
			"diagnosis":        diagnosisColumn("e.stay_id"),
			"service-provider": find.RefColumn("e.organisation"),
		},
		Sorts: map[string]find.Key{"date": {Expr: "e.start_at", Number: true}},
		Reach: find.StayReach("e.organisation"),
	}
}

// formColumn is the number of the stay's valid form 066/у.
func formColumn(stay string) find.Column {
	return func(b *find.Builder, c find.Criterion) string {
		const there = "EXISTS (SELECT 1 FROM form f WHERE f.state = 'valid' AND f.stay_id = "
		if len(c.Values) == 0 { // whether there is one
			return there + stay + ")"
		}
		var numbers []string
		for _, v := range c.Values {
			if !v.HasSystem || v.System == datatype.SIDForm066 {
				numbers = append(numbers, v.Text)
			}
		}
		return there + stay + " AND " + find.In(b, "f.number", numbers) + ")"
	}
}

// diagnosisColumn is a diagnosis of the stay that stands.
func diagnosisColumn(stay string) find.Column {
	return func(b *find.Builder, c find.Criterion) string {
		return "EXISTS (SELECT 1 FROM diagnosis d WHERE d.stay_id = " + stay + " AND d.ended_at = 0 AND " + find.RefColumn("d.id")(b, c) + ")"
	}
}

func loadStays(ctx context.Context, q db.Querier, ids []string) ([]stayRow, error) {
	b := &find.Builder{}
	var all []stayRow
	err := find.Each(ctx, q, b, `SELECT s.id, s.patient_id, COALESCE(p.pin, ''), s.organisation, s.state, s.kind, s.brought_by, s.referrer,
		s.department, COALESCE(s.bed_id, ''), s.doctor_pin, s.doctor_name, s.outcome, s.result, s.transferred_to,
		s.admitted_at, s.discharged_at, s.created_at, COALESCE(f.number, ''), COALESCE(f.issued_at, 0)
		FROM stay s JOIN patient p ON p.id = s.patient_id LEFT JOIN form f ON f.stay_id = s.id AND f.state = 'valid'
		WHERE `+find.In(b, "s.id", ids), func(row find.Scanner) error {
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
	b := &find.Builder{}
	var all []moveRow
	err := find.Each(ctx, q, b, `SELECT m.id, m.stay_id, s.patient_id, COALESCE(p.pin, ''), s.organisation, m.department, COALESCE(m.bed_id, ''),
		m.by_pin, m.by_name, m.from_at, m.until_at
		FROM move m JOIN stay s ON s.id = m.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+find.In(b, by, ids)+` ORDER BY m.from_at, m.id`, func(row find.Scanner) error {
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

func ConditionTable() *find.Table {
	return &find.Table{
		From: "diagnosis d JOIN stay s ON s.id = d.stay_id JOIN patient p ON p.id = s.patient_id",
		Keys: []find.Key{{Expr: "d.id"}},
		ID:   func(keys []string) string { return keys[0] },
		Columns: map[string]find.Column{
			"_id":                 find.IDColumn("d.id"),
			"patient":             find.RefColumn("s.patient_id"),
			"subject":             find.RefColumn("s.patient_id"),
			"encounter":           find.RefColumn("d.stay_id"),
			"code":                find.TokenColumn(map[string]string{datatype.ICD10: "d.code"}),
			"category":            find.TokenColumn(map[string]string{datatype.HL7 + "condition-category": "'encounter-diagnosis'", datatype.CodeStage: "d.stage", datatype.CodeRank: "d.rank"}),
			"clinical-status":     find.TokenColumn(map[string]string{datatype.HL7 + "condition-clinical": clinicalStatus}),
			"verification-status": find.TokenColumn(map[string]string{datatype.HL7 + "condition-ver-status": verified}),
			"recorded-date":       find.MomentColumn("d.at"),
		},
		Sorts: map[string]find.Key{"recorded-date": {Expr: "d.at", Number: true}},
		Reach: find.StayReach("s.organisation"),
	}
}

// loadDiagnoses reads diagnoses by their own ids or those of stays, the main
// ones first.
func loadDiagnoses(ctx context.Context, q db.Querier, by string, ids []string) ([]diagnosisRow, error) {
	b := &find.Builder{}
	var all []diagnosisRow
	err := find.Each(ctx, q, b, `SELECT d.id, d.stay_id, s.patient_id, COALESCE(p.pin, ''), d.stage, d.rank, d.code, d.text, d.by_pin, d.by_name,
		`+clinicalStatus+`, `+verified+`, d.at, d.ended_at, s.discharged_at
		FROM diagnosis d JOIN stay s ON s.id = d.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+find.In(b, by, ids)+` ORDER BY CASE d.rank WHEN 'main' THEN 0 ELSE 1 END, d.at, d.id`, func(row find.Scanner) error {
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

func ProcedureTable(s *sealing.Sealer) *find.Table {
	return &find.Table{
		From:   "operation o JOIN stay s ON s.id = o.stay_id JOIN patient p ON p.id = s.patient_id",
		Always: newest,
		Keys:   []find.Key{{Expr: "o.root"}},
		ID:     func(keys []string) string { return keys[0] },
		Columns: map[string]find.Column{
			"_id":       find.IDColumn("o.root"),
			"patient":   find.RefColumn("s.patient_id"),
			"subject":   find.RefColumn("s.patient_id"),
			"encounter": find.RefColumn("o.stay_id"),
			"performer": find.StaffColumn(s, "o.surgeon_pin"),
			"code":      find.TokenColumn(map[string]string{datatype.CodeOperation: "o.code"}),
			"status":    find.ConstantColumn("http://hl7.org/fhir/event-status", "completed"),
			"date":      find.MomentColumn("o.at"),

			"_lastUpdated": find.MomentColumn("o.signed_at"),
		},
		Sorts: map[string]find.Key{"date": {Expr: "o.at", Number: true}, "_lastUpdated": {Expr: "o.signed_at", Number: true}},
		Reach: find.StayReach("s.organisation"),
	}
}

func loadOperations(ctx context.Context, q db.Querier, roots []string) ([]operationRow, error) {
	b := &find.Builder{}
	var all []operationRow
	err := find.Each(ctx, q, b, `SELECT o.root, o.stay_id, s.patient_id, COALESCE(p.pin, ''), o.code, o.name, o.anaesthesia, o.complication, o.protocol,
		o.surgeon_pin, o.surgeon_name, o.side, o.at, o.signed_at
		FROM operation o JOIN stay s ON s.id = o.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+newest+` AND `+find.In(b, "o.root", roots), func(row find.Scanner) error {
		var o operationRow
		var at, signed int64
		err := row.Scan(&o.Root, &o.StayID, &o.PatientID, &o.PIN, &o.Code, &o.Name, &o.Anaesthesia, &o.Complication, &o.Protocol,
			&o.SurgeonPIN, &o.SurgeonName, &o.Side, &at, &signed)
		o.At, o.Signed = db.Time(at), db.Time(signed)
		all = append(all, o)
		return err
	})
	return all, err
}
