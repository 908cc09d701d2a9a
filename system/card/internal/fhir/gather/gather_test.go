package gather_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
)

func each(t *testing.T, run func(t *testing.T, h *fhirtest.Hospital)) {
	t.Helper()
	fhirtest.Each(t, clinical.Offers(), func(t *testing.T, h *fhirtest.Hospital) {
		gather.Mount(h.API)
		run(t, h)
	})
}

// all are the resources of every page.
func all(t *testing.T, h *fhirtest.Hospital, path, token string, most int) []string {
	t.Helper()
	var found []string
	for pages := 0; path != ""; pages++ {
		a := h.Get(path, token)
		if a.Status != http.StatusOK || pages > 100 {
			t.Fatalf("%s: %d %s", path, a.Status, a.Body)
		}
		matches := 0
		for _, e := range a.JSON["entry"].([]any) {
			if e.(map[string]any)["search"].(map[string]any)["mode"] == "match" {
				matches++
			}
		}
		if most > 0 && matches > most {
			t.Errorf("%d on a page of %d", matches, most)
		}
		found = append(found, a.Resources()...)
		path = a.Next()
	}
	return found
}

// Everything of a patient is told once, whatever the size of a page, and nothing
// of anybody else.
func TestEverythingOfAPatient(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		path := "/Patient/" + fhirtest.PatientID + "/$everything"
		whole := all(t, h, path, "machine", 0)
		for _, want := range []string{
			"Patient/" + fhirtest.PatientID, "Encounter/" + fhirtest.StayID, "Condition/" + fhirtest.Diagnosis, "Procedure/" + fhirtest.Operation,
			"MedicationRequest/" + fhirtest.Drug, "Observation/" + fhirtest.Line + "-pressure", "DiagnosticReport/" + fhirtest.Blood,
			"Coverage/" + fhirtest.PatientID + "-coverage", "Consent/" + fhirtest.Consent,
		} {
			if !slices.Contains(whole, want) {
				t.Errorf("%s is missing", want)
			}
		}
		kinds := map[string]bool{}
		for _, one := range whole {
			kind, _, _ := strings.Cut(one, "/")
			kinds[kind] = true
			if strings.Contains(one, fhirtest.OtherStay) || strings.Contains(one, fhirtest.OtherID) {
				t.Errorf("%s is of somebody else", one)
			}
		}
		if !kinds["Practitioner"] || !kinds["Organization"] || kinds["AuditEvent"] {
			t.Errorf("%v", kinds)
		}
		paged := all(t, h, path+"?_count=3", "machine", 3)
		slices.Sort(whole)
		slices.Sort(paged)
		if once := slices.Compact(slices.Clone(paged)); !slices.Equal(slices.Compact(whole), once) {
			t.Errorf("page by page %v, at once %v", once, whole)
		}
		matches := slices.DeleteFunc(paged, func(one string) bool {
			return strings.HasPrefix(one, "Practitioner") || strings.HasPrefix(one, "Organization")
		})
		if len(slices.Compact(slices.Clone(matches))) != len(matches) {
			t.Error("told twice")
		}
		if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = 'fhir.everything'`); n == 0 {
			t.Error("nobody is told who looked")
		}
	})
}

func TestEverythingIsNarrowed(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		path := "/Patient/" + fhirtest.PatientID + "/$everything"
		if got := all(t, h, path+"?_type=Condition,Procedure", "machine", 0); !slices.Equal(got, []string{"Condition/" + fhirtest.Diagnosis, "Procedure/" + fhirtest.Operation}) {
			t.Errorf("%v", got)
		}
		// An operation knows when it was signed; of an encounter something may have changed that left no moment.
		got := all(t, h, path+"?_type=Encounter,Procedure&_since=2026-11-15T00:00:00Z", "machine", 0)
		if !slices.Equal(got, []string{"Encounter/" + fhirtest.StayID}) {
			t.Errorf("%v", got)
		}
		if got := all(t, h, path, "narrow", 0); !slices.Equal(got, []string{"Patient/" + fhirtest.PatientID, "Condition/" + fhirtest.Diagnosis}) {
			t.Errorf("%v", got)
		}
		stay := all(t, h, "/Encounter/"+fhirtest.StayID+"/$everything", "machine", 0)
		if !slices.Contains(stay, "Observation/"+fhirtest.Blood) || slices.Contains(stay, "Coverage/"+fhirtest.PatientID+"-coverage") {
			t.Errorf("%v", stay)
		}
		for query, status := range map[string]int{
			"?_type=Nothing": 400, "?_count=x": 400, "?_since=yesterday": 400, "?start=2026": 400, "?_cursor=x": 400, "?_format=xml": 406,
		} {
			if a := h.Get(path+query, "machine"); a.Status != status || a.JSON["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %s", query, a.Status, a.Body)
			}
		}
		for token, status := range map[string]int{"": 401, "stranger": 404, "patient": 200, "doctor": 200} {
			if a := h.Get(path, token); a.Status != status {
				t.Errorf("%q: %d", token, a.Status)
			}
		}
		if a := h.Get("/Patient/"+fhirtest.OtherID+"/$everything", "doctor"); a.Status != 404 {
			t.Errorf("%d", a.Status)
		}
	})
}
