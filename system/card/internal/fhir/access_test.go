package fhir

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		scope        string
		read, search bool
	}{
		{"system/*.read", true, true},
		{"system/Patient.read", true, true},
		{"system/Encounter.read", false, false},
		{"system/*.rs", true, true},
		{"system/Patient.r", true, false},
		{"system/Patient.s", false, true},
		{"system/Patient.cruds", true, true},
		{"system/Patient.*", true, true},
		{"system/Patient.write", false, false},
		{"system/Patient.sr", false, false}, // not in the order of the specification
		{"system/Patient.rr", false, false},
		{"system/Patient.rs?_id=1", false, false}, // narrowed: not understood, so nothing
		{"system/Patient.", false, false},
		{"system/Patient", false, false},
		{"user/Patient.read", false, false},
		{"systems/*.read", false, false},
		{"", false, false},
	} {
		if got := grants(c.scope, systemContext, "Patient", readAction); got != c.read {
			t.Errorf("%q read: %v", c.scope, got)
		}
		if got := grants(c.scope, systemContext, "Patient", searchAction); got != c.search {
			t.Errorf("%q search: %v", c.scope, got)
		}
	}
}

// Who sees what: every kind of token against one's own record, another's, and
// searches.
func TestAuthMatrix(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		s.tokens["encounters"] = Token{Active: true, Scopes: []string{"system/Encounter.rs"}, ClientID: "c", Machine: true}
		s.tokens["openid"] = Token{Active: true, Scopes: []string{"openid", "profile"}, ClientID: "c", PIN: demo.Patient.PIN}
		s.tokens["expired"] = Token{Active: true, Scopes: []string{"system/*.read"}, ClientID: "c", Machine: true, Expires: now}
		s.tokens["citizen"] = Token{Active: true, Scopes: []string{"user/*.read"}, ClientID: "c", PIN: demo.Patient.PIN}
		// A scope of machines in the token of a person opens nothing, and the other way round.
		s.tokens["grabber"] = Token{Active: true, Scopes: []string{"system/*.read"}, ClientID: "c", PIN: demo.Nurse.PIN}
		s.tokens["robot"] = Token{Active: true, Scopes: []string{"patient/*.read", "user/*.read"}, ClientID: "c", Machine: true}
		s.tokens["nobody"] = Token{Active: true, Scopes: []string{"patient/*.read", "user/*.read", "system/*.read"}, ClientID: "c"}
		own, other := "/Patient/"+patientID, "/Patient/"+unknownID
		for _, c := range []struct {
			token, path string
			status      int
			total       int // of a search
		}{
			{"", own, 401, 0},
			{"garbage", own, 401, 0},
			{"expired", own, 401, 0},
			{"openid", own, 403, 0},
			{"nobody", own, 403, 0},
			{"robot", own, 403, 0},
			{"grabber", own, 403, 0},
			{"encounters", own, 403, 0},
			{"encounters", "/Encounter", 200, 5},
			{"machine", own, 200, 0},
			{"machine", other, 200, 0},
			{"machine", "/Patient", 200, 2},
			{"patient", own, 200, 0},
			{"patient", other, 404, 0},
			{"patient", "/Patient", 200, 1},
			{"patient", "/Encounter", 200, 3},
			{"patient", "/Encounter/" + openStayID, 404, 0},
			{"patient", "/Encounter/" + openMoveID, 404, 0},
			{"patient", "/Condition", 200, 4},
			{"patient", "/Procedure", 200, 1},
			{"patient", "/Claim", 200, 3},
			{"patient", "/ClaimResponse", 200, 2},
			{"patient", "/Practitioner", 200, 2}, // the doctor and the surgeon of their stay
			{"patient", "/Organization", 200, 3},
			{"stranger", own, 404, 0},
			{"stranger", "/Patient", 200, 0},
			{"stranger", "/Condition", 200, 0},
			{"stranger", "/Claim", 200, 0},
			{"stranger", "/Practitioner", 200, 0},
			{"citizen", own, 200, 0},
			{"citizen", other, 404, 0},
			{"citizen", "/Patient", 200, 1},
			{"doctor", own, 200, 0},
			{"doctor", other, 404, 0}, // treated in another hospital
			{"doctor", "/Patient", 200, 1},
			{"doctor", "/Encounter", 200, 3},
			{"doctor", "/Practitioner", 200, 3}, // and the head of department
			{"doctor", "/Claim/" + s.ids.claim(formNumber, 2), 200, 0},
			{"", "/metadata", 200, 0},
			{"", "/.well-known/smart-configuration", 200, 0},
		} {
			a := s.get(t, c.path, c.token)
			if a.status != c.status {
				t.Errorf("%s %s: %d, not %d: %s", c.token, c.path, a.status, c.status, a.body)
				continue
			}
			challenge := a.header.Get("WWW-Authenticate")
			switch {
			case a.status == 401 && !strings.HasPrefix(challenge, "Bearer"):
				t.Errorf("%s %s: 401 without a challenge", c.token, c.path)
			case a.status == 403 && !strings.Contains(challenge, "insufficient_scope"):
				t.Errorf("%s %s: 403 with the challenge %q", c.token, c.path, challenge)
			case a.status >= 400 && a.json["resourceType"] != "OperationOutcome":
				t.Errorf("%s %s: no OperationOutcome: %s", c.token, c.path, a.body)
			case a.json["resourceType"] == "Bundle" && a.json["total"].(float64) != float64(c.total):
				t.Errorf("%s %s: %v found, not %d", c.token, c.path, a.json["total"], c.total)
			}
		}
	})
}

