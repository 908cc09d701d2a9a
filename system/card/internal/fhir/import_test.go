package fhir

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/intake"
)

func (s *sample) take(t *testing.T, text []byte, part int) intake.Report {
	t.Helper()
	i := s.intake(importer, nil)
	i.Part = part
	report, err := i.Read(t.Context(), bytes.NewReader(text), "file")
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A file of another program is taken once, however often and wherever it was
// cut off, in parts too small to hold what they refer to.
func TestImportIsRepeatable(t *testing.T) {
	text, err := os.ReadFile("testdata/synthea/liz-conn.json")
	if err != nil {
		t.Fatal(err)
	}
	eachSample(t, func(t *testing.T, s *sample) {
		ctx, stop := context.WithCancel(t.Context())
		i := s.intake(importer, func(int) { stop() })
		i.Part = 20
		if _, err := i.Read(ctx, bytes.NewReader(text), "file"); err == nil {
			t.Fatal("it was not cut off")
		}
		before := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`)
		if before < 20 || before >= 73 {
			t.Fatalf("%d were written", before)
		}
		r := s.take(t, text, 20)
		if len(r.Faults) > 0 || r.Created+r.Same != 73 || r.Same < before || r.Updated != 0 {
			t.Errorf("%+v", r)
		}
		if r := s.take(t, text, 0); r.Same != 73 || len(r.Unmapped) != 1 || r.Unmapped[0].Code != "38341003" {
			t.Errorf("%+v", r)
		}
		if n := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource WHERE version = 1`) + count(t, s.db, `SELECT COUNT(*) FROM fhir_past`); n != 73 {
			t.Errorf("%d", n)
		}
		// Every reference leads somewhere, by the type that is there.
		if n := count(t, s.db, `SELECT COUNT(*) FROM fhir_mark m WHERE m.param IN ('subject', 'encounter', 'patient') AND NOT EXISTS (SELECT 1 FROM fhir_resource r WHERE r.kind || '/' || r.id = m.code)`); n != 0 {
			t.Errorf("%d references lead nowhere", n)
		}
		// What has no ICD-10 is found by one when a ConceptMap says so, and only then.
		const search = "/Condition?code=http://hl7.org/fhir/sid/icd-10|I10"
		if got := s.get(t, search, "machine"); got.json["total"] != 0.0 {
			t.Errorf("%s", got.body)
		}
		s.take(t, []byte(`{"resourceType":"ConceptMap","id":"snomed-icd10","status":"active","group":[{"source":"http://snomed.info/sct","target":"http://hl7.org/fhir/sid/icd-10",
			"element":[{"code":"38341003","target":[{"code":"I10","equivalence":"wider"}]},{"code":"1","target":[{"equivalence":"unmatched"}]}]}]}`), 0)
		if got := s.get(t, search, "machine"); got.json["total"] != 1.0 || !bytes.Contains(got.body, []byte("38341003")) {
			t.Errorf("%s", got.body)
		}
		if r := s.take(t, text, 0); len(r.Unmapped) != 0 {
			t.Errorf("%+v", r.Unmapped)
		}
		s.put(t, "DELETE", "/ConceptMap/snomed-icd10", "").is(t, 204)
		if got := s.get(t, search, "machine"); got.json["total"] != 0.0 {
			t.Errorf("%s", got.body)
		}
	})
}

// A patient whom the card has is that patient; a file with a fault is not taken.
func TestImportJoinsAndRefuses(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		file := func(pin string) []byte {
			return []byte(bundleOf("collection",
				`{"fullUrl":"http://elsewhere/Observation/1","resource":`+strings.Replace(observation, "Patient/%s", "Patient/9", 1)+`}`,
				`{"fullUrl":"http://elsewhere/Patient/9","resource":{"resourceType":"Patient","id":"9","identifier":[{"system":"`+datatype.SIDPIN+`","value":"`+pin+`"}]}}`))
		}
		for _, part := range []int{0, 1} {
			r := s.take(t, file(demo.Patient.PIN), part)
			if len(r.Faults) > 0 || r.Joined != 1 {
				t.Fatalf("%+v", r)
			}
			if part == 1 {
				continue // the observation came before its patient was known
			}
			if got := s.get(t, "/Observation?patient="+patientID, "machine"); got.json["total"] != 1.0 {
				t.Errorf("%s", got.body)
			}
		}
		before := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`)
		for name, text := range map[string]string{
			"a fault":       bundleOf("transaction", item1("POST", "Patient", "", `{"resourceType":"Patient"}`), item1("POST", "Patient", "", `{"resourceType":"Patient","gender":"f"}`)),
			"a lost target": bundleOf("transaction", item1("POST", "Patient", "", `{"resourceType":"Patient","managingOrganization":{"reference":"Organization/nobody"}}`)),
			"another type":  `{"resourceType":"Substance","code":{"text":"x"}}`,
		} {
			if r := s.take(t, []byte(text), 0); len(r.Faults) == 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		for _, text := range []string{"[", "{", `{"resourceType":`, `{"resourceType":"Bundle","entry":[1]}`, `{"resourceType":"Bundle","entry":{}}`, "\x00"} {
			if r := s.take(t, []byte(text), 0); len(r.Faults) != 1 || r.Faults[0].Code != "import.no_json" || r.Created > 0 {
				t.Errorf("%q: %+v", text, r)
			}
		}
		if after := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`); after != before {
			t.Errorf("%d became %d", before, after)
		}
		// One resource a line, as Bulk Data has it.
		r := s.take(t, []byte(`{"resourceType":"Device","id":"line-1"}`+"\n"+`{"resourceType":"Device","id":"line-2","parent":{"reference":"Device/line-1"}}`+"\n"), 0)
		if r.Created != 2 {
			t.Errorf("%+v", r)
		}
		s.get(t, "/Device/line-2", "machine").is(t, 200)
	})
}
