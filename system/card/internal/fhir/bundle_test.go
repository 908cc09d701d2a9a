package fhir

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
)

func mustExec(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, d *db.DB, query string) int {
	t.Helper()
	var n int
	if err := d.Read.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTransactionIsWholeOrNothing(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		const patient = `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}],"name":[{"family":"Sample"}]}`
		seen := strings.Replace(fmt.Sprintf(observation, "x"), "Patient/x", "urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f", 1)
		// The reference stands before what it leads to; one is by condition; one is read.
		all := bundleOf("transaction",
			item1("GET", "Observation?status=final&patient.identifier=1", "", ""),
			item1("GET", "Observation?status=final", "", ""),
			item1("POST", "Observation", "urn:uuid:7b324782-31d1-4659-89ab-58e075d6e61f", seen),
			item1("POST", "Patient", "urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f", patient, "ifNoneExist", "identifier=urn:x|1"),
			item1("PUT", "Device/d1", "", `{"resourceType":"Device","id":"d1","patient":{"reference":"Patient?identifier=urn:y|9"}}`),
			item1("POST", "Patient", "", strings.Replace(patient, `"1"`, `"2"`, 1)))
		got := s.put(t, "POST", "/", all).is(t, 422)
		if got.path() != "Bundle.entry[4].resource.patient.reference" {
			t.Errorf("%s", got.body)
		}
		if n := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`); n != 0 {
			t.Fatalf("%d are left of a transaction that failed", n)
		}
		s.put(t, "POST", "/Patient", strings.Replace(strings.Replace(patient, "urn:x", "urn:y", 1), `"1"`, `"9"`, 1)).is(t, 201)
		got = s.put(t, "POST", "/", all).is(t, 200)
		answers := entriesOf(t, got)
		status := func(n int) string { return answers[n]["response"].(map[string]any)["status"].(string)[:3] }
		for n, want := range []string{"200", "200", "201", "201", "201", "201"} {
			if status(n) != want {
				t.Errorf("%d: %v", n, answers[n])
			}
		}
		if found := answers[1]["resource"].(map[string]any); found["total"] != 1.0 {
			t.Errorf("what was written is not read: %v", found)
		}
		location := answers[3]["response"].(map[string]any)["location"].(string)
		made := s.get(t, strings.TrimPrefix(strings.Split(answers[2]["response"].(map[string]any)["location"].(string), "/_history")[0], s.server.URL+root), "machine").is(t, 200)
		if ref := made.json["subject"].(map[string]any)["reference"].(string); !strings.Contains(location, ref) {
			t.Errorf("%s is not %s", ref, location)
		}
		// Again: the patient is found, what is not conditional is new, the same Device stays.
		got = s.put(t, "POST", "/", all).is(t, 200)
		answers = entriesOf(t, got)
		if status(3) != "200" || status(4) != "200" || answers[3]["response"].(map[string]any)["location"] != location {
			t.Errorf("%s", got.body)
		}
		// All faults of a bundle are told, each with its place; nothing is written.
		before := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`)
		got = s.put(t, "POST", "/", bundleOf("transaction",
			item1("POST", "Patient", "", `{"resourceType":"Patient","gender":"f"}`),
			item1("POST", "Patient", "", patient),
			item1("POST", "Observation", "", `{"resourceType":"Observation","status":"final"}`))).is(t, 422)
		if !bytes.Contains(got.body, []byte("Bundle.entry[0].resource.gender")) || !bytes.Contains(got.body, []byte("Bundle.entry[2].resource.code")) {
			t.Errorf("%s", got.body)
		}
		for _, bad := range []struct {
			status int
			bundle string
		}{
			{400, bundleOf("transaction", `{"resource":`+patient+`}`)},
			{400, bundleOf("collection")},
			{405, bundleOf("transaction", item1("POST", "Patient", "", patient), item1("DELETE", "Patient/"+patientID, "", ""))},
			{400, bundleOf("transaction", item1("PUT", "Device/d9", "", `{"resourceType":"Device","id":"d9"}`), item1("PUT", "Device/d9", "", `{"resourceType":"Device","id":"d9","status":"active"}`))},
			{412, bundleOf("transaction", item1("POST", "Patient", "", patient), item1("PUT", "Device/d1", "", `{"resourceType":"Device","id":"d1","status":"active"}`, "ifMatch", `W/"7"`))},
			{412, bundleOf("transaction", item1("POST", "Patient", "", patient), item1("PUT", "Device?identifier:not=1", "", `{"resourceType":"Device"}`))},
			{422, bundleOf("transaction", item1("PATCH", "Device/d1", "", `{"resourceType":"Device"}`))},
			{400, `{"resourceType":"Patient"}`},
			{400, `[`},
		} {
			if got := s.put(t, "POST", "/", bad.bundle); got.status != bad.status && (got.status < 400 || got.status >= 500 || bad.status == 405) {
				t.Errorf("%d, not %d: %s: %s", got.status, bad.status, bad.bundle, got.body)
			}
		}
		if after := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`); after != before {
			t.Errorf("%d became %d", before, after)
		}
		// A batch does what it can.
		got = s.put(t, "POST", "/", bundleOf("batch",
			item1("POST", "Patient", "", `{"resourceType":"Patient","gender":"f"}`),
			item1("POST", "Patient", "", strings.Replace(patient, `"1"`, `"3"`, 1)),
			item1("DELETE", "Device/d1", "", ""),
			item1("GET", "Device/d1", "", ""),
			item1("PUT", "Patient/"+patientID, "", strings.Replace(patient, "{", `{"id":"`+patientID+`",`, 1)))).is(t, 200)
		answers = entriesOf(t, got)
		for n, want := range []string{"422", "201", "204", "410", "405"} {
			if status(n) != want {
				t.Errorf("%d: %v", n, answers[n])
			}
		}
		if count(t, s.db, `SELECT COUNT(*) FROM access_record WHERE action = 'fhir.create'`) == 0 {
			t.Error("nothing is recorded")
		}
		// What is still referred to is not deleted, unless with what refers to it.
		id := strings.Split(strings.TrimPrefix(location, s.server.URL+root+"/"), "/_history")[0]
		s.put(t, "DELETE", "/"+id, "").is(t, 409)
	})
}

// A bundle of more entries than any cap of a server, bounded by bytes alone.
func TestTransactionIsUncapped(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		const many = 3000
		entries := []string{item1("POST", "Patient", "urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f", `{"resourceType":"Patient"}`)}
		for range many {
			entries = append(entries, item1("POST", "Observation", "", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f"}}`))
		}
		s.put(t, "POST", "/", bundleOf("transaction", entries...)).is(t, 200)
		if n := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`); n != many+1 {
			t.Errorf("%d", n)
		}
		s.most = 1000
		s.put(t, "POST", "/", bundleOf("transaction", entries...)).is(t, 413)
	})
}

// Bundles of others that fail at the same moment take nothing of ours along.
func TestWorksTogetherFailAlone(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				entries := []string{
					item1("POST", "Device", "", `{"resourceType":"Device","lotNumber":"`+fmt.Sprint(n)+`"}`),
					item1("POST", "Device", "", `{"resourceType":"Device","patient":{"reference":"Patient/nobody"}}`),
				}
				want := 422
				if n%2 == 0 {
					entries, want = entries[:1], 200
				}
				if got := s.put(t, "POST", "/", bundleOf("transaction", entries...)); got.status != want {
					t.Errorf("%d: %s", got.status, got.body)
				}
			})
		}
		all.Wait()
		if n := count(t, s.db, `SELECT COUNT(*) FROM fhir_resource`); n != 20 {
			t.Errorf("%d", n)
		}
	})
}
