package fhir

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// put sends a resource as the writer does.
func (s *sample) put(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+root+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	r.Header.Set("Authorization", "Bearer writer")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return send1(t, r)
}

func (a answer) is(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%d, not %d: %s", a.status, status, a.body)
	}
	return a
}

func (a answer) id() string { return fmt.Sprint(a.json["id"]) }

// path is the element that the first issue of an OperationOutcome names.
func (a answer) path() string {
	issues, _ := a.json["issue"].([]any)
	for _, i := range issues {
		if e, ok := i.(map[string]any)["expression"].([]any); ok {
			return fmt.Sprint(e[0])
		}
	}
	return ""
}

const observation = `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},` +
	`"subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-11-21T08:00:00+06:00","valueQuantity":{"value":120.50,"unit":"g/L"}}`

func TestWrittenIsReadFoundAndVersioned(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		made := s.put(t, "POST", "/Observation", fmt.Sprintf(observation, patientID)).is(t, 201)
		at := "/Observation/" + made.id()
		if made.header.Get("ETag") != `W/"1"` || made.header.Get("Location") != s.server.URL+root+at+"/_history/1" || made.header.Get("Last-Modified") == "" {
			t.Errorf("%v", made.header)
		}
		if !bytes.Contains(made.body, []byte("120.50")) {
			t.Errorf("the zeros of a decimal are lost: %s", made.body)
		}
		read := s.get(t, at, "machine").is(t, 200)
		if !bytes.Equal(read.body, made.body) {
			t.Errorf("%s", read.body)
		}
		// It is found by its marks, beside the card's own, and by the person.
		for _, search := range []string{"patient=" + patientID, "subject=Patient/" + patientID, "code=http://loinc.org|718-7", "code=718-7", "date=2026-11-21", "status=final", "_id=" + made.id()} {
			if got := s.get(t, "/Observation?"+search, "machine").is(t, 200); got.json["total"] != 1.0 {
				t.Errorf("%s: %s", search, got.body)
			}
		}
		for _, search := range []string{"patient=" + unknownID, "code=http://snomed.info/sct|718-7", "date=lt2026-11-21", "status=preliminary"} {
			if got := s.get(t, "/Observation?"+search, "machine").is(t, 200); got.json["total"] != 0.0 {
				t.Errorf("%s: %s", search, got.body)
			}
		}
		// Its person reads it, a stranger does not.
		s.get(t, at, "patient").is(t, 200)
		s.get(t, at, "doctor").is(t, 200)
		s.get(t, at, "stranger").is(t, 404)
		// Versions.
		body := strings.Replace(string(made.body), "final", "corrected", 1)
		second := s.put(t, "PUT", at, body, "If-Match", `W/"1"`).is(t, 200)
		if second.header.Get("ETag") != `W/"2"` {
			t.Errorf("%v", second.header)
		}
		s.put(t, "PUT", at, body, "If-Match", `W/"1"`).is(t, 412)
		s.put(t, "PUT", at, body, "If-Match", `W/"abc"`).is(t, 412)
		if same := s.put(t, "PUT", at, body).is(t, 200); same.header.Get("ETag") != `W/"2"` {
			t.Errorf("the same content became a version: %v", same.header)
		}
		if v1 := s.get(t, at+"/_history/1", "machine").is(t, 200); !bytes.Equal(v1.body, made.body) {
			t.Errorf("%s", v1.body)
		}
		s.get(t, at+"/_history/1", "stranger").is(t, 404)
		s.get(t, at+"/_history/3", "machine").is(t, 404)
		if found := s.get(t, "/Observation?status=final", "machine"); found.json["total"] != 0.0 {
			t.Errorf("found by what it was: %s", found.body)
		}
		// Deleted: gone, but not its history.
		s.put(t, "DELETE", at, "", "If-Match", `W/"1"`).is(t, 412)
		s.put(t, "DELETE", at, "").is(t, 204)
		s.put(t, "DELETE", at, "").is(t, 204)
		s.get(t, at, "machine").is(t, 410)
		if found := s.get(t, "/Observation?patient="+patientID, "machine"); found.json["total"] != 0.0 {
			t.Errorf("%s", found.body)
		}
		history := s.get(t, at+"/_history", "machine").is(t, 200)
		entries := history.json["entry"].([]any)
		if len(entries) != 3 {
			t.Fatalf("%s", history.body)
		}
		for n, method := range []string{"DELETE", "PUT", "POST"} {
			if got := entries[n].(map[string]any)["request"].(map[string]any)["method"]; got != method {
				t.Errorf("%d: %v", n, got)
			}
		}
		if again := s.put(t, "PUT", at, body).is(t, 201); again.header.Get("ETag") != `W/"4"` {
			t.Errorf("brought back: %v", again.header)
		}
		// Pages of the history of a type.
		var seen []string
		for path := "/Observation/_history?_count=1"; path != ""; {
			page := s.get(t, path, "machine").is(t, 200)
			for _, e := range page.json["entry"].([]any) {
				seen = append(seen, e.(map[string]any)["response"].(map[string]any)["etag"].(string))
			}
			path = ""
			if links, ok := page.json["link"].([]any); ok {
				path = links[0].(map[string]any)["url"].(string)
			}
		}
		if !slices.Equal(seen, []string{`W/"4"`, `W/"3"`, `W/"2"`, `W/"1"`}) {
			t.Errorf("%v", seen)
		}
		s.get(t, "/Observation/_history", "patient").is(t, 403)
		// Each access is recorded with its person.
		records, err := audit.Of(t.Context(), s.db.Read, demo.Patient.PIN, 100)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, r := range records {
			actions = append(actions, r.Action)
		}
		for _, want := range []string{"fhir.create", "fhir.read", "fhir.update", "fhir.delete", "fhir.search"} {
			if !slices.Contains(actions, want) {
				t.Errorf("%s is not among %v", want, actions)
			}
		}
	})
}

