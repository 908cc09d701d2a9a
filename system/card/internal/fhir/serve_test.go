package fhir

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

func TestVersions(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		path := "/Patient/" + patientID
		a := s.get(t, path, "machine")
		tag, meta := a.header.Get("ETag"), a.json["meta"].(map[string]any)
		if tag != `W/"`+meta["versionId"].(string)+`"` || a.header.Get("Last-Modified") != "Tue, 10 Nov 2026 04:30:00 GMT" ||
			a.header.Get("Content-Type") != "application/fhir+json; charset=utf-8" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.header)
		}
		if again := s.ask(t, http.MethodGet, path, "machine", nil, "If-None-Match", tag); again.status != 304 || len(again.body) != 0 {
			t.Errorf("%d %s", again.status, again.body)
		}
		err := s.db.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE patient SET address = 'Ош ш.' WHERE id = $1`, patientID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if again := s.ask(t, http.MethodGet, path, "machine", nil, "If-None-Match", tag); again.status != 200 || again.header.Get("ETag") == tag {
			t.Errorf("%d: the version did not change with the content", again.status)
		}
	})
}

// What is not a read or a search is refused, always as an OperationOutcome.
func TestRefusals(t *testing.T) {
	s := lite(t)
	for _, c := range []struct {
		method, path string
		status       int
		header       []string
	}{
		{"GET", "/", 405, nil},
		{"GET", "/Substance", 404, nil},
		{"GET", "/Patient/" + patientID + "/_history/1", 404, nil},
		{"GET", "/Patient/" + patientID + "/$everything", 404, nil},
		{"GET", "/Patient/ПИН", 404, nil},
		{"POST", "/Patient", 403, nil},
		{"PUT", "/Patient/" + patientID, 403, nil},
		{"PATCH", "/Patient/" + patientID, 403, nil},
		{"DELETE", "/Patient/" + patientID, 403, nil},
		{"GET", "/Patient/" + patientID + "/_history/0", 404, nil},
		{"GET", "/Patient/_search", 405, nil},
		{"POST", "/metadata", 405, nil},
		{"GET", "/Patient?_format=xml", 406, nil},
		{"GET", "/Patient", 406, []string{"Accept", "application/fhir+xml"}},
		{"GET", "/Patient", 406, []string{"Accept", "application/fhir+json; fhirVersion=3.0"}},
		{"POST", "/Patient/_search", 415, []string{"Content-Type", "application/json"}},
	} {
		a := s.ask(t, c.method, c.path, "machine", nil, c.header...)
		if a.status != c.status || a.json["resourceType"] != "OperationOutcome" {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.body)
		}
		allowed := a.header.Get("Allow")
		if a.status == 405 && (allowed == "" || strings.Contains(allowed, "GET") != strings.Contains(allowed, "GET, HEAD")) {
			t.Errorf("%s %s: Allow %q", c.method, c.path, allowed)
		}
	}
	for _, accept := range []string{"application/fhir+json", "application/json, text/plain", "*/*", "application/fhir+xml;q=0.5, application/fhir+json; fhirVersion=4.0"} {
		if a := s.ask(t, "GET", "/Patient", "machine", nil, "Accept", accept); a.status != 200 {
			t.Errorf("%s: %d", accept, a.status)
		}
	}
	if a := s.ask(t, "POST", "/Patient/_search", "machine", url.Values{"name": {strings.Repeat("x", maxForm)}}); a.status != 413 {
		t.Errorf("a huge body: %d", a.status)
	}
	if a := s.ask(t, "HEAD", "/Patient/"+patientID, "machine", nil); a.status != 200 || a.header.Get("ETag") == "" {
		t.Errorf("HEAD: %d", a.status)
	}
}

// Errors speak the reader's language, every key has its words, and nothing
// internal or personal shows.
func TestOutcomesSpeak(t *testing.T) {
	s := lite(t)
	for lang, word := range map[string]string{"ky": "жазуу жок", "ru": "записи нет", "en": "no such record"} {
		a := s.ask(t, "GET", "/Patient/nobody", "machine", nil, "Accept-Language", lang)
		if !bytes.Contains(a.body, []byte(word)) || a.header.Get("Content-Language") != lang {
			t.Errorf("%s: %s", lang, a.body)
		}
		for _, path := range []string{
			"/Patient?x=1", "/Substance", "/Patient/1/2/3", "/Patient?birthdate=x", "/Patient?_count=x", "/Patient?_sort=x", "/Patient?_include=x",
			"/Patient?_cursor=x", "/Patient?identifier=" + demo.Patient.PIN, "/Patient?name:x=1", "/Patient?organization=x/y", "/Patient?_format=xml",
			"/Patient?name=%00", "/Patient?%zz", "/Patient?_id=" + strings.Repeat("a,", 51),
		} {
			a := s.ask(t, "GET", path, "machine", nil, "Accept-Language", lang, "Prefer", "handling=strict")
			if a.status < 400 || bytes.Contains(a.body, []byte("[card.")) || bytes.Contains(a.body, []byte("[kit.")) || bytes.Contains(a.body, []byte("<no value>")) {
				t.Errorf("%s %s: %d %s", lang, path, a.status, a.body)
			}
		}
	}
}

// The statement of what is offered names everything that is, and the page of
// SMART leads to ЕСИ.
func TestMetadata(t *testing.T) {
	s := lite(t)
	a := s.get(t, "/metadata", "")
	rest := a.json["rest"].([]any)[0].(map[string]any)
	var kinds []string
	for _, r := range rest["resource"].([]any) {
		kinds = append(kinds, r.(map[string]any)["type"].(string))
	}
	for _, name := range []string{
		"Claim", "ClaimResponse", "Condition", "Encounter", "Location", "Organization", "Patient", "Practitioner", "PractitionerRole", "Procedure",
		"Observation", "AllergyIntolerance", "Immunization", "ConceptMap",
	} {
		if !slices.Contains(kinds, name) {
			t.Errorf("%s is not in %v", name, kinds)
		}
	}
	if !slices.IsSorted(kinds) {
		t.Errorf("%v", kinds)
	}
	if a := s.get(t, "/.well-known/smart-configuration", ""); a.json["token_endpoint"] != "http://esi.localhost:8080/connect/token" {
		t.Errorf("%s", a.body)
	}
}
