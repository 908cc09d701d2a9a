package entry

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Action is what is recorded when somebody works on a person's draft.
const Action = "case.entry"

// Desk keeps drafts and sends them.
type Desk struct {
	DB    *db.DB
	Clock clock.Clock
	Fund  treated.Fund
	ICD   *icd.Book // to choose diagnoses from; empty or nil: codes are typed
}

// Clerk is the operator of a hospital who enters.
type Clerk struct {
	treated.Sender
	Hospital string // its code
}

// mostOpen bounds the drafts that a hospital has at once.
const mostOpen = 500

var (
	somebodyElse    = fail.New(fail.Conflict, "insurance.entry.somebody_else")
	errGone         = fail.New(fail.NotFound, "insurance.entry.gone")
	errNotToCorrect = fail.New(fail.Conflict, "insurance.entry.not_to_correct")
)

// Begin makes an empty draft.
func (k Desk) Begin(ctx context.Context, by Clerk) (Draft, error) {
	return k.begin(ctx, by, Draft{Values: first()})
}

// Correct makes a draft out of a returned case that was entered by hand, or
// finds the one there is: two people who begin work on one draft.
func (k Desk) Correct(ctx context.Context, caseID string, by Clerk) (Draft, error) {
	known, err := ofReplaced(ctx, k.DB.Read, caseID, by.Hospital)
	if err == nil && known.CaseID == "" {
		return known, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Draft{}, db.Explain(err)
	}
	r, err := k.Fund.Read(ctx, caseID, treated.Expert{PIN: by.PIN, Name: by.Name, Role: by.Role, Organisation: by.Organisation, Hospital: by.Hospital})
	if err != nil {
		return Draft{}, err
	}
	if !r.Current || r.Decision.State != insuranceapi.Returned || r.Way != treated.ByHand {
		return Draft{}, errNotToCorrect
	}
	d, err := k.begin(ctx, by, Draft{Replaces: caseID, Values: valuesOf(r.Case)})
	if db.Unique(err) {
		d, err = ofReplaced(ctx, k.DB.Read, caseID, by.Hospital)
	}
	return d, db.Explain(err)
}

func (k Desk) begin(ctx context.Context, by Clerk, d Draft) (Draft, error) {
	now := k.Clock.Now()
	d.ID, d.Organisation, d.Version, d.ByPIN, d.ByName, d.CreatedAt, d.UpdatedAt = id.New(), by.Hospital, 1, by.PIN, by.Name, now, now
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		drafts, err := open(ctx, tx, by.Hospital, mostOpen)
		if err != nil {
			return err
		}
		if len(drafts) >= mostOpen {
			return fail.New(fail.Conflict, "insurance.entry.too_many", "Count", mostOpen)
		}
		if err := insert(ctx, tx, d); err != nil {
			return err
		}
		return k.record(ctx, tx, d, by)
	})
	return d, err
}

// Again makes a new draft of what was typed into one that is gone. replaces is
// the returned case which that one corrected, "" for none.
func (k Desk) Again(ctx context.Context, values map[string]string, replaces string, by Clerk) (Draft, error) {
	if replaces == "" {
		return k.begin(ctx, by, Draft{Values: values})
	}
	d, err := k.Correct(ctx, replaces, by)
	if err != nil {
		return d, err
	}
	return k.Save(ctx, d.ID, d.Version, values, by)
}

// Keep writes a draft of the demo once.
func (k Desk) Keep(ctx context.Context, d Draft) error {
	return k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := byID(ctx, tx, d.ID, d.Organisation, ""); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return insert(ctx, tx, d)
	})
}

// Open is a draft of the hospital. That it was opened is on record first.
func (k Desk) Open(ctx context.Context, draftID string, by Clerk) (Draft, error) {
	var d Draft
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if d, err = byID(ctx, tx, draftID, by.Hospital, ""); err != nil {
			return missing(err)
		}
		return k.record(ctx, tx, d, by)
	})
	return d, err
}

func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errGone
	}
	return err
}

func (k Desk) record(ctx context.Context, tx *sql.Tx, d Draft, by Clerk) error {
	if d.Values[fieldPIN] == "" && d.Values[fieldName] == "" {
		return nil // nobody's data yet
	}
	return audit.Add(ctx, tx, k.Clock, audit.Record{
		Subject: d.Values[fieldPIN], ActorPIN: by.PIN, ActorName: by.Name, ActorRole: by.Role, Organisation: by.Organisation,
		Via: "insurance", Action: Action, Purpose: treated.Payment, Object: d.ID,
	})
}

