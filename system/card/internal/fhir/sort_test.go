package fhir

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Several parameters order one after another, each its own way, whatever page is
// cut where: the card's own and what others wrote.
func TestSortBySeveral(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		// Three days of the event, four moments of writing: each day is had by several.
		type row struct{ day, written, id string }
		all := []row{}
		for n := range 12 {
			r := row{day: fmt.Sprintf("2026-11-0%d", 1+n%3), id: fmt.Sprintf("x%02d", n*7%12)}
			if n%3 == 0 {
				s.clock.Advance(time.Hour)
			}
			r.written = fmt.Sprint(s.clock.Now().Unix())
			s.put(t, "PUT", "/Procedure/"+r.id, fmt.Sprintf(`{"resourceType":"Procedure","id":%q,"status":"completed","performedDateTime":%q,"code":{"text":"x"},"subject":{"reference":"Patient/%s"}}`,
				r.id, r.day+"T10:00:00+06:00", patientID)).is(t, 201)
			all = append(all, r)
		}
		own := s.get(t, "/Procedure/"+operation, "machine").is(t, 200)
		for sort, keys := range map[string]func(r row) []string{
			"date,_lastUpdated,_id":   func(r row) []string { return []string{r.day, r.written, r.id} },
			"-date,_lastUpdated,-_id": func(r row) []string { return []string{"-" + r.day, r.written, "-" + r.id} },
			"date,-_lastUpdated,_id":  func(r row) []string { return []string{r.day, "-" + r.written, r.id} },
			"_lastUpdated,-date":      func(r row) []string { return []string{r.written, "-" + r.day} },
			"-_lastUpdated,date":      func(r row) []string { return []string{"-" + r.written, r.day} },
			"_id,date":                func(r row) []string { return []string{r.id} },
		} {
			want := slices.Clone(all)
			slices.SortFunc(want, func(a, b row) int {
				x, y := keys(a), keys(b)
				for at := range x {
					p, down := strings.CutPrefix(x[at], "-")
					q := strings.TrimPrefix(y[at], "-")
					if c := strings.Compare(p, q); c != 0 {
						if down {
							return -c
						}
						return c
					}
				}
				return 0
			})
			for _, count := range []int{1, 3, 5, 20} {
				var got []string
				pages := 0
				for path := fmt.Sprintf("/Procedure?_count=%d&_sort=%s", count, sort); path != ""; pages++ {
					a := s.get(t, path, "machine").is(t, 200)
					got = append(got, a.ids("match")...)
					path = a.link("next")
				}
				if len(got) != 13 || pages != (13+count-1)/count {
					t.Fatalf("%s by %d: %d in %d pages", sort, count, len(got), pages)
				}
				// The card's own stands where its day and its moment say: here before or behind all others.
				at := slices.Index(got, operation)
				if at < 0 {
					t.Fatalf("%s: the card's own is missing", sort)
				}
				got = slices.Delete(got, at, at+1)
				for n, r := range want {
					if got[n] != r.id {
						t.Errorf("%s by %d: %v, not %v", sort, count, got, want)
						break
					}
				}
				first := strings.HasPrefix(sort, "_id") || strings.HasPrefix(sort, "_lastUpdated")
				if sort[0] == '_' && first != (at == 0) || strings.HasPrefix(sort, "-_lastUpdated") && at != 12 {
					t.Errorf("%s by %d: the card's own is number %d: %s", sort, count, at, own.body)
				}
			}
		}
		for _, sort := range []string{"date,", "date,date", "date,-date", "date,shoe", "-", "date,_lastUpdated,_id,date", "date;_id"} {
			s.get(t, "/Procedure?_sort="+url.QueryEscape(sort), "machine").is(t, 400)
		}
		// By what the places of a type do not know, all are alike.
		for _, kind := range []string{"Location", "PractitionerRole", "Patient", "MedicationRequest", "ServiceRequest", "DocumentReference", "Task", "Provenance"} {
			var by []string
			for name, p := range s.kinds[kind].Params {
				if p.Sorts && len(by) < 4 {
					by = append(by, name)
				}
			}
			slices.Sort(by)
			slices.Reverse(by) // _id last
			total := s.get(t, "/"+kind+"?_count=0", "machine").is(t, 200).json["total"].(float64)
			seen := map[string]bool{}
			for path := "/" + kind + "?_count=2&_sort=-" + strings.Join(by, ","); path != ""; {
				a := s.get(t, path, "machine").is(t, 200)
				for _, id := range a.ids("match") {
					if seen[id] {
						t.Errorf("%s: %s twice", kind, id)
					}
					seen[id] = true
				}
				path = a.link("next")
			}
			if len(seen) != int(total) {
				t.Errorf("%s by %v: %d of %v", kind, by, len(seen), total)
			}
		}
	})
}
