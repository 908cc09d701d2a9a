package fhir_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
	"github.com/sanarip/sanarip/system/card/internal/fhir/terminology"
	"github.com/sanarip/sanarip/system/card/migration"
)

// open is a card with everything that it offers, and a token for all of it.
func open(f *testing.F) *fhirtest.Hospital {
	f.Helper()
	h := fhirtest.Open(f, dbtest.SQLite(f, "card", migration.Sets...), slices.Concat(clinical.Offers(), document.Offers(), referred.Offers())...)
	gather.Mount(h.API)
	document.Mount(h.API)
	terminology.Mount(h.API, h.DB, h.Clock)
	h.Tokens["all"] = access.Token{Active: true, Scopes: []string{"system/*.read", "system/*.write"}, ClientID: "all", Machine: true}
	return h
}

// asked sends the request to the API itself and holds the answer to what is true of
// every one: no failure inside, JSON of a resource, errors as an OperationOutcome.
func asked(t *testing.T, h *fhirtest.Hospital, method, path, query, body, media string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(body))
	r.URL = &url.URL{Scheme: "http", Host: "card.test", Path: "/fhir/R4/" + path, RawQuery: query}
	r.Header.Set("Authorization", "Bearer all")
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	w := httptest.NewRecorder()
	h.API.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Fatalf("%s %q ? %q, %q: %d %s", method, path, query, body, w.Code, w.Body)
	}
	if w.Body.Len() == 0 {
		return
	}
	var told struct {
		Type string `json:"resourceType"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
		t.Fatalf("%s %q ? %q: %d is no JSON: %v", method, path, query, w.Code, err)
	}
	if w.Code >= 400 && told.Type != "OperationOutcome" {
		t.Fatalf("%s %q ? %q: %d %s", method, path, query, w.Code, w.Body)
	}
}

// Whatever address is asked in whatever way, with what is included and with all of
// a person or stay, is answered or refused.
func FuzzAddress(f *testing.F) {
	for _, seed := range []struct{ method, path, query string }{
		{"GET", "Patient/" + fhirtest.PatientID + "/$everything", "_count=2&_type=Condition,Encounter&_since=2026-01-01T00:00:00Z"},
		{"GET", "Encounter/" + fhirtest.StayID + "/$everything", "_count=0"},
		{"GET", "Patient/" + fhirtest.PatientID + "/$everything", "_type=,&_cursor=x"},
		{"POST", "Patient/" + fhirtest.PatientID + "/$everything", ""},
		{"GET", "Patient/$everything", ""},
		{"GET", "Encounter", "_include=Encounter:patient&_revinclude=Condition:encounter&_include=Encounter:part-of:Encounter"},
		{"GET", "Patient", "_has:Condition:patient:code=I21.0&_summary=true"},
		{"GET", "Condition", "encounter.patient.family=a&_elements=code"},
		{"GET", "Patient/" + fhirtest.PatientID + "/_history/1", ""},
		{"GET", "Patient/_history", "_since=2026&_count=1"},
		{"GET", "Observation/" + fhirtest.PatientID, "_summary=text"},
		{"DELETE", "Observation", "identifier=a|b"},
		{"DELETE", "Observation/x", ""},
		{"PUT", "Flag/x", ""},
		{"PATCH", "Flag/x", ""},
		{"HEAD", "metadata", ""},
		{"OPTIONS", "Patient", ""},
		{"GET", "metadata", "mode=terminology"},
		{"GET", "StructureDefinition", "url=x"},
		{"GET", "ValueSet", "_cursor=%zz"},
		{"GET", ".well-known/smart-configuration", ""},
		{"GET", "Patient//" + demo.Patient.PIN, "a=%00"},
		{"GET", "$export", "_type=Patient"},
		{"TRACE", "Patient", ""},
		{"GET", "Bundle/1/2/3/4", ""},
	} {
		f.Add(seed.method, seed.path, seed.query)
	}
	h := open(f)
	f.Fuzz(func(t *testing.T, method, path, query string) {
		if strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) || method == "" || method == http.MethodConnect {
			return // net/http lets no other through
		}
		asked(t, h, method, path, query, "", "")
	})
}

// Whatever is sent as a Bundle is done or refused; a transaction that is refused
// leaves nothing.
func FuzzBundle(f *testing.F) {
	of := func(kind string, entries ...string) string {
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
	}
	one := func(method, address, full, resource string) string {
		return `{"fullUrl":"` + full + `","request":{"method":"` + method + `","url":"` + address + `"},"resource":` + resource + `}`
	}
	flag := `{"resourceType":"Flag","status":"active","code":{"text":"x"},"subject":{"reference":"urn:uuid:1"}}`
	for _, seed := range []string{
		`{}`, `[]`, `null`, `{"resourceType":"Bundle"}`, of("transaction"), of("batch"), of("history"), of("transaction", `{}`), of("batch", `null`, `1`, `[]`),
		of("transaction", one("POST", "Patient", "urn:uuid:1", `{"resourceType":"Patient"}`), one("POST", "Flag", "urn:uuid:2", flag)),
		of("transaction", one("POST", "Flag", "urn:uuid:1", flag), one("PUT", "Flag?identifier=a|b", "", flag), one("DELETE", "Flag/x", "", "null"), one("GET", "Patient?_count=1", "", "null")),
		of("batch", one("GET", "Patient/$everything", "", "null"), one("GET", "../../x", "", "1"), one("GET", "?", "", "[]"), one("PATCH", "Flag/x", "", flag), one("", "", "", "{}")),
		of("transaction", one("PUT", "Flag/x", "", strings.Replace(flag, "urn:uuid:1", "Patient?identifier=a|b", 1))),
		of("transaction", one("POST", "Bundle", "", `{"resourceType":"Bundle","type":"collection"}`), one("POST", "AuditEvent", "", `{"resourceType":"AuditEvent"}`)),
	} {
		f.Add(seed)
	}
	h := open(f)
	f.Fuzz(func(t *testing.T, text string) { asked(t, h, "POST", "", "", text, "application/fhir+json") })
}
