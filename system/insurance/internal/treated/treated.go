// Package treated takes in treated cases and decides on them: checked, grouped,
// priced, accepted or returned, in one transaction. However often a case comes,
// there is one.
package treated

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/text"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

// Codes of what is recorded.
const (
	ActionSubmit = "case.submit"
	ActionRead   = "case.read"
	ActionLook   = "case.look" // the hospital that sent it looked
	ActionReturn = "case.return"
	ActionStep   = "case.step"    // any other step by hand
	Payment      = "treated-case" // purpose of the intake
	Expertise    = "expertise"    // purpose of an expert
)

// Fund takes cases and decides.
type Fund struct {
	DB        *db.DB
	Clock     clock.Clock
	Queue     *job.Queue
	Catalogue rule.Catalogue
	Tables    price.Source
	// Nil or empty: no code is looked for in it.
	ICD        *icd.Book
	Procedures *procedure.Book
	// OrganisationName is what the organisation is called in access records;
	// it must not wait for a neighbour.
	OrganisationName func(code string) string
}

func (f Fund) books() rule.Books { return rule.Books{ICD: f.ICD, Procedures: f.Procedures} }

// Record is a case as the fund keeps it.
type Record struct {
	ID         string
	Case       insuranceapi.Case
	Decision   insuranceapi.Decision // the one in force
	Current    bool
	Demo       bool
	ReceivedAt time.Time
	SentBy     string // ПИН
	SentVia    string // system
	Way        string // ByExchange, ByHand
	Stage      Stage
	hash       string
}

// Done is a step that somebody did.
type Done struct {
	Step          Step
	Was, Became   Stage
	ByPIN, ByName string
	ByRole        text.Words
	Hospital      string // that spoke, "" for the fund
	Comment       string
	At            time.Time
}

// How a case comes.
const (
	ByExchange = "exchange"
	ByHand     = "hand" // entered at the fund's site by an operator of the hospital (MC-6)
)

// Double is a case that came a second time, by the other way. It is not paid.
type Double struct {
	ID         string
	CaseID     string // the one that counts
	Case       insuranceapi.Case
	Decision   insuranceapi.Decision
	Way        string
	SentBy     string // ПИН
	ReceivedAt time.Time
	hash       string
}

// Verdict is one decision in the history of a case.
type Verdict struct {
	Sequence int
	Decision insuranceapi.Decision
	ByPIN    string // "" for the checks
	ByName   string
	At       time.Time
}

// Bounds of a case: more than any stay has, less than what hurts.
const (
	mostMoves, mostDiagnoses, mostOperations = 100, 200, 200
	mostRunes                                = 2000
	mostRevisions                            = 1000
	// MostTogether bounds how many children are born together.
	MostTogether = 9
)

// bounded cleans every text of the case and refuses what no form can hold. The
// refusal is about the message, not about the case: there is nothing to return.
func bounded(c insuranceapi.Case) (insuranceapi.Case, error) {
	if len(c.Moves) > mostMoves || len(c.Diagnoses) > mostDiagnoses || len(c.Operations) > mostOperations || c.Revision < 1 || c.Revision > mostRevisions ||
		c.Patient.BirthOrder < 0 || c.Patient.BirthOrder > MostTogether {
		return c, fail.New(fail.BadRequest, "kit.bad_request")
	}
	tooLong := false
	tidy := func(limit int, texts ...*string) {
		for _, s := range texts {
			*s = page.Clean(*s)
			tooLong = tooLong || len([]rune(*s)) > limit
		}
	}
	moment := func(t *time.Time) {
		*t = t.UTC().Truncate(time.Microsecond)
		if t.Year() < 1900 || t.Year() > 2200 {
			*t = time.Time{}
		}
	}
	tidy(40, &c.Number, &c.Replaces, &c.Organisation, &c.Department, &c.Admission, &c.Outcome, &c.Result)
	tidy(40, &c.Patient.PIN, &c.Patient.Mother, &c.Patient.Sex, &c.Patient.Region, &c.Patient.Category)
	tidy(300, &c.Patient.Name, &c.Patient.Policy, &c.Referrer, &c.Doctor.PIN, &c.Doctor.Name, &c.HeadOfDepartment.PIN, &c.HeadOfDepartment.Name)
	moment(&c.AdmittedAt)
	moment(&c.DischargedAt)
	c.Moves = append([]insuranceapi.Move{}, c.Moves...)
	for i := range c.Moves {
		m := &c.Moves[i]
		tidy(40, &m.Department)
		moment(&m.From)
		moment(&m.Until)
	}
	c.Diagnoses = append([]insuranceapi.Diagnosis{}, c.Diagnoses...)
	for i := range c.Diagnoses {
		d := &c.Diagnoses[i]
		tidy(40, &d.Stage, &d.Rank, &d.Code)
		tidy(mostRunes, &d.Text)
	}
	c.Operations = append([]insuranceapi.Operation{}, c.Operations...)
	for i := range c.Operations {
		o := &c.Operations[i]
		tidy(40, &o.Code)
		tidy(mostRunes, &o.Name, &o.Anaesthesia, &o.Complication)
		moment(&o.At)
	}
	if tooLong || c.Number == "" {
		return c, fail.New(fail.BadRequest, "kit.bad_request")
	}
	return c, nil
}

// encode gives the content as it is kept and its hash, by which a repetition is
// told from a different case under the same number.
func encode(c insuranceapi.Case) (content, hash string, err error) {
	data, err := json.Marshal(c)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(data)
	return string(data), hex.EncodeToString(sum[:]), nil
}

// decide checks, groups and prices. Nothing is read or written here.
func (f Fund) decide(c insuranceapi.Case, facts rule.Facts, tables price.Tables) insuranceapi.Decision {
	d := insuranceapi.Decision{Number: c.Number, Revision: c.Revision, State: insuranceapi.Accepted, At: facts.Now}
	table, _ := tables.On(clock.DateOf(c.DischargedAt))
	p, grouped := table.Price(c)
	d.Findings = f.Catalogue.Check(c, priced(c, facts, tables))
	if rule.Returned(d.Findings) || !grouped || facts.Twice != "" { // a double is paid by no catalogue
		d.State = insuranceapi.Returned
		return d
	}
	d.Group, d.GroupName, d.Weight = p.Group.Code, p.Group.Name, price.Decimal(p.Group.Weight)
	d.Price, d.PriceTable, d.Steps = p.Price, table.ID, p.Steps
	return d
}

// month is the month of discharge in Bishkek, "2026-11", or "".
func month(c insuranceapi.Case) string {
	if c.DischargedAt.IsZero() {
		return ""
	}
	return clock.DateOf(c.DischargedAt).String()[:7]
}
