package bulk_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/fhir/bulk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

func each(t *testing.T, run func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk)) {
	t.Helper()
	fhirtest.Each(t, clinical.Offers(), func(t *testing.T, h *fhirtest.Hospital) {
		d := &bulk.Desk{API: h.API, DB: h.DB, Clock: h.Clock, Queue: job.New(h.DB, h.Clock, slog.New(slog.DiscardHandler), job.Config{})}
		d.Offer()
		run(t, h, d)
	})
}

// begin kicks an export off and gives its id.
func begin(t *testing.T, h *fhirtest.Hospital, path, token string) string {
	t.Helper()
	a := h.Get(path, token, "Prefer", "respond-async")
	where := a.Header.Get("Content-Location")
	if a.Status != http.StatusAccepted || !strings.HasPrefix(where, h.URL+"/$export-job/") {
		t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	return strings.TrimPrefix(where, h.URL+"/$export-job/")
}

// files are the resources of the export by their type.
func files(t *testing.T, h *fhirtest.Hospital, id, token string) map[string][]string {
	t.Helper()
	a := h.Get("/$export-job/"+id, token)
	if a.Status != http.StatusOK || a.JSON["requiresAccessToken"] != true || a.Header.Get("Expires") == "" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	all := map[string][]string{}
	for _, o := range a.JSON["output"].([]any) {
		out := o.(map[string]any)
		f := h.Get(out["url"].(string), token, "Accept", "application/fhir+ndjson")
		lines := strings.Split(strings.TrimRight(string(f.Body), "\n"), "\n")
		if f.Status != 200 || f.Header.Get("Content-Type") != "application/fhir+ndjson" || len(lines) != int(out["count"].(float64)) {
			t.Fatalf("%v: %d, %d lines", out, f.Status, len(lines))
		}
		for _, line := range lines {
			var r struct{ ResourceType, ID string }
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.ResourceType != out["type"] {
				t.Errorf("%s: %v", line, err)
			}
			if r.ResourceType == "Patient" && !strings.Contains(line, `"profile":["`+datatype.Canonical+`/StructureDefinition/patient"]`) {
				t.Errorf("%s does not say to which profile it keeps", line)
			}
			all[r.ResourceType] = append(all[r.ResourceType], r.ID)
		}
	}
	return all
}

// An export tells everything once, of one moment, and everybody in it is told.
func TestExport(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk) {
		id := begin(t, h, "/$export", "machine")
		if a := h.Get("/$export-job/"+id, "machine"); a.Status != http.StatusAccepted || a.Header.Get("Retry-After") == "" || a.Header.Get("X-Progress") == "" {
			t.Errorf("%d %v", a.Status, a.Header)
		}
		// A job of a version that knew no places was killed: it begins anew.
		h.Do(`INSERT INTO fhir_export_file (export_id, number, kind, count, body) VALUES ($1, 1, 'Patient', 1, $2)`, id, []byte("{}\n"))
		for range 2 { // a job comes at least once
			if err := d.Write(context.Background(), id); err != nil {
				t.Fatal(err)
			}
		}
		got := files(t, h, id, "machine")
		if len(got["Patient"]) != 2 || len(got["Observation"]) != 6 || len(got["Organization"]) < 2 || len(got["AuditEvent"]) != 0 {
			t.Errorf("%v", got)
		}
		if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = 'fhir.export' AND subject_pin <> ''`); n == 0 {
			t.Error("nobody is told")
		}
		patients := begin(t, h, "/Patient/$export?_type=Patient,Condition&_since=2026-11-01T00:00:00Z&_outputFormat=application/fhir%2Bndjson", "narrow")
		if err := d.Write(context.Background(), patients); err != nil {
			t.Fatal(err)
		}
		if got := files(t, h, patients, "narrow"); len(got) != 2 || len(got["Condition"]) != 1 {
			t.Errorf("%v", got)
		}
		// Nobody else's, nothing after it was taken back or has expired.
		if a := h.Get("/$export-job/"+id, "narrow"); a.Status != 404 {
			t.Errorf("another client: %d", a.Status)
		}
		if a := h.Ask(http.MethodDelete, "/$export-job/"+patients, "narrow", ""); a.Status != http.StatusAccepted {
			t.Errorf("%d", a.Status)
		}
		if a := h.Get("/$export-job/"+patients, "narrow"); a.Status != 404 {
			t.Errorf("%d", a.Status)
		}
		h.Clock.Advance(25 * time.Hour)
		if a := h.Get("/$export-job/"+id, "machine"); a.Status != 404 {
			t.Errorf("expired: %d", a.Status)
		}
	})
}

// A job that was broken off goes on behind what it has written: nothing is lost,
// nothing stands twice, what is there is not written again.
func TestExportGoesOn(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk) {
		whole := begin(t, h, "/$export", "machine")
		if err := d.Write(t.Context(), whole); err != nil {
			t.Fatal(err)
		}
		want := files(t, h, whole, "machine")
		moment := h.Clock.Now()
		id := begin(t, h, "/$export", "machine")
		d.File, d.Page = 1, 2
		breaks := 0
		for h.Count(`SELECT COUNT(*) FROM fhir_export WHERE id = $1 AND state = 'waiting'`, id) > 0 {
			ctx, stop := context.WithCancel(t.Context())
			written := 0
			d.Wrote = func(int) {
				if written++; written == 3 {
					stop()
				}
			}
			before := h.Count(`SELECT COUNT(*) FROM fhir_export_file WHERE export_id = $1`, id)
			if err := d.Write(ctx, id); err != nil {
				breaks++
			}
			stop()
			if after := h.Count(`SELECT COUNT(*) FROM fhir_export_file WHERE export_id = $1`, id); after != before+written {
				t.Fatalf("%d files, %d written, then %d", before, written, after)
			}
			h.Clock.Advance(time.Minute)
			if breaks > 50 {
				t.Fatal("it does not come to an end")
			}
		}
		got := files(t, h, id, "machine")
		if breaks < 3 || len(got) != len(want) {
			t.Errorf("%d times broken off: %d types, not %d", breaks, len(got), len(want))
		}
		for kind, ids := range want {
			slices.Sort(ids)
			slices.Sort(got[kind])
			if !slices.Equal(ids, got[kind]) {
				t.Errorf("%s: %v, not %v", kind, got[kind], ids)
			}
		}
		// The moment is that of the first reading, less the time in which a change is written.
		if a := h.Get("/$export-job/"+id, "machine"); a.JSON["transactionTime"] != datatype.Instant(moment.Add(-2*time.Minute)) {
			t.Errorf("%v, not two minutes before %v", a.JSON["transactionTime"], datatype.Instant(moment))
		}
		// What has expired is taken away by itself, and not written any more.
		late := begin(t, h, "/$export", "machine")
		h.Clock.Advance(25 * time.Hour)
		if err := d.Write(t.Context(), late); err != nil || h.Count(`SELECT COUNT(*) FROM fhir_export_file WHERE export_id = $1`, late) != 0 {
			t.Errorf("an expired export is written: %v", err)
		}
		if err := d.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := h.Count(`SELECT COUNT(*) FROM fhir_export_file`) + h.Count(`SELECT COUNT(*) FROM fhir_export`); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestExportRefused(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital, d *bulk.Desk) {
		for path, status := range map[string]int{
			"/$export?_type=Nothing": 400, "/$export?_since=x": 400, "/$export?_typeFilter=x": 400, "/$export?_outputFormat=csv": 400,
			"/Patient/$export?_type=Organization,Location": 400, "/Group/none/$export": 404, "/Encounter/$export": 404,
		} {
			if a := h.Get(path, "machine", "Prefer", "respond-async"); a.Status != status {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
		for token, status := range map[string]int{"": 401, "patient": 403, "doctor": 403} {
			if a := h.Get("/$export", token, "Prefer", "respond-async"); a.Status != status {
				t.Errorf("%q: %d", token, a.Status)
			}
		}
		if a := h.Get("/$export?_type=Observation", "narrow", "Prefer", "respond-async"); a.Status != 403 {
			t.Errorf("%d", a.Status)
		}
		if a := h.Get("/$export", "machine"); a.Status != 400 {
			t.Errorf("without Prefer: %d", a.Status)
		}
		cancelled := begin(t, h, "/$export", "machine")
		h.Ask(http.MethodDelete, "/$export-job/"+cancelled, "machine", "")
		if err := d.Write(context.Background(), cancelled); err != nil {
			t.Errorf("a job of what was cancelled: %v", err)
		}
		for range 3 {
			begin(t, h, "/$export", "machine")
		}
		if a := h.Get("/$export", "machine", "Prefer", "respond-async"); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Errorf("a fourth at once: %d %v", a.Status, a.Header)
		}
	})
}