// What the card keeps itself is not written from outside; it stands beside what
// comes from there.
func TestOwnRecordsAreNotRewritten(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for _, path := range []string{"/Patient/" + patientID, "/Condition/" + mainFinal, "/Encounter/" + stayID, "/Encounter/" + moveID, "/Procedure/" + operation, "/Organization/950174"} {
			now := s.get(t, path, "machine").is(t, 200)
			got := s.put(t, "PUT", path, string(now.body)).is(t, 405)
			if !bytes.Contains(got.body, []byte("business-rule")) {
				t.Errorf("%s: %s", path, got.body)
			}
			s.put(t, "DELETE", path, "").is(t, 405)
			if after := s.get(t, path, "machine"); !bytes.Equal(after.body, now.body) {
				t.Errorf("%s changed", path)
			}
			if one := s.get(t, path+"/_history", "machine").is(t, 200); len(one.json["entry"].([]any)) != 1 {
				t.Errorf("%s", one.body)
			}
			tag := strings.Trim(strings.TrimPrefix(now.header.Get("ETag"), "W/"), `"`)
			s.get(t, path+"/_history/"+tag, "machine").is(t, 200)
		}
		// A condition from outside stands beside the card's own.
		before := s.get(t, "/Condition?patient="+patientID, "machine").json["total"].(float64)
		s.put(t, "POST", "/Condition", `{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
			"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]},"subject":{"reference":"Patient/`+patientID+`"},"recordedDate":"2026-11-15"}`).is(t, 201)
		all := s.get(t, "/Condition?patient="+patientID+"&_sort=-recorded-date&_count=2", "machine").is(t, 200)
		total, seen := all.json["total"].(float64), 0
		if total != before+1 {
			t.Errorf("%v, before %v", total, before)
		}
		last := "9"
		for page := all; ; {
			for _, e := range page.json["entry"].([]any) {
				seen++
				day := fmt.Sprint(e.(map[string]any)["resource"].(map[string]any)["recordedDate"])[:10]
				if day > last {
					t.Errorf("%s stands after %s", day, last)
				}
				last = day
			}
			links := page.json["link"].([]any)
			if len(links) < 2 {
				break
			}
			page = s.get(t, links[1].(map[string]any)["url"].(string), "machine").is(t, 200)
		}
		if seen != int(total) {
			t.Errorf("%d of %v in pages", seen, total)
		}
	})
}

