package fhir

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// Whatever is sent as parameters is understood or refused, never more: no
// panic, no endless list, and what was understood is understood again from the
// link to self.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "name=x", "_id=a,b&_count=5&_sort=-birthdate", "birthdate=ge1960-09&birthdate=lt1970", "identifier=a%7Cb", "identifier=%7C", "identifier=a%5C,b%5C%7Cc",
		"family:exact=x&given:contains=y", "_include=Patient:organization&_revinclude=Encounter:patient:Patient", "organization=Organization/1,2", "x=y&%zz",
		"_count=99999999999999999999", "birthdate=ap2026-02-30", "name=%00%ff", "gender=,,,", "birthdate=9999-12-31", "birthdate=eq", "_sort=,",
		"_revinclude=Condition", "_include=:::", "name=" + strings.Repeat("%5C", 50),
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	s := lite(f)
	f.Fuzz(func(t *testing.T, raw string, strict bool) {
		params, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		carriesPIN(params)
		for _, k := range s.kinds {
			q, err := readQuery(s.kinds, k, params, s.base, strict, now)
			if err != nil {
				continue
			}
			if q.count < 0 || q.count > maxCount || len(q.criteria) > maxCriteria || strict && len(q.ignored) > 0 {
				t.Fatalf("%s %q: %+v", k.name, raw, q)
			}
			again, err := readQuery(s.kinds, k, q.used, s.base, true, now)
			if err != nil || len(again.criteria) != len(q.criteria) || again.count != q.count || again.sort != q.sort {
				t.Fatalf("%s %q: %v: %+v, then %+v", k.name, raw, err, q, again)
			}
			if _, err := k.find(t.Context(), reach{pin: demo.Patient.PIN}, q); err != nil {
				t.Fatalf("%s %q: %v", k.name, raw, err)
			}
		}
	})
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		in, prefix, low, high string
		day, ok               bool
	}{
		{"2026", "eq", "2026-01-01T00:00:00+06:00", "2027-01-01T00:00:00+06:00", true, true},
		{"ge2026-02", "ge", "2026-02-01T00:00:00+06:00", "2026-03-01T00:00:00+06:00", true, true},
		{"2024-02-29", "eq", "2024-02-29T00:00:00+06:00", "2024-03-01T00:00:00+06:00", true, true},
		{"2026-02-29", "", "", "", true, false},
		{"sa2026-11-22T14:05", "sa", "2026-11-22T14:05:00+06:00", "2026-11-22T14:06:00+06:00", false, true},
		{"2026-11-22T14:05:07Z", "eq", "2026-11-22T20:05:07+06:00", "2026-11-22T20:05:08+06:00", false, true},
		{"2026-11-22T14:05:07 06:00", "eq", "2026-11-22T14:05:07+06:00", "2026-11-22T14:05:08+06:00", false, true},
		{"2026-11-22T14:05", "", "", "", true, false},
		{"xx2026", "", "", "", false, false},
		{"1500", "", "", "", false, false},
		{"", "", "", "", false, false},
	} {
		d, ok := readDate(c.in, c.day, now)
		if ok != c.ok {
			t.Errorf("%q: %v", c.in, ok)
			continue
		}
		if ok && (d.prefix != c.prefix || moment(d.low) != c.low || moment(d.high) != c.high) {
			t.Errorf("%q: %s %s %s", c.in, d.prefix, moment(d.low), moment(d.high))
		}
	}
}
