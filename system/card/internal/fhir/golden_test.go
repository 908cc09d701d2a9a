package fhir

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
)

var update = flag.Bool("update", false, "write the golden files anew")

// resources of the seeded stay, one of each shape, by the name of their golden
// file.
func (s *sample) paths() map[string]string {
	second := s.ids.Claim(formNumber, 2)
	first := s.ids.Claim(formNumber, 1)
	return map[string]string{
		"patient":                "/Patient/" + patientID,
		"patient-unknown":        "/Patient/" + unknownID,
		"encounter":              "/Encounter/" + stayID,
		"encounter-open":         "/Encounter/" + openStayID,
		"encounter-department":   "/Encounter/" + moveID,
		"encounter-here":         "/Encounter/" + openMoveID,
		"condition-admission":    "/Condition/" + admission,
		"condition-final":        "/Condition/" + mainFinal,
		"condition-comorbid":     "/Condition/" + comorbid,
		"condition-withdrawn":    "/Condition/" + withdrawn,
		"procedure":              "/Procedure/" + operation,
		"claim":                  "/Claim/" + first,
		"claim-corrected":        "/Claim/" + second,
		"claimresponse-returned": "/ClaimResponse/" + first,
		"claimresponse-accepted": "/ClaimResponse/" + second,
		"organization":           "/Organization/950174",
		"organization-fund":      "/Organization/900001",
		"location-ward":          "/Location/950174-18",
		"location-bed":           "/Location/" + bedOne,
		"location-bed-cyrillic":  "/Location/" + kept.BedID(bedTwo),
		"location-bed-taken":     "/Location/950201-05-1-1",
		"practitioner":           "/Practitioner/" + s.ids.Staff("11503198500123"),
		"practitionerrole":       "/PractitionerRole/" + s.ids.Role("11503198500123", "950174", "21"),
		"practitionerrole-head":  "/PractitionerRole/" + s.ids.Role("20207197800045", "950174", "21"),
		"capabilitystatement":    "/metadata",
		"bundle":                 "/Encounter?patient=" + patientID + "&_include=Encounter:patient&_revinclude=Condition:encounter&_revinclude=Procedure:encounter",
		"operationoutcome":       "/Patient/nobody",
	}
}

// Both engines give the very same resources.
func TestGolden(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for name, path := range s.paths() {
			a := s.ask(t, http.MethodGet, path, "machine", nil, "Accept-Language", "ru")
			if a.status != http.StatusOK && name != "operationoutcome" {
				t.Errorf("%s: %d %s", path, a.status, a.body)
				continue
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, bytes.TrimSpace(a.body), "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			got := strings.ReplaceAll(pretty.String(), s.server.URL, "http://card.localhost:8080")
			file := filepath.Join("testdata", "golden", name+".json")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from %s:\n%s", path, file, got)
			}
		}
	})
}