// A person is one: by the ПИН the card's patient is found, and no second one is
// made.
func TestPeopleAreJoinedByPIN(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		patient := func(pin string) string {
			return `{"resourceType":"Patient","identifier":[{"system":"` + datatype.SIDPIN + `","value":"` + pin + `"}],"name":[{"family":"Асанов","given":["Эрмек"]}],"birthDate":"1990-05"}`
		}
		if got := s.put(t, "POST", "/Patient", patient(demo.Patient.PIN)).is(t, 409); !bytes.Contains(got.body, []byte("Patient/"+patientID)) {
			t.Errorf("%s", got.body)
		}
		found := s.put(t, "POST", "/Patient", patient(demo.Patient.PIN), "If-None-Exist", "identifier="+datatype.SIDPIN+"|"+demo.Patient.PIN).is(t, 200)
		if found.id() != patientID || !strings.HasSuffix(found.header.Get("Location"), "/Patient/"+patientID) {
			t.Errorf("%s %v", found.body, found.header)
		}
		const other = "21505199000123"
		made := s.put(t, "POST", "/Patient", patient(other)).is(t, 201)
		s.put(t, "POST", "/Patient", patient(other)).is(t, 409)
		s.put(t, "PUT", "/Patient/"+other, strings.Replace(patient(other), "{", `{"id":"`+other+`",`, 1)).is(t, 400)
		gone := s.put(t, "POST", "/Patient", patient("21505199000130")).is(t, 201) // one who was deleted stands in nobody's way
		s.put(t, "DELETE", "/Patient/"+gone.id(), "").is(t, 204)
		if again := s.put(t, "POST", "/Patient", patient("21505199000130")).is(t, 201); again.id() == gone.id() {
			t.Errorf("%s", again.body)
		}
		seen := s.put(t, "POST", "/Observation", fmt.Sprintf(observation, made.id())).is(t, 201)
		// The card comes to know the person later: both names lead to what is known.
		mustExec(t, s.db, `UPDATE patient SET pin = $1 WHERE id = $2`, other, unknownID)
		for _, id := range []string{unknownID, made.id()} {
			if got := s.get(t, "/Observation?patient="+id, "machine"); got.json["total"] != 1.0 {
				t.Errorf("%s: %s", id, got.body)
			}
		}
		if got := s.ask(t, "POST", "/Patient/_search", "machine", map[string][]string{"identifier": {datatype.SIDPIN + "|" + other}}); got.json["total"] != 2.0 {
			t.Errorf("%s", got.body)
		}
		_ = seen
	})
}

// hold keeps writers of the database waiting until release is called, so that
// those who come in between are written together.
func (s *sample) hold(t *testing.T) (release func()) {
	t.Helper()
	d := s.db
	holding, enough, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		over <- d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			if d.Dialect == db.Postgres {
				if _, err := tx.ExecContext(ctx, `LOCK TABLE fhir_turn IN ACCESS EXCLUSIVE MODE`); err != nil {
					return err
				}
			}
			close(holding)
			<-enough
			return nil
		})
	}()
	<-holding
	var first sync.WaitGroup // those who are about to be written already
	for n := range 2 {
		first.Go(func() {
			s.put(t, "POST", "/Observation", fmt.Sprintf(observation, patientID), "If-None-Exist", fmt.Sprintf("identifier=urn:first|%s%d", id.New(), n)).is(t, 201)
		})
	}
	time.Sleep(100 * time.Millisecond)
	return func() {
		time.Sleep(200 * time.Millisecond)
		close(enough)
		if err := <-over; err != nil {
			t.Error(err)
		}
		first.Wait()
	}
}

// A record that was merged says under which one the person is kept.
func TestAMergedPatientLeadsToTheOther(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		mustExec(t, s.db, `UPDATE patient SET merged_into = $1 WHERE id = $2`, patientID, unknownID)
		got := s.get(t, "/Patient/"+unknownID, "machine").is(t, 200)
		if got.json["active"] != false || !bytes.Contains(got.body, []byte(`"link":[{"other":{"reference":"Patient/`+patientID+`"},"type":"replaced-by"}]`)) {
			t.Errorf("%s", got.body)
		}
		got = s.get(t, "/Patient/"+patientID, "machine").is(t, 200)
		if got.json["active"] != true || got.json["link"] != nil {
			t.Errorf("%s", got.body)
		}
	})
}

// Fifty who update one version at once: one does, the others are told.
func TestOneOfManyUpdatesAVersion(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		made := s.put(t, "POST", "/Observation", fmt.Sprintf(observation, patientID)).is(t, 201)
		var all sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for n := range 50 {
			all.Go(func() {
				got := s.put(t, "PUT", "/Observation/"+made.id(), strings.Replace(string(made.body), "g/L", fmt.Sprint("unit", n), 1), "If-Match", `W/"1"`)
				mu.Lock()
				defer mu.Unlock()
				statuses[got.status]++
			})
		}
		all.Wait()
		if statuses[200] != 1 || statuses[412] != 49 {
			t.Errorf("%v", statuses)
		}
	})
}

