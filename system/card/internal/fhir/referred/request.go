package referred

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/referral"
)

// ServiceRequest is the FHIR resource: what one organisation asks of another for
// a patient.
type ServiceRequest struct {
	datatype.Base
	Identifier        []datatype.Identifier `json:"identifier"`
	Replaces          []*datatype.Reference `json:"replaces,omitempty"`
	Requisition       *datatype.Identifier  `json:"requisition,omitempty"`
	Status            string                `json:"status"`
	Intent            string                `json:"intent"`
	Category          []datatype.Concept    `json:"category"`
	Priority          string                `json:"priority"`
	Code              *datatype.Concept     `json:"code"`
	Subject           *datatype.Reference   `json:"subject"`
	Encounter         *datatype.Reference   `json:"encounter,omitempty"`
	OccurrencePeriod  *datatype.Period      `json:"occurrencePeriod"`
	AuthoredOn        string                `json:"authoredOn"`
	Requester         *datatype.Reference   `json:"requester,omitempty"`
	PerformerType     *datatype.Concept     `json:"performerType,omitempty"`
	Performer         []*datatype.Reference `json:"performer"`
	LocationReference []*datatype.Reference `json:"locationReference,omitempty"`
	ReasonCode        []datatype.Concept    `json:"reasonCode"`
	SupportingInfo    []*datatype.Reference `json:"supportingInfo,omitempty"`
	Note              []datatype.Annotation `json:"note,omitempty"`
}

func serviceRequests(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "ServiceRequest", Table: requestTable(a),
		About: "Referrals between organisations are written in the card or sent through the exchange (service referrals); how far one has come is its Task.",
		Params: own("ServiceRequest", []string{"authored"}, "identifier", "patient", "encounter", "status", "intent", "category", "code", "priority",
			"requester", "performer", "replaces", "requisition"),
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := load(ctx, q, a, ids)
			if err != nil {
				return nil, err
			}
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, requestMade(a, row))
			}
			return all, nil
		},
	}
}

// priorities are R4's words for how urgent it is.
var priorities = map[string]string{"planned": "routine", "urgent": "urgent", "emergency": "stat"}

func requestMade(a *fhir.API, row row) fhir.Made {
	patient, encounter := datatype.To("Patient", row.Patient.ID), datatype.To("Encounter", row.FromStay)
	by, to := a.Practitioner(row.ByPIN, row.ByName), datatype.To("Organization", row.To)
	r := &ServiceRequest{
		Base: datatype.Profiled("referral"), Identifier: numbered(row.Referral), Requisition: chained(row.Referral), Status: row.request(), Intent: "order",
		Category: []datatype.Concept{*datatype.Code(codeForm, row.Form, "")}, Priority: priorities[row.Urgency], Code: datatype.Code(codePurpose, row.Purpose, ""),
		Subject: patient, Encounter: encounter, OccurrencePeriod: &datatype.Period{Start: datatype.Moment(row.WrittenAt), End: row.ValidUntil.String()},
		AuthoredOn: datatype.Moment(row.WrittenAt), Requester: by, Performer: []*datatype.Reference{to},
		ReasonCode: []datatype.Concept{{Coding: []datatype.Coding{{System: datatype.ICD10, Code: row.Code}}, Text: row.Diagnosis}},
	}
	if row.Reason != "" {
		r.ReasonCode = append(r.ReasonCode, datatype.Concept{Text: row.Reason})
	}
	if row.History != "" {
		r.Note = []datatype.Annotation{{Text: row.History}}
	}
	if row.Profile != "" {
		r.PerformerType = &datatype.Concept{Text: row.Profile}
		r.LocationReference = []*datatype.Reference{a.Ward(row.To, row.ToDepartment)}
	}
	refs := map[string][]*datatype.Reference{"patient": {patient}, "subject": {patient}, "encounter": {encounter}, "requester": {by}, "performer": {to}}
	if row.Replaces != "" {
		r.Replaces = []*datatype.Reference{datatype.To("ServiceRequest", row.Replaces)}
		refs["replaces"] = r.Replaces
	}
	for _, result := range row.Results {
		r.SupportingInfo = append(r.SupportingInfo, datatype.To("DocumentReference", result))
	}
	return fhir.Made{ID: row.ID, Resource: r, Updated: row.updated(), PIN: row.Patient.PIN, Refs: refs}
}

func numbered(r referral.Referral) []datatype.Identifier {
	return []datatype.Identifier{{Use: "official", System: datatype.SIDReferral, Value: r.Number}}
}

// chained names the referrals that followed from one: of each its first.
func chained(r referral.Referral) *datatype.Identifier {
	return &datatype.Identifier{System: datatype.SIDChain, Value: r.Root}
}
