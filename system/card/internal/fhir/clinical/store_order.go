package clinical

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
)

// stateOf is what became of an order by the day: ended by a doctor, by the
// discharge, or past its last day.
func stateOf(today string) string {
	return `CASE WHEN x.ended_at <> 0 AND x.end_reason IN ('discharge', 'death') THEN 'completed' WHEN x.ended_at <> 0 THEN 'stopped'
		WHEN x.last_day <> '' AND x.last_day < '` + today + `' THEN 'completed' ELSE 'active' END`
}

func medicationTable(a *fhir.API) fhir.Table {
	return fhir.Table{
		From: `medical_order x` + ofTheStay, Where: "x.kind = 'drug'", ID: "x.id",
		Columns: columnsOfStay(map[string]fhir.Column{
			"requester": a.Staff("x.by_pin"), "authoredon": fhir.Moments("x.created_at"), "date": fhir.Moments("x.from_at"),
			"status": a.CodesOn(func(today string) map[string]string {
				return map[string]string{status + "CodeSystem/medicationrequest-status": stateOf(today)}
			}),
			"intent": fhir.Constant(status+"CodeSystem/medicationrequest-intent", "order"),
		}),
		Sorts: map[string]string{"authoredon": "x.created_at", "date": "x.from_at"}, Organisation: "s.organisation",
	}
}

// orderColumns are those of orderRow of an order x.
func orderColumns(today string) string {
	return `x.id, x.stay_id, s.patient_id, COALESCE(p.pin, ''), x.by_pin, x.by_name, x.kind, '', x.text, x.dose, x.times, x.hours, ` + stateOf(today) + `,
		x.end_reason, '', x.last_day, 0, x.from_at, x.created_at, CASE x.ended_at WHEN 0 THEN x.created_at ELSE x.ended_at END`
}

func loadOrders(ctx context.Context, q db.Querier, ids []string, today string) ([]orderRow, error) {
	return rows(ctx, q, `SELECT `+orderColumns(today)+` FROM medical_order x`+ofTheStay+` WHERE x.kind = 'drug' AND x.id IN `, ids, scanOrder)
}

func scanOrder(scan func(...any) error) (orderRow, error) {
	var r orderRow
	var urgent, from, created, changed int64
	err := scan(&r.ID, &r.StayID, &r.PatientID, &r.PIN, &r.ByPIN, &r.ByName, &r.Kind, &r.Code, &r.Text, &r.Dose, &r.Times, &r.Hours, &r.Status,
		&r.Reason, &r.Question, &r.LastDay, &urgent, &from, &created, &changed)
	r.Urgent, r.From, r.Created, r.Changed = urgent == 1, db.Time(from), db.Time(created), db.Time(changed)
	return r, err
}

// serviceState is what became of a request.
const serviceState = `CASE WHEN x.cancelled_at <> 0 THEN 'revoked' WHEN EXISTS (SELECT 1 FROM answer w WHERE w.request_id = x.id) THEN 'completed' ELSE 'active' END`

// service states are those of orders, but what was stopped is revoked here.
func serviceStateOf(today string) string {
	return `CASE WHEN x.ended_at <> 0 AND x.end_reason NOT IN ('discharge', 'death') THEN 'revoked' WHEN x.ended_at <> 0 THEN 'completed'
		WHEN x.last_day <> '' AND x.last_day < '` + today + `' THEN 'completed' ELSE 'active' END`
}

func serviceTable(a *fhir.API) fhir.Table {
	return fhir.Table{
		From: `(SELECT x.id AS id, x.stay_id AS stay_id, x.kind AS kind, x.code AS test, x.by_pin AS by_pin, x.asked_at AS at, ` + serviceState + ` AS state,
				0 AS ended_at, '' AS end_reason, '' AS last_day FROM request x
			UNION ALL SELECT o.id, o.stay_id, o.kind, '', o.by_pin, o.created_at, '', o.ended_at, o.end_reason, o.last_day FROM medical_order o
				WHERE o.kind IN ('test', 'procedure')) x` + ofTheStay,
		ID: "x.id",
		Columns: columnsOfStay(map[string]fhir.Column{
			"requester": a.Staff("x.by_pin"), "authored": fhir.Moments("x.at"),
			"status": a.CodesOn(func(today string) map[string]string {
				return map[string]string{status + "request-status": "CASE x.state WHEN '' THEN " + serviceStateOf(today) + " ELSE x.state END"}
			}),
			"intent":   fhir.Constant(status+"request-intent", "order"),
			"category": fhir.Codes(map[string]string{codeRequest: "x.kind"}),
			"code":     fhir.Codes(map[string]string{codeTest: "x.test"}),
		}),
		Sorts: map[string]string{"authored": "x.at"}, Organisation: "s.organisation",
	}
}

