package fhir

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// withStaff adds apps of a doctor and of others who may not write by one.
func withStaff(s *sample) {
	user := func(pin string, scopes ...string) access.Token {
		return access.Token{Active: true, Scopes: scopes, ClientID: "ward-app", PIN: pin, Name: "N"}
	}
	s.tokens["app"] = user(demo.Doctor.PIN, "user/*.cruds")
	s.tokens["typed"] = user(demo.Doctor.PIN, "user/Observation.crus")
	s.tokens["old"] = user(demo.Doctor.PIN, "user/*.read", "user/*.write")
	s.tokens["counts"] = user(demo.Statistician.PIN, "user/*.cruds")
	s.tokens["citizen"] = user(demo.Patient.PIN, "user/*.cruds")
	s.posts[demo.Statistician.PIN] = []workforceapi.Post{{ID: "p9", PIN: demo.Statistician.PIN, Role: workforceapi.Statistician, Organisation: demo.Hospital, Title: text.Same("Статистик")}}
	other := s.tokens["app"]
	other.ClientID = "another-app"
	s.tokens["other"] = other
}

func (a answer) key(t testing.TB) string {
	t.Helper()
	issues, _ := a.json["issue"].([]any)
	if len(issues) == 0 {
		return string(a.body)
	}
	details, _ := issues[0].(map[string]any)["details"].(map[string]any)
	return fmt.Sprint(details["text"])
}

// The app of a doctor writes about the patients of the hospital, and the doctor
// is who is recorded.
func TestAnAppOfADoctorWritesAboutPatientsOfTheHospital(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		withStaff(s)
		as := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
		body := fmt.Sprintf(observation, patientID)
		for _, token := range []string{"app", "typed", "old"} {
			made := s.put(t, "POST", "/Observation", body, as(token)...).is(t, 201)
			at := "/Observation/" + made.id()
			s.get(t, at, token).is(t, 200)
			next := strings.Replace(strings.Replace(body, "120.50", "121", 1), `{"resourceType"`, `{"id":"`+made.id()+`","resourceType"`, 1)
			s.put(t, "PUT", at, next, append(as(token), "If-Match", `W/"1"`)...).is(t, 200)
			s.put(t, "PUT", at, next, append(as(token), "If-Match", `W/"1"`)...).is(t, 412)
			deleted := 204
			if token == "typed" {
				deleted = 403
			}
			s.put(t, "DELETE", at, "", as(token)...).is(t, deleted)
		}
		if n := count(t, s.db, `SELECT COUNT(*) FROM access_record WHERE action = 'fhir.create' AND actor_pin = '`+demo.Doctor.PIN+`' AND subject_pin = '`+demo.Patient.PIN+`'`); n != 3 {
			t.Errorf("%d records of three writings", n)
		}
		// A conditional create finds what there is, by an identifier alone.
		named := strings.Replace(body, `"status"`, `"identifier":[{"system":"urn:app","value":"7"}],"status"`, 1)
		first := s.put(t, "POST", "/Observation", named, append(as("app"), "If-None-Exist", "identifier=urn:app|7")...).is(t, 201)
		if again := s.put(t, "POST", "/Observation", named, append(as("app"), "If-None-Exist", "identifier=urn:app|7")...).is(t, 200); again.id() != first.id() {
			t.Errorf("%s is not %s", again.id(), first.id())
		}
		for _, condition := range []string{"code=I20", "identifier=7", "identifier=|7", "patient=" + patientID + "&identifier=urn:app|7"} {
			if got := s.put(t, "POST", "/Observation", named, append(as("app"), "If-None-Exist", condition)...).is(t, 400); !strings.Contains(got.key(t), "identifier=") {
				t.Errorf("%s: %s", condition, got.key(t))
			}
		}
	})
}

// What others write is found again by the identifier that they gave it, in types
// that the card has of its own too.
func TestWhatOthersWroteIsFoundByTheirIdentifier(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		body := `{"resourceType":"Condition","identifier":[{"system":"urn:lab","value":"7"}],"subject":{"reference":"Patient/` + patientID + `"},"code":{"text":"x"}}`
		made := s.put(t, "POST", "/Condition", body, "If-None-Exist", "identifier=urn:lab|7").is(t, 201)
		if again := s.put(t, "POST", "/Condition", body, "If-None-Exist", "identifier=urn:lab|7").is(t, 200); again.id() != made.id() {
			t.Errorf("%s is not %s", again.id(), made.id())
		}
		for search, want := range map[string]string{"identifier=urn:lab|7": made.id(), "identifier=urn:lab|8": "", "identifier=7&patient=" + patientID: made.id()} {
			if got := s.get(t, "/Condition?"+search, "machine").is(t, 200); strings.Join(got.ids("match"), " ") != want {
				t.Errorf("%s: %s", search, got.body)
			}
		}
	})
}

