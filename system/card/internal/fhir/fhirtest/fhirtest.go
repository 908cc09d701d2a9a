// Package fhirtest opens the FHIR API over a small hospital for the tests of the
// rooms beside it: one patient with a finished stay and all that a ward writes,
// and a second one in another hospital, whom nobody of the first may see.
package fhirtest

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// The records.
const (
	PatientID = "018f0000-0000-7000-8000-000000000001"
	OtherID   = "018f0000-0000-7000-8000-000000000002"
	StayID    = "018f0000-0000-7000-8000-000000000011"
	OtherStay = "018f0000-0000-7000-8000-000000000012"
	Diagnosis = "018f0000-0000-7000-8000-000000000031"
	Operation = "018f0000-0000-7000-8000-000000000041"
	Drug      = "018f0000-0000-7000-8000-000000000051"
	Ended     = "018f0000-0000-7000-8000-000000000052"
	Test      = "018f0000-0000-7000-8000-000000000053"
	Line      = "018f0000-0000-7000-8000-000000000061"
	Blood     = "018f0000-0000-7000-8000-000000000071"
	XRay      = "018f0000-0000-7000-8000-000000000072"
	Consent   = "018f0000-0000-7000-8000-000000000081"
	Access    = "018f0000-0000-7000-8000-000000000091"
)

// Moments of the records.
var (
	Now      = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	Admitted = time.Date(2026, 11, 10, 4, 30, 0, 0, time.UTC)
	Left     = time.Date(2026, 11, 20, 7, 15, 0, 0, time.UTC)
)

// Hospital is the API over the records, with tokens of the test's choice.
type Hospital struct {
	T      testing.TB
	API    *fhir.API
	DB     *db.DB
	Clock  *clock.Manual
	Tokens map[string]access.Token
	URL    string // of the API
	mux    *http.ServeMux
}

// Each runs the test over a hospital of its own on each engine.
func Each(t *testing.T, offers []fhir.Offer, run func(t *testing.T, h *Hospital)) {
	t.Helper()
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) { run(t, Open(t, d, offers...)) })
}

// Introspect implements fhir.Tokens.
func (h *Hospital) Introspect(_ context.Context, token string) (access.Token, error) {
	return h.Tokens[token], nil
}

// Posts implements fhir.Posts: the doctor and the nurse work in the first hospital.
func (h *Hospital) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	post := workforceapi.Post{ID: "p1", PIN: pin, Organisation: demo.Hospital, OrganisationName: text.Words{KY: "Оорукана", RU: "Больница"}}
	switch pin {
	case demo.Doctor.PIN:
		post.Role, post.Title = workforceapi.Doctor, text.Words{KY: "Дарыгер", RU: "Врач"}
	case demo.Nurse.PIN:
		post.Role, post.Title = workforceapi.Nurse, text.Words{KY: "Медайым", RU: "Медсестра"}
	default:
		return nil, nil
	}
	return []workforceapi.Post{post}, nil
}

// Open fills the database and serves the API over it.
func Open(t testing.TB, d *db.DB, offers ...fhir.Offer) *Hospital {
	t.Helper()
	h := &Hospital{T: t, DB: d, Clock: clock.NewManual(Now), mux: http.NewServeMux(), Tokens: map[string]access.Token{
		"machine":  {Active: true, Scopes: []string{"system/*.read"}, ClientID: "reader", Machine: true},
		"narrow":   {Active: true, Scopes: []string{"system/Patient.rs", "system/Condition.rs"}, ClientID: "narrow", Machine: true},
		"patient":  {Active: true, Scopes: []string{"patient/*.rs"}, ClientID: "app", PIN: demo.Patient.PIN, Name: demo.Patient.Name()},
		"stranger": {Active: true, Scopes: []string{"patient/*.rs"}, ClientID: "app", PIN: demo.Nurse.PIN},
		"doctor":   {Active: true, Scopes: []string{"user/*.rs"}, ClientID: "app", PIN: demo.Doctor.PIN, Name: demo.Doctor.Name()},
	}}
	h.fill()
	server := httptest.NewServer(h.mux)
	t.Cleanup(server.Close)
	h.API = fhir.New(fhir.Config{
		DB: d, Clock: h.Clock, Log: slog.New(slog.DiscardHandler), Texts: text.MustLoad(design.Texts, words(t)),
		Site: server.URL, Issuer: "http://esi.localhost:8080", Secret: []byte("0123456789abcdef0123456789abcdef"), Tokens: h, Posts: h, Offers: offers,
	})
	h.URL = server.URL + "/fhir/R4"
	h.mux.Handle("/fhir/R4/", h.API)
	return h
}

// words are those of the card, found from the room of the test.
func words(t testing.TB) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	for up := ".."; len(up) < 30; up += "/.." {
		files, err := filepath.Glob(up + "/text/*.json")
		if err != nil || len(files) == 0 {
			continue
		}
		for _, file := range files {
			data, err := os.ReadFile(file) //nolint:gosec // our own words
			if err != nil {
				t.Fatal(err)
			}
			all["text/"+filepath.Base(file)] = &fstest.MapFile{Data: data}
		}
		return all
	}
	t.Fatal("no words")
	return nil
}

// Answer is what the API said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	JSON   map[string]any
}

// Ask sends a request; header is pairs.
func (h *Hospital) Ask(method, path, token, body string, header ...string) Answer {
	h.T.Helper()
	if !strings.HasPrefix(path, "http") {
		path = h.URL + path
	}
	r, err := http.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	if err != nil {
		h.T.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.T.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	a := Answer{Status: response.StatusCode, Header: response.Header}
	if a.Body, err = io.ReadAll(response.Body); err != nil {
		h.T.Fatal(err)
	}
	if strings.Contains(response.Header.Get("Content-Type"), "json") && !strings.Contains(response.Header.Get("Content-Type"), "ndjson") {
		if err := json.Unmarshal(a.Body, &a.JSON); err != nil {
			h.T.Fatalf("%s %s: %v: %s", method, path, err, a.Body)
		}
	}
	return a
}

// Get reads.
func (h *Hospital) Get(path, token string, header ...string) Answer {
	h.T.Helper()
	return h.Ask(http.MethodGet, path, token, "", header...)
}

// Resources are those of a Bundle, as Type/id.
func (a Answer) Resources() []string {
	var all []string
	entries, _ := a.JSON["entry"].([]any)
	for _, e := range entries {
		if r, ok := e.(map[string]any)["resource"].(map[string]any); ok {
			kind, _ := r["resourceType"].(string)
			id, _ := r["id"].(string)
			all = append(all, kind+"/"+id)
		}
	}
	return all
}

// Next is the link to the next page, "" if there is none.
func (a Answer) Next() string {
	links, _ := a.JSON["link"].([]any)
	for _, l := range links {
		if link := l.(map[string]any); link["relation"] == "next" {
			return link["url"].(string)
		}
	}
	return ""
}

// Do changes the database.
func (h *Hospital) Do(query string, args ...any) {
	h.T.Helper()
	err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		h.T.Fatalf("%s: %v", query, err)
	}
}

// Count is the number that the query tells.
func (h *Hospital) Count(query string, args ...any) int {
	h.T.Helper()
	var n int
	if err := h.DB.Read.QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		h.T.Fatal(err)
	}
	return n
}