// Save keeps what is typed. version is the one that the page came with: who
// saves second is told so and nothing of the first is lost.
func (k Desk) Save(ctx context.Context, draftID string, version int, values map[string]string, by Clerk) (Draft, error) {
	var d Draft
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if d, err = byID(ctx, tx, draftID, by.Hospital, k.DB.ForUpdate()); err != nil {
			return missing(err)
		}
		if d.Version != version || d.CaseID != "" {
			return somebodyElse
		}
		before := d.Values
		if d.Replaces != "" { // a correction stays under its number
			values[fieldNumber], values[fieldRevision] = before[fieldNumber], before[fieldRevision]
		}
		d.Values, d.Version, d.ByPIN, d.ByName, d.UpdatedAt = values, version+1, by.PIN, by.Name, k.Clock.Now()
		written, err := update(ctx, tx, d)
		if err != nil {
			return err
		}
		if !written {
			return somebodyElse
		}
		if before[fieldPIN] == values[fieldPIN] && before[fieldName] == values[fieldName] {
			return nil // looked at and recorded when it was opened
		}
		return k.record(ctx, tx, d, by)
	})
	return d, err
}

// Discard takes a draft away.
func (k Desk) Discard(ctx context.Context, draftID string, by Clerk) error {
	return k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		removed, err := remove(ctx, tx, draftID, by.Hospital)
		if err == nil && !removed {
			return errGone
		}
		return err
	})
}

// Check asks what the fund would say of the draft; nothing is sent. A form with
// findings is one that cannot be read yet.
func (k Desk) Check(ctx context.Context, d Draft, form *page.Form) (insuranceapi.Case, insuranceapi.Decision, error) {
	c := d.Case(form)
	if err := k.unclear(ctx, form); err != nil {
		return c, insuranceapi.Decision{}, err
	}
	if err := k.worded(ctx, &c); err != nil {
		return c, insuranceapi.Decision{}, err
	}
	if c.Number == "" {
		form.Fail(fieldNumber, "kit.field.required")
	}
	if !form.OK() {
		decision, err := k.besides(ctx, c, form)
		return c, decision, err
	}
	taken, err := k.Fund.Taken(ctx, c, treated.ByHand)
	if err != nil {
		return c, insuranceapi.Decision{}, err
	}
	if taken { // told before it is sent
		form.Fail(fieldNumber, "insurance.entry.number_taken")
		return c, insuranceapi.Decision{}, nil
	}
	decision, err := k.Fund.Preview(ctx, c, treated.ByHand)
	return c, decision, err
}

// besides is what the rules have against a form that cannot be read yet, in the fields
// that can: all is mended in one go, not one after another. Of a field that is wrong
// already they say nothing, and there is no price.
func (k Desk) besides(ctx context.Context, c insuranceapi.Case, form *page.Form) (insuranceapi.Decision, error) {
	if c.Number == "" {
		c.Number = "0" // told already; without one no form is looked at
	}
	found, err := k.Fund.Preview(ctx, c, treated.ByHand)
	if fail.Is(err, fail.BadRequest) { // more or longer than a form holds
		return insuranceapi.Decision{}, nil
	}
	findings := slices.DeleteFunc(found.Findings, func(f insuranceapi.Finding) bool {
		return slices.ContainsFunc(form.Findings, func(told fail.Finding) bool { return told.Field == FieldOf(f.Field) })
	})
	return insuranceapi.Decision{State: insuranceapi.Returned, Findings: findings}, err
}

// Send hands the draft over. With errors found it stays a draft: they are
// mended here, nothing is returned. A form that came through the exchange
// already is kept as a double and stays a draft, too.
func (k Desk) Send(ctx context.Context, d Draft, form *page.Form, by Clerk) (insuranceapi.Decision, bool, error) {
	decision, sent, err := k.hand(ctx, d, form, by)
	if err != nil || !sent {
		return decision, false, err
	}
	// What it became is at the fund; the draft need not keep the person's data.
	d.CaseID, d.Values, d.Version, d.UpdatedAt = decision.CaseID, map[string]string{}, d.Version+1, k.Clock.Now()
	err = k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := update(ctx, tx, d)
		return err
	})
	return decision, err == nil, err
}

// hand checks the case and enters it at the fund.
func (k Desk) hand(ctx context.Context, d Draft, form *page.Form, by Clerk) (insuranceapi.Decision, bool, error) {
	c, decision, err := k.Check(ctx, d, form)
	if err != nil || !form.OK() {
		return decision, false, err
	}
	if decision.State != insuranceapi.Accepted && !cameTwice(decision) {
		return decision, false, nil
	}
	decision, err = k.Fund.Enter(ctx, c, by.Sender)
	if fail.Is(err, fail.Conflict) { // another form stands under the number
		form.Fail(fieldNumber, "insurance.entry.number_taken")
		return decision, false, nil
	}
	return decision, err == nil && !cameTwice(decision), err
}

func cameTwice(d insuranceapi.Decision) bool {
	for _, f := range d.Findings {
		if f.Rule == "DUP-003" {
			return true
		}
	}
	return false
}

// Drafts are those of the hospital that are not sent.
func (k Desk) Drafts(ctx context.Context, hospital string) ([]Draft, error) {
	return open(ctx, k.DB.Read, hospital, mostOpen)
}
