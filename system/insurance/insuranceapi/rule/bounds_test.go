package rule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

func hit(t *testing.T, c insuranceapi.Case, f rule.Facts) []string {
	t.Helper()
	var ids []string
	for _, found := range catalogue(t).Check(c, f) {
		ids = append(ids, found.Rule)
	}
	return ids
}

// A missing end of the stay is told once, by the rule of that end: nothing is reckoned
// with it. A day of birth that is not said makes nobody old, nor a newborn.
func TestWhatIsNotSaidIsNotReckonedWith(t *testing.T) {
	known := map[string][]string{"DAT-002": {"DGN-009", "DGN-010"}, "PAT-003": {"BED-001", "MOV-002"}}
	for want, leave := range map[string]func(*insuranceapi.Case){
		"DAT-001": func(c *insuranceapi.Case) { c.AdmittedAt = time.Time{} },
		"DAT-002": func(c *insuranceapi.Case) { c.DischargedAt = time.Time{} },
		"PAT-003": func(c *insuranceapi.Case) { c.Patient.BirthDate = clock.Date{} },
	} {
		c := treatedtest.Good()
		c.Operations, c.BedDays = nil, 1
		leave(&c)
		c.Moves = []insuranceapi.Move{{Department: "18", From: c.AdmittedAt, Until: c.AdmittedAt}}
		final(&c, "P22.0") // a code that asks for the age
		ids := hit(t, c, facts())
		for _, never := range []string{"DAT-003", "DAT-005", "DAT-006", "DAT-007", "BED-001", "MOV-002", "DGN-009", "DGN-010", "DGN-011", "DUP-001", "DUP-002"} {
			// What is reckoned to the admission is told where that is known.
			if slices.Contains(ids, never) && !slices.Contains(known[want], never) {
				t.Errorf("%s: %v", want, ids)
			}
		}
		if !slices.Contains(ids, want) {
			t.Errorf("%s is not told: %v", want, ids)
		}
	}
}

// A return with the same category is looked at from the moment of the discharge to
// seven days later, both included; with another category, or none said, it is not.
func TestASoonReturnIsOfSevenDays(t *testing.T) {
	const week = 7 * 24 * time.Hour
	c := treatedtest.Good()
	for _, x := range []struct {
		gap  time.Duration
		code string
		want bool
	}{
		{0, "J18.9", true},
		{time.Microsecond, "J18", true},
		{week, "J18.9", true},
		{week + time.Microsecond, "J18.9", false},
		{-time.Microsecond, "J18.9", false},
		{time.Hour, "J15.9", false},
		{time.Hour, "J1", false},
		{time.Hour, "", false},
	} {
		f := facts()
		f.Others = []rule.Other{{Number: "00000020595020126", MainCode: x.code, AdmittedAt: c.AdmittedAt.Add(-x.gap - time.Hour), DischargedAt: c.AdmittedAt.Add(-x.gap)}}
		if got := slices.Contains(hit(t, c, f), "DUP-002"); got != x.want {
			t.Errorf("%s after %q: %v", x.gap, x.code, got)
		}
		// What touches does not overlap, by a microsecond it does.
		if got := slices.Contains(hit(t, c, f), "DUP-001"); got != (x.gap < 0) {
			t.Errorf("%s: overlap %v", x.gap, got)
		}
	}
	c.Diagnoses[1].Code = "J18"
	f := facts()
	f.Others = []rule.Other{{Number: "00000020595020126", MainCode: "J18", AdmittedAt: c.AdmittedAt.Add(-2 * time.Hour), DischargedAt: c.AdmittedAt.Add(-time.Hour)}}
	if !slices.Contains(hit(t, c, f), "DUP-002") {
		t.Error("a code of three characters is not compared")
	}
}