// What an app may not write is refused, whichever way it is tried, and leaves
// nothing behind.
func TestAnAppOfADoctorIsHeldToTheDoctorsReach(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		withStaff(s)
		mine := fmt.Sprintf(observation, patientID)
		theirs := fmt.Sprintf(observation, unknownID)
		by := s.put(t, "POST", "/Observation", mine).is(t, 201)
		foreign := s.put(t, "POST", "/Observation", strings.Replace(theirs, `"status"`, `"identifier":[{"system":"urn:lab","value":"9"}],"status"`, 1)).is(t, 201)
		withID := func(body, id string) string {
			return strings.Replace(body, `{"resourceType"`, `{"id":"`+id+`","resourceType"`, 1)
		}
		before := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`) + count(t, s.db, `SELECT COUNT(*) FROM fhir_past`)
		bundle := `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Observation"},"resource":` + mine + `},{"request":{"method":"POST","url":"Observation"},"resource":` + theirs + `}]}`
		for name, c := range map[string]struct {
			method, path, body, token string
			status                    int
			header                    []string
		}{
			"about a patient of another hospital": {"POST", "/Observation", theirs, "app", 403, nil},
			"about nobody":                        {"POST", "/Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`, "app", 403, nil},
			"a map for everybody":                 {"POST", "/ConceptMap", `{"resourceType":"ConceptMap","status":"active"}`, "app", 403, nil},
			"a patient":                           {"POST", "/Patient", `{"resourceType":"Patient"}`, "app", 403, nil},
			"over what another system wrote":      {"PUT", "/Observation/" + by.id(), withID(mine, by.id()), "app", 403, nil},
			"away with what another system wrote": {"DELETE", "/Observation/" + by.id(), "", "app", 403, nil},
			"over another hospital's":             {"PUT", "/Observation/" + foreign.id(), withID(mine, foreign.id()), "app", 403, nil},
			"found at another hospital":           {"POST", "/Observation", mine, "app", 403, []string{"If-None-Exist", "identifier=urn:lab|9"}},
			"leading to another's stay":           {"POST", "/Observation", strings.Replace(mine, `"status"`, `"encounter":{"reference":"Encounter/`+openStayID+`"},"status"`, 1), "app", 403, nil},
			"leading by a condition":              {"POST", "/Observation", strings.Replace(mine, "Patient/"+patientID, "Patient?name=A", 1), "app", 422, nil},
			"in a transaction":                    {"POST", "", bundle, "app", 403, nil},
			"by a statistician":                   {"POST", "/Observation", mine, "counts", 403, nil},
			"by a citizen":                        {"POST", "/Observation", mine, "citizen", 403, nil},
			"by a scope to read":                  {"POST", "/Observation", mine, "doctor", 403, nil},
			"by a scope of another type":          {"POST", "/Condition", `{"resourceType":"Condition","subject":{"reference":"Patient/` + patientID + `"}}`, "typed", 403, nil},
		} {
			if got := s.put(t, c.method, c.path, c.body, append([]string{"Authorization", "Bearer " + c.token}, c.header...)...); got.status != c.status {
				t.Errorf("%s: %d, not %d: %s", name, got.status, c.status, got.body)
			}
		}
		// Each entry of a batch stands by itself.
		got := s.put(t, "POST", "", strings.Replace(bundle, `"transaction"`, `"batch"`, 1), "Authorization", "Bearer app").is(t, 200)
		var said []string
		for _, e := range got.json["entry"].([]any) {
			said = append(said, fmt.Sprint(e.(map[string]any)["response"].(map[string]any)["status"]))
		}
		if strings.Join(said, ", ") != "201 Created, 403 Forbidden" {
			t.Error(said)
		}
		if after := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`) + count(t, s.db, `SELECT COUNT(*) FROM fhir_past`); after != before+1 {
			t.Errorf("%d versions, %d before", after, before)
		}
		// What one app of the doctor wrote another does not change.
		own := s.put(t, "POST", "/Observation", mine, "Authorization", "Bearer app").is(t, 201)
		s.put(t, "DELETE", "/Observation/"+own.id(), "", "Authorization", "Bearer other").is(t, 403)
	})
}
