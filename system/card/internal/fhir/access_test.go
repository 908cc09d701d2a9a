package fhir

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Who sees what: every kind of token against one's own record, another's, and
// searches.
func TestAuthMatrix(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		s.tokens["encounters"] = access.Token{Active: true, Scopes: []string{"system/Encounter.rs"}, ClientID: "c", Machine: true}
		s.tokens["openid"] = access.Token{Active: true, Scopes: []string{"openid", "profile"}, ClientID: "c", PIN: demo.Patient.PIN}
		s.tokens["expired"] = access.Token{Active: true, Scopes: []string{"system/*.read"}, ClientID: "c", Machine: true, Expires: now}
		s.tokens["citizen"] = access.Token{Active: true, Scopes: []string{"user/*.read"}, ClientID: "c", PIN: demo.Patient.PIN}
		// A scope of machines in the token of a person opens nothing, and the other way round.
		s.tokens["grabber"] = access.Token{Active: true, Scopes: []string{"system/*.read"}, ClientID: "c", PIN: demo.Nurse.PIN}
		s.tokens["robot"] = access.Token{Active: true, Scopes: []string{"patient/*.read", "user/*.read"}, ClientID: "c", Machine: true}
		s.tokens["nobody"] = access.Token{Active: true, Scopes: []string{"patient/*.read", "user/*.read", "system/*.read"}, ClientID: "c"}
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
			{"doctor", "/Claim/" + s.ids.Claim(formNumber, 2), 200, 0},
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
	s.tokens["encounters"] = access.Token{Active: true, Scopes: []string{"system/Encounter.rs"}, ClientID: "c", Machine: true}
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
		s.ask(t, http.MethodPost, "/Patient/_search", "machine", form("identifier", datatype.SIDPIN+"|"+demo.Nurse.PIN))
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

type awayTokens struct{}

func (awayTokens) Introspect(context.Context, string) (access.Token, error) {
	return access.Token{}, fail.Wrap(errors.New("refused"), fail.Unavailable, "kit.identity_away")
}

func TestIdentityAway(t *testing.T) {
	s := lite(t)
	s.API.tokens = awayTokens{}
	a := s.get(t, "/Patient", "machine")
	if a.status != 503 || a.header.Get("Retry-After") == "" || a.json["resourceType"] != "OperationOutcome" || strings.Contains(string(a.body), "refused") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
