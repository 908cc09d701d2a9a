package fhir

import (
	"context"
	"errors"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// A condition of If-None-Exist is understood wholly and says something, or is
// refused with 400: what was half understood would make two of one, or find
// somebody else. Nothing sent so fails inside.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"", "identifier=urn:lab|7", "identifier=" + datatype.SIDPIN + "|" + demo.Patient.PIN, "identifier=a|b&identifier=c", "_id=x", "_id=", "x=y",
		"identifier=a&x=y", "_include=Patient:organization", "_count=1", "_sort=_id&identifier=a", "name=%00", "%zz", "birthdate=ge1960&name=a,b",
		"_cursor=x", "patient=Patient/1,2", "status=final&patient=x", "name:exact=x", "identifier=%7C", "code=,,,",
	} {
		f.Add(seed)
	}
	s := lite(f)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, kind := range []string{"Patient", "Encounter", "Observation", "Flag", "Organization"} {
			q, err := s.condition(s.kinds[kind], raw)
			var refused *shelf.Refusal
			if err != nil {
				if !errors.As(err, &refused) || refused.Status != 400 || refused.Key == "" {
					t.Fatalf("%s %q: %v", kind, raw, err)
				}
				continue
			}
			if len(q.Criteria) == 0 || len(q.Ignored)+len(q.Includes)+len(q.Reverse) > 0 {
				t.Fatalf("%s %q: %+v", kind, raw, q)
			}
			found, err := own{s.API}.Match(context.Background(), s.db.Read, kind, raw)
			if err != nil || len(found) > 2 {
				t.Fatalf("%s %q: %v %v", kind, raw, found, err)
			}
		}
	})
}

// The bound of what is written is taken in bytes, within reason.
func TestMost(t *testing.T) {
	for written, want := range map[string]int64{"": DefaultMost, "1048576": 1 << 20, "1073741824": 1 << 30, "1048575": 0, "1073741825": 0, "64MB": 0, "-1": 0} {
		if got, err := Most(written); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d %v", written, got, err)
		}
	}
}
