package fhir

import (
	"context"
	"net/http"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// ЕСИ is told where a person is found: their own record, or their place among
// the staff.
func TestWhereAPersonIsFound(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		for pin, want := range map[string]cardapi.Record{
			demo.Patient.PIN: {Patient: patientID, User: "Patient/" + patientID},
			demo.Doctor.PIN:  {User: "Practitioner/" + s.ids.Staff(demo.Doctor.PIN)},
			demo.Nurse.PIN:   {},
		} {
			if got, err := s.Record(context.Background(), pin); err != nil || got != want {
				t.Errorf("%+v, not %+v: %v", got, want, err)
			}
		}
		if _, err := s.Record(context.Background(), "x"); err == nil {
			t.Error("a ПИН that is none")
		}
	})
}

// A page of another origin may read with its token; the browser asks first.
func TestAppsInABrowser(t *testing.T) {
	s := lite(t)
	ahead := s.ask(t, http.MethodOptions, "/Patient", "", nil, "Origin", "http://app.example", "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
	if ahead.status != http.StatusNoContent || ahead.header.Get("Access-Control-Allow-Origin") != "*" || ahead.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v", ahead.status, ahead.header)
	}
	for _, path := range []string{"/.well-known/smart-configuration", "/metadata", "/Patient/nobody"} {
		if a := s.ask(t, http.MethodGet, path, "machine", nil, "Origin", "http://app.example"); a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, a.header)
		}
	}
}