// loadRequests reads requests, and tests and procedures that were ordered.
func loadRequests(ctx context.Context, q db.Querier, ids []string, today string) ([]orderRow, error) {
	asked, err := rows(ctx, q, `SELECT x.id, x.stay_id, s.patient_id, COALESCE(p.pin, ''), x.by_pin, x.by_name, x.kind, x.code, x.name, '', '', '', `+serviceState+`,
		x.cancel_reason, x.question, '', x.urgent, x.asked_at, x.asked_at, CASE WHEN x.cancelled_at <> 0 THEN x.cancelled_at
			ELSE COALESCE((SELECT MAX(w.signed_at) FROM answer w WHERE w.request_id = x.id), x.asked_at) END
		FROM request x`+ofTheStay+` WHERE x.id IN `, ids, scanOrder)
	if err != nil {
		return nil, err
	}
	ordered, err := rows(ctx, q, `SELECT `+orderColumns(today)+` FROM medical_order x`+ofTheStay+` WHERE x.kind IN ('test', 'procedure') AND x.id IN `, ids, scanOrder)
	for i := range ordered {
		if ordered[i].Status == "stopped" { // ServiceRequest has another word
			ordered[i].Status = "revoked"
		}
	}
	return append(asked, ordered...), err
}

// traced is who signed a diagnosis, an operation, an order, a laboratory answer.
const traced = `(SELECT 'condition-' || x.id AS id, 'Condition' AS kind, x.id AS target, x.stay_id AS stay_id, x.by_pin AS by_pin, x.by_name AS by_name, x.at AS at FROM diagnosis x
	UNION ALL SELECT 'procedure-' || o.root, 'Procedure', o.root, o.stay_id, o.by_pin, o.by_name, o.signed_at FROM operation o
		WHERE o.signed_at <> 0 AND NOT EXISTS (SELECT 1 FROM operation later WHERE later.root = o.root AND later.version > o.version AND later.signed_at <> 0)
	UNION ALL SELECT 'medication-' || m.id, 'MedicationRequest', m.id, m.stay_id, m.by_pin, m.by_name, m.created_at FROM medical_order m WHERE m.kind = 'drug'
	UNION ALL SELECT 'laboratory-' || r.id, 'Observation', r.id, r.stay_id, w.by_pin, w.by_name, w.signed_at FROM request r JOIN answer w ON w.request_id = r.id
		WHERE r.kind = 'laboratory' AND ` + newestAnswer + `) x` + ofTheStay

func provenanceTable(a *fhir.API) fhir.Table {
	return fhir.Table{
		From: traced, ID: "x.id",
		Columns: map[string]fhir.Column{
			"patient": fhir.References("s.patient_id"), "target": fhir.ReferencesOf("x.kind", "x.target"), "agent": a.Staff("x.by_pin"), "recorded": fhir.Moments("x.at"), "_lastUpdated": fhir.Moments("x.at"),
		},
		Sorts: map[string]string{"recorded": "x.at", "_lastUpdated": "x.at"}, Organisation: "s.organisation",
	}
}

func loadTraces(ctx context.Context, q db.Querier, ids []string) ([]traceRow, error) {
	return rows(ctx, q, `SELECT x.id, x.kind, x.target, s.patient_id, COALESCE(p.pin, ''), x.by_pin, x.by_name, x.at FROM `+traced+` WHERE x.id IN `, ids,
		func(scan func(...any) error) (traceRow, error) {
			var r traceRow
			var at int64
			err := scan(&r.ID, &r.Kind, &r.Target, &r.PatientID, &r.PIN, &r.ByPIN, &r.ByName, &at)
			r.At = db.Time(at)
			return r, err
		})
}

func auditTable(a *fhir.API) fhir.Table {
	return fhir.Table{
		From: `access_record x JOIN patient p ON p.pin = x.subject_pin`, ID: "x.id",
		Columns: map[string]fhir.Column{
			"patient": fhir.References("p.id"), "agent": a.Staff("x.actor_pin"), "date": fhir.Moments("x.at"), "_lastUpdated": fhir.Moments("x.at"),
		},
		Sorts: map[string]string{"date": "x.at", "_lastUpdated": "x.at"},
	}
}

func loadAccesses(ctx context.Context, q db.Querier, ids []string) ([]accessRow, error) {
	return rows(ctx, q, `SELECT x.id, p.id, x.subject_pin, x.actor_pin, x.actor_name, x.actor_role, x.organisation, x.via, x.action, x.purpose, x.object, x.at
		FROM access_record x JOIN patient p ON p.pin = x.subject_pin WHERE x.id IN `, ids, func(scan func(...any) error) (accessRow, error) {
		var r accessRow
		var at int64
		err := scan(&r.ID, &r.PatientID, &r.PIN, &r.ActorPIN, &r.Actor, &r.Role, &r.Organisation, &r.Via, &r.Action, &r.Purpose, &r.Object, &at)
		r.At = db.Time(at)
		return r, err
	})
}
