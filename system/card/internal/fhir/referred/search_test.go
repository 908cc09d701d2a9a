package referred_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// What is not so and what is not there is found as well as what is, in every
// place: rows, directories, and the shelf.
func TestModifiersTurnASearchRound(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		h.Tokens["writer"] = access.Token{Active: true, Scopes: []string{"system/*.write"}, ClientID: "writer", Machine: true}
		theirs := `{"resourceType":"ServiceRequest","id":"theirs","status":"draft","intent":"plan","subject":{"reference":"Patient/` + fhirtest.PatientID + `"}}`
		if a := h.Ask("PUT", "/ServiceRequest/theirs", "writer", theirs, "Content-Type", "application/fhir+json"); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		const all = fhirtest.Blood + " " + fhirtest.XRay + " " + fhirtest.Test + " " + fhirtest.Redirected + " " + fhirtest.Heir + " " + fhirtest.Answered + " " + fhirtest.Elsewhere + " theirs"
		but := func(left ...string) string {
			return strings.Join(slices.DeleteFunc(strings.Fields(all), func(id string) bool { return slices.Contains(left, id) }), " ")
		}
		for query, want := range map[string]string{
			"/ServiceRequest?status:not=revoked,draft":                                     but(fhirtest.Redirected, "theirs"),
			"/ServiceRequest?status:not=revoked&status:not=completed":                      fhirtest.XRay + " " + fhirtest.Heir + " " + fhirtest.Elsewhere + " theirs",
			"/ServiceRequest?identifier:missing=true":                                      fhirtest.Blood + " " + fhirtest.XRay + " " + fhirtest.Test + " theirs",
			"/ServiceRequest?identifier:missing=false":                                     fhirtest.Redirected + " " + fhirtest.Heir + " " + fhirtest.Answered + " " + fhirtest.Elsewhere,
			"/ServiceRequest?replaces:missing=false":                                       fhirtest.Heir,
			"/ServiceRequest?requester:missing=true":                                       "theirs",
			"/ServiceRequest?authored:missing=true":                                        "theirs",
			"/ServiceRequest?encounter:missing=true":                                       fhirtest.Redirected + " " + fhirtest.Heir + " theirs",
			"/ServiceRequest?category:not=https://sanarip.kg/fhir/CodeSystem/request|":     but(fhirtest.Blood, fhirtest.XRay, fhirtest.Test),
			"/ServiceRequest?intent:missing=true":                                          "",
			"/Patient?identifier:missing=true":                                             fhirtest.OtherID,
			"/Patient?birthdate:missing=true":                                              fhirtest.OtherID,
			"/Patient?family:missing=false&gender:not=female":                              fhirtest.PatientID,
			"/Encounter?identifier:missing=true&class:not=AMB&date:missing=false":          fhirtest.StayID + " " + fhirtest.OtherStay,
			"/Encounter?diagnosis:missing=true":                                            fhirtest.OtherStay,
			"/Organization?type:missing=false&_id:not=1&identifier:missing=true":           "?",
			"/Organization?identifier:missing=true":                                        "",
			"/Organization?identifier:not=https://sanarip.kg/fhir/sid/organisation|950174": demo.SecondHospital,
		} {
			a := h.Get(query, "machine", "Prefer", "handling=strict")
			if want == "?" {
				if a.Status != 400 {
					t.Errorf("%s: %d", query, a.Status)
				}
				continue
			}
			var got []string
			for _, one := range a.Resources() {
				_, id, _ := strings.Cut(one, "/")
				got = append(got, id)
			}
			words := strings.Fields(want)
			slices.Sort(got)
			slices.Sort(words)
			if a.Status != 200 || !slices.Equal(got, words) {
				t.Errorf("%s: %d %v, not %v", query, a.Status, got, words)
			}
		}
		// A condition of a write that fits nearly everything is none.
		for _, condition := range []string{"status:not=draft", "identifier:missing=true", "patient.identifier=urn:x|7"} {
			a := h.Ask("POST", "/ServiceRequest", "writer", strings.Replace(theirs, `"id":"theirs",`, "", 1), "Content-Type", "application/fhir+json", "If-None-Exist", condition)
			if a.Status != 400 {
				t.Errorf("If-None-Exist: %s: %d %s", condition, a.Status, a.Body)
			}
		}
		if a := h.Get("/ServiceRequest?_summary=count&_count=5&status:not=revoked", "machine"); a.JSON["total"] != 7.0 || len(a.Resources()) != 0 || a.Next() != "" {
			t.Errorf("%s", a.Body)
		}
	})
}