// A claim by _include or _revinclude opens nothing that the token does not.
func TestIncludesKeepToTheToken(t *testing.T) {
	s := lite(t)
	s.tokens["encounters"] = Token{Active: true, Scopes: []string{"system/Encounter.rs"}, ClientID: "c", Machine: true}
	path := "/Encounter?_id=" + stayID + "&_include=Encounter:patient&_include=Encounter:participant&_revinclude=Condition:encounter"
	if got := s.get(t, path, "encounters").ids("include"); len(got) != 0 {
		t.Errorf("included without the right: %v", got)
	}
	got := s.get(t, path, "machine").ids("include")
	if len(got) != 6 || !slices.Contains(got, patientID) || !slices.Contains(got, mainFinal) {
		t.Errorf("included: %v", got)
	}
}

// Whoever looks is written down, with the person behind the token or its client.
func TestEveryAccessIsRecorded(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		of := func(pin string) []audit.Record {
			records, err := audit.Of(context.Background(), s.db.Read, pin, 100)
			if err != nil {
				t.Fatal(err)
			}
			return records
		}
		s.get(t, "/Patient/"+patientID, "doctor")
		records := of(demo.Patient.PIN)
		if len(records) != 1 {
			t.Fatalf("%d records", len(records))
		}
		r := records[0]
		if r.ActorPIN != demo.Doctor.PIN || r.ActorName != demo.Doctor.Name() || r.ActorRole != "Врач" || r.Organisation != "Больница" ||
			r.Via != "card" || r.Action != "fhir.read" || r.Purpose != "treatment" || r.Object != "Patient/"+patientID {
			t.Errorf("%+v", r)
		}
		s.get(t, "/Condition?patient="+patientID, "machine")
		if r = of(demo.Patient.PIN)[0]; r.ActorName != "fhir-reader" || r.ActorPIN != "" || r.Action != "fhir.search" || r.Purpose != "fhir-exchange" || r.Object != "Condition" {
			t.Errorf("%+v", r)
		}
		if n := len(of(demo.Patient.PIN)); n != 2 {
			t.Errorf("one search of one person's diagnoses made %d records", n-1)
		}
		s.get(t, "/Patient", "patient")
		if r = of(demo.Patient.PIN)[0]; r.Purpose != "fhir-own" {
			t.Errorf("%+v", r)
		}
		// A search by ПИН that finds nothing is told to its bearer as well.
		s.ask(t, http.MethodPost, "/Patient/_search", "machine", form("identifier", sidPIN+"|"+demo.Nurse.PIN))
		if records = of(demo.Nurse.PIN); len(records) != 1 || records[0].Action != "fhir.search" {
			t.Errorf("%+v", records)
		}
		// What was refused was not seen.
		s.get(t, "/Patient/"+patientID, "stranger")
		s.get(t, "/Patient/"+patientID, "")
		if n := len(of(demo.Patient.PIN)); n != 3 {
			t.Errorf("%d records after refusals", n)
		}
	})
}

// esi is ЕСИ as far as tokens go.
type esi struct {
	*httptest.Server
	asked, asPerson               atomic.Int32
	answer, profile               string
	user, password, token, bearer string
}

