package form

import (
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Outcomes and results of a stay, as form 066/у has them.
var (
	Outcomes = []string{"discharged", "transferred", "died"}
	Results  = []string{"recovered", "improved", "unchanged", "worse"}
)

// Record is all that the card knows of a stay and that form 066/у needs.
type Record struct {
	StayID          string
	State           string // open, discharged
	Organisation    workforceapi.Organisation
	Department      string
	Kind            string // planned, emergency
	AdmittedAt      time.Time
	HoursSinceOnset int
	BroughtBy       string
	Referrer        string
	ReferrerName    text.Words // of an organisation, empty of words
	FirstThisYear   bool
	Doctor          insuranceapi.Staff
	Head            insuranceapi.Staff // of the department; by НИСУР
	Patient         Patient
	Payment         string // oms, budget, paid, other; "" by the insurance alone
	Moves           []Move
	Diagnoses       []Diagnosis // those that stand
	Operations      []insuranceapi.Operation
	OperationsEnd   time.Time // when the last of them ended, as far as it was said
	Epicrisis       string    // text of the signed discharge epicrisis, "" if there is none
	Ending          Ending
}

// Patient is the person as the form has them.
type Patient struct {
	insuranceapi.Patient
	ID          string
	Passport    string
	Address     string
	Citizenship string // of a foreigner the country of the passport; code or words
	Social      string // status, code
	Privilege   string // document of the co-payment category
}

// Move is a time in a department; the zero Until means: still there.
type Move struct {
	Department string
	From       time.Time
	Until      time.Time
}

// Diagnosis is one that stands, with its moment.
type Diagnosis struct {
	insuranceapi.Diagnosis
	At time.Time
}

// Ending is what a discharge adds.
type Ending struct {
	At              time.Time
	Outcome         string // discharged, transferred, died
	Result          string // recovered, improved, unchanged, worse; "" when died
	TransferredTo   string
	Recommendations string
	By              string // ПИН
}

// LastMove is when the patient came to the department of discharge.
func (r Record) LastMove() time.Time {
	last := r.AdmittedAt
	for _, m := range r.Moves {
		if m.From.After(last) {
			last = m.From
		}
	}
	return last
}

// LastOperation is the moment of the latest operation, of its end where that was
// said; zero if there was none.
func (r Record) LastOperation() time.Time {
	last := r.OperationsEnd
	for _, o := range r.Operations {
		if o.At.After(last) {
			last = o.At
		}
	}
	return last
}

// Main says whether a main diagnosis of the stage stands.
func (r Record) Main(stage string) bool {
	for _, d := range r.Diagnoses {
		if d.Stage == stage && d.Rank == "main" {
			return true
		}
	}
	return false
}

// BedDays counts the days in bed: the day of admission and the day of discharge
// are one together, a stay within a day is one.
func BedDays(from, until time.Time) int {
	return max(1, clock.DateOf(from).DaysUntil(clock.DateOf(until)))
}

// Case is the treated case as the fund takes it, for the ending given.
func (r Record) Case(number string, revision int, replaces string, end Ending) insuranceapi.Case {
	c := insuranceapi.Case{
		Number: number, Revision: revision, Replaces: replaces,
		Organisation: r.Organisation.Code, Department: r.Department, Patient: r.Patient.Patient,
		Admission: r.Kind, HoursSinceOnset: r.HoursSinceOnset, Referrer: r.Referrer,
		AdmittedAt: r.AdmittedAt, DischargedAt: end.At, BedDays: BedDays(r.AdmittedAt, end.At),
		Outcome: end.Outcome, Result: end.Result,
		Moves: []insuranceapi.Move{}, Diagnoses: []insuranceapi.Diagnosis{}, Operations: []insuranceapi.Operation{},
		Doctor: r.Doctor, HeadOfDepartment: r.Head,
	}
	for _, m := range r.Moves {
		if m.Until.IsZero() {
			m.Until = end.At
		}
		c.Moves = append(c.Moves, insuranceapi.Move(m))
	}
	for _, d := range r.Diagnoses {
		c.Diagnoses = append(c.Diagnoses, d.Diagnosis)
	}
	c.Operations = append(c.Operations, r.Operations...)
	return c
}

// Sheet is the form as it is shown and printed, frozen with each revision: what
// changes in the card or in НИСУР later does not change a form that was given.
type Sheet struct {
	Case             insuranceapi.Case `json:"case"`
	ReferrerName     text.Words        `json:"referrer_name,omitzero"`
	OrganisationName text.Words        `json:"organisation_name"`
	Departments      map[string]Words  `json:"departments"`
	Passport         string            `json:"passport"`
	Address          string            `json:"address"`
	Citizenship      string            `json:"citizenship"`
	BroughtBy        string            `json:"brought_by"`
	Payment          string            `json:"payment,omitempty"`
	Social           string            `json:"social,omitempty"`
	Privilege        string            `json:"privilege,omitempty"`
	FirstThisYear    bool              `json:"first_this_year"`
	TransferredTo    string            `json:"transferred_to"`
	Recommendations  string            `json:"recommendations"`
	DiagnosisMoments map[string]int64  `json:"diagnosis_moments"` // stage/rank/code → microseconds
	IssuedAt         time.Time         `json:"issued_at"`
}

// Words is the name of a department.
type Words = text.Words

// Sheet freezes the record with its case.
func (r Record) Sheet(c insuranceapi.Case, end Ending, at time.Time) Sheet {
	s := Sheet{
		Case: c, OrganisationName: r.Organisation.Name, ReferrerName: r.ReferrerName, Departments: map[string]Words{},
		Passport: r.Patient.Passport, Address: r.Patient.Address, Citizenship: r.Patient.Citizenship,
		Payment: r.Payment, Social: r.Patient.Social, Privilege: r.Patient.Privilege,
		BroughtBy: r.BroughtBy, FirstThisYear: r.FirstThisYear, TransferredTo: end.TransferredTo,
		Recommendations: end.Recommendations, DiagnosisMoments: map[string]int64{}, IssuedAt: at,
	}
	for _, d := range r.Organisation.Departments {
		s.Departments[d.Code] = d.Name
	}
	for _, d := range r.Diagnoses {
		s.DiagnosisMoments[momentKey(d.Diagnosis)] = d.At.UnixMicro()
	}
	return s
}

// Department is the name of the department, its code if the name is not known.
func (s Sheet) Department(code string) text.Words {
	if w, ok := s.Departments[code]; ok {
		return w
	}
	return text.Same(code)
}

// DiagnosedAt is the moment of the diagnosis, zero if it is not known.
func (s Sheet) DiagnosedAt(d insuranceapi.Diagnosis) time.Time {
	micros, ok := s.DiagnosisMoments[momentKey(d)]
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func momentKey(d insuranceapi.Diagnosis) string {
	return strings.Join([]string{d.Stage, d.Rank, d.Code}, "/")
}

// OfOutcome gives what of a result and a destination the outcome has: who died was
// not cured, and only who was transferred went somewhere.
func OfOutcome(outcome, result, transferredTo string) (of, to string) {
	if outcome != "died" {
		of = result
	}
	if outcome == "transferred" {
		to = transferredTo
	}
	return of, to
}
