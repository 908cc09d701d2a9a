package fhir

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// What leads to a resource and what it leads to find it, in what the card has and
// in what others wrote, within what the token opens.
func TestSearchesByWhatIsAround(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		s.put(t, "PUT", "/Observation/by-another", strings.Replace(fmt.Sprintf(observation, patientID), "{", `{"id":"by-another",`, 1)).is(t, 201)
		s.put(t, "PUT", "/Immunization/one", fmt.Sprintf(`{"resourceType":"Immunization","id":"one","status":"completed","vaccineCode":{"coding":[{"system":"urn:v","code":"bcg"}]},
			"patient":{"reference":"Patient/%s"},"occurrenceString":"2020"}`, unknownID)).is(t, 201)
		pin := datatype.SIDPIN + "|" + demo.Patient.PIN
		for _, c := range []struct {
			kind, name, value string
			want              []string
		}{
			{"Patient", "_has:Condition:patient:code", "I21.0", []string{patientID}},
			{"Patient", "_has:Condition:subject:code", "http://hl7.org/fhir/sid/icd-10|I21.0", []string{patientID}},
			{"Patient", "_has:Condition:patient:code", "Z99.9", nil},
			{"Patient", "_has:Encounter:patient:status", "in-progress", []string{unknownID}},
			{"Patient", "_has:Encounter:patient:status:not", "in-progress", []string{patientID}},
			{"Patient", "_has:Encounter:patient:date", "ge2026", []string{patientID, unknownID}},
			{"Patient", "_has:Immunization:patient:vaccine-code", "bcg", []string{unknownID}},
			{"Encounter", "_has:Condition:encounter:code", "E11.9", []string{stayID}},
			{"Encounter", "_has:Encounter:part-of:status", "in-progress", []string{openStayID}},
			{"Condition", "encounter.patient.identifier", pin, s.get(t, "/Condition?patient="+patientID, "machine").ids("match")},
			{"Condition", "encounter.patient.family:exact", "Жумабеков", s.get(t, "/Condition?patient="+patientID, "machine").ids("match")},
			{"Condition", "encounter.patient.family", "Никто", nil},
			{"Immunization", "patient.organization.name", "никакой", nil},
			{"Condition", "encounter.patient.organization.identifier", "nobody", nil},
			{"Condition", "encounter.patient.organization._id", demo.Hospital, s.get(t, "/Condition?patient="+patientID, "machine").ids("match")},
			{"Provenance", "target:Condition.encounter.part-of.patient.family", "Никто", nil},
			{"Patient", "_has:Encounter:patient:_has:Condition:encounter:code", "E11.9", []string{patientID}},
			{"Patient", "_has:Encounter:patient:_has:Condition:encounter:code", "Z99.9", nil},
			{"Patient", "_has:Condition:patient:encounter.status", "finished", []string{patientID}},
			{"Patient", "_has:Condition:patient:encounter.status", "planned", nil},
		} {
			a := s.ask(t, http.MethodPost, "/"+c.kind+"/_search", "machine", form(c.name, c.value))
			got := a.ids("match")
			slices.Sort(got)
			slices.Sort(c.want)
			if a.status != 200 || !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("%s?%s=%s: %v, not %v: %d %.200s", c.kind, c.name, c.value, got, c.want, a.status, a.body)
			}
		}
		for _, path := range []string{
			"/Patient?_has:Condition:patient=x", "/Patient?_has:Condition:encounter:code=x", "/Patient?_has:Shoe:patient:code=x", "/Patient?_has:Condition:patient:shoe=x",
			"/Patient?_has:Condition:patient:code:in=x", "/Patient?_has:Encounter:patient:_has:Condition:patient:code=x", "/Patient?_has:Encounter:patient:date=x", "/Patient?_has:=x",
			"/Patient?" + strings.Repeat("_has:Encounter:patient:", 9) + "status=x", "/Condition?encounter.part-of.part-of.part-of.patient.family=x", "/Condition?encounter.shoe.name=x", "/Condition?encounter.patient.shoe=x", "/Condition?encounter.patient:Group.name=x",
			"/Patient?" + strings.Repeat("_has:Condition:patient:code=x&", 7), "/Condition?" + strings.Repeat("encounter.patient.family=x&", 4),
		} {
			if a := s.get(t, path, "machine"); a.status != 400 || a.json["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %.200s", path, a.status, a.body)
			}
		}
		// Nobody is found by what the token does not open, nor by others' records.
		if a := s.ask(t, http.MethodPost, "/Patient/_search", "stranger", form("_has:Condition:patient:code", "I21.0")); a.status == 200 && len(a.ids("match")) > 0 {
			t.Errorf("a stranger: %s", a.body)
		}
		if a := s.get(t, "/Patient?_has:Condition:patient:code=I21.0", "patient"); a.status != 200 || !slices.Equal(a.ids("match"), []string{patientID}) {
			t.Errorf("the patient: %d %s", a.status, a.body)
		}
		// Where a person is registered is not told by an organisation that leads to them.
		s.tokens["narrow"] = access.Token{Active: true, Scopes: []string{"system/Organization.rs"}, ClientID: "fhir-reader", Machine: true}
		s.tokens["citizen"] = access.Token{Active: true, Scopes: []string{"patient/*.rs"}, ClientID: "app", PIN: demo.Nurse.PIN}
		for token, want := range map[string]struct{ status, found int }{"machine": {200, 1}, "citizen": {200, 0}, "narrow": {403, 0}} {
			a := s.ask(t, http.MethodPost, "/Organization/_search", token, form("_has:Patient:organization:family", "Жумабеков"))
			if a.status != want.status || a.status == 200 && len(a.ids("match")) != want.found {
				t.Errorf("%s: %d %s", token, a.status, a.body)
			}
		}
		// A ПИН stands in no address, in whatever place; who was looked for is recorded.
		if a := s.get(t, "/Organization?_has:Patient:organization:identifier="+demo.Patient.PIN, "machine").is(t, 400); !bytes.Contains(a.body, []byte("security")) {
			t.Errorf("%s", a.body)
		}
		before := s.records(t, demo.Patient.PIN)
		s.ask(t, http.MethodPost, "/Organization/_search", "machine", form("_has:Patient:organization:identifier", pin)).is(t, 200)
		if n := s.records(t, demo.Patient.PIN) - before; n != 1 {
			t.Errorf("%d records of a search by ПИН", n)
		}
	})
}

