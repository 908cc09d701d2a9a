package clinical_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// What is searched for is found, what is not meant is not; the newest version
// counts, and what was struck does not.
func TestSearches(t *testing.T) {
	fhirtest.Each(t, clinical.Offers(), func(t *testing.T, h *fhirtest.Hospital) {
		const p = "?patient=" + fhirtest.PatientID
		for query, want := range map[string]string{
			"/Observation" + p + "&category=vital-signs":         "pressure pulse saturation temperature",
			"/Observation" + p + "&code=http://loinc.org|8310-5": "temperature",
			"/Observation" + p + "&category=laboratory":          "Observation/" + fhirtest.Blood,
			"/Observation" + p + "&status=amended&code=8867-4":   "pulse",
			"/Observation" + p + "&date=lt2026-11-01":            "",
			"/Observation?code=9279-1":                           "", // the corrected line has none
			"/DiagnosticReport" + p + "&category=LAB":            "DiagnosticReport/" + fhirtest.Blood,
			"/DiagnosticReport" + p + "&category=RAD":            "", // no answer yet
			"/MedicationRequest" + p + "&status=active":          "MedicationRequest/" + fhirtest.Drug,
			"/MedicationRequest" + p + "&status=stopped":         "MedicationRequest/" + fhirtest.Ended,
			"/MedicationRequest" + p + "&intent=plan":            "",
			"/MedicationRequest" + p + "&medication=any":         "", // the card's own are named in words alone
			"/MedicationRequest" + p + "&code:missing=false":     "",
			"/ServiceRequest" + p + "&status=completed":          "ServiceRequest/" + fhirtest.Test + " ServiceRequest/" + fhirtest.Blood,
			"/ServiceRequest" + p + "&status=active":             "ServiceRequest/" + fhirtest.XRay,
			"/ServiceRequest" + p + "&category=imaging":          "ServiceRequest/" + fhirtest.XRay,
			"/Consent" + p + "&status=active":                    "Consent/" + fhirtest.Consent,
			"/Coverage" + p:                                      "Coverage/" + fhirtest.PatientID + "-coverage",
			"/Flag" + p:                                          "Flag/" + fhirtest.PatientID + "-alerts",
			"/Flag?patient=" + fhirtest.OtherID:                  "",
			"/Provenance?target=Procedure/" + fhirtest.Operation: "Provenance/procedure-" + fhirtest.Operation,
		} {
			a := h.Get(query, "machine")
			if a.Status != 200 {
				t.Errorf("%s: %d %s", query, a.Status, a.Body)
				continue
			}
			got := a.Resources()
			for i, each := range got {
				got[i] = strings.TrimPrefix(each, "Observation/"+fhirtest.Line+"-")
			}
			words := strings.Fields(want)
			slices.Sort(got)
			slices.Sort(words)
			if !slices.Equal(got, words) {
				t.Errorf("%s: %v, not %v", query, got, words)
			}
		}
		// Every kind is read by its id as it is found, and leads to its patient.
		for _, kind := range []string{"Observation", "DiagnosticReport", "MedicationRequest", "ServiceRequest", "Consent", "Coverage", "Flag", "Provenance", "AuditEvent"} {
			a := h.Get("/"+kind+"?patient="+fhirtest.PatientID+"&_include="+kind+":patient", "machine")
			found := a.Resources()
			if len(found) < 2 || !slices.Contains(found, "Patient/"+fhirtest.PatientID) {
				t.Errorf("%s: %s", kind, a.Body)
				continue
			}
			one := h.Get("/"+found[0], "machine")
			if one.Status != 200 || one.Header.Get("ETag") == "" {
				t.Errorf("%s: %d %s", found[0], one.Status, one.Body)
			}
		}
	})
}

// Everybody sees what is theirs: the person their record, the doctor that of her
// hospital without the list of who looked, a stranger nothing.
func TestWhoSees(t *testing.T) {
	fhirtest.Each(t, clinical.Offers(), func(t *testing.T, h *fhirtest.Hospital) {
		for _, c := range []struct {
			token, kind string
			most        bool // sees something
		}{
			{"patient", "Observation", true},
			{"patient", "AuditEvent", true},
			{"patient", "Coverage", true},
			{"doctor", "Observation", true},
			{"doctor", "Flag", true},
			{"doctor", "AuditEvent", false},
			{"stranger", "Observation", false},
			{"stranger", "Coverage", false},
			{"stranger", "Consent", false},
		} {
			a := h.Get("/"+c.kind, c.token)
			if a.Status != 200 || len(a.Resources()) > 0 != c.most {
				t.Errorf("%s %s: %d %v", c.token, c.kind, a.Status, a.Resources())
			}
			if strings.Contains(string(a.Body), fhirtest.OtherStay) {
				t.Errorf("%s sees the other hospital's %s", c.token, c.kind)
			}
		}
		if a := h.Get("/Observation", "narrow"); a.Status != 403 {
			t.Errorf("%d", a.Status)
		}
		if a := h.Get("/Observation/018f0000-0000-7000-8000-000000000064-temperature", "doctor"); a.Status != 404 {
			t.Errorf("%d", a.Status)
		}
		if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = 'fhir.search' AND object LIKE 'Observation%'`); n < 2 {
			t.Errorf("%d records of who looked", n)
		}
	})
}

// Values are told as they were measured: numbers as numbers, words as words,
// what is out of range as such.
func TestLaboratoryValues(t *testing.T) {
	fhirtest.Each(t, clinical.Offers(), func(t *testing.T, h *fhirtest.Hospital) {
		var o clinical.Observation
		if err := json.Unmarshal(h.Get("/Observation/"+fhirtest.Blood, "machine").Body, &o); err != nil {
			t.Fatal(err)
		}
		leucocytes, blasts, rate := o.Component[0], o.Component[1], o.Component[2]
		if leucocytes.ValueQuantity.Value != "13.4" || leucocytes.Interpretation[0].Coding[0].Code != "H" || leucocytes.ReferenceRange[0].High.Value != "9" {
			t.Errorf("%+v", leucocytes)
		}
		if blasts.ValueString != "не найдены" || blasts.ValueQuantity != nil || blasts.Interpretation != nil {
			t.Errorf("%+v", blasts)
		}
		if rate.ValueQuantity.Value != "2" || rate.ValueQuantity.Comparator != "<" {
			t.Errorf("%+v", rate)
		}
		var p clinical.Observation
		if err := json.Unmarshal(h.Get("/Observation/"+fhirtest.Line+"-pressure", "machine").Body, &p); err != nil {
			t.Fatal(err)
		}
		if p.Component[0].ValueQuantity.Value != "120" || p.Component[1].ValueQuantity.Code != "mm[Hg]" || p.ValueQuantity != nil {
			t.Errorf("%+v", p)
		}
	})
}
