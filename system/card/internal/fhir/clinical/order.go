package clinical

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// MedicationRequest is the FHIR resource: a medicine that a doctor ordered.
type MedicationRequest struct {
	datatype.Base
	Status                    string              `json:"status"`
	StatusReason              *datatype.Concept   `json:"statusReason,omitempty"`
	Intent                    string              `json:"intent"`
	Category                  []datatype.Concept  `json:"category,omitempty"`
	MedicationCodeableConcept *datatype.Concept   `json:"medicationCodeableConcept"`
	Subject                   *datatype.Reference `json:"subject"`
	Encounter                 *datatype.Reference `json:"encounter,omitempty"`
	AuthoredOn                string              `json:"authoredOn,omitempty"`
	Requester                 *datatype.Reference `json:"requester,omitempty"`
	DosageInstruction         []Dosage            `json:"dosageInstruction,omitempty"`
}

// Dosage is how a medicine is taken.
type Dosage struct {
	Text   string  `json:"text,omitempty"`
	Timing *Timing `json:"timing,omitempty"`
}

// Timing is when it is taken.
type Timing struct {
	Repeat *Repeat `json:"repeat,omitempty"`
}

// Repeat is the hours of each day between two days.
type Repeat struct {
	BoundsPeriod *datatype.Period `json:"boundsPeriod,omitempty"`
	Frequency    int              `json:"frequency,omitempty"`
	Period       int              `json:"period,omitempty"`
	PeriodUnit   string           `json:"periodUnit,omitempty"`
	TimeOfDay    []string         `json:"timeOfDay,omitempty"`
}

// ServiceRequest is the FHIR resource: a test, a picture or a consultation that
// was asked for, a procedure that was ordered.
type ServiceRequest struct {
	datatype.Base
	Status             string              `json:"status"`
	Intent             string              `json:"intent"`
	Category           []datatype.Concept  `json:"category,omitempty"`
	Priority           string              `json:"priority,omitempty"`
	Code               *datatype.Concept   `json:"code,omitempty"`
	Subject            *datatype.Reference `json:"subject"`
	Encounter          *datatype.Reference `json:"encounter,omitempty"`
	OccurrenceDateTime string              `json:"occurrenceDateTime,omitempty"`
	AuthoredOn         string              `json:"authoredOn,omitempty"`
	Requester          *datatype.Reference `json:"requester,omitempty"`
	ReasonCode         []datatype.Concept  `json:"reasonCode,omitempty"`
}

// orderRow is a row of medical_order, or a request in its shape.
type orderRow struct {
	ID, StayID, PatientID, PIN, ByPIN, ByName string
	Kind, Code, Text, Dose, Times, Hours      string
	Status, Reason, Question                  string
	LastDay                                   string
	Urgent                                    bool
	From, Created, Changed                    time.Time
}

func medicationRequests(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "MedicationRequest", Table: medicationTable(a),
		Params: map[string]fhir.Param{
			"patient": patientParam, "subject": patientParam, "encounter": encounterParam, "requester": staffParam,
			"status": tokenParam, "intent": tokenParam, "authoredon": dateParam, "date": dateParam,
			// The card's own name what is given in words alone; others may lead to it.
			"medication": {Type: "reference", Targets: []string{"Medication"}}, "code": tokenParam,
		},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadOrders(ctx, q, ids, today(a))
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, medicationMade(a, row))
			}
			return all, err
		},
	}
}

func medicationMade(a *fhir.API, row orderRow) fhir.Made {
	subject, encounter, refs := ofStay(row.PatientID, row.StayID)
	by := a.Practitioner(row.ByPIN, row.ByName)
	refs["requester"] = []*datatype.Reference{by}
	m := &MedicationRequest{
		Base: datatype.Profiled("medicine"), Status: row.Status, Intent: "order", Category: []datatype.Concept{*datatype.Code(hl7+"medicationrequest-category", "inpatient", "Inpatient")},
		MedicationCodeableConcept: &datatype.Concept{Text: row.Text}, Subject: subject, Encounter: encounter,
		AuthoredOn: datatype.Moment(row.Created), Requester: by,
	}
	if row.Reason != "" {
		m.StatusReason = &datatype.Concept{Text: row.Reason}
	}
	dosage := Dosage{Text: strings.Join(filled(row.Dose, row.Times), ", ")}
	repeat := &Repeat{BoundsPeriod: &datatype.Period{Start: datatype.Moment(row.From), End: row.LastDay}}
	if hours := strings.Fields(row.Hours); len(hours) > 0 {
		for _, hour := range hours {
			repeat.TimeOfDay = append(repeat.TimeOfDay, hour+":00")
		}
		repeat.Period, repeat.PeriodUnit, repeat.Frequency = 1, "d", len(hours)
	}
	dosage.Timing = &Timing{repeat}
	m.DosageInstruction = []Dosage{dosage}
	return fhir.Made{ID: row.ID, Resource: m, Updated: row.Changed, PIN: row.PIN, Refs: refs}
}

func filled(parts ...string) []string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return all
}

func serviceRequests(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "ServiceRequest", Table: serviceTable(a),
		Params: map[string]fhir.Param{
			"patient": patientParam, "subject": patientParam, "encounter": encounterParam, "requester": staffParam,
			"status": tokenParam, "intent": tokenParam, "category": tokenParam, "code": tokenParam, "authored": dateParam,
		},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadRequests(ctx, q, ids, today(a))
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, serviceMade(a, row))
			}
			return all, err
		},
	}
}

func serviceMade(a *fhir.API, row orderRow) fhir.Made {
	subject, encounter, refs := ofStay(row.PatientID, row.StayID)
	by := a.Practitioner(row.ByPIN, row.ByName)
	refs["requester"] = []*datatype.Reference{by}
	s := &ServiceRequest{
		Base: datatype.Profiled("request"), Status: row.Status, Intent: "order", Category: []datatype.Concept{*datatype.Code(codeRequest, row.Kind, "")}, Priority: "routine",
		Code: &datatype.Concept{Text: row.Text}, Subject: subject, Encounter: encounter,
		OccurrenceDateTime: datatype.Moment(row.From), AuthoredOn: datatype.Moment(row.Created), Requester: by,
	}
	if row.Urgent {
		s.Priority = "urgent"
	}
	if row.Code != "" {
		s.Code.Coding = []datatype.Coding{{System: codeTest, Code: row.Code}}
	}
	if row.Question != "" {
		s.ReasonCode = []datatype.Concept{{Text: row.Question}}
	}
	return fhir.Made{ID: row.ID, Resource: s, Updated: row.Changed, PIN: row.PIN, Refs: refs}
}
