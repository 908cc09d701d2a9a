package treated

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/internal/rule"
)

var _ insuranceapi.API = Fund{}

// Submit implements insuranceapi.API.
func (f Fund) Submit(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	return f.receive(ctx, c, f.Clock.Now(), false)
}

// Past takes in an earlier case of the demo as if it had come at the moment.
func (f Fund) Past(ctx context.Context, c insuranceapi.Case, at time.Time) (insuranceapi.Decision, error) {
	return f.receive(ctx, c, at, true)
}

// Check implements insuranceapi.API: the same checks on the same facts, with
// nothing written.
func (f Fund) Check(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	c, err := bounded(c)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	others, err := othersOf(ctx, f.DB.Read, c)
	if err != nil {
		return insuranceapi.Decision{}, db.Explain(err)
	}
	return f.decide(c, others, f.Clock.Now()), nil
}

// Rules implements insuranceapi.API.
func (f Fund) Rules(_ context.Context, on clock.Date) ([]insuranceapi.Rule, error) {
	return f.Catalogue.On(on), nil
}

func (f Fund) receive(ctx context.Context, c insuranceapi.Case, at time.Time, past bool) (insuranceapi.Decision, error) {
	c, err := bounded(c)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	content, hash, err := encode(c)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	// A repetition, the usual case after a crash, is answered without a lock.
	known, err := byNumber(ctx, f.DB.Read, c.Number, c.Revision)
	if err == nil {
		return repeated(known, hash)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return insuranceapi.Decision{}, db.Explain(err)
	}
	caller := exchangeapi.CallerOf(ctx)
	var d insuranceapi.Decision
	err = f.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Cases of one number, then of one person, take turns: in this order
		// everywhere, so that no two wait for each other.
		if err := lock(ctx, tx, "number:"+c.Number); err != nil {
			return err
		}
		known, err := byNumber(ctx, tx, c.Number, c.Revision)
		if err == nil {
			d, err = repeated(known, hash)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		previous, err := f.corrected(ctx, tx, c)
		if err != nil {
			return err
		}
		if c.Patient.PIN != "" {
			if err := lock(ctx, tx, "pin:"+c.Patient.PIN); err != nil {
				return err
			}
		}
		others, err := othersOf(ctx, tx, c)
		if err != nil {
			return err
		}
		d = f.decide(c, others, at)
		d.CaseID = id.New()
		if previous != "" {
			retired, err := retire(ctx, tx, previous)
			if err != nil {
				return err
			}
			if !retired {
				return fail.New(fail.Conflict, "kit.conflict")
			}
		}
		row := Record{ID: d.CaseID, Case: c, Decision: d, Current: true, Demo: past, ReceivedAt: at, SentBy: caller.User, SentVia: exchangeapi.NameOf(caller.Client), hash: hash}
		if err := insert(ctx, tx, row, content); err != nil {
			return err
		}
		if past {
			return nil // invented people have nobody who looked at them
		}
		return audit.Add(ctx, tx, f.Clock, f.record(c, caller, d.CaseID))
	})
	return d, err
}

// repeated is the decision there is, if the content is the same.
func repeated(known Record, hash string) (insuranceapi.Decision, error) {
	if known.hash != hash {
		return insuranceapi.Decision{}, fail.New(fail.Conflict, "kit.conflict")
	}
	return known.Decision, nil
}

// corrected finds the case that this one takes the place of: for a revision the
// one before it; for a first revision that names a case (its form was voided),
// that case. It must be the current one of its number and returned. The id is ""
// for a case of its own.
func (f Fund) corrected(ctx context.Context, tx *sql.Tx, c insuranceapi.Case) (string, error) {
	conflict := fail.New(fail.Conflict, "kit.conflict")
	current, err := lastOf(ctx, tx, c.Number)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if c.Revision != 1 {
			return "", conflict // a correction of what never came
		}
		if c.Replaces == "" {
			return "", nil
		}
		voided, err := byID(ctx, tx, c.Replaces, f.DB.ForUpdate())
		if errors.Is(err, sql.ErrNoRows) {
			return "", conflict
		}
		if err != nil {
			return "", err
		}
		if !voided.Current || voided.Decision.State != insuranceapi.Returned {
			return "", conflict
		}
		return voided.ID, nil
	case err != nil:
		return "", err
	}
	if !current.Current || c.Revision != current.Case.Revision+1 || current.Decision.State != insuranceapi.Returned || c.Replaces != current.ID {
		return "", conflict
	}
	return current.ID, nil
}

func (f Fund) record(c insuranceapi.Case, caller exchangeapi.Caller, caseID string) audit.Record {
	r := audit.Record{
		Subject: c.Patient.PIN, ActorPIN: caller.User, Via: exchangeapi.NameOf(caller.Client), Action: ActionSubmit,
		Purpose: Payment, Object: caseID, RequestID: caller.ID, Organisation: f.OrganisationName(c.Organisation),
	}
	switch caller.User {
	case "":
	case c.Doctor.PIN:
		r.ActorName = c.Doctor.Name
	case c.HeadOfDepartment.PIN:
		r.ActorName = c.HeadOfDepartment.Name
	}
	return r
}

// others is how far back cases of the same person matter to a check.
const others = 30 * 24 * time.Hour

func othersOf(ctx context.Context, q db.Querier, c insuranceapi.Case) ([]rule.Other, error) {
	if c.Patient.PIN == "" || c.AdmittedAt.IsZero() || c.DischargedAt.IsZero() {
		return nil, nil
	}
	return acceptedOf(ctx, q, c.Patient.PIN, c.Number, c.AdmittedAt.Add(-others), c.DischargedAt)
}
