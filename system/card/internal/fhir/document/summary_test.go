package document_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// Allergies, problems and medication are told whole, however many there are; of
// the rest the newest. What its author has taken back is told in none.
func TestNoAllergyIsLeftOutOfTheSummary(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		h.Tokens["machine"] = access.Token{Active: true, Scopes: []string{"system/*.cruds"}, ClientID: "reader", Machine: true}
		const many = 120
		var entries []string
		put := func(kind, id, rest string) {
			entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":%q,"id":%q,%s},"request":{"method":"PUT","url":"%s/%s"}}`, kind, id, rest, kind, id))
		}
		patient := `{"reference":"Patient/` + fhirtest.PatientID + `"}`
		for n := range many {
			id := fmt.Sprintf("n%03d", n*37%many) // the ids say nothing of the order
			verified := "confirmed"
			clinical := `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},`
			if n%40 == 7 {
				verified, clinical = "entered-in-error", ""
			}
			put("AllergyIntolerance", id, clinical+`"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"`+verified+`"}]},"code":{"text":"allergen `+id+`"},"patient":`+patient)
			status := "completed"
			if n%40 == 7 {
				status = "entered-in-error"
			}
			put("Immunization", id, `"status":"`+status+`","vaccineCode":{"text":"vaccine"},"occurrenceDateTime":"`+time.Date(2020, 1, n+1, 0, 0, 0, 0, time.UTC).Format("2006-01-02")+`","patient":`+patient)
		}
		a := h.Ask(http.MethodPost, "", "machine", `{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}`, "Content-Type", "application/fhir+json")
		if a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		c, _ := whole(t, h, h.Get("/Patient/"+fhirtest.PatientID+"/$summary", "machine"))
		told := map[string]map[string]bool{}
		for _, s := range c.Section {
			of := map[string]bool{}
			for _, e := range s.Entry {
				of[e.Reference] = true
			}
			told[s.Code.Coding[0].Code] = of
		}
		for n := range many {
			id := fmt.Sprintf("n%03d", n*37%many)
			if told["48765-2"]["AllergyIntolerance/"+id] != (n%40 != 7) {
				t.Errorf("the allergy %d is told: %v", n, n%40 == 7)
			}
			if newest := n >= many-51 && n%40 != 7; told["11369-6"]["Immunization/"+id] != newest {
				t.Errorf("the immunization %d is told: %v", n, !newest)
			}
		}
	})
}