// What is wrong is told with the path of the element, in the reader's words.
func TestFaultsAreTold(t *testing.T) {
	s := lite(t)
	good := fmt.Sprintf(observation, patientID)
	for _, c := range []struct {
		from, to, path string
		status         int
	}{
		{`"status":"final",`, ``, "Observation.status", 422},
		{`"final"`, `"finished"`, "Observation.status", 422},
		{`"final"`, `true`, "Observation.status", 422},
		{`"status":"final"`, `"status":"final","statu":1`, "Observation", 422},
		{`"status":"final"`, `"status":"final","status":"final"`, "Observation", 422},
		{`"2026-11-21T08:00:00+06:00"`, `"2026-11-31"`, "Observation.effectiveDateTime", 422},
		{`"2026-11-21T08:00:00+06:00"`, `"2026-11-21T08:00:00"`, "Observation.effectiveDateTime", 422},
		{`"effectiveDateTime"`, `"effectivePeriod":{"start":"2026"},"effectiveDateTime"`, "Observation", 422},
		{`120.50`, `"120"`, "Observation.valueQuantity.value", 422},
		{`"coding":[`, `"coding":[[],`, "Observation.code.coding[0]", 422},
		{`{"system":"http://loinc.org","code":"718-7"}`, `{}`, "Observation.code.coding[0]", 422},
		{`"Patient/` + patientID + `"`, `"Patient/nobody"`, "Observation.subject.reference", 422},
		{`"Patient/` + patientID + `"`, `"Encounter/` + stayID + `"`, "Observation.subject.reference", 422},
		{`"Patient/` + patientID + `"`, `"#p"`, "Observation.subject.reference", 422},
		{`"Patient/` + patientID + `"`, `"urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f"`, "Observation.subject.reference", 422},
		{`"valueQuantity"`, `"dataAbsentReason":{"text":"x"},"valueQuantity"`, "Observation", 422},
		{`"status":"final"`, `"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>1</script></div>"},"status":"final"`, "Observation.text.div", 422},
		{`"status":"final"`, `"component":[{"code":{"text":"a"}},{}],"status":"final"`, "Observation.component[1]", 422},
		{`"Observation"`, `"Patiant"`, "", 400},
		{`}}`, `}`, "", 400},
	} {
		body := strings.Replace(good, c.from, c.to, 1)
		if body == good {
			t.Fatalf("%s is not there", c.from)
		}
		for _, lang := range []string{"ky", "ru", "en"} {
			got := s.put(t, "POST", "/Observation", body, "Accept-Language", lang)
			if got.status != c.status || got.path() != c.path || bytes.Contains(got.body, []byte("[card.")) || bytes.Contains(got.body, []byte("<no value>")) {
				t.Errorf("%s: %d %q %s", c.to, got.status, got.path(), got.body)
			}
		}
	}
	// Where it may be written, and by whom.
	s.put(t, "POST", "/Observation", good, "Authorization", "Bearer machine").is(t, 403)
	s.put(t, "POST", "/Observation", good, "Authorization", "Bearer patient").is(t, 403)
	s.put(t, "POST", "/Observation", good, "Authorization", "").is(t, 401)
	s.put(t, "POST", "/Observation", good, "Content-Type", "text/plain").is(t, 415)
	s.put(t, "POST", "/Observation", good, "Content-Encoding", "gzip").is(t, 415)
	s.put(t, "POST", "/Patient", good).is(t, 400)
	s.put(t, "PUT", "/Observation/other", good).is(t, 400)
	s.put(t, "PATCH", "/Observation/other", good).is(t, 415)
	// Prefer.
	if got := s.put(t, "POST", "/Observation", good, "Prefer", "return=minimal").is(t, 201); len(got.body) != 0 || got.header.Get("Location") == "" {
		t.Errorf("%s", got.body)
	}
	if got := s.put(t, "POST", "/Observation", good, "Prefer", "return=OperationOutcome").is(t, 201); got.json["resourceType"] != "OperationOutcome" {
		t.Errorf("%s", got.body)
	}
}

func entriesOf(t testing.TB, a answer) []map[string]any {
	t.Helper()
	list, _ := a.json["entry"].([]any)
	var all []map[string]any
	for _, e := range list {
		all = append(all, e.(map[string]any))
	}
	return all
}

func item1(method, url, full, resource string, more ...string) string {
	request := map[string]string{"method": method, "url": url}
	for i := 0; i+1 < len(more); i += 2 {
		request[more[i]] = more[i+1]
	}
	data, _ := json.Marshal(request)
	out := `{"request":` + string(data)
	if full != "" {
		out += `,"fullUrl":"` + full + `"`
	}
	if resource != "" {
		out += `,"resource":` + resource
	}
	return out + "}"
}

func bundleOf(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + "]}"
}
