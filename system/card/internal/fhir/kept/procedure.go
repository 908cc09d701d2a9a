package kept

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// Procedure is the FHIR resource: an operation. A correction makes a new
// version of the same resource.
type Procedure struct {
	datatype.Base
	Extension         []datatype.Extension  `json:"extension,omitempty"`
	Status            string                `json:"status"`
	Code              *datatype.Concept     `json:"code,omitempty"`
	Subject           *datatype.Reference   `json:"subject"`
	Encounter         *datatype.Reference   `json:"encounter,omitempty"`
	PerformedDateTime string                `json:"performedDateTime,omitempty"`
	Performer         []ProcedurePerformer  `json:"performer,omitempty"`
	BodySite          []datatype.Concept    `json:"bodySite,omitempty"`
	Complication      []datatype.Concept    `json:"complication,omitempty"`
	Note              []datatype.Annotation `json:"note,omitempty"`
}

// ProcedurePerformer is who operated.
type ProcedurePerformer struct {
	Actor *datatype.Reference `json:"actor"`
}

// operationRow is the newest signed version of an operation.
type operationRow struct {
	Root, StayID, PatientID, PIN                    string
	Code, Name, Anaesthesia, Complication, Protocol string
	Side                                            string // left, right, both, none, '' not said
	SurgeonPIN, SurgeonName                         string
	At, Signed                                      time.Time
}

func (a *Archive) procedureKind() *find.Kind {
	patientParam := find.Param{Kind: find.ReferenceParam, Targets: []string{"Patient"}}
	k := &find.Kind{Name: "Procedure", Params: map[string]find.Param{
		"patient":   patientParam,
		"subject":   patientParam,
		"encounter": {Kind: find.ReferenceParam, Targets: []string{"Encounter"}},
		"performer": {Kind: find.ReferenceParam, Targets: []string{"Practitioner"}},
		"code":      {Kind: find.TokenParam},
		"status":    {Kind: find.TokenParam},
		"date":      {Kind: find.DateParam, Sorts: true},

		"_lastUpdated": {Kind: find.DateParam, Sorts: true},
	}}
	t := ProcedureTable(a.ids)
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		rows, err := loadOperations(ctx, a.Reader(ctx), ids)
		var items []*find.Item
		for _, row := range rows {
			items = append(items, a.procedureItem(row))
		}
		return items, err
	}
	return k
}

func (a *Archive) procedureItem(row operationRow) *find.Item {
	p := &Procedure{
		Base: datatype.Profiled("operation"), Status: "completed", Subject: datatype.To("Patient", row.PatientID), Encounter: datatype.To("Encounter", row.StayID),
		Code: &datatype.Concept{Text: row.Name}, PerformedDateTime: datatype.Moment(row.At),
	}
	if row.Code != "" {
		p.Code.Coding = []datatype.Coding{{System: datatype.CodeOperation, Code: row.Code}}
	}
	if row.Anaesthesia != "" {
		p.Extension = []datatype.Extension{{URL: datatype.ExtAnaesthesia, ValueString: row.Anaesthesia}}
	}
	surgeon := a.PractitionerRef(row.SurgeonPIN, row.SurgeonName)
	if surgeon != nil {
		p.Performer = []ProcedurePerformer{{Actor: surgeon}}
	}
	if row.Side != "" && row.Side != "none" {
		p.BodySite = []datatype.Concept{{Coding: []datatype.Coding{{System: datatype.CodeSide, Code: row.Side}}}}
	}
	if row.Complication != "" {
		p.Complication = []datatype.Concept{{Text: row.Complication}}
	}
	if row.Protocol != "" {
		p.Note = []datatype.Annotation{{Text: row.Protocol}}
	}
	i := &find.Item{Kind: "Procedure", ID: row.Root, Resource: p, Updated: row.Signed, Person: true, Subject: row.PIN}
	i.Refer("patient", p.Subject)
	i.Refer("subject", p.Subject)
	i.Refer("encounter", p.Encounter)
	i.Refer("performer", surgeon)
	return i
}
