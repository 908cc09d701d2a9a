package rule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// What is not known yet is told once, by the rule that asks for it: a form without its
// days has no wrong year, no wrong sum of days and overlaps nothing.
func TestAFormWithoutItsDaysIsToldOfThemAlone(t *testing.T) {
	k := catalogue(t)
	told := func(c insuranceapi.Case) string {
		var ids []string
		others := []rule.Other{{Number: "00000091895017426", Organisation: "950174", MainCode: "J18.0", AdmittedAt: treatedtest.Good().AdmittedAt, DischargedAt: treatedtest.Good().DischargedAt}}
		for _, f := range k.Check(c, rule.Facts{Now: treatedtest.Now, Whole: true, Priced: true, Grouped: true, Categories: []string{"", "pensioner"}, Others: others}) {
			if !slices.Contains(ids, f.Rule) {
				ids = append(ids, f.Rule)
			}
		}
		return strings.Join(ids, " ")
	}
	undated := func() insuranceapi.Case {
		c := treatedtest.Good()
		c.AdmittedAt, c.DischargedAt, c.Moves, c.Operations = time.Time{}, time.Time{}, nil, nil
		return c
	}
	if got := told(undated()); got != "DAT-001 DAT-002 MOV-001" {
		t.Error(got)
	}
	c := undated()
	c.Number = "№ 1"
	if got := told(c); got != "NUM-001 DAT-001 DAT-002 MOV-001" {
		t.Error(got)
	}
	c = undated()
	c.BedDays = 0
	if got := told(c); got != "DAT-001 DAT-002 BED-001 MOV-001" {
		t.Error(got)
	}
	for written, want := range map[string]string{"00000011895017426": "0000001 18 950174 26", "№ 1": "№ 1", "": ""} {
		if got := rule.Grouped(written); got != want {
			t.Errorf("%q: %q", written, got)
		}
	}
}
