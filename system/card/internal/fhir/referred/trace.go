package referred

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Provenance is the FHIR resource: a step of a referral.
type Provenance struct {
	datatype.Base
	Target   []*datatype.Reference `json:"target"`
	Recorded string                `json:"recorded"`
	Reason   []datatype.Concept    `json:"reason,omitempty"`
	Activity *datatype.Concept     `json:"activity"`
	Agent    []Agent               `json:"agent"`
}

// Agent is who made the step, for which organisation.
type Agent struct {
	Type       *datatype.Concept   `json:"type,omitempty"`
	Who        *datatype.Reference `json:"who"`
	OnBehalfOf *datatype.Reference `json:"onBehalfOf,omitempty"`
}

const traceBeginning = "referral-"

func traceID(step string) string { return traceBeginning + step }

func traces(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "Provenance", Table: traceTable(a),
		Params: map[string]fhir.Param{
			"patient": {Type: "reference", Targets: []string{"Patient"}}, "target": {Type: "reference", Targets: []string{"Task"}},
			"agent": {Type: "reference", Targets: []string{"Practitioner"}}, "recorded": {Type: "date", Sorts: true}, "_lastUpdated": {Type: "date", Sorts: true},
		},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			var steps []string
			for _, id := range ids {
				if step, ok := strings.CutPrefix(id, traceBeginning); ok {
					steps = append(steps, step)
				}
			}
			rows, err := loadSteps(ctx, q, steps)
			if err != nil {
				return nil, err
			}
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, traceMade(a, row))
			}
			return all, nil
		},
	}
}

func traceMade(a *fhir.API, row stepRow) fhir.Made {
	target, who, organisation := datatype.To("Task", row.ReferralID), a.Practitioner(row.ByPIN, row.ByName), datatype.To("Organization", row.Organisation)
	p := &Provenance{
		Target: []*datatype.Reference{target}, Recorded: datatype.Instant(row.At), Activity: datatype.Code(codeState, row.State, ""),
		Agent: []Agent{{Type: datatype.Code(datatype.HL7+"provenance-participant-type", "author", "Author"), Who: who, OnBehalfOf: organisation}},
	}
	if row.Note != "" {
		p.Reason = []datatype.Concept{{Text: row.Note}}
	}
	switch {
	case who == nil && organisation == nil: // its last day went by
		p.Agent[0].Who = &datatype.Reference{Type: "Device", Display: "Sanarip"}
	case who == nil:
		p.Agent[0].Who, p.Agent[0].OnBehalfOf = organisation, nil
	}
	return fhir.Made{ID: traceID(row.ID), Resource: p, Updated: row.At, PIN: row.PIN, Refs: map[string][]*datatype.Reference{
		"patient": {datatype.To("Patient", row.PatientID)}, "target": {target}, "agent": {who},
	}}
}
