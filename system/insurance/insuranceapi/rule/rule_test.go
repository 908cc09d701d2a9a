package rule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

func facts() rule.Facts {
	return rule.Facts{Now: treatedtest.Now, Whole: true, Priced: true, Grouped: true, Categories: []string{"", "pensioner"}}
}

func catalogue(t *testing.T) rule.Catalogue {
	t.Helper()
	k, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAGoodCasePassesEveryRule(t *testing.T) {
	if findings := catalogue(t).Check(treatedtest.Good(), facts()); len(findings) != 0 {
		t.Errorf("findings %+v", findings)
	}
}

type change func(c *insuranceapi.Case, f *rule.Facts)

func final(c *insuranceapi.Case, code string) { c.Diagnoses[1].Code = code }

func other(in, out string) func(*insuranceapi.Case, *rule.Facts) {
	at := func(s string) time.Time {
		t, _ := time.ParseInLocation("2006-01-02 15:04", s, clock.Bishkek)
		return t
	}
	return func(_ *insuranceapi.Case, f *rule.Facts) {
		f.Others = []rule.Other{{Number: "00000020595020126", Organisation: "950201", MainCode: "J18.9", AdmittedAt: at(in), DischargedAt: at(out)}}
	}
}

// broken is for each rule a case that fails it, made out of the good one; near
// is one that comes close and passes.
var broken = []struct {
	rule         string
	broken, near change
}{
	{"NUM-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Number = "0000001189501742" }, nil},
	{"NUM-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Number = "00000011895020126" }, nil},
	{"NUM-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Number = "00000010595017426" }, nil},
	{"NUM-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Number = "00000011895017425" }, nil},
	{"NUM-004", newYear("00000011895017426"), newYear("00000011895017427")},
	{"NUM-005", func(c *insuranceapi.Case, _ *rule.Facts) { c.Number = "00000001895017426" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Number = "99999991895017426" }},
	{"ORG-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Organisation = "95017" }, nil},
	{"ORG-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Department = "1" }, nil},
	{"DAT-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.AdmittedAt = time.Time{} }, nil},
	{"DAT-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.DischargedAt = time.Time{} }, nil},
	{"DAT-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.DischargedAt = c.AdmittedAt }, nil},
	{"DAT-004", func(_ *insuranceapi.Case, f *rule.Facts) { f.Now = f.Now.AddDate(0, 0, -7) }, func(c *insuranceapi.Case, f *rule.Facts) { f.Now = c.DischargedAt.Add(-9 * time.Minute) }},
	{"DAT-005", func(c *insuranceapi.Case, _ *rule.Facts) { c.AdmittedAt = c.AdmittedAt.AddDate(-1, -1, 0) }, func(c *insuranceapi.Case, _ *rule.Facts) { c.AdmittedAt = c.DischargedAt.AddDate(0, 0, -365) }},
	{"DAT-006", func(c *insuranceapi.Case, _ *rule.Facts) {
		c.Patient.BirthDate = clock.Date{Year: 2026, Month: 11, Day: 11}
	}, func(c *insuranceapi.Case, _ *rule.Facts) {
		c.Patient.BirthDate = clock.Date{Year: 2026, Month: 11, Day: 10}
	}},
	{"DAT-007", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.BirthDate.Year = 1905 }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.BirthDate.Year = 1906 }},
	{"BED-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.BedDays = 10 }, nights},
	{"BED-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.BedDays = 8 }, withinADay},
	{"BED-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves = c.Moves[:1] }, nights},
	{"BED-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.BedDays = 0 }, withinADay},
	{"MOV-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves = nil }, nil},
	{"MOV-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[0].From = c.Moves[0].From.Add(time.Minute) }, nil},
	{"MOV-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[0].From = c.Moves[0].From.Add(-time.Minute) }, nil},
	{"MOV-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[1].Until = c.Moves[1].Until.Add(-time.Minute) }, nil},
	{"MOV-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[1].Until = c.Moves[1].Until.Add(time.Minute) }, nil},
	{"MOV-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[1].From = c.Moves[1].From.Add(time.Minute) }, nil},
	{"MOV-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[1].From = c.Moves[1].From.Add(-time.Minute) }, nil},
	{"MOV-003", func(c *insuranceapi.Case, _ *rule.Facts) { backwards(c, -time.Minute) }, func(c *insuranceapi.Case, _ *rule.Facts) { backwards(c, 0) }},
	{"MOV-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[1].Department = "21" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Moves[0].Department = "21" }},
	{"DGN-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[2].Rank = "main" }, nil},
	{"DGN-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[2].Code = "И10" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[2].Code = "G63.2*" }},
	{"DGN-003", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "R07.4") }, nil},
	{"DGN-004", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "Z51.1") }, nil},
	{"DGN-005", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "W19") }, nil},
	{"DGN-006", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "S72.0") }, func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "S72.0"); c.Diagnoses[2].Code = "W19" }},
	{"DGN-007", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "N80.0") }, func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "N79") }},
	{"DGN-008", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Sex = "female"; final(c, "N40") }, func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "N40") }},
	{"DGN-009", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[2].Code = "P07.3" }, func(c *insuranceapi.Case, _ *rule.Facts) {
		c.Diagnoses[2].Code = "P07.3"
		c.Patient.BirthDate = clock.Date{Year: 2026, Month: 10, Day: 13}
	}},
	{"DGN-010", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "P07.3") }, func(c *insuranceapi.Case, _ *rule.Facts) {
		final(c, "P07.3")
		c.Patient.BirthDate = clock.Date{Year: 2025, Month: 11, Day: 11}
	}},
	{"DGN-011", func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "O80.0") }, func(c *insuranceapi.Case, _ *rule.Facts) { final(c, "O80.0"); c.Patient.BirthDate.Year = 1990 }},
	{"DGN-012", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[2].Code = c.Diagnoses[1].Code }, nil},
	{"DGN-013", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses = c.Diagnoses[1:] }, nil},
	{"DGN-014", func(c *insuranceapi.Case, _ *rule.Facts) { c.Outcome, c.Result = "died", "" }, func(c *insuranceapi.Case, _ *rule.Facts) {
		c.Outcome, c.Result = "died", ""
		c.Diagnoses = append(c.Diagnoses, insuranceapi.Diagnosis{Stage: "postmortem", Rank: "main", Code: "J18.0"})
	}},
	{"DGN-015", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[0].Stage = "postmortem" }, nil},
	{"DGN-016", func(c *insuranceapi.Case, _ *rule.Facts) { c.Diagnoses[0].Stage = "first" }, nil},
	{"DGN-017", func(c *insuranceapi.Case, f *rule.Facts) {
		f.Listed, f.Unlisted = true, []rule.Lookup{{Code: c.Diagnoses[1].Code, At: c.DischargedAt}}
	}, func(c *insuranceapi.Case, f *rule.Facts) {
		f.Listed, f.Unlisted = true, []rule.Lookup{{Code: c.Diagnoses[1].Code, At: c.AdmittedAt}, {Code: "A00", At: c.DischargedAt}}
		c.Diagnoses[0].Code = "J15.9"
	}},
	{"PIN-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.PIN = "31209196000217" }, nil},
	{"PIN-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Sex = "female" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Sex = "unknown" }},
	{"PIN-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.BirthDate.Day = 13 }, nil},
	{"PIN-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.PIN = "" }, nil},
	{"PAT-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Name = "" }, nil},
	{"PAT-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Sex = "м" }, nil},
	{"PAT-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.BirthDate = clock.Date{} }, nil},
	{"PAT-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Region = "41708" }, nil},
	{"INS-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Policy = "" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Policy, c.Patient.Insured = "", false }},
	{"INS-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Category = "vip" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Patient.Category = "" }},
	{"ADM-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Admission = "" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Admission = "planned" }},
	{"ADM-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.HoursSinceOnset = 0 }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Admission, c.HoursSinceOnset = "planned", 0 }},
	{"ADM-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.HoursSinceOnset = -1 }, func(c *insuranceapi.Case, _ *rule.Facts) { c.HoursSinceOnset = 8760 }},
	{"ADM-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Admission, c.Referrer = "planned", "" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Referrer = "" }},
	{"OUT-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Outcome = "left" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Outcome = "transferred" }},
	{"OUT-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Result = "" }, nil},
	{"OUT-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Outcome = "died" }, nil},
	{"OPR-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations[0].At = c.AdmittedAt.Add(-time.Minute) }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations[0].At = c.DischargedAt }},
	{"OPR-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations[0].Anaesthesia = "" }, func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations = nil }},
	{"OPR-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations[0].Name = "" }, nil},
	{"OPR-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations[0].Code = "" }, nil},
	{"OPR-005", func(c *insuranceapi.Case, _ *rule.Facts) { c.Operations[0].Complication = "Кровотечение" }, func(c *insuranceapi.Case, _ *rule.Facts) {
		c.Operations[0].Complication, c.Diagnoses[2].Rank = "Кровотечение", "complication"
	}},
	{"OPR-006", func(c *insuranceapi.Case, f *rule.Facts) {
		f.OperationsListed, f.UnlistedOperations = true, []rule.Lookup{{Code: c.Operations[0].Code, At: c.Operations[0].At}}
	}, func(c *insuranceapi.Case, f *rule.Facts) {
		f.OperationsListed, f.UnlistedOperations = true, []rule.Lookup{{Code: c.Operations[0].Code, At: c.AdmittedAt}, {Code: "A16", At: c.Operations[0].At}}
	}},
	{"STF-001", func(c *insuranceapi.Case, _ *rule.Facts) { c.Doctor.PIN = "" }, nil},
	{"STF-002", func(c *insuranceapi.Case, _ *rule.Facts) { c.HeadOfDepartment.Name = "" }, nil},
	{"STF-003", func(c *insuranceapi.Case, _ *rule.Facts) { c.HeadOfDepartment = c.Doctor }, nil},
	{"STF-004", func(c *insuranceapi.Case, _ *rule.Facts) { c.Doctor.PIN = c.Patient.PIN }, nil},
	{"DUP-001", other("2026-11-01 10:00", "2026-11-10 09:31"), other("2026-11-01 10:00", "2026-11-10 09:30")},
	{"DUP-001", other("2026-11-18 10:00", "2026-11-20 10:00"), other("2026-11-19 14:00", "2026-11-20 10:00")},
	{"DUP-002", other("2026-11-01 10:00", "2026-11-05 10:00"), other("2026-10-20 10:00", "2026-11-03 09:29")},
	{"DUP-003", func(c *insuranceapi.Case, f *rule.Facts) { f.Twice = c.Number }, nil},
	{"PRC-001", func(_ *insuranceapi.Case, f *rule.Facts) { f.Priced = false }, nil},
	{"PRC-002", func(_ *insuranceapi.Case, f *rule.Facts) { f.Grouped = false }, nil},
}

// newYear is a stay that ended half an hour after Bishkek's midnight, while UTC
// still had the old year.
func newYear(number string) change {
	return func(c *insuranceapi.Case, _ *rule.Facts) {
		c.Number, c.DischargedAt = number, time.Date(2027, 1, 1, 0, 30, 0, 0, clock.Bishkek).UTC()
	}
}

// nights is a stay of nine nights that has fewer days of 24 hours.
func nights(c *insuranceapi.Case, _ *rule.Facts) {
	c.AdmittedAt = time.Date(2026, 11, 10, 23, 0, 0, 0, clock.Bishkek)
	c.DischargedAt = time.Date(2026, 11, 19, 1, 0, 0, 0, clock.Bishkek)
	c.Moves[0].From, c.Moves[1].Until = c.AdmittedAt, c.DischargedAt
}

// withinADay is a stay that ended on the day on which it began: one day.
func withinADay(c *insuranceapi.Case, _ *rule.Facts) {
	c.DischargedAt, c.BedDays = c.AdmittedAt.Add(2*time.Hour), 1
	c.Moves[0].Until, c.Moves[1].From = c.AdmittedAt.Add(time.Hour), c.AdmittedAt.Add(time.Hour)
	c.Moves[1].Until = c.DischargedAt
}

// backwards has the first move last so long, and the next begin where it ends.
func backwards(c *insuranceapi.Case, long time.Duration) {
	c.Moves[0].Until = c.Moves[0].From.Add(long)
	c.Moves[1].From = c.Moves[0].Until
}

func TestEachRuleFailsWhatItIsForAndPassesWhatIsNear(t *testing.T) {
	k := catalogue(t)
	tried := map[string]bool{}
	found := func(c change) map[string]insuranceapi.Finding {
		good, f := treatedtest.Good(), facts()
		c(&good, &f)
		by := map[string]insuranceapi.Finding{}
		for _, finding := range k.Check(good, f) {
			by[finding.Rule] = finding
		}
		return by
	}
	for _, b := range broken {
		tried[b.rule] = true
		finding, ok := found(b.broken)[b.rule]
		if !ok {
			t.Errorf("%s does not see what is wrong", b.rule)
			continue
		}
		if finding.Field == "" || finding.Reason.KY == "" || finding.Reason.RU == "" || finding.Reason.EN == "" || finding.Severity == "" {
			t.Errorf("%s: finding %+v", b.rule, finding)
		}
		if b.near != nil {
			if finding, ok := found(b.near)[b.rule]; ok {
				t.Errorf("%s sees what is not there: %+v", b.rule, finding)
			}
		}
	}
	rules := k.On(clock.DateOf(treatedtest.Now))
	if len(rules) < 25 {
		t.Errorf("only %d rules", len(rules))
	}
	for _, r := range rules {
		if !tried[r.ID] {
			t.Errorf("%s was not tried", r.ID)
		}
	}
}

// A finding carries no name and no ПИН: it travels into work lists.
func TestFindingsTellNobodysData(t *testing.T) {
	k := catalogue(t)
	for _, b := range broken {
		c, f := treatedtest.Good(), facts()
		b.broken(&c, &f)
		for _, finding := range k.Check(c, f) {
			for _, secret := range []string{"21209196000217", "Жумабеков", "P-000217"} {
				if strings.Contains(finding.Reason.RU, secret) {
					t.Errorf("%s tells %s", finding.Rule, secret)
				}
			}
		}
	}
}

func TestNumbersHaveSeventeenDigits(t *testing.T) {
	n, ok := rule.ParseNumber("00000011895017425") // the order's own example (MC-5)
	if !ok || n != (rule.Number{Sequence: "0000001", Department: "18", Organisation: "950174", Year: "25"}) {
		t.Errorf("%+v %v", n, ok)
	}
	if g := rule.Grouped("00000011895017425"); g != "0000001 18 950174 25" {
		t.Error(g)
	}
	for _, bad := range []string{"", "0000001189501742", "000000118950174255", "0000001189501742a", "٠٠٠٠٠٠١١٨٩٥٠١٧٤٢٥", " 0000001895017425"} {
		if _, ok := rule.ParseNumber(bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	f.Add("00000011895017425")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := rule.ParseNumber(s); ok && n.Sequence+n.Department+n.Organisation+n.Year != s {
			t.Errorf("%q became %+v", s, n)
		}
	})
}
