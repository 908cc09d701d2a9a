package clinical

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/request"
)

// DiagnosticReport is the FHIR resource: the signed answer to a request.
type DiagnosticReport struct {
	datatype.Base
	BasedOn           []*datatype.Reference `json:"basedOn,omitempty"`
	Status            string                `json:"status"`
	Category          []datatype.Concept    `json:"category,omitempty"`
	Code              *datatype.Concept     `json:"code"`
	Subject           *datatype.Reference   `json:"subject"`
	Encounter         *datatype.Reference   `json:"encounter,omitempty"`
	EffectiveDateTime string                `json:"effectiveDateTime,omitempty"`
	Issued            string                `json:"issued,omitempty"`
	Performer         []*datatype.Reference `json:"performer,omitempty"`
	Result            []*datatype.Reference `json:"result,omitempty"`
	Conclusion        string                `json:"conclusion,omitempty"`
}

// sections of diagnostic service (v2-0074) by the kind of the request.
var sections = map[string]datatype.Coding{
	request.Laboratory:   {System: hl7 + "v2-0074", Code: "LAB", Display: "Laboratory"},
	request.Imaging:      {System: hl7 + "v2-0074", Code: "RAD", Display: "Radiology"},
	request.Consultation: {System: hl7 + "v2-0074", Code: "OTH", Display: "Other"},
}

func reports(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "DiagnosticReport", Table: reportTable(a),
		Params: map[string]fhir.Param{
			"patient": patientParam, "subject": patientParam, "encounter": encounterParam, "performer": staffParam,
			"based-on": {Type: "reference", Targets: []string{"ServiceRequest"}}, "result": {Type: "reference", Targets: []string{"Observation"}},
			"code": tokenParam, "category": tokenParam, "status": tokenParam, "date": dateParam, "_lastUpdated": dateParam,
		},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadAnswers(ctx, q, ids)
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, reportMade(a, row))
			}
			return all, err
		},
	}
}

func reportMade(a *fhir.API, row answerRow) fhir.Made {
	subject, encounter, refs := ofStay(row.PatientID, row.StayID)
	by, asked := a.Practitioner(row.ByPIN, row.ByName), datatype.To("ServiceRequest", row.RequestID)
	r := &DiagnosticReport{
		Base:    datatype.Profiled("answer"),
		BasedOn: some(asked), Status: statusOf(row.Version), Category: []datatype.Concept{{Coding: []datatype.Coding{sections[row.Kind]}}},
		Code: row.concept(), Subject: subject, Encounter: encounter, EffectiveDateTime: datatype.Moment(row.At), Issued: datatype.Instant(row.Signed),
		Performer: some(by), Conclusion: row.Conclusion,
	}
	if row.Kind == request.Laboratory {
		r.Result = some(datatype.To("Observation", row.RequestID))
	}
	refs["performer"], refs["based-on"], refs["result"] = []*datatype.Reference{by}, r.BasedOn, r.Result
	return fhir.Made{ID: row.RequestID, Resource: r, Updated: row.Signed, PIN: row.PIN, Refs: refs}
}
