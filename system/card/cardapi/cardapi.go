// Package cardapi is the contract of the digital patient card.
package cardapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Services of the card.
const (
	ServiceSummaries = "discharge-summaries" // to the portal, for the patient
	ServiceDecisions = "case-decisions"      // from the fund, when an expert decides by hand
	ServiceForms     = "forms"               // to the fund, to reconcile a month
)

// Head is a discharge in a list.
type Head struct {
	Stay             string     `json:"stay"`
	Form             string     `json:"form"` // 17-digit number of form 066/у
	Organisation     string     `json:"organisation"`
	OrganisationName text.Words `json:"organisation_name"`
	AdmittedAt       time.Time  `json:"admitted_at"`
	DischargedAt     time.Time  `json:"discharged_at"`
}

// Summary is the discharge summary (выписка из медицинской карты).
type Summary struct {
	Head
	PatientName      string      `json:"patient_name"`
	PatientPIN       string      `json:"patient_pin"`
	BirthDate        clock.Date  `json:"birth_date"`
	Sex              string      `json:"sex"`
	Department       text.Words  `json:"department"`
	Outcome          string      `json:"outcome"`
	Result           string      `json:"result,omitempty"`
	Diagnoses        []Diagnosis `json:"diagnoses"`
	Operations       []Operation `json:"operations"`
	Course           string      `json:"course,omitempty"` // discharge epicrisis
	Recommendations  string      `json:"recommendations,omitempty"`
	Doctor           string      `json:"doctor"`
	HeadOfDepartment string      `json:"head_of_department,omitempty"`
}

// Diagnosis is a final diagnosis.
type Diagnosis struct {
	Rank string `json:"rank"` // main, complication, comorbid
	Code string `json:"code"`
	Text string `json:"text"`
}

// Operation is an operation that was done.
type Operation struct {
	At          time.Time `json:"at"`
	Name        string    `json:"name"`
	Anaesthesia string    `json:"anaesthesia,omitempty"`
}

// Month asks for a month of discharge of one organisation.
type Month struct {
	Organisation string `json:"organisation"` // 6 digits
	Month        string `json:"month"`        // 2026-11
}

// FormLine is a valid form 066/у as the card counts it: its newest revision and
// what the card knows of the fund's decision. Nothing in it names the patient.
type FormLine struct {
	Number   string `json:"number"`
	Revision int    `json:"revision"`
	State    string `json:"state"` // queued, accepted, returned
	Price    int64  `json:"price"` // tyiyn, 0 unless accepted
}

// API is the card's service.
type API interface {
	// Summaries are the person's discharges, newest first.
	Summaries(ctx context.Context, pin string) ([]Head, error)
	// Summary is one of them; fail.NotFound if it is not this person's.
	Summary(ctx context.Context, pin, stay string) (Summary, error)
	// Decide takes the fund's decision made by hand after the intake. A
	// repetition changes nothing; an older one than is known changes nothing.
	Decide(ctx context.Context, d insuranceapi.Decision) error
	// Forms are the valid forms of the month, by number; fail.Invalid for what is
	// no month.
	Forms(ctx context.Context, m Month) ([]FormLine, error)
}

// Query asks by person and stay.
type Query struct {
	PIN  string `json:"pin"`
	Stay string `json:"stay,omitempty"`
}

// Client calls the card through the exchange.
type Client struct {
	Exchange *exchangeapi.Client
	User     string // ПИН of the member of staff who acts, for what staff do
}

var _ API = Client{}

// Summaries implements API. The person asks for their own.
func (c Client) Summaries(ctx context.Context, pin string) ([]Head, error) {
	var heads []Head
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceSummaries, Path: "/list", Body: Query{PIN: pin}, User: pin, Issue: "own-request"}, &heads)
	return heads, err
}

// Summary implements API.
func (c Client) Summary(ctx context.Context, pin, stay string) (Summary, error) {
	var s Summary
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceSummaries, Path: "/get", Body: Query{PIN: pin, Stay: stay}, User: pin, Issue: "own-request"}, &s)
	return s, err
}

// HospitalClient calls another information system through the exchange, which gives
// the fund of its hospital what the card gives of its own.
type HospitalClient struct {
	Exchange *exchangeapi.Client
	Provider exchangeapi.Subsystem
}

// Decide tells it a decision that the fund made by hand.
func (c HospitalClient) Decide(ctx context.Context, d insuranceapi.Decision) error {
	return c.Exchange.Do(ctx, exchangeapi.Call{Provider: c.Provider, Service: ServiceDecisions, Path: "/take", Body: d, Issue: "treated-case"}, nil)
}

// Forms is its valid forms of the month, by number.
func (c HospitalClient) Forms(ctx context.Context, m Month) ([]FormLine, error) {
	var lines []FormLine
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: c.Provider, Service: ServiceForms, Path: "/of-month", Body: m, Issue: "reconciliation"}, &lines)
	return lines, err
}

// Decide implements API.
func (c Client) Decide(ctx context.Context, d insuranceapi.Decision) error {
	return HospitalClient{c.Exchange, exchangeapi.Card}.Decide(ctx, d)
}

// Forms implements API.
func (c Client) Forms(ctx context.Context, m Month) ([]FormLine, error) {
	return HospitalClient{c.Exchange, exchangeapi.Card}.Forms(ctx, m)
}

// Serve registers the services.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceSummaries, "/list", func(ctx context.Context, in Query) ([]Head, error) { return api.Summaries(ctx, in.PIN) })
	exchangeapi.Serve(p, ServiceSummaries, "/get", func(ctx context.Context, in Query) (Summary, error) { return api.Summary(ctx, in.PIN, in.Stay) })
	exchangeapi.Serve(p, ServiceDecisions, "/take", func(ctx context.Context, in insuranceapi.Decision) (struct{}, error) {
		return struct{}{}, api.Decide(ctx, in)
	})
	exchangeapi.Serve(p, ServiceForms, "/of-month", func(ctx context.Context, in Month) ([]FormLine, error) { return api.Forms(ctx, in) })
}
