package referred

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// row is a referral with what belongs to it.
type row struct {
	referral.Referral
	Profile string // name of the department that is asked, "" if it is not known
	Lies    bool   // the stay that came of it lasts
	Steps   []referral.Step
	Results []string // ids
}

// updated is when it came to where it is.
func (r row) updated() time.Time {
	last := r.WrittenAt
	for _, s := range r.Steps {
		last = datatype.Latest(last, s.At)
	}
	return last
}

// requestStates and taskStates are R4's words for the states of a referral; one
// that was closed by an admission is under way while the patient lies there.
var (
	requestStates = map[string]string{
		referral.Sent: "active", referral.Accepted: "active", referral.NotCome: "on-hold", referral.Admitted: "completed", referral.Answered: "completed",
		referral.Refused: "revoked", referral.Redirected: "revoked", referral.Withdrawn: "revoked", referral.Expired: "revoked",
	}
	taskStates = map[string]string{
		referral.Sent: "requested", referral.Accepted: "accepted", referral.NotCome: "on-hold", referral.Admitted: "completed", referral.Answered: "completed",
		referral.Refused: "rejected", referral.Redirected: "rejected", referral.Withdrawn: "cancelled", referral.Expired: "cancelled",
	}
)

func (r row) request() string {
	if r.Lies {
		return "active"
	}
	return requestStates[r.State]
}

func (r row) task() string {
	if r.Lies {
		return "in-progress"
	}
	return taskStates[r.State]
}

// lies: the stay that closed the referral x lasts.
const lies = `EXISTS (SELECT 1 FROM stay l WHERE l.id = x.stay_id AND l.state = 'open')`

// said is the expression of R4's word for the state of x.
func said(words map[string]string, lying string) string {
	expr := `CASE WHEN x.state = 'admitted' AND ` + lies + ` THEN '` + lying + `'`
	for _, state := range referral.States {
		expr += ` WHEN x.state = '` + state + `' THEN '` + words[state] + `'`
	}
	return expr + ` ELSE '' END`
}

const priority = `CASE x.urgency WHEN 'planned' THEN 'routine' WHEN 'urgent' THEN 'urgent' ELSE 'stat' END`

// sides: an organisation sees what it sent or received, and what became of what it
// sent further down the chain.
func sides(in func(string) string) string {
	return `(` + in("x.from_organisation") + ` OR ` + in("x.to_organisation") + ` OR EXISTS (SELECT 1 FROM referral c WHERE c.root = x.root AND c.written_at <= x.written_at AND ` +
		in("c.from_organisation") + `))`
}

const ofPatient = ` JOIN patient p ON p.id = x.patient_id`

func requestTable(a *fhir.API) fhir.Table {
	who := fhir.ReferencesTo("Patient", "x.patient_id")
	return fhir.Table{
		From: `referral x` + ofPatient, ID: "x.id",
		Columns: map[string]fhir.Column{
			"patient": who, "subject": who, "encounter": fhir.ReferencesTo("Encounter", "x.from_stay"), "requester": a.Staff("x.by_pin"),
			"performer": fhir.ReferencesTo("Organization", "x.to_organisation"), "replaces": fhir.ReferencesTo("ServiceRequest", "x.replaces"),
			"identifier": fhir.Codes(map[string]string{datatype.SIDReferral: "x.number"}), "requisition": fhir.Codes(map[string]string{datatype.SIDChain: "x.root"}),
			"authored": fhir.Moments("x.written_at"), "intent": fhir.Constant(status+"request-intent", "order"),
			"category": fhir.Codes(map[string]string{codeForm: "x.form"}), "code": fhir.Codes(map[string]string{codePurpose: "x.purpose"}),
			"priority": fhir.Codes(map[string]string{status + "request-priority": priority}),
			"status":   fhir.Codes(map[string]string{status + "request-status": said(requestStates, "active")}),
		},
		Sorts: map[string]string{"authored": "x.written_at"}, Reached: sides,
	}
}

// modified is when the last step of x was made.
const modified = `COALESCE((SELECT MAX(t.at) FROM referral_step t WHERE t.referral_id = x.id), x.written_at)`

