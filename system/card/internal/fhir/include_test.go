package fhir

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// :iterate goes on from what was included, in both directions, and ends where a
// circle closes; what the token does not open is left out on the way.
func TestIncludesIterate(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for n, of := range []string{"", "part-0", "part-1"} {
			part := ""
			if of != "" {
				part = `,"partOf":{"reference":"Encounter/` + of + `"}`
			}
			s.put(t, "PUT", fmt.Sprintf("/Encounter/part-%d", n), fmt.Sprintf(`{"resourceType":"Encounter","id":"part-%d","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/%s"}%s}`, n, patientID, part)).is(t, 201)
		}
		s.put(t, "PUT", "/Observation/seen", fmt.Sprintf(`{"resourceType":"Observation","id":"seen","status":"final","code":{"text":"x"},"encounter":{"reference":"Encounter/part-2"},"subject":{"reference":"Patient/%s"}}`, patientID)).is(t, 201)
		for query, want := range map[string]string{
			"/Observation?_id=seen&_include=Observation:encounter":                                                                     "Encounter/part-2",
			"/Observation?_id=seen&_include=Observation:encounter&_include:iterate=Encounter:part-of":                                  "Encounter/part-2 Encounter/part-1 Encounter/part-0",
			"/Observation?_id=seen&_include:iterate=Observation:encounter&_include:iterate=Encounter:part-of:Encounter":                "Encounter/part-2 Encounter/part-1 Encounter/part-0",
			"/Observation?_id=seen&_include=Observation:encounter&_include=Observation:patient&_include:iterate=Patient:organization":  "Encounter/part-2 Patient/" + patientID + " Organization/950174",
			"/Encounter?_id=part-0&_revinclude=Encounter:part-of":                                                                      "Encounter/part-1",
			"/Encounter?_id=part-0&_revinclude:iterate=Encounter:part-of":                                                              "Encounter/part-1 Encounter/part-2",
			"/Encounter?_id=part-0&_revinclude:iterate=Encounter:part-of&_revinclude:iterate=Observation:encounter":                    "Encounter/part-1 Encounter/part-2 Observation/seen",
			"/Encounter?_id=part-0&_revinclude:iterate=Encounter:part-of&_include:iterate=Encounter:part-of":                           "Encounter/part-1 Encounter/part-2",
			"/Encounter?_id=part-1&_revinclude=Encounter:part-of&_include:iterate=Encounter:part-of&_revinclude=Observation:encounter": "Encounter/part-2 Encounter/part-0",
			"/Observation?_id=seen&_include=*": "Encounter/part-2 Patient/" + patientID,
			"/Encounter?_id=part-2&_include=Encounter:part-of&_include:iterate=Encounter:diagnosis&_revinclude:iterate=Claim:encounter": "Encounter/part-1",
		} {
			a := s.ask(t, http.MethodGet, query, "machine", nil, "Prefer", "handling=strict").is(t, 200)
			got, wanted := kindsAndIDs(t, a, "include"), strings.Fields(want)
			slices.Sort(got)
			slices.Sort(wanted)
			if !slices.Equal(got, wanted) {
				t.Errorf("%s: %v, not %v", query, got, wanted)
			}
		}
		for _, path := range []string{
			"/Observation?_include:iterate=Observation:shoe", "/Observation?_include:iterate=*", "/Observation?_revinclude=*", "/Observation?_include:iterate=Shoe:part-of",
			"/Observation?_include:iterate=Encounter:part-of:Patient", "/Observation?_include=Encounter:part-of",
		} {
			if a := s.get(t, path, "machine"); a.status != 400 || a.json["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
		s.tokens["narrow"] = s.tokens["machine"]
		narrow := s.tokens["narrow"]
		narrow.Scopes = []string{"system/Observation.rs", "system/Patient.rs"}
		s.tokens["narrow"] = narrow
		a := s.get(t, "/Observation?_id=seen&_include=Observation:encounter&_include:iterate=Encounter:part-of&_include=Observation:patient", "narrow").is(t, 200)
		if got := kindsAndIDs(t, a, "include"); !slices.Equal(got, []string{"Patient/" + patientID}) {
			t.Errorf("%v", got)
		}
	})
}

func kindsAndIDs(t *testing.T, a answer, mode string) []string {
	t.Helper()
	var all []string
	for _, e := range entriesOf(t, a) {
		if r, ok := e["resource"].(map[string]any); ok && e["search"].(map[string]any)["mode"] == mode {
			all = append(all, fmt.Sprint(r["resourceType"], "/", r["id"]))
		}
	}
	return all
}

