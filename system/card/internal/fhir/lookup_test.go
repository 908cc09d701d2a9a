package fhir

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Whoever looks for an identifier finds what bears it, whether they ask alone or
// together with many others, and nothing of a neighbour's question.
func TestIdentifiersAreLookedForTogether(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		device := `{"resourceType":"Device","identifier":[%s]}`
		number := func(system, value string) string {
			if system == "" {
				return fmt.Sprintf(`{"value":%q}`, value)
			}
			return fmt.Sprintf(`{"system":%q,"value":%q}`, system, value)
		}
		var entries []string
		put := func(kind, id, text string) {
			entries = append(entries, item1("PUT", kind+"/"+id, "", strings.Replace(text, "{", `{"id":"`+id+`",`, 1)))
		}
		want := map[string][]string{}
		for i := range 40 {
			n := fmt.Sprint(i)
			put("Device", "device-"+n, fmt.Sprintf(device, number("urn:a", n)+","+number("urn:b", n)))
			put("Basic", "device-"+n, `{"resourceType":"Basic","identifier":[`+number("urn:a", n)+`],"code":{"text":"x"}}`)
			want["/Device?identifier=urn:a|"+n] = []string{"device-" + n}
			want["/Basic?identifier=urn:a|"+n] = []string{"device-" + n}
			want["/Basic?identifier=urn:b|"+n] = nil
			want["/Device?identifier="+n] = []string{"device-" + n} // borne twice, told once
		}
		put("Device", "bare", fmt.Sprintf(device, number("", "zero")))
		put("Device", "other", fmt.Sprintf(device, number("urn:a", "zero")))
		want["/Device?identifier=|zero"] = []string{"bare"}
		want["/Device?identifier=zero"] = []string{"bare", "other"}
		want["/Device?identifier=urn:a|zero,urn:a|1"] = []string{"device-1", "other"}
		for i := range 12 { // too many to be read at once
			put("Device", fmt.Sprintf("many-%02d", i), fmt.Sprintf(device, number("urn:a", "many")))
			want["/Device?identifier=urn:a|many"] = append(want["/Device?identifier=urn:a|many"], fmt.Sprintf("many-%02d", i))
		}
		put("Device", "gone", fmt.Sprintf(device, number("urn:a", "gone")))
		want["/Device?identifier=urn:a|gone"] = nil
		put("Patient", "sample", `{"resourceType":"Patient","identifier":[`+number("urn:a", "1")+`]}`)
		want["/Patient?identifier=urn:a|1"] = []string{"sample"}
		want["/Patient?identifier=P-000217"] = []string{patientID} // the card's own
		s.put(t, "POST", "/", bundleOf("transaction", entries...)).is(t, 200)
		s.put(t, "DELETE", "/Device/gone", "").is(t, 204)

		var all sync.WaitGroup
		for range 3 {
			for path, ids := range want {
				all.Go(func() {
					got := s.ask(t, "GET", path, "machine", nil)
					var found []string
					for _, e := range entriesOf(t, got) {
						found = append(found, fmt.Sprint(e["resource"].(map[string]any)["id"]))
					}
					if got.status != 200 || !slices.Equal(found, ids) || fmt.Sprint(got.json["total"]) != fmt.Sprint(len(ids)) {
						t.Errorf("%s: %d, %v of %v, wanted %v", path, got.status, found, got.json["total"], ids)
					}
				})
			}
		}
		all.Wait()

		// The search of a person's ПИН is written down, and of their own app sees no other's.
		before := s.records(t, demo.Patient.PIN)
		s.ask(t, "POST", "/Patient/_search", "machine", form("identifier", datatype.SIDPIN+"|"+demo.Patient.PIN)).is(t, 200)
		if after := s.records(t, demo.Patient.PIN); after != before+1 {
			t.Errorf("%d records of the search by ПИН", after-before)
		}
		if got := s.ask(t, "GET", "/Patient?identifier=urn:a|1", "stranger", nil).is(t, 200); fmt.Sprint(got.json["total"]) != "0" {
			t.Errorf("a stranger's app finds %v", got.json["total"])
		}
	})
}

func (s *sample) records(t *testing.T, subject string) (n int) {
	t.Helper()
	if err := s.db.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE subject_pin = $1`, subject).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Many who read at once are each written down before they are answered.
func TestReadTogetherIsWrittenDown(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		var entries []string
		for i := range 20 {
			id := fmt.Sprint("o-", i)
			entries = append(entries, item1("PUT", "Observation/"+id, "", strings.Replace(fmt.Sprintf(observation, patientID), "{", `{"id":"`+id+`",`, 1)),
				item1("PUT", "Device/"+id, "", `{"resourceType":"Device","id":"`+id+`"}`))
		}
		s.put(t, "POST", "/", bundleOf("transaction", entries...)).is(t, 200)
		before := s.records(t, demo.Patient.PIN)
		var all sync.WaitGroup
		for i := range 60 {
			for _, kind := range []string{"Observation", "Device"} {
				all.Go(func() {
					path := fmt.Sprint("/", kind, "/o-", i%25)
					got := s.ask(t, "GET", path, "machine", nil)
					if i%25 >= 20 {
						got.is(t, 404)
						return
					}
					if got.is(t, 200); got.json["resourceType"] != kind || got.id() != fmt.Sprint("o-", i%25) {
						t.Errorf("%s gave %v/%v", path, got.json["resourceType"], got.id())
					}
				})
			}
		}
		all.Wait()
		if after := s.records(t, demo.Patient.PIN); after-before != 50 { // of 60 ten are of what is not there
			t.Errorf("%d of 50 readings are written down", after-before)
		}
	})
}
