package bulk_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/bulk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// export writes an export, and gives its files and what it says was deleted.
func export(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk, path string) (told map[string][]string, deleted []string, moment time.Time) {
	t.Helper()
	id := begin(t, h, path, "machine")
	if err := d.Write(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	a := h.Get("/$export-job/"+id, "machine")
	moment, err := time.Parse(time.RFC3339Nano, a.JSON["transactionTime"].(string))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range a.JSON["deleted"].([]any) {
		out := o.(map[string]any)
		if out["type"] != "Bundle" {
			t.Errorf("%v", out)
		}
		var b struct {
			ResourceType, Type string
			Entry              []struct{ Request struct{ Method, URL string } }
		}
		if err := json.Unmarshal(h.Get(out["url"].(string), "machine").Body, &b); err != nil || b.ResourceType != "Bundle" || b.Type != "transaction" {
			t.Errorf("%v %v", b, err)
		}
		for _, e := range b.Entry {
			if e.Request.Method != http.MethodDelete {
				t.Errorf("%v", e)
			}
			deleted = append(deleted, e.Request.URL)
		}
	}
	told = files(t, h, id, "machine")
	h.Ask(http.MethodDelete, "/$export-job/"+id, "machine", "") // a client has few at once
	return told, deleted, moment
}

// Who asks again and again for what is new since the moment that the export before
// has told misses nothing: no change of what leaves no moment, no deletion, nothing
// that was being written while the one before was read.
func TestExportSinceMissesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk) {
		h.Tokens["machine"] = access.Token{Active: true, Scopes: []string{"system/*.cruds"}, ClientID: "reader", Machine: true}
		put := func(id string) {
			t.Helper()
			a := h.Ask(http.MethodPut, "/Immunization/"+id, "machine", `{"resourceType":"Immunization","id":"`+id+`","status":"completed","vaccineCode":{"text":"x"},"occurrenceDateTime":"2026-11-01","patient":{"reference":"Patient/`+fhirtest.PatientID+`"}}`,
				"Content-Type", "application/fhir+json")
			if a.Status != http.StatusCreated && a.Status != http.StatusOK {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		put("stays")
		put("goes")
		h.Clock.Advance(time.Hour)
		first, deleted, moment := export(t, h, d, "/Patient/$export")
		if len(first["Immunization"]) != 2 || len(first["Observation"]) == 0 || len(deleted) != 0 {
			t.Fatalf("%v %v", first, deleted)
		}
		// It bears a moment before the reading, and was not there to be read.
		h.Do(`UPDATE fhir_resource SET updated_at = $1 WHERE id = 'stays'`, h.Clock.Now().Add(-time.Second).UnixMicro())
		h.Clock.Advance(time.Hour)
		h.Do(`UPDATE patient SET phone = '+996700000000' WHERE id = $1`, fhirtest.PatientID) // leaves no moment
		if a := h.Ask(http.MethodDelete, "/Immunization/goes", "machine", ""); a.Status >= 300 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		since := "_since=" + moment.UTC().Format("2006-01-02T15:04:05.000Z")
		second, deleted, _ := export(t, h, d, "/Patient/$export?"+since)
		if !slices.Equal(second["Immunization"], []string{"stays"}) || !slices.Contains(second["Patient"], fhirtest.PatientID) || len(second["Encounter"]) != len(first["Encounter"]) {
			t.Errorf("%v", second)
		}
		if len(second["Observation"]) != 0 || len(second["Procedure"]) != 0 { // whose rows know when they were signed
			t.Errorf("what is as it was is told again: %v", second)
		}
		if !slices.Equal(deleted, []string{"Immunization/goes"}) {
			t.Errorf("deleted: %v", deleted)
		}
		for path, want := range map[string]int{"/$export?_type=Immunization&" + since: 1, "/Patient/$export?_type=Condition,Observation&" + since: 0, "/$export?_type=Immunization": 0} {
			if _, deleted, _ := export(t, h, d, path); len(deleted) != want {
				t.Errorf("%s: %v", path, deleted)
			}
		}
		// A hospital's node hands over what it has signed days ago.
		h.Do(`INSERT INTO node_peer (name, organisations, epoch, applied, hash, nonce, forked, pulled, waiting, oldest_at, contact_at) VALUES ('osh', '950174', 1, 0, '', '', 0, 0, 0, 0, 0)`)
		if third, _, _ := export(t, h, d, "/Patient/$export?"+since); len(third["Observation"]) != len(first["Observation"]) {
			t.Errorf("with nodes: %v", third)
		}
	})
}

// An export whose job was given up says so, and is under way again when the
// operator restarts the job.
func TestExportThatFails(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk) {
		id := begin(t, h, "/$export", "machine")
		h.Do(`ALTER TABLE fhir_export_file RENAME TO fhir_export_away`)
		for range 25 {
			if err := d.Queue.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			h.Clock.Advance(10 * time.Minute)
		}
		h.Do(`ALTER TABLE fhir_export_away RENAME TO fhir_export_file`)
		a := h.Get("/$export-job/"+id, "machine")
		if a.Status != http.StatusInternalServerError || a.JSON["resourceType"] != "OperationOutcome" {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		for range 3 { // it counts no more
			begin(t, h, "/$export", "machine")
		}
		if err := d.Write(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if got := files(t, h, id, "machine"); len(got["Patient"]) != 2 {
			t.Errorf("%v", got)
		}
	})
}
