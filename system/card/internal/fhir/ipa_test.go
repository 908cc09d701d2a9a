package fhir_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// The searches that International Patient Access 1.0 asks of a server (SHALL and
// SHOULD of its CapabilityStatement, the parameters alone under MAY), each as an
// app sends it that wants to be told of what is not understood. What docs/fhir.md
// says is not met is refused: it is not passed over in silence.
func TestIPASearches(t *testing.T) {
	whole(t, func(t *testing.T, h *fhirtest.Hospital, rest fhir.CapabilityRest) {
		patient := "patient=" + one(h, "Patient")
		asked := map[string][]string{
			"AllergyIntolerance": {patient, patient + "&clinical-status=active"},
			"Condition": {
				patient, patient + "&clinical-status=active", patient + "&category=encounter-diagnosis",
				patient + "&category=problem-list-item&clinical-status=active", patient + "&code=I21.0", patient + "&onset-date=ge2020-01-01", patient + "&verification-status=confirmed",
			},
			"DocumentReference": {
				patient, patient + "&_id=none", patient + "&category=none", patient + "&category=none&date=ge2020-01-01", patient + "&type=none",
				patient + "&status=current", patient + "&type=none&date=ge2020-01-01", patient + "&contenttype=text/plain", patient + "&type=none&period=ge2020-01-01",
			},
			"Immunization":        {patient, patient + "&date=ge2020-01-01", patient + "&status=completed"},
			"MedicationRequest":   {patient, patient + "&intent=order", patient + "&intent=order&authoredon=ge2020-01-01", patient + "&intent=order&status=active", patient + "&category=inpatient", patient + "&code=none", patient + "&_include=MedicationRequest:medication"},
			"MedicationStatement": {patient, patient + "&status=active", patient + "&_include=MedicationStatement:medication"},
			"Observation": {
				patient, patient + "&category=vital-signs", patient + "&code=8867-4", patient + "&category=laboratory&date=ge2020-01-01", patient + "&category=vital-signs&status=final", patient + "&code=8867-4&date=ge2020-01-01",
			},
			"Patient":          {"_id=none", "family=А&gender=male", "birthdate=1960-01-01&family=А", "birthdate=1960-01-01&name=А", "gender=male&name=А", "given=А", "identifier=urn:none|1"},
			"PractitionerRole": {"_include=PractitionerRole:practitioner"},
		}
		// What docs/fhir.md says is not met; who meets one takes it out of both.
		notMet := []string{"onset-date=", "contenttype=", "period=", "category=inpatient"}
		for kind, searches := range asked {
			if !slices.ContainsFunc(rest.Resource, func(r fhir.CapabilityResource) bool { return r.Type == kind }) {
				t.Errorf("%s is not served", kind)
			}
			for _, search := range searches {
				met := !slices.ContainsFunc(notMet, func(n string) bool { return strings.Contains(search, n) })
				if answer := h.Get("/"+kind+"?"+search, "all", "Prefer", "handling=strict"); (answer.Status == http.StatusOK) != met || (!met && answer.Status != http.StatusBadRequest) {
					t.Errorf("%s?%s: %d", kind, search, answer.Status)
				}
				if !met {
					continue
				}
				answer := h.Get("/"+kind+"?"+search+"&_revinclude=Provenance:target", "all", "Prefer", "handling=strict")
				if answer.Status != http.StatusOK {
					t.Errorf("%s?%s with its provenance: %d", kind, search, answer.Status)
				}
			}
		}
	})
}
