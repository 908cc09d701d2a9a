// Package clinical makes FHIR R4 resources of what a ward writes: vital signs and
// laboratory values, reports, orders, requests, consents, insurance, warnings;
// and of who wrote and who looked. Searching, reading, rights and records of
// access are package fhir's; a file here is one type or two alike.
//
// Vocabulary: a source is where rows of a type are found; its SQL is in store.go
// and store_order.go, the resource beside it.
package clinical

import (
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Offers are all types of this room.
func Offers() []fhir.Offer {
	return []fhir.Offer{
		observations, reports, medicationRequests, serviceRequests, consents, coverages, flags, provenances, auditEvents,
	}
}

const (
	loinc  = "http://loinc.org"
	ucum   = "http://unitsofmeasure.org"
	hl7    = "http://terminology.hl7.org/CodeSystem/"
	status = "http://hl7.org/fhir/"

	codeRequest = datatype.Canonical + "/CodeSystem/request"      // laboratory, imaging, consultation; test, procedure
	codeTest    = datatype.Canonical + "/CodeSystem/test"         // the card's catalogue of tests
	codeConsent = datatype.Canonical + "/CodeSystem/consent-kind" // treatment, operation, anaesthesia…
	codeAction  = datatype.Canonical + "/CodeSystem/access"       // what was done with the record
)

// Parameters that many types have.
var (
	patientParam   = fhir.Param{Type: "reference", Targets: []string{"Patient"}}
	encounterParam = fhir.Param{Type: "reference", Targets: []string{"Encounter"}}
	staffParam     = fhir.Param{Type: "reference", Targets: []string{"Practitioner"}}
	tokenParam     = fhir.Param{Type: "token"}
	dateParam      = fhir.Param{Type: "date", Sorts: true}
)

// ofStay are the references that every resource of a stay has.
func ofStay(patientID, stayID string) (subject, encounter *datatype.Reference, refs map[string][]*datatype.Reference) {
	subject, encounter = datatype.To("Patient", patientID), datatype.To("Encounter", stayID)
	return subject, encounter, map[string][]*datatype.Reference{"patient": {subject}, "subject": {subject}, "encounter": {encounter}}
}
