// Package summary answers the other systems: discharge summaries for the
// patient through the portal, and decisions of the fund.
package summary

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/handover"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Service implements cardapi.API.
type Service struct {
	Desk     *desk.Desk
	Handover handover.Handover
}

var _ cardapi.API = Service{}

// Summaries implements cardapi.API.
func (s Service) Summaries(ctx context.Context, person string) ([]cardapi.Head, error) {
	person, err := own(ctx, person)
	if err != nil {
		return nil, err
	}
	heads, err := discharges(ctx, s.Desk.DB.Read, person)
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return []cardapi.Head{}, nil
	}
	return heads, s.record(ctx, person, heads[0], "summary.list", "")
}

// Summary implements cardapi.API. It is told from the form as it was given: the
// newest revision under the valid number.
func (s Service) Summary(ctx context.Context, person, stayID string) (cardapi.Summary, error) {
	person, err := own(ctx, person)
	if err != nil {
		return cardapi.Summary{}, err
	}
	head, err := oneDischarge(ctx, s.Desk.DB.Read, person, stayID)
	if err != nil {
		return cardapi.Summary{}, err
	}
	last, ok, err := form.Latest(ctx, s.Desk.DB.Read, head.Form, "")
	if err != nil {
		return cardapi.Summary{}, err
	}
	if !ok {
		return cardapi.Summary{}, fail.New(fail.NotFound, "card.summary.none_such")
	}
	sheet, err := form.SheetOf(ctx, s.Desk.DB.Read, last.Ref)
	if err != nil {
		return cardapi.Summary{}, err
	}
	r, err := form.Load(ctx, s.Desk.DB.Read, stayID, form.Anywhere, "")
	if err != nil {
		return cardapi.Summary{}, err
	}
	return compose(head, sheet, r.Epicrisis), s.record(ctx, person, head, "summary.read", stayID)
}

func compose(head cardapi.Head, sheet form.Sheet, epicrisis string) cardapi.Summary {
	c := sheet.Case
	out := cardapi.Summary{
		Head: head, PatientName: c.Patient.Name, PatientPIN: c.Patient.PIN, BirthDate: c.Patient.BirthDate, Sex: c.Patient.Sex,
		Department: sheet.Department(c.Department), Outcome: c.Outcome, Result: c.Result,
		Diagnoses: []cardapi.Diagnosis{}, Operations: []cardapi.Operation{},
		Course: epicrisis, Recommendations: sheet.Recommendations,
		Doctor: c.Doctor.Name, HeadOfDepartment: c.HeadOfDepartment.Name,
	}
	for _, d := range c.Diagnoses {
		if d.Stage == "final" {
			out.Diagnoses = append(out.Diagnoses, cardapi.Diagnosis{Rank: d.Rank, Code: d.Code, Text: d.Text})
		}
	}
	for _, o := range c.Operations {
		out.Operations = append(out.Operations, cardapi.Operation{At: o.At, Name: o.Name, Anaesthesia: o.Anaesthesia})
	}
	return out
}

// Forms implements cardapi.API. It is the fund's alone.
func (s Service) Forms(ctx context.Context, m cardapi.Month) ([]cardapi.FormLine, error) {
	if exchangeapi.CallerOf(ctx).Client != exchangeapi.Insurance {
		return nil, fail.New(fail.Forbidden, "card.summary.not_the_fund")
	}
	return s.Handover.Forms(ctx, m)
}

// Decide implements cardapi.API. Decisions are the fund's alone.
func (s Service) Decide(ctx context.Context, d insuranceapi.Decision) error {
	if exchangeapi.CallerOf(ctx).Client != exchangeapi.Insurance {
		return fail.New(fail.Forbidden, "card.summary.not_the_fund")
	}
	return s.Handover.Decide(ctx, d)
}

// own checks that the person asks for what is theirs: the exchange says who
// acts, the body says about whom.
func own(ctx context.Context, person string) (string, error) {
	parsed, err := pin.Parse(person)
	if err != nil {
		return "", err
	}
	if exchangeapi.CallerOf(ctx).User != parsed {
		return "", fail.New(fail.Forbidden, "card.summary.not_yours")
	}
	return parsed, nil
}

// record keeps that the person was answered, and through which system.
func (s Service) record(ctx context.Context, person string, head cardapi.Head, action, object string) error {
	caller := exchangeapi.CallerOf(ctx)
	name, err := nameOf(ctx, s.Desk.DB.Read, person)
	if err != nil {
		return err
	}
	return s.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return audit.Add(ctx, tx, s.Desk.Clock, audit.Record{
			Subject: person, ActorPIN: caller.User, ActorName: name, Organisation: head.OrganisationName.In(text.RU),
			Via: exchangeapi.NameOf(caller.Client), Action: action, Purpose: "own-request", Object: object, RequestID: caller.ID,
		})
	})
}
