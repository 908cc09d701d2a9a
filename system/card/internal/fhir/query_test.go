package fhir

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// Whatever is sent as parameters is understood or refused, never more: no
// panic, no endless list, and what was understood is understood again from the
// link to self.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "name=x", "_id=a,b&_count=5&_sort=-birthdate", "birthdate=ge1960-09&birthdate=lt1970", "identifier=a%7Cb", "identifier=%7C", "identifier=a%5C,b%5C%7Cc",
		"family:exact=x&given:contains=y", "_include=Patient:organization&_revinclude=Encounter:patient:Patient", "organization=Organization/1,2", "x=y&%zz",
		"_count=99999999999999999999", "birthdate=ap2026-02-30", "name=%00%ff", "gender=,,,", "birthdate=9999-12-31", "birthdate=eq", "_sort=,", "_sort=-birthdate,_id", "_sort=birthdate&_sort=-_id",
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
		find.CarriesPIN(params)
		for _, k := range s.kinds {
			q, err := find.ReadQuery(s.kinds, k, params, s.base, strict, now)
			if err != nil {
				continue
			}
			if q.Count < 0 || q.Count > find.MaxCount || len(q.Criteria) > find.MaxCriteria || strict && len(q.Ignored) > 0 {
				t.Fatalf("%s %q: %+v", k.Name, raw, q)
			}
			again, err := find.ReadQuery(s.kinds, k, q.Used, s.base, true, now)
			if err != nil || len(again.Criteria) != len(q.Criteria) || again.Count != q.Count || !slices.Equal(again.Sorts, q.Sorts) {
				t.Fatalf("%s %q: %v: %+v, then %+v", k.Name, raw, err, q, again)
			}
			if _, err := k.Find(t.Context(), access.Reach{PIN: demo.Patient.PIN}, q); err != nil {
				t.Fatalf("%s %q: %v", k.Name, raw, err)
			}
		}
	})
}
