package fhir

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

const patchType = "application/json-patch+json"

// A patch is written as an update is: with its checks, as a version of its own, and
// only to the version that it names.
func TestPatch(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		patch := func(path, body string, header ...string) answer {
			t.Helper()
			return s.put(t, "PATCH", path, body, append([]string{"Content-Type", patchType}, header...)...)
		}
		made := s.put(t, "POST", "/Observation", strings.Replace(fmt.Sprintf(observation, patientID), `"status":"final"`, `"status":"preliminary","component":[{"code":{"text":"a"},"valueQuantity":{"value":1.50}}]`, 1)).is(t, 201)
		path := "/Observation/" + made.id()
		final := `[{"op":"test","path":"/status","value":"preliminary"},{"op":"replace","path":"/status","value":"final"},{"op":"add","path":"/note","value":[{"text":"<checked>"}]}]`

		before := s.records(t, demo.Patient.PIN)
		patch(path, final, "If-Match", `W/"2"`).is(t, 412)
		got := patch(path, final, "If-Match", `W/"1"`).is(t, 200)
		if got.header.Get("ETag") != `W/"2"` || got.json["status"] != "final" || !strings.Contains(string(got.body), `"value":1.50`) || !strings.Contains(string(got.body), "<checked>") {
			t.Errorf("%s %s", got.header.Get("ETag"), got.body)
		}
		if n := s.records(t, demo.Patient.PIN) - before; n != 1 {
			t.Errorf("%d records of one patch", n)
		}
		patch(path, final).is(t, 422) // the test no longer holds
		if n := s.records(t, demo.Patient.PIN) - before; n != 2 {
			t.Errorf("%d records: what a test tells of a person is not written down", n-1)
		}
		if a := patch(path, `[{"op":"replace","path":"/status","value":"done"}]`).is(t, 422); a.path() != "Observation.status" {
			t.Errorf("%s", a.body)
		}
		patch(path, `[{"op":"remove","path":"/code"}]`).is(t, 422)
		patch(path, `[{"op":"replace","path":"/id","value":"other"}]`).is(t, 400)
		patch(path, `[{"op":"replace","path":"/resourceType","value":"Device"}]`).is(t, 422)
		patch(path, `[{"op":"replace","path":"","value":[1]}]`).is(t, 400)
		patch(path, `{"op":"remove"}`).is(t, 400)
		patch(path, `[{"op":"remove","path":"/note"}]`+strings.Repeat(" ", 2<<20)).is(t, 413)
		patch("/Observation/nobody", final).is(t, 404)
		if a := s.put(t, "PATCH", path, `{"resourceType":"Parameters"}`).is(t, 415); a.header.Get("Accept-Patch") != patchType {
			t.Errorf("%v", a.header)
		}
		if now := s.ask(t, "GET", path, "machine", nil).is(t, 200); now.header.Get("ETag") != `W/"2"` {
			t.Errorf("a refused patch made version %s", now.header.Get("ETag"))
		}
		// Rights are those of an update, and of reading.
		for _, token := range []string{"machine", "patient", "stranger", "doctor"} {
			patch(path, final, "Authorization", "Bearer "+token).is(t, 403)
		}
		patch(path, final, "Authorization", "Bearer nobody").is(t, 401)
		// The card's own records are not changed so.
		patch("/Patient/"+patientID, `[{"op":"replace","path":"/gender","value":"female"}]`).is(t, 405)

		// Of many at once none is lost, whoever is first.
		patch(path, `[{"op":"replace","path":"/note","value":[{"text":"0"}]}]`).is(t, 200)
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				if a := patch(path, fmt.Sprintf(`[{"op":"add","path":"/note/-","value":{"text":"n%d"}}]`, i)); a.status != 200 {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		all.Wait()
		if now := s.ask(t, "GET", path, "machine", nil).is(t, 200); len(now.json["note"].([]any)) != 7 || now.header.Get("ETag") != `W/"9"` {
			t.Errorf("%s", now.body)
		}
	})
}

// What comes from outside alone is found by the moment of its version.
func TestLastUpdated(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		const allergy = `{"resourceType":"AllergyIntolerance","id":%q,"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"entered-in-error"}]},"patient":{"reference":"Patient/` + patientID + `"}}`
		first := s.clock.Now()
		s.put(t, "PUT", "/AllergyIntolerance/early", fmt.Sprintf(allergy, "early")).is(t, 201)
		s.clock.Advance(48 * time.Hour)
		s.put(t, "PUT", "/AllergyIntolerance/late", fmt.Sprintf(allergy, "late")).is(t, 201)
		day := first.AddDate(0, 0, 1).Format("2006-01-02")
		for query, want := range map[string]string{
			"_lastUpdated=ge" + day: "late", "_lastUpdated=lt" + day: "early", "_lastUpdated=gt" + day: "late", "_lastUpdated=le" + day: "early",
			"_lastUpdated=" + s.clock.Now().Format("2006-01-02"): "late", "_lastUpdated=ge" + day + "&_lastUpdated=lt" + day: "",
			"_sort=-_lastUpdated": "late early", "_sort=_lastUpdated": "early late", "patient=" + patientID + "&_lastUpdated=sa" + day: "late",
		} {
			a := s.ask(t, "GET", "/AllergyIntolerance?"+query, "machine", nil, "Prefer", "handling=strict").is(t, 200)
			var found []string
			for _, e := range entriesOf(t, a) {
				found = append(found, fmt.Sprint(e["resource"].(map[string]any)["id"]))
			}
			if strings.Join(found, " ") != want {
				t.Errorf("%s: %v, wanted %s", query, found, want)
			}
		}
		s.ask(t, "GET", "/AllergyIntolerance?_lastUpdated=yesterday", "machine", nil).is(t, 400)
		// Of a type whose rows know no moment of all that they tell it is not offered.
		s.ask(t, "GET", "/Patient?_lastUpdated=ge2020", "machine", nil, "Prefer", "handling=strict").is(t, 400)
		// Of what is signed, and of what others wrote beside it, it is that of meta.
		s.put(t, "PUT", "/Procedure/theirs", `{"resourceType":"Procedure","id":"theirs","status":"completed","code":{"text":"x"},"subject":{"reference":"Patient/`+patientID+`"}}`).is(t, 201)
		for query, want := range map[string]string{
			"_lastUpdated=2026-11-20": operation, "_lastUpdated=ge" + day: "theirs", "_lastUpdated=ge2020": operation + " theirs",
			"_sort=-_lastUpdated": "theirs " + operation, "_sort=_lastUpdated&_lastUpdated=lt2099": operation + " theirs", "_lastUpdated=lt2026-11-20": "",
		} {
			a := s.ask(t, "GET", "/Procedure?"+query, "machine", nil, "Prefer", "handling=strict").is(t, 200)
			if found := a.ids("match"); strings.Join(found, " ") != want {
				t.Errorf("Procedure?%s: %v, wanted %s", query, found, want)
			}
		}
		if a := s.get(t, "/Procedure/"+operation, "machine").is(t, 200); fmt.Sprint(a.json["bodySite"]) != "[map[coding:[map[code:left system:https://sanarip.kg/fhir/CodeSystem/body-side]]]]" {
			t.Errorf("%s", a.body)
		}
	})
}
