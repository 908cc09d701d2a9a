package referred

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/referral"
)

// Task is the FHIR resource: how far the receiver has come with a referral.
type Task struct {
	datatype.Base
	Identifier      []datatype.Identifier `json:"identifier"`
	BasedOn         []*datatype.Reference `json:"basedOn"`
	GroupIdentifier *datatype.Identifier  `json:"groupIdentifier,omitempty"`
	Status          string                `json:"status"`
	StatusReason    *datatype.Concept     `json:"statusReason,omitempty"`
	BusinessStatus  *datatype.Concept     `json:"businessStatus"`
	Intent          string                `json:"intent"`
	Priority        string                `json:"priority"`
	Code            *datatype.Concept     `json:"code"`
	Focus           *datatype.Reference   `json:"focus"`
	For             *datatype.Reference   `json:"for"`
	Encounter       *datatype.Reference   `json:"encounter,omitempty"`
	AuthoredOn      string                `json:"authoredOn"`
	LastModified    string                `json:"lastModified"`
	Requester       *datatype.Reference   `json:"requester"`
	Owner           *datatype.Reference   `json:"owner"`
	Location        *datatype.Reference   `json:"location,omitempty"`
	RelevantHistory []*datatype.Reference `json:"relevantHistory,omitempty"`
	Restriction     *Restriction          `json:"restriction,omitempty"`
	Output          []Output              `json:"output,omitempty"`
}

// Restriction is until when it must be done, from the accepted hour on once there
// is one.
type Restriction struct {
	Period *datatype.Period `json:"period"`
}

// Output is what came of it: the hour that was promised, a conclusion, a stay.
type Output struct {
	Type           *datatype.Concept   `json:"type"`
	ValueDateTime  string              `json:"valueDateTime,omitempty"`
	ValueReference *datatype.Reference `json:"valueReference,omitempty"`
	ValueString    string              `json:"valueString,omitempty"`
}

func tasks(a *fhir.API) fhir.Source {
	params := fhir.Params("Task") // systems put tasks of their own beside these
	for name, p := range params {
		p.Sorts = p.Type == "date" && name != "period"
		params[name] = p
	}
	return fhir.Source{
		Kind: "Task", Table: taskTable(a), Params: params,
		About: "A Task of a referral is changed by PUT with If-Match by an app of a doctor (user/Task.u): accepted, rejected, on-hold, completed, or sent on to another (rejected with businessStatus redirected and another owner and location) by the organisation that was asked, cancelled by the one that asked. " +
			"Machines of other organisations answer through the exchange (service referrals).",
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := load(ctx, q, a, ids)
			if err != nil {
				return nil, err
			}
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, taskMade(a, row))
			}
			return all, nil
		},
	}
}

func taskMade(a *fhir.API, row row) fhir.Made {
	patient, encounter := datatype.To("Patient", row.Patient.ID), datatype.To("Encounter", row.FromStay)
	request, from, to := datatype.To("ServiceRequest", row.ID), datatype.To("Organization", row.From), datatype.To("Organization", row.To)
	t := &Task{
		Base: datatype.Profiled("referral-task"), Identifier: numbered(row.Referral), BasedOn: []*datatype.Reference{request}, GroupIdentifier: chained(row.Referral),
		Status: row.task(), BusinessStatus: datatype.Code(codeState, row.State, ""), Intent: "order", Priority: priorities[row.Urgency],
		Code: datatype.Code(status+"CodeSystem/task-code", "fulfill", "Fulfill the focal request"), Focus: request, For: patient, Encounter: encounter,
		AuthoredOn: datatype.Moment(row.WrittenAt), LastModified: datatype.Moment(row.updated()), Requester: from, Owner: to,
		Restriction: &Restriction{&datatype.Period{Start: datatype.Moment(row.AppointedAt), End: row.ValidUntil.String()}},
	}
	if row.Profile != "" {
		t.Location = a.Ward(row.To, row.ToDepartment)
	}
	var history []*datatype.Reference
	for _, s := range row.Steps {
		history = append(history, datatype.To("Provenance", traceID(s.ID)))
		if s.Seq == row.Version && s.Note != "" && slices.Contains([]string{referral.Refused, referral.Redirected, referral.Withdrawn, referral.NotCome}, s.State) {
			t.StatusReason = &datatype.Concept{Text: s.Note}
		}
	}
	t.RelevantHistory = history
	add := func(code string, o Output) {
		o.Type = datatype.Code(codeOutput, code, "")
		t.Output = append(t.Output, o)
	}
	if !row.AppointedAt.IsZero() {
		add("appointment", Output{ValueDateTime: datatype.Moment(row.AppointedAt)})
	}
	if row.Conclusion != "" {
		add("conclusion", Output{ValueString: row.Conclusion})
	}
	if row.StayID != "" {
		add("stay", Output{ValueReference: datatype.To("Encounter", row.StayID)})
	}
	return fhir.Made{ID: row.ID, Resource: t, Updated: row.updated(), PIN: row.Patient.PIN, Refs: map[string][]*datatype.Reference{
		"patient": {patient}, "subject": {patient}, "encounter": {encounter}, "focus": {request}, "based-on": {request}, "requester": {from}, "owner": {to},
	}}
}