func taskTable(*fhir.API) fhir.Table {
	who, request := fhir.ReferencesTo("Patient", "x.patient_id"), fhir.ReferencesTo("ServiceRequest", "x.id")
	return fhir.Table{
		From: `referral x` + ofPatient, ID: "x.id",
		Columns: map[string]fhir.Column{
			"patient": who, "subject": who, "encounter": fhir.ReferencesTo("Encounter", "x.from_stay"), "focus": request, "based-on": request,
			"requester": fhir.ReferencesTo("Organization", "x.from_organisation"), "owner": fhir.ReferencesTo("Organization", "x.to_organisation"),
			"identifier": fhir.Codes(map[string]string{datatype.SIDReferral: "x.number"}), "group-identifier": fhir.Codes(map[string]string{datatype.SIDChain: "x.root"}),
			"authored-on": fhir.Moments("x.written_at"), "modified": fhir.Moments(modified), "intent": fhir.Constant(status+"request-intent", "order"),
			"code": fhir.Constant(status+"CodeSystem/task-code", "fulfill"), "priority": fhir.Codes(map[string]string{status + "request-priority": priority}),
			"status":          fhir.Codes(map[string]string{status + "task-status": said(taskStates, "in-progress")}),
			"business-status": fhir.Codes(map[string]string{codeState: "x.state"}),
		},
		Sorts: map[string]string{"authored-on": "x.written_at", "modified": modified}, Reached: sides,
	}
}

func resultTable(a *fhir.API) fhir.Table {
	who := fhir.ReferencesTo("Patient", "x.patient_id")
	var types []string
	for _, kind := range sortedKinds() {
		types = append(types, `WHEN '`+kind+`' THEN '`+kinds[kind].Code+`'`)
	}
	return fhir.Table{
		From: `referral_result o JOIN referral x ON x.id = o.referral_id` + ofPatient, ID: "o.id",
		Columns: map[string]fhir.Column{
			"patient": who, "subject": who, "related": fhir.ReferencesTo("ServiceRequest", "x.id"), "custodian": fhir.ReferencesTo("Organization", "o.owner"),
			"type":   fhir.Codes(map[string]string{loinc: `CASE o.kind ` + strings.Join(types, " ") + ` ELSE '' END`}),
			"status": fhir.Constant(status+"document-reference-status", "current"), "date": fhir.Moments("x.written_at"),
		},
		Sorts: map[string]string{"date": "x.written_at"},
		Reached: func(in func(string) string) string { // the law of Referral.Shows
			today := clock.DateOf(a.Now()).String()
			return `(` + in("o.owner") + ` OR ` + in("x.to_organisation") + ` AND (x.state IN ('sent', 'accepted') AND x.valid_until >= '` + today + `' OR x.state = 'admitted' AND ` + lies + `))`
		},
	}
}

func sortedKinds() []string {
	var all []string
	for kind := range kinds {
		all = append(all, kind)
	}
	slices.Sort(all)
	return all
}

func traceTable(a *fhir.API) fhir.Table {
	return fhir.Table{
		From: `referral_step t JOIN referral x ON x.id = t.referral_id` + ofPatient, ID: "'" + traceBeginning + "' || t.id",
		Columns: map[string]fhir.Column{
			"patient": fhir.ReferencesTo("Patient", "x.patient_id"), "target": fhir.ReferencesTo("Task", "x.id"), "agent": a.Staff("t.by_pin"), "recorded": fhir.Moments("t.at"), "_lastUpdated": fhir.Moments("t.at"),
		},
		Sorts: map[string]string{"recorded": "t.at", "_lastUpdated": "t.at"}, Reached: sides,
	}
}

// in is the list of placeholders for the values, and the values.
func in(values []string) (string, []any) {
	marks, args := make([]string, len(values)), make([]any, len(values))
	for i, v := range values {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), v
	}
	return "(" + strings.Join(marks, ", ") + ")", args
}

// each reads what the query, which ends in "IN ", finds for the values, with what
// follows behind them.
func each(ctx context.Context, q db.Querier, query string, values []string, behind string, scan func(scan func(...any) error) error) error {
	if len(values) == 0 {
		return nil
	}
	marks, args := in(values)
	for row, err := range db.Rows(ctx, q, query+marks+behind, args...) {
		if err != nil {
			return err
		}
		if err := scan(row.Scan); err != nil {
			return err
		}
	}
	return nil
}

