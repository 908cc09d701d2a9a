package clinical_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// What systems write of where a resource comes from is found with it by
// _revinclude=Provenance:target, whatever its type, beside what the card itself knows
// of a few; and by no resource of another type that has the same id.
func TestProvenanceIsFoundWithWhateverItIsOf(t *testing.T) {
	fhirtest.Each(t, clinical.Offers(), func(t *testing.T, h *fhirtest.Hospital) {
		h.Tokens["writer"] = access.Token{Active: true, Scopes: []string{"system/*.cruds"}, ClientID: "writer", Machine: true}
		put := func(path, body string) {
			t.Helper()
			if a := h.Ask(http.MethodPut, path, "writer", body, "Content-Type", "application/fhir+json"); a.Status != http.StatusCreated {
				t.Fatalf("%s: %d %s", path, a.Status, a.Body)
			}
		}
		put("/Device/told", `{"resourceType":"Device","id":"told","status":"active"}`)
		put("/Device/"+fhirtest.Operation, `{"resourceType":"Device","id":"`+fhirtest.Operation+`","status":"active"}`)
		patient := "Patient/" + fhirtest.PatientID
		for id, target := range map[string]string{"of-device": "Device/told", "of-patient": patient} {
			put("/Provenance/"+id, fmt.Sprintf(`{"resourceType":"Provenance","id":"%s","target":[{"reference":"%s"}],"recorded":"2026-11-20T10:00:00Z","agent":[{"who":{"display":"x"}}]}`, id, target))
		}
		for query, want := range map[string][]string{
			"/Device?_id=told&_revinclude=Provenance:target":                                     {"Provenance/of-device"},
			"/Device?_id=told&_revinclude=Provenance:target:Device":                              {"Provenance/of-device"},
			"/Device?_id=" + fhirtest.Operation + "&_revinclude=Provenance:target":               nil,
			"/Procedure?_id=" + fhirtest.Operation + "&_revinclude=Provenance:target":            {"Provenance/procedure-" + fhirtest.Operation},
			"/Patient?_id=" + fhirtest.PatientID + "&_revinclude=Provenance:target":              {"Provenance/of-patient"},
			"/Organization?_revinclude=Provenance:target":                                        nil,
			"/Provenance?target=Device/told&_include=Provenance:target":                          {"Device/told"},
			"/Provenance?target=Procedure/" + fhirtest.Operation + "&_include=Provenance:target": {"Procedure/" + fhirtest.Operation},
		} {
			a := h.Get(query, "machine", "Prefer", "handling=strict")
			if a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", query, a.Status, a.Body)
				continue
			}
			var got []string
			entries, _ := a.JSON["entry"].([]any)
			for _, e := range entries {
				if one := e.(map[string]any); one["search"].(map[string]any)["mode"] == "include" {
					r := one["resource"].(map[string]any)
					got = append(got, r["resourceType"].(string)+"/"+r["id"].(string))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, not %v", query, got, want)
			}
		}
	})
}
