package fhir

import (
	"context"
	"time"
)

// Procedure is the FHIR resource: an operation. A correction makes a new
// version of the same resource.
type Procedure struct {
	Base
	Extension         []Extension          `json:"extension,omitempty"`
	Status            string               `json:"status"`
	Code              *Concept             `json:"code,omitempty"`
	Subject           *Reference           `json:"subject"`
	Encounter         *Reference           `json:"encounter,omitempty"`
	PerformedDateTime string               `json:"performedDateTime,omitempty"`
	Performer         []ProcedurePerformer `json:"performer,omitempty"`
	Complication      []Concept            `json:"complication,omitempty"`
	Note              []Annotation         `json:"note,omitempty"`
}

// ProcedurePerformer is who operated.
type ProcedurePerformer struct {
	Actor *Reference `json:"actor"`
}

// operationRow is the newest signed version of an operation.
type operationRow struct {
	Root, StayID, PatientID, PIN                    string
	Code, Name, Anaesthesia, Complication, Protocol string
	SurgeonPIN, SurgeonName                         string
	At, Signed                                      time.Time
}

func (a *API) procedureKind() *kind {
	patientParam := param{kind: referenceParam, targets: []string{"Patient"}}
	k := &kind{name: "Procedure", params: map[string]param{
		"patient":   patientParam,
		"subject":   patientParam,
		"encounter": {kind: referenceParam, targets: []string{"Encounter"}},
		"performer": {kind: referenceParam, targets: []string{"Practitioner"}},
		"code":      {kind: tokenParam},
		"status":    {kind: tokenParam},
		"date":      {kind: dateParam, sorts: true},
	}}
	t := procedureTable(a.ids)
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		rows, err := loadOperations(ctx, a.reader(ctx), ids)
		var items []*item
		for _, row := range rows {
			items = append(items, a.procedureItem(row))
		}
		return items, err
	}
	return k
}

func (a *API) procedureItem(row operationRow) *item {
	p := &Procedure{
		Status: "completed", Subject: refTo("Patient", row.PatientID), Encounter: refTo("Encounter", row.StayID),
		Code: &Concept{Text: row.Name}, PerformedDateTime: moment(row.At),
	}
	if row.Code != "" {
		p.Code.Coding = []Coding{{System: codeOperation, Code: row.Code}}
	}
	if row.Anaesthesia != "" {
		p.Extension = []Extension{{URL: extAnaesthesia, ValueString: row.Anaesthesia}}
	}
	surgeon := a.practitionerRef(row.SurgeonPIN, row.SurgeonName)
	if surgeon != nil {
		p.Performer = []ProcedurePerformer{{Actor: surgeon}}
	}
	if row.Complication != "" {
		p.Complication = []Concept{{Text: row.Complication}}
	}
	if row.Protocol != "" {
		p.Note = []Annotation{{Text: row.Protocol}}
	}
	i := &item{kind: "Procedure", id: row.Root, resource: p, updated: row.Signed, person: true, subject: row.PIN}
	i.refer("patient", p.Subject)
	i.refer("subject", p.Subject)
	i.refer("encounter", p.Encounter)
	i.refer("performer", surgeon)
	return i
}
