// Package rule is the catalogue of checks of a treated case. What a rule says,
// since when and by which source is data (catalogue.json); what it looks at is a
// function under the same id. Every finding names field, rule and reason.
//
// It is part of the contract: who sends cases runs the same checks before
// sending, by the catalogue that the fund publishes, also while the fund is
// away. What only the fund can know (other cases, the table of rates) is then
// left out (Facts.Whole).
package rule

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Severities.
const (
	Error   = "error"   // the case is returned
	Warning = "warning" // the expert sees it, the case goes on
)

// Other is another case of the same person that the fund has accepted.
type Other struct {
	Number       string
	Organisation string
	MainCode     string
	AdmittedAt   time.Time
	DischargedAt time.Time
}

// Facts is what a check needs beyond the case itself.
type Facts struct {
	Now        time.Time
	Whole      bool     // what the fund knows stands below; else rules that need it are left out
	Twice      string   // number of the same form that came by the other way, "" for none
	Others     []Other  // accepted cases of the same ПИН that end at most 30 days before this one begins
	Priced     bool     // a table of rates is in force on the day of discharge
	Categories []string // of co-payment, in that table
	Grouped    bool     // that table has a group for the case

	Listed   bool     // ICD-10 is at hand; else the rule that needs it is left out
	Unlisted []Lookup // the case's codes that it did not have on their day, or not as diagnoses

	OperationsListed   bool     // the table of operations is at hand; else the rule that needs it is left out
	UnlistedOperations []Lookup // the case's codes of operations that it did not have on their day
}

// left says that what the check asks beside the case is not known here.
func (c check) left(f Facts) bool {
	return slices.ContainsFunc(c.fund, func(asked string) bool {
		switch asked {
		case FromICD:
			return !f.Listed
		case FromProcedures:
			return !f.OperationsListed
		}
		return !f.Whole
	})
}

// hit is one place at which a rule found something. Field "" is the rule's own;
// Detail is what was found there, in no language: «950201 ≠ 950174».
type hit struct{ Field, Detail string }

// when is a rule that found one thing, or nothing.
func when(found bool, detail ...string) []hit {
	if !found {
		return nil
	}
	return []hit{{Detail: strings.Join(detail, " ")}}
}

//go:embed catalogue.json
var catalogueJSON []byte

// Catalogue is the rules in the order in which they are shown.
type Catalogue struct{ rules []insuranceapi.Rule }

// Load reads the catalogue that comes with the program.
func Load() (Catalogue, error) {
	var rules []insuranceapi.Rule
	if err := json.Unmarshal(catalogueJSON, &rules); err != nil {
		return Catalogue{}, err
	}
	k, unknown, err := From(rules)
	if err == nil && len(unknown) > 0 {
		err = fmt.Errorf("rule %s looks at nothing", unknown[0])
	}
	if err != nil {
		return k, err
	}
	for id := range checks {
		if !slices.ContainsFunc(k.rules, func(r insuranceapi.Rule) bool { return r.ID == id }) {
			return k, fmt.Errorf("the check %s is in no catalogue", id)
		}
	}
	return k, nil
}

// From makes a catalogue of rules as the fund published them. unknown are those
// that this program has no function for, being older than they: they are left
// out, and whoever shows the result says so. A rule may stand several times,
// for times that do not touch.
func From(rules []insuranceapi.Rule) (k Catalogue, unknown []string, err error) {
	for _, r := range rules {
		switch {
		case r.Severity != Error && r.Severity != Warning:
			return k, nil, fmt.Errorf("rule %s: severity %q", r.ID, r.Severity)
		case r.Text.KY == "" || r.Text.RU == "" || r.Text.EN == "" || r.Source == "" || r.Field == "" || r.From.IsZero():
			return k, nil, fmt.Errorf("rule %s is not whole", r.ID)
		case !r.Until.IsZero() && r.Until.Before(r.From):
			return k, nil, fmt.Errorf("rule %s ends before it begins", r.ID)
		}
		for _, other := range k.rules {
			if other.ID == r.ID && overlaps(other, r) {
				return k, nil, fmt.Errorf("rule %s stands twice for one day", r.ID)
			}
		}
		if checks[r.ID].run == nil {
			unknown = append(unknown, r.ID)
			continue
		}
		k.rules = append(k.rules, r)
	}
	return k, unknown, nil
}

func overlaps(a, b insuranceapi.Rule) bool {
	begins := func(a, b insuranceapi.Rule) bool { return b.Until.IsZero() || !b.Until.Before(a.From) }
	return begins(a, b) && begins(b, a)
}

// All is every rule, also those no longer or not yet in force.
func (k Catalogue) All() []insuranceapi.Rule { return slices.Clone(k.rules) }

// On is the rules in force on the day.
func (k Catalogue) On(day clock.Date) []insuranceapi.Rule {
	list := []insuranceapi.Rule{}
	for _, r := range k.rules {
		if !day.Before(r.From) && (r.Until.IsZero() || !r.Until.Before(day)) {
			list = append(list, r)
		}
	}
	return list
}

// Check runs the rules in force on the day of discharge (today, if there is none).
func (k Catalogue) Check(c insuranceapi.Case, f Facts) []insuranceapi.Finding {
	findings := []insuranceapi.Finding{}
	for _, r := range k.Of(c, f) {
		findings = append(findings, run(r, c, f)...)
	}
	return findings
}

// Of is the rules that hold for the case.
func (k Catalogue) Of(c insuranceapi.Case, f Facts) []insuranceapi.Rule {
	day := clock.DateOf(f.Now)
	if !c.DischargedAt.IsZero() {
		day = clock.DateOf(c.DischargedAt)
	}
	for _, r := range k.rules { // a day before the first rule: the oldest ones hold
		if day.Before(r.From) && !slices.ContainsFunc(k.rules, func(o insuranceapi.Rule) bool { return o.From.Before(r.From) }) {
			return k.On(r.From)
		}
	}
	return k.On(day)
}

func run(r insuranceapi.Rule, c insuranceapi.Case, f Facts) []insuranceapi.Finding {
	check := checks[r.ID]
	if check.left(f) {
		return nil
	}
	var findings []insuranceapi.Finding
	for _, h := range check.run(c, f) {
		if h.Field == "" {
			h.Field = r.Field
		}
		findings = append(findings, insuranceapi.Finding{Field: h.Field, Rule: r.ID, Severity: r.Severity, Reason: reason(r.Text, h.Detail)})
	}
	return findings
}

// Returned says whether any of the findings is an error.
func Returned(findings []insuranceapi.Finding) bool {
	return slices.ContainsFunc(findings, func(f insuranceapi.Finding) bool { return f.Severity == Error })
}

func reason(w text.Words, detail string) text.Words {
	if detail == "" {
		return w
	}
	const limit = 120
	if r := []rune(detail); len(r) > limit {
		detail = string(r[:limit]) + "…"
	}
	tail := " (" + detail + ")"
	return text.Words{KY: w.KY + tail, RU: w.RU + tail, EN: w.EN + tail}
}