// A history tells what was written since a moment and what stood at one; its pages
// keep to that.
func TestHistoryOfATime(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		body := func(words string) string {
			return `{"resourceType":"Device","id":"d","note":[{"text":"` + words + `"}]}`
		}
		var at []string
		for n := range 4 {
			at = append(at, s.clock.Now().UTC().Format(time.RFC3339))
			s.put(t, "PUT", "/Device/d", body(fmt.Sprint(n))).is(t, []int{201, 200}[min(n, 1)])
			s.clock.Advance(24 * time.Hour)
		}
		at = append(at, s.clock.Now().UTC().Format(time.RFC3339))
		s.put(t, "DELETE", "/Device/d", "").is(t, 204)
		s.clock.Advance(24 * time.Hour)
		minute := func(moment string, by time.Duration) string {
			m, _ := time.Parse(time.RFC3339, moment)
			return m.Add(by).Format(time.RFC3339)
		}
		for asked, want := range map[string]string{
			"":                                  "5 4 3 2 1",
			"_since=" + at[2]:                   "5 4 3",
			"_since=" + minute(at[2], 1e9):      "5 4",
			"_at=" + minute(at[1], time.Hour):   "2",
			"_at=" + at[1]:                      "2",
			"_at=" + minute(at[0], -time.Hour):  "",
			"_at=" + minute(at[4], time.Hour):   "5",
			"_since=2099":                       "",
			"_at=" + at[3] + "&_since=" + at[3]: "4",
			"_at=2026":                          "5 4 3 2 1",
			"_since=" + strings.Replace(minute(at[2], 0), "Z", "+00:00", 1): "5 4 3",
		} {
			for _, path := range []string{"/Device/d/_history", "/Device/_history"} {
				var got []string
				for next := path + "?_count=2&" + asked; next != ""; {
					page := s.get(t, next, "machine").is(t, 200)
					entries, _ := page.json["entry"].([]any)
					for _, e := range entries {
						got = append(got, strings.Trim(e.(map[string]any)["response"].(map[string]any)["etag"].(string), `W/"`))
					}
					next = page.link("next")
				}
				if strings.Join(got, " ") != want {
					t.Errorf("%s?%s: %v, not %s", path, asked, got, want)
				}
			}
		}
		// Of the card's own there is the present alone.
		for asked, want := range map[string]int{"": 1, "?_since=2020": 1, "?_since=2099": 0, "?_at=2099": 1, "?_at=1999": 0} {
			entries, _ := s.get(t, "/Patient/"+patientID+"/_history"+asked, "machine").is(t, 200).json["entry"].([]any)
			if len(entries) != want {
				t.Errorf("%s: %d", asked, len(entries))
			}
		}
		for _, asked := range []string{"_since=x", "_at=x", "_list=1", "_count=0"} {
			s.get(t, "/Device/_history?"+asked, "machine").is(t, 400)
		}
	})
}

// Whoever has a version is sent it again only if it has changed: by version of
// every type, by time of those that know their times.
func TestConditionalReads(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		s.put(t, "PUT", "/Device/d", `{"resourceType":"Device","id":"d"}`).is(t, 201)
		first := s.get(t, "/Device/d", "machine").is(t, 200)
		s.clock.Advance(time.Hour)
		early, late := s.clock.Now().Add(-2*time.Hour).UTC().Format(http.TimeFormat), s.clock.Now().UTC().Format(http.TimeFormat)
		for _, c := range []struct {
			path, match, since string
			status             int
		}{
			{"/Device/d", first.header.Get("ETag"), "", 304},
			{"/Device/d", `W/"9"`, "", 200},
			{"/Device/d", "*", "", 304},
			{"/Device/d", "", first.header.Get("Last-Modified"), 304},
			{"/Device/d", "", late, 304},
			{"/Device/d", "", early, 200},
			{"/Device/d", "", "yesterday", 200},
			{"/Device/d", `W/"9"`, late, 200}, // a version goes before a time
			{"/Device/d/_history/1", "", late, 304},
			{"/Patient/" + patientID, "", late, 200}, // its rows know no moment of all that it tells
			{"/Patient/" + patientID, s.get(t, "/Patient/"+patientID, "machine").header.Get("ETag"), "", 304},
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				var header []string
				if c.match != "" {
					header = append(header, "If-None-Match", c.match)
				}
				if c.since != "" {
					header = append(header, "If-Modified-Since", c.since)
				}
				a := s.ask(t, method, c.path, "machine", nil, header...)
				if a.status != c.status || (len(a.body) > 0) != (c.status == 200 && method == http.MethodGet) || a.header.Get("ETag") == "" {
					t.Errorf("%s %s %v: %d %s", method, c.path, header, a.status, a.body)
				}
			}
		}
		s.put(t, "PUT", "/Device/d", `{"resourceType":"Device","id":"d","note":[{"text":"x"}]}`).is(t, 200)
		s.ask(t, http.MethodGet, "/Device/d", "machine", nil, "If-Modified-Since", first.header.Get("Last-Modified")).is(t, 200)
	})
}
