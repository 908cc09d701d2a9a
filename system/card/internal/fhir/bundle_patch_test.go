package fhir

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/patch"
)

func binary(operations string) string {
	return `{"resourceType":"Binary","contentType":"` + patch.MediaType + `","data":"` + base64.StdEncoding.EncodeToString([]byte(operations)) + `"}`
}

// A patch in a Bundle is done with the other entries or not at all; in a batch by
// itself.
func TestAPatchInABundle(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		s.put(t, "PUT", "/Observation/o", strings.Replace(fmt.Sprintf(observation, patientID), "{", `{"id":"o",`, 1)).is(t, 201)
		note := func(words string) string {
			return binary(`[{"op":"add","path":"/note","value":[{"text":"` + words + `"}]}]`)
		}
		device := item1("POST", "Device", "", `{"resourceType":"Device","identifier":[{"system":"urn:d","value":"1"}]}`)
		devices := func() float64 { return s.get(t, "/Device?identifier=urn:d|1", "machine").json["total"].(float64) }
		for what, c := range map[string]struct {
			entry  string
			status int
		}{
			"does not fit":    {item1("PATCH", "Observation/o", "", binary(`[{"op":"test","path":"/status","value":"draft"}]`)), 422},
			"breaks R4":       {item1("PATCH", "Observation/o", "", binary(`[{"op":"remove","path":"/code"}]`)), 422},
			"another's id":    {item1("PATCH", "Observation/o", "", binary(`[{"op":"replace","path":"/id","value":"p"}]`)), 422},
			"no patch":        {item1("PATCH", "Observation/o", "", binary(`{}`)), 422},
			"no Binary":       {item1("PATCH", "Observation/o", "", `{"resourceType":"Parameters"}`), 422},
			"of FHIRPath":     {item1("PATCH", "Observation/o", "", strings.Replace(note("x"), patch.MediaType, "application/fhir+json", 1)), 422},
			"old version":     {item1("PATCH", "Observation/o", "", note("x"), "ifMatch", `W/"7"`), 412},
			"nobody's":        {item1("PATCH", "Observation/nobody", "", note("x")), 404},
			"by a condition":  {item1("PATCH", "Observation?code=x", "", note("x")), 422},
			"twice":           {item1("PATCH", "Observation/o", "", note("x")) + "," + item1("PATCH", "Observation/o", "", note("y")), 400},
			"the card's own":  {item1("PATCH", "Patient/"+patientID, "", binary(`[{"op":"replace","path":"/gender","value":"female"}]`)), 405},
			"with a bad fate": {item1("PATCH", "Observation/o", "", note("x")) + "," + item1("PUT", "Observation/q", "", `{"resourceType":"Observation","id":"q"}`), 422},
		} {
			if a := s.put(t, "POST", "/", bundleOf("transaction", device, c.entry)); a.status != c.status || a.json["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %s", what, a.status, a.body)
			}
		}
		if now := s.get(t, "/Observation/o", "machine").is(t, 200); now.header.Get("ETag") != `W/"1"` || devices() != 0 {
			t.Fatalf("a refused transaction was done in part: %s, %v devices", now.body, devices())
		}
		s.put(t, "POST", "/", bundleOf("transaction", device, item1("PATCH", "Observation/o", "", note("once")))).is(t, 200)
		if now := s.get(t, "/Observation/o", "machine").is(t, 200); !strings.Contains(string(now.body), "once") || devices() != 1 {
			t.Errorf("%s, %v devices", now.body, devices())
		}
		a := s.put(t, "POST", "/", bundleOf("batch", item1("PATCH", "Observation/o", "", note("twice")), item1("PATCH", "Observation/nobody", "", note("x")))).is(t, 200)
		if !strings.Contains(string(a.body), `"200 OK"`) || !strings.Contains(string(a.body), `"404 Not Found"`) {
			t.Errorf("%s", a.body)
		}
		// A patch tells what is there: it needs a token that reads.
		for token, status := range map[string]int{"doctor": 403, "patient": 403} {
			if a := s.put(t, "POST", "/", bundleOf("transaction", item1("PATCH", "Observation/o", "", note("x"))), "Authorization", "Bearer "+token); a.status != status {
				t.Errorf("%s: %d %s", token, a.status, a.body)
			}
		}
		// Of many at once none is lost.
		s.put(t, "PATCH", "/Observation/o", `[{"op":"replace","path":"/note","value":[{"text":"0"}]}]`, "Content-Type", patch.MediaType).is(t, 200)
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				kind := []string{"transaction", "batch"}[i%2]
				add := binary(fmt.Sprintf(`[{"op":"add","path":"/note/-","value":{"text":"n%d"}}]`, i))
				if a := s.put(t, "POST", "/", bundleOf(kind, item1("PATCH", "Observation/o", "", add))); a.status != 200 || !strings.Contains(string(a.body), "200 OK") {
					t.Errorf("%d %s", a.status, a.body)
				}
			})
		}
		all.Wait()
		if now := s.get(t, "/Observation/o", "machine"); len(now.json["note"].([]any)) != 7 {
			t.Errorf("%s", now.body)
		}
	})
}