// A part of a resource is told as it is asked for, by reading as by search, and is
// never written in place of the whole.
func TestParts(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		whole := strings.Replace(fmt.Sprintf(observation, patientID), "{", `{"id":"part","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"},"note":[{"text":"b"}],
			"modifierExtension":[{"url":"urn:not","valueBoolean":true}],`, 1)
		s.put(t, "PUT", "/Observation/part", whole).is(t, 201)
		for how, want := range map[string]struct{ has, not string }{
			"_summary=text":                {"text status code modifierExtension", "note subject"},
			"_summary=data":                {"note status code subject modifierExtension", "text"},
			"_summary=true":                {"status code subject modifierExtension", "text note"},
			"_elements=note":               {"note status code modifierExtension", "text subject"},
			"_elements=Observation.note":   {"note status code", "text subject"},
			"_summary=false":               {"text note status code subject", ""},
			"_summary=data&_elements=note": {"note status code", "text subject"},
		} {
			read := s.get(t, "/Observation/part?"+how, "machine").is(t, 200)
			found := s.get(t, "/Observation?_id=part&"+how, "machine").is(t, 200)
			entries, _ := found.json["entry"].([]any)
			for way, told := range map[string]map[string]any{"read": read.json, "search": entries[0].(map[string]any)["resource"].(map[string]any)} {
				for _, name := range strings.Fields(want.has) {
					if told[name] == nil {
						t.Errorf("%s %s: no %s", how, way, name)
					}
				}
				for _, name := range strings.Fields(want.not) {
					if told[name] != nil {
						t.Errorf("%s %s: %s is there", how, way, name)
					}
				}
				if marked := strings.Contains(fmt.Sprint(told["meta"]), "SUBSETTED"); marked != (how != "_summary=false") {
					t.Errorf("%s %s: SUBSETTED %v", how, way, marked)
				}
			}
			if how == "_summary=false" {
				continue
			}
			a := s.put(t, "PUT", "/Observation/part", string(read.body)).is(t, 422)
			if a.path() != "Observation.meta.tag" {
				t.Errorf("%s", a.body)
			}
			s.put(t, "POST", "/", bundleOf("transaction", item1("PUT", "Observation/part", "", string(read.body)))).is(t, 422)
		}
		for _, how := range []string{"_summary=count", "_summary=most", "_elements=shoe", "_elements="} {
			if a := s.get(t, "/Observation/part?"+how, "machine"); how != "_elements=" && a.status != 400 {
				t.Errorf("%s: %d", how, a.status)
			}
		}
		// As by search: what the card has itself.
		if a := s.get(t, "/Patient/"+patientID+"?_summary=true", "machine").is(t, 200); a.json["name"] == nil || a.json["contact"] != nil || a.json["communication"] != nil {
			t.Errorf("%s", a.body)
		}
		if a := s.get(t, "/Patient?_total=sometimes", "machine"); a.status != 400 {
			t.Errorf("%d", a.status)
		}
	})
}

// What cannot be read or is not done is refused with its reason.
func TestRefusalsSayWhy(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		body := fmt.Sprintf(observation, patientID)
		s.put(t, "POST", "/Observation", body, "Content-Type", "application/fhir+json; charset=iso-8859-1").is(t, 415)
		s.put(t, "POST", "/Observation", body, "Content-Type", `application/fhir+json; charset="UTF-8"`).is(t, 201)
		for accept, status := range map[string]int{
			"application/fhir+json;q=0": 406, "application/fhir+xml, application/fhir+json;q=0.0": 406, "application/fhir+xml;q=1, application/fhir+json;q=0.1": 200, "application/fhir+json;fhirVersion=4.0": 200,
			"application/fhir+json;fhirVersion=3.0": 406,
		} {
			s.ask(t, http.MethodGet, "/Patient/"+patientID, "machine", nil, "Accept", accept).is(t, status)
		}
		a := s.put(t, "POST", "/", bundleOf("batch", item1("OPTIONS", "Observation/x", "", "")), "Accept-Language", "en").is(t, 200)
		if !bytes.Contains(a.body, []byte("OPTIONS is not done within a Bundle")) || !bytes.Contains(a.body, []byte("Bundle.entry[0].request.method")) {
			t.Errorf("%s", a.body)
		}
	})
}
