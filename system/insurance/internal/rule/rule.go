// Package rule is the catalogue of checks of a treated case. What a rule says,
// since when and by which source is data (catalogue.json); what it looks at is a
// function under the same id. Every finding names field, rule and reason.
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
	Others     []Other  // accepted cases of the same ПИН that end at most 30 days before this one begins
	Priced     bool     // a table of rates is in force on the day of discharge
	Categories []string // of co-payment, in that table
	Grouped    bool     // that table has a group for the case
}

// hit is one place at which a rule found something. Field "" is the rule's own;
// Detail is what was found there, in no language: «950201 ≠ 950174».
type hit struct{ Field, Detail string }

type check func(c insuranceapi.Case, f Facts) []hit

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

// Load reads the embedded catalogue.
func Load() (Catalogue, error) {
	var c Catalogue
	if err := json.Unmarshal(catalogueJSON, &c.rules); err != nil {
		return c, err
	}
	seen := map[string]bool{}
	for _, r := range c.rules {
		switch {
		case seen[r.ID]:
			return c, fmt.Errorf("rule %s stands twice", r.ID)
		case checks[r.ID] == nil:
			return c, fmt.Errorf("rule %s looks at nothing", r.ID)
		case r.Severity != Error && r.Severity != Warning:
			return c, fmt.Errorf("rule %s: severity %q", r.ID, r.Severity)
		case r.Text.KY == "" || r.Text.RU == "" || r.Text.EN == "" || r.Source == "" || r.Field == "" || r.From.IsZero():
			return c, fmt.Errorf("rule %s is not whole", r.ID)
		}
		seen[r.ID] = true
	}
	for id := range checks {
		if !seen[id] {
			return c, fmt.Errorf("the check %s is in no catalogue", id)
		}
	}
	return c, nil
}

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
	day := clock.DateOf(f.Now)
	if !c.DischargedAt.IsZero() {
		day = clock.DateOf(c.DischargedAt)
	}
	rules := k.On(day)
	if len(rules) == 0 { // a day before the first rule: the oldest ones hold
		rules = k.rules
	}
	findings := []insuranceapi.Finding{}
	for _, r := range rules {
		for _, h := range checks[r.ID](c, f) {
			if h.Field == "" {
				h.Field = r.Field
			}
			findings = append(findings, insuranceapi.Finding{Field: h.Field, Rule: r.ID, Severity: r.Severity, Reason: reason(r.Text, h.Detail)})
		}
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

// checks are the functions by rule.
var checks = map[string]check{
	"NUM-001": numberForm, "NUM-002": numberOrganisation, "NUM-003": numberDepartment, "NUM-004": numberYear, "NUM-005": numberSequence,
	"ORG-001": organisationCode, "ORG-002": departmentCode,
	"DAT-001": admitted, "DAT-002": discharged, "DAT-003": order, "DAT-004": future, "DAT-005": tooLong, "DAT-006": bornAfter, "DAT-007": tooOld,
	"BED-001": bedDays, "BED-002": bedDaysOfMoves,
	"MOV-001": someMove, "MOV-002": movesSpan, "MOV-003": movesJoin, "MOV-004": lastMove,
	"DGN-001": oneMain, "DGN-002": codeForm, "DGN-003": symptom, "DGN-004": contact, "DGN-005": externalMain, "DGN-006": externalMissing,
	"DGN-007": womenOnly, "DGN-008": menOnly, "DGN-009": perinatalLate, "DGN-010": perinatalAdult, "DGN-011": pregnancyAge,
	"DGN-012": codeTwice, "DGN-013": admissionDiagnosis, "DGN-014": postmortemMissing, "DGN-015": postmortemAlive, "DGN-016": stageAndRank,
	"PIN-001": pinForm, "PIN-002": pinSex, "PIN-003": pinBirth, "PIN-004": pinMissing,
	"PAT-001": patientName, "PAT-002": patientSex, "PAT-003": patientBirth, "PAT-004": patientRegion,
	"INS-001": policy, "INS-002": category,
	"ADM-001": admission, "ADM-002": onset, "ADM-003": onsetRange, "ADM-004": referrer,
	"OUT-001": outcome, "OUT-002": resultMissing, "OUT-003": resultOfDead,
	"OPR-001": operationInside, "OPR-002": operationAnaesthesia, "OPR-003": operationName, "OPR-004": operationCode, "OPR-005": operationComplication,
	"STF-001": doctor, "STF-002": head, "STF-003": samePerson, "STF-004": ownPatient,
	"DUP-001": overlap, "DUP-002": soonAgain,
	"PRC-001": noTable, "PRC-002": noGroup,
}