func newESI(t *testing.T) *esi {
	e := &esi{answer: `{}`, profile: `{}`}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /connect/introspect", func(w http.ResponseWriter, r *http.Request) {
		e.asked.Add(1)
		e.user, e.password, _ = r.BasicAuth()
		e.token = r.PostFormValue("token")
		_, _ = io.WriteString(w, e.answer)
	})
	mux.HandleFunc("GET /connect/userinfo", func(w http.ResponseWriter, r *http.Request) {
		e.asPerson.Add(1)
		e.bearer = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, e.profile)
	})
	e.Server = httptest.NewServer(mux)
	t.Cleanup(e.Close)
	return e
}

func TestIntrospection(t *testing.T) {
	e := newESI(t)
	at := clock.NewManual(now)
	i := &Introspection{Issuer: e.URL, ClientID: "card", Secret: "se-cret", HTTP: e.Client(), Clock: at}
	ask := func(name string) Token {
		t.Helper()
		got, err := i.Introspect(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if ask("a").Active || e.user != "card" || e.password != "se-cret" || e.token != "a" {
		t.Errorf("asked as %q %q for %q", e.user, e.password, e.token)
	}
	// A refusal is asked for again; what is active is believed for half a minute.
	e.answer = `{"active":true,"scope":"system/*.read","client_id":"app","sub":"app","iss":"` + e.URL + `","exp":4102444800,"token_type":"Bearer","aud":"x"}`
	got := ask("a")
	if !got.Active || !got.Machine || got.PIN != "" || !slices.Equal(got.Scopes, []string{"system/*.read"}) || e.asked.Load() != 2 || e.asPerson.Load() != 0 {
		t.Errorf("%+v after %d", got, e.asked.Load())
	}
	e.answer = `{"active":false}`
	at.Advance(29 * time.Second)
	if !ask("a").Active || e.asked.Load() != 2 {
		t.Error("not believed for half a minute")
	}
	at.Advance(time.Second)
	if ask("a").Active {
		t.Error("believed for longer than half a minute")
	}
	// A person is known by the profile.
	e.answer = `{"active":true,"scope":"openid profile patient/*.read","client_id":"app","sub":"u1"}`
	e.profile = `{"sub":"u1","pin":"21209196000217","name":"Жумабеков"}`
	if got := ask("p"); got.Machine || got.PIN != "21209196000217" || got.Name != "Жумабеков" || e.bearer != "Bearer p" {
		t.Errorf("%+v", got)
	}
	e.profile = `{"sub":"somebody else","pin":"21209196000217"}`
	if got := ask("q"); got.Machine || got.PIN != "" {
		t.Errorf("the profile of another is taken: %+v", got)
	}
	e.answer = `{"active":true,"scope":"patient/*.read","client_id":"app","sub":"u1","pin":"21209196000217","name":"Ж"}`
	before := e.asPerson.Load()
	if got := ask("r"); got.Machine || got.PIN != "21209196000217" || e.asPerson.Load() != before {
		t.Errorf("%+v", got)
	}
	for name, body := range map[string]string{
		"of another issuer": `{"active":true,"client_id":"a","sub":"a","iss":"http://evil"}`,
		"a refresh token":   `{"active":true,"client_id":"a","sub":"a","token_type":"refresh_token"}`,
	} {
		e.answer = body
		if ask(name).Active {
			t.Errorf("%s is taken", name)
		}
	}
	e.answer = `<html>`
	if _, err := i.Introspect(context.Background(), "b"); !fail.Is(err, fail.BadNeighbor) {
		t.Errorf("garbage: %v", err)
	}
	before = e.asked.Load()
	if got, err := i.Introspect(context.Background(), strings.Repeat("x", maxToken+1)); got.Active || err != nil || e.asked.Load() != before {
		t.Error("a huge token was passed on")
	}
	e.Close()
	if _, err := i.Introspect(context.Background(), "c"); !fail.Is(err, fail.Unavailable) {
		t.Errorf("away: %v", err)
	}
}

type awayTokens struct{}

func (awayTokens) Introspect(context.Context, string) (Token, error) {
	return Token{}, fail.Wrap(errors.New("refused"), fail.Unavailable, "kit.identity_away")
}

func TestIdentityAway(t *testing.T) {
	s := lite(t)
	s.API.tokens = awayTokens{}
	a := s.get(t, "/Patient", "machine")
	if a.status != 503 || a.header.Get("Retry-After") == "" || a.json["resourceType"] != "OperationOutcome" || strings.Contains(string(a.body), "refused") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