// A person's records are found by their number in one request, in the body, as far
// as the token reaches the person; the search is recorded even if it finds nothing.
func TestAChainLeadsWithinTheReach(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		h.Tokens["tasks"] = access.Token{Active: true, Scopes: []string{"system/Task.rs"}, ClientID: "tasks", Machine: true}
		form := []string{"Content-Type", "application/x-www-form-urlencoded"}
		by := func(name, value string) string { return url.Values{name: {value}}.Encode() }
		pin := "https://sanarip.kg/fhir/sid/pin|" + demo.Patient.PIN
		for _, c := range []struct {
			token, path, body string
			found             int
		}{
			{"machine", "/Task/_search", by("patient.identifier", pin), 3},
			{"machine", "/ServiceRequest/_search", by("subject:Patient.identifier", pin) + "&authored=ge2026-11-20", 3},
			{"machine", "/Encounter/_search", by("patient.identifier", pin) + "&_count=1&_include=Encounter:patient", 2},
			{"machine", "/Task/_search", by("patient.identifier", "urn:none|1"), 0},
			{"machine", "/Task/_search", by("patient.family", demo.Patient.FamilyName), 3},
			{"machine", "/Task/_search", by("owner:Organization.identifier", "https://sanarip.kg/fhir/sid/organisation|"+demo.Hospital), 1},
			{"doctor", "/Task/_search", by("patient.identifier", pin), 2},
			{"stranger", "/Task/_search", by("patient.identifier", pin), 0},
		} {
			a := h.Ask("POST", c.path, c.token, c.body, form...)
			if a.Status != 200 || len(a.Resources()) != c.found || strings.Contains(string(a.Body), "%7C"+demo.Patient.PIN) {
				t.Errorf("%s %s %s: %d %v", c.token, c.path, c.body, a.Status, a.Resources())
			}
		}
		if a := h.Ask("POST", "/Task/_search", "tasks", by("patient.identifier", pin), form...); a.Status != 403 {
			t.Errorf("a token without Patient follows the chain: %d %s", a.Status, a.Body)
		}
		if a := h.Get("/Task?"+by("patient.identifier", pin), "machine"); a.Status != 400 || !strings.Contains(string(a.Body), "security") {
			t.Errorf("a number in the address: %d %s", a.Status, a.Body)
		}
		if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = 'fhir.search' AND subject_pin = $1 AND actor_pin = $2`, demo.Patient.PIN, demo.Nurse.PIN); n != 1 {
			t.Errorf("who searched and found nothing stands %d times", n)
		}
		// The pages go on by the same chain.
		first := h.Ask("POST", "/Task/_search", "machine", by("patient.identifier", pin)+"&_count=2", form...)
		if next := h.Get(first.Next(), "machine"); len(first.Resources()) != 2 || len(next.Resources()) != 1 || next.JSON["total"] != 3.0 {
			t.Errorf("%v %s", first.Resources(), next.Body)
		}
		for _, wrong := range []string{"owner.name=x", "patient.shoe=1", "focus.status=x", "based-on.focus.status=x", "patient:Group.identifier=x"} {
			if a := h.Get("/Task?"+wrong, "machine"); a.Status != 400 || a.JSON["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %s", wrong, a.Status, a.Body)
			}
		}
	})
}

// Of the matches is told what was asked for and what R4 demands, marked as a part;
// the version stays that of the whole.
func TestElementsLeaveThoseAskedFor(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		a := h.Get("/Task?_id="+fhirtest.Heir+"&_elements=focus,Task.output&_include=Task:focus", "machine")
		entries, _ := a.JSON["entry"].([]any)
		if a.Status != 200 || len(entries) != 2 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		got := entries[0].(map[string]any)["resource"].(map[string]any)
		if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, []string{"focus", "id", "intent", "meta", "output", "resourceType", "status"}) {
			t.Errorf("%v", names)
		}
		data, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if faults := r4.Read(data).Faults; len(faults) > 0 || !strings.Contains(string(data), "SUBSETTED") {
			t.Errorf("%v %s", faults, data)
		}
		meta, whole := got["meta"].(map[string]any), h.Get("/Task/"+fhirtest.Heir, "machine")
		if `W/"`+meta["versionId"].(string)+`"` != whole.Header.Get("ETag") || strings.Contains(string(whole.Body), "SUBSETTED") {
			t.Errorf("%v, whole %s", meta, whole.Header.Get("ETag"))
		}
		if included := entries[1].(map[string]any)["resource"].(map[string]any); included["authoredOn"] == nil {
			t.Errorf("what is included is cut: %v", included)
		}
		if a := h.Get("/Task?_elements=shoe", "machine"); a.Status != 400 {
			t.Errorf("%d", a.Status)
		}
	})
}
