package fhir

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/migration"
)

// FHIR with validation and access records against a bare handler on a table of
// its own in the same PostgreSQL, which only parses the JSON and stores or
// returns it. Both over HTTP with the same client, many at once.

func BenchmarkFHIRCreate(b *testing.B)             { ours(b, createOnce) }
func BenchmarkFHIRCreateReference(b *testing.B)    { least(b, createOnce) }
func BenchmarkFHIRRead(b *testing.B)               { ours(b, readOnce) }
func BenchmarkFHIRReadReference(b *testing.B)      { least(b, readOnce) }
func BenchmarkFHIRSearch(b *testing.B)             { ours(b, searchOnce) }
func BenchmarkFHIRSearchReference(b *testing.B)    { least(b, searchOnce) }
func BenchmarkFHIRBundle4(b *testing.B)            { ours(b, bundleOnce(4)) }
func BenchmarkFHIRBundle4Reference(b *testing.B)   { least(b, bundleOnce(4)) }
func BenchmarkFHIRBundle100(b *testing.B)          { ours(b, bundleOnce(100)) }
func BenchmarkFHIRBundle100Reference(b *testing.B) { least(b, bundleOnce(100)) }

// act is what one request does; patient is a Patient that is there, number the
// identifier that it bears.
type act func(patient, number string) (method, path, body string)

func createOnce(patient, _ string) (string, string, string) {
	return http.MethodPost, "/Observation", fmt.Sprintf(observation, patient)
}

func readOnce(patient, _ string) (string, string, string) {
	return http.MethodGet, "/Patient/" + patient, ""
}

func searchOnce(_, number string) (string, string, string) {
	return http.MethodGet, "/Patient?identifier=urn:bench|" + number, ""
}

func bundleOnce(n int) act {
	return func(patient, _ string) (string, string, string) {
		entries := make([]string, n)
		for i := range entries {
			entries[i] = item1("POST", "Observation", "urn:uuid:"+id.New(), fmt.Sprintf(observation, patient))
		}
		return http.MethodPost, "/", bundleOf("transaction", entries...)
	}
}

const benchPatient = `{"resourceType":"Patient","identifier":[{"system":"urn:bench","value":"%d"}],"name":[{"family":"Sample","given":["One"]}],"gender":"female","birthDate":"1990-05-01"}`

// benchPatients is how many there are: each request asks for the next one, so that
// requests that share a question do not ask for the same.
const benchPatients = 1000

// callers is how many ask at the same time: as many as of ЕСИ in bench/load.
const callers = 64

func ours(b *testing.B, do act) {
	if os.Getenv("SANARIP_TEST_POSTGRES") == "" {
		b.Skip("SANARIP_TEST_POSTGRES is not set")
	}
	s := newSample(b, dbtest.Open(b, dbtest.Postgres(b), "card", migration.Sets...))
	entries := make([]string, benchPatients)
	for i := range entries {
		entries[i] = item1("PUT", "Patient/bench-"+strconv.Itoa(i), "", fmt.Sprintf(strings.Replace(benchPatient, "{", `{"id":"bench-`+strconv.Itoa(i)+`",`, 1), i))
	}
	s.put(b, "POST", "/", bundleOf("transaction", entries...)).is(b, 200)
	load(b, s.server.URL+root, do)
}

func least(b *testing.B, do act) {
	if os.Getenv("SANARIP_TEST_POSTGRES") == "" {
		b.Skip("SANARIP_TEST_POSTGRES is not set")
	}
	d := dbtest.Open(b, dbtest.Postgres(b), "card")
	mustExec(b, d, `CREATE TABLE bare (id TEXT PRIMARY KEY, number TEXT NOT NULL, body TEXT NOT NULL)`)
	mustExec(b, d, `CREATE INDEX bare_number ON bare (number)`)
	for i := range benchPatients {
		n := strconv.Itoa(i)
		mustExec(b, d, `INSERT INTO bare (id, number, body) VALUES ($1, $2, $3)`, "bench-"+n, "urn:bench|"+n, fmt.Sprintf(benchPatient, i))
	}
	server := httptest.NewServer(bare{d})
	b.Cleanup(server.Close)
	load(b, server.URL, do)
}

// load sends requests, many at once.
func load(b *testing.B, base string, do act) {
	b.Helper()
	var asked atomic.Int64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	b.Cleanup(client.CloseIdleConnections)
	b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := strconv.FormatInt(asked.Add(1)%benchPatients, 10)
			method, path, body := do("bench-"+n, n)
			r, err := http.NewRequestWithContext(context.Background(), method, base+path, strings.NewReader(body))
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/fhir+json")
			r.Header.Set("Authorization", "Bearer writer")
			got, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, got.Body)
			_ = got.Body.Close()
			if got.StatusCode > 299 {
				b.Errorf("%s %s: %d", method, path, got.StatusCode)
				return
			}
		}
	})
}

// bare is the least that stores and returns JSON.
type bare struct{ db *db.DB }

func (h bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer string
	var err error
	switch {
	case r.Method == http.MethodPost:
		answer, err = h.store(r)
	case r.URL.RawQuery != "":
		err = h.db.Read.QueryRowContext(r.Context(), `SELECT body FROM bare WHERE number = $1`, r.URL.Query().Get("identifier")).Scan(&answer)
	default:
		err = h.db.Read.QueryRowContext(r.Context(), `SELECT body FROM bare WHERE id = $1`, strings.TrimPrefix(r.URL.Path, "/Patient/")).Scan(&answer)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	_, _ = io.WriteString(w, answer)
}

// store keeps a resource, or those of a bundle, in one transaction.
func (h bare) store(r *http.Request) (string, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	var one struct {
		Entry []struct {
			Resource json.RawMessage `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(data, &one); err != nil {
		return "", err
	}
	bodies := []string{string(data)}
	if len(one.Entry) > 0 {
		bodies = nil
		for _, e := range one.Entry {
			bodies = append(bodies, string(e.Resource))
		}
	}
	return bodies[0], h.db.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for _, body := range bodies {
			if _, err := tx.ExecContext(ctx, `INSERT INTO bare (id, number, body) VALUES ($1, '', $2)`, id.New(), body); err != nil {
				return err
			}
		}
		return nil
	})
}
