package rule_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// spoilers change one field of the case at random, by the name that rules say
// they read.
var spoilers = map[string]func(r *rand.Rand, c *insuranceapi.Case){
	"number":            func(_ *rand.Rand, c *insuranceapi.Case) { c.Number = "x" + c.Number },
	"organisation":      func(_ *rand.Rand, c *insuranceapi.Case) { c.Organisation = "99" },
	"department":        func(_ *rand.Rand, c *insuranceapi.Case) { c.Department = "x" },
	"admission":         func(_ *rand.Rand, c *insuranceapi.Case) { c.Admission = "walk" },
	"hours_since_onset": func(r *rand.Rand, c *insuranceapi.Case) { c.HoursSinceOnset = r.IntN(3) - 1 },
	"referrer":          func(_ *rand.Rand, c *insuranceapi.Case) { c.Referrer = "" },
	"admitted_at": func(r *rand.Rand, c *insuranceapi.Case) {
		c.AdmittedAt = c.AdmittedAt.AddDate(-r.IntN(130), 0, r.IntN(30))
	},
	"discharged_at": func(r *rand.Rand, c *insuranceapi.Case) {
		c.DischargedAt = c.DischargedAt.AddDate(r.IntN(2), 0, r.IntN(30))
	},
	"bed_days":           func(r *rand.Rand, c *insuranceapi.Case) { c.BedDays = r.IntN(20) },
	"outcome":            func(_ *rand.Rand, c *insuranceapi.Case) { c.Outcome = "died" },
	"result":             func(_ *rand.Rand, c *insuranceapi.Case) { c.Result = "" },
	"patient.pin":        func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.PIN = "1" },
	"patient.name":       func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.Name = "" },
	"patient.sex":        func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.Sex = "female" },
	"patient.birth_date": func(r *rand.Rand, c *insuranceapi.Case) { c.Patient.BirthDate.Year = 1880 + r.IntN(150) },
	"patient.region":     func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.Region = "" },
	"patient.insured":    func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.Insured = !c.Patient.Insured },
	"patient.policy":     func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.Policy = "" },
	"patient.category":   func(_ *rand.Rand, c *insuranceapi.Case) { c.Patient.Category = "?" },
	"moves.department":   func(_ *rand.Rand, c *insuranceapi.Case) { c.Moves[1].Department = "99" },
	"moves.from":         func(_ *rand.Rand, c *insuranceapi.Case) { c.Moves[1].From = c.Moves[1].From.AddDate(0, 0, 1) },
	"moves.until":        func(_ *rand.Rand, c *insuranceapi.Case) { c.Moves[1].Until = c.Moves[1].Until.AddDate(0, 0, 3) },
	"diagnoses.stage":    func(_ *rand.Rand, c *insuranceapi.Case) { c.Diagnoses[0].Stage = "postmortem" },
	"diagnoses.rank":     func(_ *rand.Rand, c *insuranceapi.Case) { c.Diagnoses[2].Rank = "main" },
	"diagnoses.code": func(r *rand.Rand, c *insuranceapi.Case) {
		c.Diagnoses[1].Code = []string{"N40", "N80", "P07", "O80", "R07", "Z51", "W19", "S72", "?"}[r.IntN(9)]
	},
	"operations.at":           func(_ *rand.Rand, c *insuranceapi.Case) { c.Operations[0].At = time.Time{} },
	"operations.code":         func(_ *rand.Rand, c *insuranceapi.Case) { c.Operations[0].Code = "" },
	"operations.name":         func(_ *rand.Rand, c *insuranceapi.Case) { c.Operations[0].Name = "" },
	"operations.anaesthesia":  func(_ *rand.Rand, c *insuranceapi.Case) { c.Operations[0].Anaesthesia = "" },
	"operations.complication": func(_ *rand.Rand, c *insuranceapi.Case) { c.Operations[0].Complication = "x" },
	"doctor.pin":              func(_ *rand.Rand, c *insuranceapi.Case) { c.Doctor.PIN = c.HeadOfDepartment.PIN },
	"doctor.name":             func(_ *rand.Rand, c *insuranceapi.Case) { c.Doctor.Name = "" },
	"head_of_department.pin":  func(_ *rand.Rand, c *insuranceapi.Case) { c.HeadOfDepartment.PIN = "" },
	"head_of_department.name": func(_ *rand.Rand, c *insuranceapi.Case) { c.HeadOfDepartment.Name = "" },
}

