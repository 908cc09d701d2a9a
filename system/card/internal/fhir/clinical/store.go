package clinical

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
)

// ofTheStay joins what belongs to the stay of x.
const ofTheStay = ` JOIN stay s ON s.id = x.stay_id JOIN patient p ON p.id = s.patient_id`

// columnsOfStay are those of the parameters that every resource of a stay has.
func columnsOfStay(more map[string]fhir.Column) map[string]fhir.Column {
	all := map[string]fhir.Column{
		"patient": fhir.References("s.patient_id"), "subject": fhir.References("s.patient_id"), "encounter": fhir.References("x.stay_id"),
	}
	maps.Copy(all, more)
	return all
}

// in is the list of placeholders for the values, and the values.
func in(values []string) (string, []any) {
	marks, args := make([]string, len(values)), make([]any, len(values))
	for i, v := range values {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), v
	}
	return "(" + strings.Join(marks, ", ") + ")", args
}

// rows reads what the query finds for the values; it ends in "IN ".
func rows[T any](ctx context.Context, q db.Querier, query string, values []string, scan func(scan func(...any) error) (T, error)) ([]T, error) {
	if len(values) == 0 {
		return nil, nil
	}
	marks, args := in(values)
	var all []T
	for row, err := range db.Rows(ctx, q, query+marks, args...) {
		if err != nil {
			return nil, err
		}
		one, err := scan(row.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func today(a *fhir.API) string { return clock.DateOf(a.Now()).String() }

// standing is the newest version of a line that is not struck.
const standing = `o.struck = 0 AND NOT EXISTS (SELECT 1 FROM observation later WHERE later.root = o.root AND later.version > o.version)`

// newestAnswer is the newest version of an answer.
const newestAnswer = `NOT EXISTS (SELECT 1 FROM answer later WHERE later.request_id = w.request_id AND later.version > w.version)`

func observationTable(a *fhir.API) fhir.Table {
	line := func(v vital, measured string) string {
		return `SELECT o.root || '-` + v.name + `' AS id, 'vital-signs' AS category, '` + v.code + `' AS code, '' AS test,
			o.version AS version, o.stay_id AS stay_id, o.at AS at, o.signed_at AS signed_at, o.by_pin AS by_pin FROM observation o WHERE ` + standing + ` AND o.` + measured + ` <> 0`
	}
	return fhir.Table{
		From: `(` + strings.Join([]string{
			line(temperature, "temperature"), line(pulse, "pulse"), line(pressure, "systolic"), line(respiration, "respiration"), line(saturation, "saturation"),
			`SELECT r.id, 'laboratory', '', r.code, w.version, r.stay_id, w.at, w.signed_at, w.by_pin FROM request r JOIN answer w ON w.request_id = r.id
				WHERE r.kind = 'laboratory' AND ` + newestAnswer,
		}, " UNION ALL ") + `) x` + ofTheStay,
		ID: "x.id",
		Columns: columnsOfStay(map[string]fhir.Column{
			"performer": a.Staff("x.by_pin"), "date": fhir.Moments("x.at"), "_lastUpdated": fhir.Moments("x.signed_at"),
			"code":     fhir.Codes(map[string]string{loinc: "x.code", codeTest: "x.test"}),
			"category": fhir.Codes(map[string]string{hl7 + "observation-category": "x.category"}),
			"status":   fhir.Codes(map[string]string{status + "observation-status": "CASE WHEN x.version > 1 THEN 'amended' ELSE 'final' END"}),
		}),
		Sorts: map[string]string{"date": "x.at", "_lastUpdated": "x.signed_at"}, Organisation: "s.organisation",
	}
}

func loadSigns(ctx context.Context, q db.Querier, roots []string) ([]signRow, error) {
	return rows(ctx, q, `SELECT x.root, x.stay_id, s.patient_id, COALESCE(p.pin, ''), x.by_pin, x.by_name, x.version, x.temperature, x.pulse, x.systolic,
		x.diastolic, x.respiration, x.saturation, x.at, x.signed_at
		FROM (SELECT o.* FROM observation o WHERE `+standing+`) x`+ofTheStay+` WHERE x.root IN `, roots, func(scan func(...any) error) (signRow, error) {
		var r signRow
		var at, signed int64
		err := scan(&r.Root, &r.StayID, &r.PatientID, &r.PIN, &r.ByPIN, &r.ByName, &r.Version, &r.Temperature, &r.Pulse, &r.Systolic,
			&r.Diastolic, &r.Respiration, &r.Saturation, &at, &signed)
		r.At, r.Signed = db.Time(at), db.Time(signed)
		return r, err
	})
}

func reportTable(a *fhir.API) fhir.Table {
	return fhir.Table{
		From: `(SELECT r.id AS id, r.stay_id AS stay_id, r.code AS test, w.version AS version, w.at AS at, w.signed_at AS signed_at, w.by_pin AS by_pin, CASE r.kind WHEN 'laboratory' THEN r.id ELSE '' END AS result,
			CASE r.kind WHEN 'laboratory' THEN 'LAB' WHEN 'imaging' THEN 'RAD' ELSE 'OTH' END AS section
			FROM request r JOIN answer w ON w.request_id = r.id WHERE ` + newestAnswer + `) x` + ofTheStay,
		ID: "x.id",
		Columns: columnsOfStay(map[string]fhir.Column{
			"performer": a.Staff("x.by_pin"), "date": fhir.Moments("x.at"), "based-on": fhir.References("x.id"), "result": fhir.References("x.result"),
			"_lastUpdated": fhir.Moments("x.signed_at"),
			"code":         fhir.Codes(map[string]string{codeTest: "x.test"}),
			"category":     fhir.Codes(map[string]string{hl7 + "v2-0074": "x.section"}),
			"status":       fhir.Codes(map[string]string{status + "diagnostic-report-status": "CASE WHEN x.version > 1 THEN 'amended' ELSE 'final' END"}),
		}),
		Sorts: map[string]string{"date": "x.at", "_lastUpdated": "x.signed_at"}, Organisation: "s.organisation",
	}
}

func loadAnswers(ctx context.Context, q db.Querier, requests []string) ([]answerRow, error) {
	return rows(ctx, q, `SELECT x.id, x.stay_id, s.patient_id, COALESCE(p.pin, ''), x.kind, x.code, x.name, x.question, w.by_pin, w.by_name, w.conclusion,
		w.findings, w.version, w.at, w.signed_at FROM request x JOIN answer w ON w.request_id = x.id`+ofTheStay+`
		WHERE `+newestAnswer+` AND x.id IN `, requests, func(scan func(...any) error) (answerRow, error) {
		var r answerRow
		var findings string
		var at, signed int64
		if err := scan(&r.RequestID, &r.StayID, &r.PatientID, &r.PIN, &r.Kind, &r.Code, &r.Name, &r.Question, &r.ByPIN, &r.ByName, &r.Conclusion,
			&findings, &r.Version, &at, &signed); err != nil {
			return r, err
		}
		r.At, r.Signed = db.Time(at), db.Time(signed)
		if findings == "" {
			return r, nil
		}
		return r, json.Unmarshal([]byte(findings), &r.Findings)
	})
}

// What a patient has that stands in their own row.
const (
	hasCoverage = `(p.policy <> '' OR p.insured = 1)`
	hasAlerts   = `p.alerts <> ''`
)

// personTable is of resources made of a patient's row, one each; their ids are
// the patient's with an ending.
func personTable(ending, has string) fhir.Table {
	who := fhir.References("p.id")
	return fhir.Table{
		From: "patient p", Where: has, ID: "p.id || '" + ending + "'", Treated: true,
		Columns: map[string]fhir.Column{
			"patient": who, "subject": who, "beneficiary": who,
			"status": fhir.Codes(map[string]string{status + "fm-status": "'active'", status + "flag-status": "'active'"}),
		},
	}
}

func trimmed(ids []string, ending string) []string {
	var all []string
	for _, id := range ids {
		if bare, ok := strings.CutSuffix(id, ending); ok {
			all = append(all, bare)
		}
	}
	return all
}

func loadPersons(ctx context.Context, q db.Querier, ids []string, has string) ([]personRow, error) {
	return rows(ctx, q, `SELECT p.id, COALESCE(p.pin, ''), p.policy, p.category, p.alerts, p.insured, p.created_at FROM patient p WHERE `+has+` AND p.id IN `,
		ids, func(scan func(...any) error) (personRow, error) {
			var r personRow
			var insured, created int64
			err := scan(&r.ID, &r.PIN, &r.Policy, &r.Category, &r.Alerts, &insured, &created)
			r.Insured, r.Created = insured == 1, db.Time(created)
			return r, err
		})
}

func consentTable() fhir.Table {
	return fhir.Table{
		From: `consent x` + ofTheStay, ID: "x.id",
		Columns: map[string]fhir.Column{
			"patient": fhir.References("s.patient_id"), "date": fhir.Moments("CASE x.signed_at WHEN 0 THEN x.created_at ELSE x.signed_at END"),
			"status":   fhir.Codes(map[string]string{status + "consent-state-codes": "CASE x.state WHEN 'asked' THEN 'proposed' WHEN 'signed' THEN 'active' ELSE 'inactive' END"}),
			"category": fhir.Codes(map[string]string{codeConsent: "x.kind"}),
			"scope":    fhir.Codes(map[string]string{hl7 + "consentscope": "CASE x.kind WHEN 'data' THEN 'patient-privacy' ELSE 'treatment' END"}),
		},
		Sorts: map[string]string{"date": "CASE x.signed_at WHEN 0 THEN x.created_at ELSE x.signed_at END"}, Organisation: "s.organisation",
	}
}

func loadConsents(ctx context.Context, q db.Querier, ids []string) ([]consentRow, error) {
	return rows(ctx, q, `SELECT x.id, x.stay_id, s.patient_id, COALESCE(p.pin, ''), x.kind, x.subject, x.state, x.signer, x.relation, x.by_pin, x.by_name,
		x.signed_at, x.created_at, x.withdrawn_at FROM consent x`+ofTheStay+` WHERE x.id IN `, ids, func(scan func(...any) error) (consentRow, error) {
		var r consentRow
		var signed, created, withdrawn int64
		err := scan(&r.ID, &r.StayID, &r.PatientID, &r.PIN, &r.Kind, &r.Subject, &r.State, &r.Signer, &r.Relation, &r.ByPIN, &r.ByName, &signed, &created, &withdrawn)
		r.Signed, r.Created, r.Withdrawn = db.Time(signed), db.Time(created), db.Time(withdrawn)
		return r, err
	})
}
