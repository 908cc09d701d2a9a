package document

import (
	"context"
	"fmt"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
)

// signed are entries in their newest signed version.
const signed = `e.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM entry later WHERE later.root = e.root AND later.version > e.version AND later.signed_at <> 0)`

// documentTable is where documents are found: each stay has its history, and an
// epicrisis once one is signed; each pregnancy its exchange card.
func documentTable(statuses, status string) fhir.Table {
	who := fhir.References("x.patient_id")
	state := fhir.Constant("http://hl7.org/fhir/"+statuses, status)
	if status == "final" {
		state = fhir.Codes(map[string]string{"http://hl7.org/fhir/" + statuses: "CASE WHEN x.code <> '18842-5' AND x.state = 'open' THEN 'preliminary' ELSE 'final' END"})
	}
	return fhir.Table{
		From: `(SELECT t.id || '-history' AS id, t.id AS stay_id, t.patient_id AS patient_id, t.organisation AS organisation, t.state AS state, '11503-0' AS code, t.admitted_at AS at FROM stay t
			UNION ALL SELECT l.id || '-epicrisis', l.id, l.patient_id, l.organisation, l.state, '18842-5', MAX(e.signed_at) FROM entry e JOIN stay l ON l.id = e.stay_id
				WHERE e.kind = 'discharge_epicrisis' AND ` + signed + ` GROUP BY l.id, l.patient_id, l.organisation, l.state
			UNION ALL SELECT g.id || '` + exchangeCard.ending + `', '', g.patient_id, g.organisation, g.state, '` + exchangeCard.code + `', g.created_at FROM pregnancy g) x
			JOIN patient p ON p.id = x.patient_id`,
		ID: "x.id",
		Columns: map[string]fhir.Column{
			"patient": who, "subject": who, "encounter": fhir.References("x.stay_id"), "type": fhir.Codes(map[string]string{loinc: "x.code"}),
			"status": state, "date": fhir.Moments("x.at"),
		},
		Sorts: map[string]string{"date": "x.at"}, Organisation: "x.organisation",
	}
}

func in(values []string) (string, []any) {
	marks, args := make([]string, len(values)), make([]any, len(values))
	for i, v := range values {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), v
	}
	return " IN (" + strings.Join(marks, ", ") + ")", args
}

func loadStays(ctx context.Context, q db.Querier, ids []string) ([]stayRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	among, args := in(ids)
	var all []stayRow
	place := map[string]int{}
	err := scanned(ctx, q, `SELECT s.id, s.patient_id, COALESCE(p.pin, ''), s.organisation, s.state, s.doctor_pin, s.doctor_name, s.admitted_at, s.discharged_at
		FROM stay s JOIN patient p ON p.id = s.patient_id WHERE s.id`+among, args, func(scan func(...any) error) error {
		var s stayRow
		var admitted, discharged int64
		err := scan(&s.ID, &s.PatientID, &s.PIN, &s.Organisation, &s.State, &s.DoctorPIN, &s.Doctor, &admitted, &discharged)
		s.Admitted, s.Discharged = db.Time(admitted), db.Time(discharged)
		place[s.ID] = len(all)
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = scanned(ctx, q, `SELECT e.stay_id, e.id, e.kind, e.body, e.by_pin, e.by_name, e.at, e.signed_at FROM entry e WHERE `+signed+` AND e.stay_id`+among+`
		ORDER BY e.at, e.id`, args, func(scan func(...any) error) error {
		var e entryRow
		var at, signedAt int64
		err := scan(&e.StayID, &e.ID, &e.Kind, &e.Body, &e.ByPIN, &e.By, &at, &signedAt)
		e.At, e.Signed = db.Time(at), db.Time(signedAt)
		s := &all[place[e.StayID]]
		s.Entries = append(s.Entries, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = scanned(ctx, q, `SELECT x.stay_id, x.kind, x.id, x.said FROM (
		SELECT d.stay_id AS stay_id, 'Condition' AS kind, d.id AS id, d.code || ' ' || d.text AS said, d.at AS at FROM diagnosis d WHERE d.ended_at = 0
		UNION ALL SELECT o.stay_id, 'Procedure', o.root, o.name, o.at FROM operation o
			WHERE o.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM operation later WHERE later.root = o.root AND later.version > o.version AND later.signed_at <> 0)
		UNION ALL SELECT m.stay_id, 'MedicationRequest', m.id, m.text || ', ' || m.dose || ', ' || m.times, m.from_at FROM medical_order m WHERE m.kind = 'drug'
		UNION ALL SELECT r.stay_id, 'DiagnosticReport', r.id, r.name || ': ' || w.conclusion, w.at FROM request r JOIN answer w ON w.request_id = r.id
			WHERE NOT EXISTS (SELECT 1 FROM answer later WHERE later.request_id = w.request_id AND later.version > w.version)
		) x WHERE x.stay_id`+among+` ORDER BY x.at, x.id`, args, func(scan func(...any) error) error {
		var p part
		err := scan(&p.StayID, &p.Kind, &p.ID, &p.Text)
		s := &all[place[p.StayID]]
		s.Parts = append(s.Parts, p)
		return err
	})
	return all, err
}

func scanned(ctx context.Context, q db.Querier, query string, args []any, scan func(scan func(...any) error) error) error {
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return err
		}
		if err := scan(row.Scan); err != nil {
			return err
		}
	}
	return nil
}