func verdict(t *testing.T, k rule.Catalogue, id string, c insuranceapi.Case, f rule.Facts) string {
	t.Helper()
	why, ok := k.Why(id, c, f)
	if !ok {
		t.Fatalf("no rule %s", id)
	}
	data, err := json.Marshal(why.Findings)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A rule looks at the fields it says and at no others: changing all others, in
// any way, never changes what it says.
func TestARuleReadsWhatItSays(t *testing.T) {
	k := catalogue(t)
	random := rand.New(rand.NewPCG(3, 4))
	for _, r := range k.All() {
		reads := rule.Reads(r.ID)
		for _, name := range reads {
			if spoilers[name] == nil {
				t.Errorf("%s reads %q, which no case has", r.ID, name)
			}
		}
		for range 100 {
			c, f := copied(t), facts()
			for name, spoil := range spoilers {
				if slices.Contains(reads, name) && random.IntN(2) == 0 {
					spoil(random, &c)
				}
			}
			before := verdict(t, k, r.ID, c, f)
			for name, spoil := range spoilers {
				if !slices.Contains(reads, name) && name != "discharged_at" && random.IntN(2) == 0 {
					spoil(random, &c)
				}
			}
			if after := verdict(t, k, r.ID, c, f); after != before {
				t.Fatalf("%s: a field that it does not say it reads changed its word: %s, then %s", r.ID, before, after)
			}
		}
	}
}

func copied(t *testing.T) insuranceapi.Case {
	t.Helper()
	data, err := json.Marshal(treatedtest.Good())
	if err != nil {
		t.Fatal(err)
	}
	var c insuranceapi.Case
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAReplayShowsTheValues(t *testing.T) {
	c := treatedtest.Good()
	c.BedDays = 4
	why, ok := catalogue(t).Why("BED-001", c, facts())
	if !ok || len(why.Findings) != 1 || !slices.Contains(why.Fields, rule.Field{Path: "bed_days", Value: "4"}) || !slices.Contains(why.Fields, rule.Field{Path: "admitted_at", Value: "10.11.2026 09:30"}) {
		t.Errorf("%+v", why)
	}
	why, _ = catalogue(t).Why("DGN-001", c, facts())
	if len(why.Fields) != 9 || why.Fields[5] != (rule.Field{Path: "diagnoses[1].code", Value: "J18.0"}) {
		t.Errorf("%+v", why.Fields)
	}
	if _, ok := catalogue(t).Why("QQQ-001", c, facts()); ok {
		t.Error("a rule that is none was replayed")
	}
}

// Away from the fund the rules that need it keep silent, and say so.
func TestWithoutTheFundItsRulesAreLeftOut(t *testing.T) {
	c := treatedtest.Good()
	c.Patient.Category = "vip"
	c.Result = ""
	findings := catalogue(t).Check(c, rule.Facts{Now: treatedtest.Now})
	if len(findings) != 1 || findings[0].Rule != "OUT-002" {
		t.Errorf("%+v", findings)
	}
	for _, id := range []string{"PRC-001", "DGN-017"} {
		if why, _ := catalogue(t).Why(id, c, rule.Facts{Now: treatedtest.Now}); !why.Left {
			t.Errorf("%s does not say that it was left out", id)
		}
	}
}

// A rule changes at midnight in Bishkek: a discharge a second before is under
// the old wording, one at midnight under the new.
func TestARuleChangesAtMidnight(t *testing.T) {
	words := func(s string) text.Words { return text.Words{KY: s, RU: s, EN: s} }
	day := func(d int) clock.Date { return clock.Date{Year: 2026, Month: 11, Day: d} }
	old := insuranceapi.Rule{ID: "OUT-002", Field: "result", Severity: rule.Warning, Text: words("old"), Source: "s", From: day(1), Until: day(18)}
	fresh := insuranceapi.Rule{ID: "OUT-002", Field: "result", Severity: rule.Error, Text: words("new"), Source: "s", From: day(19)}
	k, unknown, err := rule.From([]insuranceapi.Rule{old, fresh, {ID: "NEW-001", Field: "x", Severity: rule.Error, Text: words("x"), Source: "s", From: day(1)}})
	if err != nil || !slices.Equal(unknown, []string{"NEW-001"}) {
		t.Fatalf("unknown %v, %v", unknown, err)
	}
	c := treatedtest.Good()
	c.Result = ""
	for at, want := range map[time.Time]string{
		time.Date(2026, 11, 18, 23, 59, 59, 0, clock.Bishkek): "old", time.Date(2026, 11, 19, 0, 0, 0, 0, clock.Bishkek): "new",
	} {
		c.DischargedAt = at
		if found := k.Check(c, facts()); len(found) != 1 || !strings.HasPrefix(found[0].Reason.RU, want) {
			t.Errorf("%s: %+v", at, found)
		}
	}
	// Before the first day there were no rules: the oldest hold, each once.
	c.DischargedAt = time.Date(2026, 10, 31, 12, 0, 0, 0, clock.Bishkek)
	if found := k.Check(c, facts()); len(found) != 1 || !strings.HasPrefix(found[0].Reason.RU, "old") {
		t.Errorf("before the first rule: %+v", found)
	}
	fresh.From = day(18)
	if _, _, err := rule.From([]insuranceapi.Rule{old, fresh}); err == nil {
		t.Error("two wordings for one day were taken")
	}
}