// load reads the referrals of the ids.
func load(ctx context.Context, q db.Querier, a *fhir.API, ids []string) ([]row, error) {
	referrals, err := referral.Named(ctx, q, ids)
	if err != nil || len(referrals) == 0 {
		return nil, err
	}
	var all []row
	var receivers []string
	place := map[string]int{}
	for i, r := range referrals {
		place[r.ID] = i
		all = append(all, row{Referral: r})
		receivers = append(receivers, r.To)
	}
	slices.Sort(receivers)
	organisations, err := a.Organisations(ctx, q, slices.Compact(receivers))
	if err != nil {
		return nil, err
	}
	for i, r := range all {
		for _, o := range organisations {
			at := slices.IndexFunc(o.Departments, func(d workforceapi.Department) bool { return o.Code == r.To && d.Code == r.ToDepartment })
			if at >= 0 {
				all[i].Profile = o.Departments[at].Name.RU
			}
		}
	}
	if err := each(ctx, q, `SELECT x.id FROM referral x WHERE x.state = 'admitted' AND `+lies+` AND x.id IN `, ids, "", func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		all[place[id]].Lies = true
		return err
	}); err != nil {
		return nil, err
	}
	if err := each(ctx, q, `SELECT referral_id, id, seq, state, at, note FROM referral_step WHERE referral_id IN `, ids, ` ORDER BY referral_id, seq`, func(scan func(...any) error) error {
		var id string
		var s referral.Step
		var at int64
		err := scan(&id, &s.ID, &s.Seq, &s.State, &at, &s.Note)
		s.At = db.Time(at)
		all[place[id]].Steps = append(all[place[id]].Steps, s)
		return err
	}); err != nil {
		return nil, err
	}
	err = each(ctx, q, `SELECT referral_id, id FROM referral_result WHERE referral_id IN `, ids, ` ORDER BY referral_id, position`, func(scan func(...any) error) error {
		var id, result string
		err := scan(&id, &result)
		all[place[id]].Results = append(all[place[id]].Results, result)
		return err
	})
	return all, err
}

// resultRow is an attached result.
type resultRow struct {
	referral.Result
	ReferralID, PatientID, PIN string
	Attached                   time.Time
}

func loadResults(ctx context.Context, q db.Querier, ids []string) ([]resultRow, error) {
	var all []resultRow
	err := each(ctx, q, `SELECT o.id, o.owner, o.kind, o.title, o.at, o.body, o.findings, o.by_name, x.id, x.written_at, p.id, COALESCE(p.pin, '')
		FROM referral_result o JOIN referral x ON x.id = o.referral_id`+ofPatient+` WHERE o.id IN `, ids, "", func(scan func(...any) error) error {
		var r resultRow
		var at, attached int64
		var findings string
		err := scan(&r.ID, &r.Owner, &r.Kind, &r.Title, &at, &r.Body, &findings, &r.ByName, &r.ReferralID, &attached, &r.PatientID, &r.PIN)
		if err == nil && findings != "" {
			err = json.Unmarshal([]byte(findings), &r.Findings)
		}
		r.At, r.Attached = db.Time(at), db.Time(attached)
		all = append(all, r)
		return err
	})
	return all, err
}

// stepRow is a step with whom it is about.
type stepRow struct {
	referral.Step
	ReferralID, PatientID, PIN string
}

func loadSteps(ctx context.Context, q db.Querier, ids []string) ([]stepRow, error) {
	var all []stepRow
	err := each(ctx, q, `SELECT t.id, t.state, t.at, t.organisation, t.by_pin, t.by_name, t.note, x.id, p.id, COALESCE(p.pin, '')
		FROM referral_step t JOIN referral x ON x.id = t.referral_id`+ofPatient+` WHERE t.id IN `, ids, "", func(scan func(...any) error) error {
		var r stepRow
		var at int64
		err := scan(&r.ID, &r.State, &at, &r.Organisation, &r.ByPIN, &r.ByName, &r.Note, &r.ReferralID, &r.PatientID, &r.PIN)
		r.At = db.Time(at)
		all = append(all, r)
		return err
	})
	return all, err
}
