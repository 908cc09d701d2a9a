package clinical

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Provenance is the FHIR resource: who signed what, and when.
type Provenance struct {
	datatype.Base
	Target   []*datatype.Reference `json:"target"`
	Recorded string                `json:"recorded"`
	Activity *datatype.Concept     `json:"activity,omitempty"`
	Agent    []Agent               `json:"agent"`
}

// Agent is who did it.
type Agent struct {
	Type *datatype.Concept   `json:"type,omitempty"`
	Who  *datatype.Reference `json:"who"`
}

// AuditEvent is the FHIR resource: somebody looked at a person's data.
type AuditEvent struct {
	datatype.Base
	Type           *datatype.Coding   `json:"type"`
	Subtype        []datatype.Coding  `json:"subtype,omitempty"`
	Action         string             `json:"action,omitempty"`
	Recorded       string             `json:"recorded"`
	Outcome        string             `json:"outcome,omitempty"`
	PurposeOfEvent []datatype.Concept `json:"purposeOfEvent,omitempty"`
	Agent          []AuditAgent       `json:"agent"`
	Source         AuditSource        `json:"source"`
	Entity         []AuditEntity      `json:"entity,omitempty"`
}

// AuditAgent is who looked.
type AuditAgent struct {
	Role      []datatype.Concept  `json:"role,omitempty"`
	Who       *datatype.Reference `json:"who,omitempty"`
	Requestor bool                `json:"requestor"`
}

// AuditSource is the system that wrote it down.
type AuditSource struct {
	Observer *datatype.Reference `json:"observer"`
}

// AuditEntity is whose data, and which.
type AuditEntity struct {
	What *datatype.Reference `json:"what,omitempty"`
	Type *datatype.Coding    `json:"type,omitempty"`
	Name string              `json:"name,omitempty"`
}

type traceRow struct {
	ID, Kind, Target, PatientID, PIN, ByPIN, ByName string
	At                                              time.Time
}

type accessRow struct {
	ID, PatientID, PIN                  string
	ActorPIN, Actor, Role, Organisation string
	Via, Action, Purpose, Object        string
	At                                  time.Time
}

// targets of provenances, by the table.
var targets = []string{"Condition", "MedicationRequest", "Observation", "Procedure"}

func provenances(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "Provenance", Table: provenanceTable(a),
		Params: map[string]fhir.Param{
			"patient": patientParam, "target": {Type: "reference", Targets: targets}, "agent": staffParam, "recorded": dateParam, "_lastUpdated": dateParam,
		},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadTraces(ctx, q, ids)
			var all []fhir.Made
			for _, row := range rows {
				target, who := datatype.To(row.Kind, row.Target), a.Practitioner(row.ByPIN, row.ByName)
				if who == nil {
					who = &datatype.Reference{Type: "Organization", Display: "Цифровая медицинская карта"}
				}
				p := &Provenance{
					Target: some(target), Recorded: datatype.Instant(row.At), Activity: datatype.Code(hl7+"v3-DataOperation", "CREATE", "create"),
					Agent: []Agent{{datatype.Code(hl7+"provenance-participant-type", "author", "Author"), who}},
				}
				patient := datatype.To("Patient", row.PatientID)
				all = append(all, fhir.Made{ID: row.ID, Resource: p, Updated: row.At, PIN: row.PIN, Refs: map[string][]*datatype.Reference{"patient": {patient}, "target": {target}, "agent": {who}}})
			}
			return all, err
		},
	}
}

// auditEvents are the records of access. Staff see none of them: whom others
// looked at is told to the person and to machines alone.
func auditEvents(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "AuditEvent", Table: auditTable(a),
		Params: map[string]fhir.Param{"patient": patientParam, "agent": staffParam, "date": dateParam, "_lastUpdated": dateParam},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadAccesses(ctx, q, ids)
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, auditMade(a, row))
			}
			return all, err
		},
	}
}

func auditMade(a *fhir.API, row accessRow) fhir.Made {
	patient := datatype.To("Patient", row.PatientID)
	who := a.Practitioner(row.ActorPIN, row.Actor)
	if row.ActorPIN == row.PIN {
		who = &datatype.Reference{Reference: patient.Reference, Display: row.Actor}
	}
	if who == nil {
		who = &datatype.Reference{Display: row.Via}
	}
	e := &AuditEvent{
		Type:    &datatype.Coding{System: hl7 + "audit-event-type", Code: "rest", Display: "RESTful Operation"},
		Subtype: []datatype.Coding{{System: codeAction, Code: row.Action}}, Action: "R", Recorded: datatype.Instant(row.At), Outcome: "0",
		Agent: []AuditAgent{{Who: who, Requestor: true}}, Source: AuditSource{&datatype.Reference{Type: "Device", Display: row.Via}},
		Entity: []AuditEntity{{What: patient, Type: &datatype.Coding{System: hl7 + "audit-entity-type", Code: "1", Display: "Person"}, Name: row.Object}},
	}
	if !strings.HasPrefix(row.Action, "fhir.") {
		e.Type = &datatype.Coding{System: hl7 + "iso-21089-lifecycle", Code: "access", Display: "Access/View Record Lifecycle Event"}
		e.Action = "E"
	}
	if role := strings.Join(filled(row.Role, row.Organisation), ", "); role != "" {
		e.Agent[0].Role = []datatype.Concept{{Text: role}}
	}
	if row.Purpose != "" {
		e.PurposeOfEvent = []datatype.Concept{{Text: row.Purpose}}
	}
	return fhir.Made{ID: row.ID, Resource: e, Updated: row.At, PIN: row.PIN, Refs: map[string][]*datatype.Reference{"patient": {patient}, "agent": {who}}}
}
