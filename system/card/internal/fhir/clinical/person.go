package clinical

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Consent is the FHIR resource: what the patient agreed to or refused.
type Consent struct {
	datatype.Base
	Status     string                `json:"status"`
	Scope      *datatype.Concept     `json:"scope"`
	Category   []datatype.Concept    `json:"category"`
	Patient    *datatype.Reference   `json:"patient,omitempty"`
	DateTime   string                `json:"dateTime,omitempty"`
	Performer  []*datatype.Reference `json:"performer,omitempty"`
	PolicyRule *datatype.Concept     `json:"policyRule,omitempty"`
	Provision  *Provision            `json:"provision,omitempty"`
}

// Provision says whether it was permitted.
type Provision struct {
	Type string `json:"type"` // permit, deny
}

// Coverage is the FHIR resource: the mandatory insurance of a patient.
type Coverage struct {
	datatype.Base
	Status       string                `json:"status"`
	Type         *datatype.Concept     `json:"type,omitempty"`
	SubscriberID string                `json:"subscriberId,omitempty"`
	Beneficiary  *datatype.Reference   `json:"beneficiary"`
	Payor        []*datatype.Reference `json:"payor"`
	Class        []CoverageClass       `json:"class,omitempty"`
}

// CoverageClass is the category of co-payment.
type CoverageClass struct {
	Type  *datatype.Concept `json:"type"`
	Value string            `json:"value"`
}

// Flag is the FHIR resource: what everybody who treats the patient must know, in
// the words in which it was written. It is no coded allergy.
type Flag struct {
	datatype.Base
	Status   string              `json:"status"`
	Category []datatype.Concept  `json:"category,omitempty"`
	Code     *datatype.Concept   `json:"code"`
	Subject  *datatype.Reference `json:"subject"`
}

type consentRow struct {
	ID, StayID, PatientID, PIN, Kind, Subject, State string
	Signer, Relation, ByPIN, ByName                  string
	Signed, Created, Withdrawn                       time.Time
}

type personRow struct {
	ID, PIN, Policy, Category, Alerts string
	Insured                           bool
	Created                           time.Time
}

func consents(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "Consent", Table: consentTable(),
		Params: map[string]fhir.Param{"patient": patientParam, "status": tokenParam, "category": tokenParam, "scope": tokenParam, "date": dateParam},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadConsents(ctx, q, ids)
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, consentMade(a, row))
			}
			return all, err
		},
	}
}

func consentMade(a *fhir.API, row consentRow) fhir.Made {
	patient := datatype.To("Patient", row.PatientID)
	c := &Consent{
		Base:     datatype.Profiled("consent"),
		Status:   map[string]string{"asked": "proposed", "signed": "active", "withdrawn": "inactive"}[row.State],
		Scope:    datatype.Code(hl7+"consentscope", "treatment", "Treatment"),
		Category: []datatype.Concept{{Coding: []datatype.Coding{{System: codeConsent, Code: row.Kind}}, Text: row.Subject}},
		Patient:  patient, DateTime: datatype.Moment(row.Signed),
		PolicyRule: &datatype.Concept{Text: "Закон Кыргызской Республики «Об охране здоровья граждан в Кыргызской Республике»"},
		Provision:  &Provision{"permit"},
	}
	switch row.Kind {
	case "data":
		c.Scope = datatype.Code(hl7+"consentscope", "patient-privacy", "Privacy Consent")
	case "refusal":
		c.Provision.Type = "deny"
	}
	if c.DateTime == "" {
		c.DateTime = datatype.Moment(row.Created)
	}
	if row.Relation == "self" {
		c.Performer = some(patient)
	} else {
		c.Performer = []*datatype.Reference{{Type: "RelatedPerson", Display: row.Signer}}
	}
	return fhir.Made{
		ID: row.ID, Resource: c, Updated: newest(row.Created, row.Signed, row.Withdrawn), PIN: row.PIN,
		Refs: map[string][]*datatype.Reference{"patient": {patient}},
	}
}

func newest(moments ...time.Time) time.Time {
	var last time.Time
	for _, t := range moments {
		if t.After(last) {
			last = t
		}
	}
	return last
}

func coverages(*fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "Coverage", Table: personTable("-coverage", hasCoverage),
		Params: map[string]fhir.Param{"patient": patientParam, "beneficiary": patientParam, "status": tokenParam},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadPersons(ctx, q, trimmed(ids, "-coverage"), hasCoverage)
			var all []fhir.Made
			for _, row := range rows {
				patient := datatype.To("Patient", row.ID)
				c := &Coverage{
					Base:   datatype.Profiled("coverage"),
					Status: "active", Type: datatype.Code(hl7+"v3-ActCode", "PUBLICPOL", "public healthcare"), SubscriberID: row.Policy,
					Beneficiary: patient, Payor: []*datatype.Reference{{Type: "Organization", Display: "Фонд обязательного медицинского страхования"}},
				}
				if row.Category != "" {
					c.Class = []CoverageClass{{datatype.Code(hl7+"coverage-class", "class", "Class"), row.Category}}
				}
				all = append(all, fhir.Made{ID: row.ID + "-coverage", Resource: c, Updated: row.Created, PIN: row.PIN, Refs: map[string][]*datatype.Reference{"patient": {patient}, "beneficiary": {patient}}})
			}
			return all, err
		},
	}
}

func flags(*fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "Flag", Table: personTable("-alerts", hasAlerts),
		Params: map[string]fhir.Param{"patient": patientParam, "subject": patientParam, "status": tokenParam},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadPersons(ctx, q, trimmed(ids, "-alerts"), hasAlerts)
			var all []fhir.Made
			for _, row := range rows {
				patient := datatype.To("Patient", row.ID)
				f := &Flag{
					Status: "active", Category: []datatype.Concept{*datatype.Code(hl7+"flag-category", "clinical", "Clinical")},
					Code: &datatype.Concept{Text: row.Alerts}, Subject: patient,
				}
				all = append(all, fhir.Made{ID: row.ID + "-alerts", Resource: f, Updated: row.Created, PIN: row.PIN, Refs: map[string][]*datatype.Reference{"patient": {patient}, "subject": {patient}}})
			}
			return all, err
		},
	}
}
