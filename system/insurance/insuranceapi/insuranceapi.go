// Package insuranceapi is the contract of ФОМС «Пролеченный случай»: the intake
// of treated cases (form 066/у) and the fund's decision on them.
package insuranceapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Services of the fund.
const (
	ServiceCases = "treated-cases"
	ServiceRules = "rules"
)

// Case is a treated case as the fund takes it: the content of form 066/у.
// Field names are those that findings name.
type Case struct {
	// Number is the 17-digit number of the form. A corrected form keeps it and
	// counts up Revision from 1.
	Number   string `json:"number"`
	Revision int    `json:"revision"`
	// Replaces is the fund's id of the returned case that this one corrects.
	Replaces         string      `json:"replaces,omitempty"`
	Organisation     string      `json:"organisation"` // 6 digits
	Department       string      `json:"department"`   // 2 digits, of discharge
	Patient          Patient     `json:"patient"`
	Admission        string      `json:"admission"`                   // planned, emergency
	HoursSinceOnset  int         `json:"hours_since_onset,omitempty"` // 0: not said
	Referrer         string      `json:"referrer,omitempty"`
	AdmittedAt       time.Time   `json:"admitted_at"`
	DischargedAt     time.Time   `json:"discharged_at"`
	BedDays          int         `json:"bed_days"`
	Outcome          string      `json:"outcome"`          // discharged, transferred, died
	Result           string      `json:"result,omitempty"` // recovered, improved, unchanged, worse
	Moves            []Move      `json:"moves"`
	Diagnoses        []Diagnosis `json:"diagnoses"`
	Operations       []Operation `json:"operations"`
	Doctor           Staff       `json:"doctor"`
	HeadOfDepartment Staff       `json:"head_of_department"`
}

// Patient is the treated person.
type Patient struct {
	PIN       string     `json:"pin,omitempty"` // "" for an unknown person
	Name      string     `json:"name"`
	Sex       string     `json:"sex"` // female, male, unknown
	BirthDate clock.Date `json:"birth_date,omitzero"`
	// Mother is the mother's ПИН, BirthOrder the place among the children born
	// together, from 1; 0 is not said. They tell apart who has no ПИН yet.
	Mother     string `json:"mother,omitempty"`
	BirthOrder int    `json:"birth_order,omitempty"`
	Region     string `json:"region,omitempty"` // СОАТЕ
	Rural      bool   `json:"rural,omitempty"`
	Insured    bool   `json:"insured"`
	Policy     string `json:"policy,omitempty"`
	Category   string `json:"category,omitempty"` // co-payment category
}

// Move is a time spent in a department.
type Move struct {
	Department string    `json:"department"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
}

// Diagnosis is one diagnosis with its ICD-10 code.
type Diagnosis struct {
	Stage string `json:"stage"` // referral, admission, clinical, final, postmortem
	Rank  string `json:"rank"`  // main, complication, comorbid
	Code  string `json:"code"`  // ICD-10: I21.0
	Text  string `json:"text"`
}

// Operation is one operation.
type Operation struct {
	At           time.Time `json:"at"`
	Code         string    `json:"code"`
	Name         string    `json:"name"`
	Anaesthesia  string    `json:"anaesthesia,omitempty"`
	Complication string    `json:"complication,omitempty"`
}

// Staff is a member of staff who signs.
type Staff struct {
	PIN  string `json:"pin"`
	Name string `json:"name"`
}

// State of a case at the fund.
type State string

// The states.
const (
	Accepted State = "accepted"
	Returned State = "returned"
)

// Finding is what a rule found: field, rule and reason.
type Finding struct {
	Field    string     `json:"field"`    // as in Case: "diagnoses", "patient.pin"
	Rule     string     `json:"rule"`     // id of the rule: "DX-001"
	Severity string     `json:"severity"` // error (returned), warning
	Reason   text.Words `json:"reason"`
}

// Decision is the fund's answer to a case.
type Decision struct {
	CaseID     string     `json:"case_id"` // the fund's id, the same for a repetition
	Number     string     `json:"number"`
	Revision   int        `json:"revision"`
	State      State      `json:"state"`
	Findings   []Finding  `json:"findings"`
	Group      string     `json:"group,omitempty"` // КЗГ
	GroupName  text.Words `json:"group_name,omitzero"`
	Weight     string     `json:"weight,omitempty"` // decimal: "1.2500"
	Price      int64      `json:"price"`            // tyiyn; 0 when returned
	PriceTable string     `json:"price_table,omitempty"`
	Steps      []Step     `json:"steps,omitempty"`   // how the price came about
	Comment    string     `json:"comment,omitempty"` // the expert's, on a return by hand
	At         time.Time  `json:"at"`
}

// Step is one step of a price.
type Step struct {
	Name   text.Words `json:"name"`
	Value  string     `json:"value"`
	Result int64      `json:"result"` // tyiyn after this step
	Source string     `json:"source"`
}

// Rule is one check of the catalogue.
type Rule struct {
	ID       string     `json:"id"`
	Field    string     `json:"field"`
	Severity string     `json:"severity"`
	Text     text.Words `json:"text"`
	Source   string     `json:"source"`
	From     clock.Date `json:"from"`
	Until    clock.Date `json:"until,omitzero"`
}

// API is the fund's service.
type API interface {
	// Submit takes a case and decides. The same number and revision submitted
	// again gives the decision there is: one case however often it comes. A
	// different content under the same number and revision is fail.Conflict.
	Submit(ctx context.Context, c Case) (Decision, error)
	// Check is what Submit would say, without any effect.
	Check(ctx context.Context, c Case) (Decision, error)
	// Rules is the catalogue of checks in force on the day; for a zero day all of
	// it, also what held before and will hold.
	Rules(ctx context.Context, on clock.Date) ([]Rule, error)
}

// Day asks for a day.
type Day struct {
	On clock.Date `json:"on,omitzero"`
}

// Client calls the fund through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

// Submit hands a case over. requestID is the X-Road-Id (the same on a resend),
// user the ПИН of the doctor.
func (c Client) Submit(ctx context.Context, in Case, requestID, user string) (Decision, error) {
	var d Decision
	err := c.Exchange.Do(ctx, exchangeapi.Call{
		Provider: exchangeapi.Insurance, Service: ServiceCases, Path: "/submit",
		Body: in, ID: requestID, User: user, Issue: "treated-case",
	}, &d)
	return d, err
}

// Check asks what the fund would say.
func (c Client) Check(ctx context.Context, in Case, user string) (Decision, error) {
	var d Decision
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Insurance, Service: ServiceCases, Path: "/check", Body: in, User: user, Issue: "treated-case"}, &d)
	return d, err
}

// Rules asks for the catalogue.
func (c Client) Rules(ctx context.Context, on clock.Date) ([]Rule, error) {
	var rules []Rule
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Insurance, Service: ServiceRules, Path: "/list", Body: Day{on}}, &rules)
	return rules, err
}

// Serve registers the services.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceCases, "/submit", func(ctx context.Context, in Case) (Decision, error) { return api.Submit(ctx, in) })
	exchangeapi.Serve(p, ServiceCases, "/check", func(ctx context.Context, in Case) (Decision, error) { return api.Check(ctx, in) })
	exchangeapi.Serve(p, ServiceRules, "/list", func(ctx context.Context, in Day) ([]Rule, error) { return api.Rules(ctx, in.On) })
}
