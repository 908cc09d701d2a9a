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
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

var _ insuranceapi.API = Fund{}

// Submit implements insuranceapi.API.
func (f Fund) Submit(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	caller := exchangeapi.CallerOf(ctx)
	a := arrival{way: ByExchange, at: f.Clock.Now(), by: Sender{PIN: caller.User}, via: sentBy(caller.Client), request: caller.ID}
	return f.receive(ctx, c, a)
}

// Past takes in an earlier case of the demo as if it had come at the moment.
func (f Fund) Past(ctx context.Context, c insuranceapi.Case, way string, at time.Time) (insuranceapi.Decision, error) {
	return f.receive(ctx, c, arrival{way: way, at: at, demo: true})
}

// Enter takes in a case that an operator of the hospital entered by hand
// (MC-6): the same checks, the same decision.
func (f Fund) Enter(ctx context.Context, c insuranceapi.Case, by Sender) (insuranceapi.Decision, error) {
	return f.receive(ctx, c, arrival{way: ByHand, at: f.Clock.Now(), by: by, via: "insurance"})
}

// Sender is who entered a case by hand, as records name them.
type Sender struct{ PIN, Name, Role, Organisation string }

// arrival is how a case came.
type arrival struct {
	way     string
	at      time.Time
	demo    bool
	by      Sender
	via     string // system, as sentBy names it
	request string
	tables  price.Tables // known at that moment
	coded   rule.Facts   // what the classifications say of its codes
}

// Check implements insuranceapi.API: the same checks on the same facts, with
// nothing written.
func (f Fund) Check(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	return f.Preview(ctx, c, ByExchange)
}

// Preview is Check for a case that would come the way.
func (f Fund) Preview(ctx context.Context, c insuranceapi.Case, way string) (insuranceapi.Decision, error) {
	c, err := bounded(c)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	facts, err := f.facts(ctx, f.DB.Read, c, f.Clock.Now())
	if err == nil {
		facts, err = facts.Classified(ctx, f.books(), c)
	}
	if err != nil {
		return insuranceapi.Decision{}, db.Explain(err)
	}
	known, err := byNumber(ctx, f.DB.Read, c.Number, c.Revision)
	switch {
	case err == nil && known.Way != way:
		facts.Twice = c.Number
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return insuranceapi.Decision{}, db.Explain(err)
	}
	tables, err := f.Tables.Tables(ctx)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	d := f.decide(c, facts, tables)
	if facts.Twice != "" && known.Case.Organisation == c.Organisation {
		d.CaseID = known.ID // the one that came before, for a link
	}
	return d, nil
}

// Taken says that another form came the way under the number and revision of the
// case: this one would be refused.
func (f Fund) Taken(ctx context.Context, c insuranceapi.Case, way string) (bool, error) {
	c, err := bounded(c)
	if err != nil {
		return false, err
	}
	_, hash, err := encode(c)
	if err != nil {
		return false, err
	}
	known, err := byNumber(ctx, f.DB.Read, c.Number, c.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && known.Way == way && known.hash != hash, db.Explain(err)
}

// Same is the id of the case that came the way before with this very content; ""
// for none.
func (f Fund) Same(ctx context.Context, c insuranceapi.Case, way string) (string, error) {
	c, err := bounded(c)
	if err != nil {
		return "", err
	}
	_, hash, err := encode(c)
	if err != nil {
		return "", err
	}
	known, err := byNumber(ctx, f.DB.Read, c.Number, c.Revision)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil || known.Way != way || known.hash != hash {
		return "", db.Explain(err)
	}
	return known.ID, nil
}

// Rules implements insuranceapi.API.
func (f Fund) Rules(_ context.Context, on clock.Date) ([]insuranceapi.Rule, error) {
	if on.IsZero() {
		return f.Catalogue.All(), nil
	}
	return f.Catalogue.On(on), nil
}

func (f Fund) receive(ctx context.Context, c insuranceapi.Case, a arrival) (insuranceapi.Decision, error) {
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
	if err == nil && known.Way == a.way {
		return repeated(known, hash)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return insuranceapi.Decision{}, db.Explain(err)
	}
	if a.tables, err = f.Tables.Tables(ctx); err != nil {
		return insuranceapi.Decision{}, err
	}
	if a.coded, err = a.coded.Classified(ctx, f.books(), c); err != nil {
		return insuranceapi.Decision{}, db.Explain(err)
	}
	var d insuranceapi.Decision
	err = f.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Cases of one number, then of one person, take turns: in this order
		// everywhere, so that no two wait for each other.
		if err := lock(ctx, tx, "number:"+c.Number); err != nil {
			return err
		}
		known, err := byNumber(ctx, tx, c.Number, c.Revision)
		switch {
		case err == nil && known.Way == a.way:
			d, err = repeated(known, hash)
			return err
		case err == nil:
			d, err = f.double(ctx, tx, c, a, known, content, hash)
			return err
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		last, err := lastOf(ctx, tx, c.Number)
		switch {
		case err == nil && last.Way != a.way && !corrects(c, last):
			d, err = f.double(ctx, tx, c, a, last, content, hash)
			return err
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
		previous, err := f.corrected(ctx, tx, c)
		if err != nil {
			return err
		}
		if err := lockPerson(ctx, tx, c); err != nil {
			return err
		}
		facts, err := f.facts(ctx, tx, c, a.at)
		if err != nil {
			return err
		}
		d = f.decide(c, facts.Of(a.coded), a.tables)
		d.CaseID = id.New()
		if previous != "" {
			retired, err := retire(ctx, tx, previous)
			if err != nil {
				return err
			}
			if !retired {
				return notToCorrect(c)
			}
		}
		row := Record{ID: d.CaseID, Case: c, Decision: d, Current: true, Demo: a.demo, ReceivedAt: a.at, SentBy: a.by.PIN, SentVia: a.via, Way: a.way, hash: hash}
		if err := insert(ctx, tx, row, content); err != nil {
			return err
		}
		if a.demo {
			return nil // invented people have nobody who looked at them
		}
		return audit.Add(ctx, tx, f.Clock, f.record(c, a, d.CaseID))
	})
	return d, err
}

// double answers a case that has come by the other way already: it is kept to be
// looked at and never paid. The answer names the case that counts.
func (f Fund) double(ctx context.Context, tx *sql.Tx, c insuranceapi.Case, a arrival, first Record, content, hash string) (insuranceapi.Decision, error) {
	known, err := doubleOf(ctx, tx, c.Number, c.Revision, a.way)
	if err == nil && known.hash == hash {
		return known.Decision, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return insuranceapi.Decision{}, err
	}
	facts, err := f.facts(ctx, tx, c, a.at)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	facts.Twice = first.Case.Number
	d := f.decide(c, facts.Of(a.coded), a.tables)
	d.CaseID = first.ID
	err = keepDouble(ctx, tx, Double{
		ID: id.New(), CaseID: first.ID, Case: c, Decision: d, Way: a.way, SentBy: a.by.PIN, ReceivedAt: a.at, hash: hash,
	}, content)
	if err != nil {
		return d, err
	}
	return d, audit.Add(ctx, tx, f.Clock, f.record(c, a, first.ID))
}

// lockPerson makes cases of one person take turns: by ПИН, by name within the hospital,
// since one of two forms may lack the ПИН and the day of birth, and by what oneStay asks
// of the admission, since one may lack the name too. In this order everywhere.
func lockPerson(ctx context.Context, tx *sql.Tx, c insuranceapi.Case) error {
	var names []string
	if c.Patient.PIN != "" {
		names = append(names, "pin:"+c.Patient.PIN)
	}
	if name := named(c); name != "" {
		names = append(names, "person:"+c.Organisation+":"+name)
	}
	names = append(names, "stay:"+c.Organisation+":"+minuteOf(c.AdmittedAt))
	if unknown(c.Patient) {
		names = append(names, "unknown:"+c.Organisation+":"+dayOf(c.AdmittedAt))
	}
	for _, name := range names {
		if err := lock(ctx, tx, name); err != nil {
			return err
		}
	}
	return nil
}

// corrects says that the case is a correction of that one, which was returned:
// it may come the other way, where the hospital has got its card meanwhile.
func corrects(c insuranceapi.Case, last Record) bool {
	return last.Current && last.Decision.State == insuranceapi.Returned && c.Replaces == last.ID && c.Revision == last.Case.Revision+1
}

// repeated is the decision there is, if the content is the same.
func repeated(known Record, hash string) (insuranceapi.Decision, error) {
	if known.hash != hash {
		return insuranceapi.Decision{}, fail.New(fail.Conflict, "insurance.submit.other_content",
			"Number", rule.Grouped(known.Case.Number), "Revision", known.Case.Revision, OtherCase, known.ID, "State", string(known.Stage))
	}
	return known.Decision, nil
}

// notToCorrect refuses a correction of what never came.
func notToCorrect(c insuranceapi.Case) error {
	return fail.New(fail.Conflict, "insurance.submit.not_to_correct", "Number", rule.Grouped(c.Number), "Revision", c.Revision)
}

// outOfTurn refuses a revision that does not follow the one that counts, or one that was
// not returned: it names that one, so that the sender knows what to send.
func outOfTurn(last Record) error {
	return fail.New(fail.Conflict, "insurance.submit.out_of_turn",
		"Number", rule.Grouped(last.Case.Number), "Revision", last.Case.Revision, OtherCase, last.ID, "State", string(last.Stage))
}

// corrected finds the case that this one takes the place of: for a revision the
// one before it; for a first revision that names a case (its form was voided),
// that case. It must be the current one of its number and returned. The id is ""
// for a case of its own.
func (f Fund) corrected(ctx context.Context, tx *sql.Tx, c insuranceapi.Case) (string, error) {
	current, err := lastOf(ctx, tx, c.Number)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if c.Revision != 1 {
			return "", notToCorrect(c)
		}
		if c.Replaces == "" {
			return "", nil
		}
		voided, err := byID(ctx, tx, c.Replaces, f.DB.ForUpdate())
		if errors.Is(err, sql.ErrNoRows) || (err == nil && voided.Case.Organisation != c.Organisation) {
			return "", notToCorrect(c)
		}
		if err != nil {
			return "", err
		}
		if !voided.Current || voided.Decision.State != insuranceapi.Returned {
			return "", outOfTurn(voided)
		}
		return voided.ID, nil
	case err != nil:
		return "", err
	}
	if !current.Current || c.Revision != current.Case.Revision+1 || current.Decision.State != insuranceapi.Returned || c.Replaces != current.ID {
		return "", outOfTurn(current)
	}
	return current.ID, nil
}

func (f Fund) record(c insuranceapi.Case, a arrival, caseID string) audit.Record {
	r := audit.Record{
		Subject: c.Patient.PIN, ActorPIN: a.by.PIN, ActorName: a.by.Name, ActorRole: a.by.Role, Via: a.via, Action: ActionSubmit,
		Purpose: Payment, Object: caseID, RequestID: a.request, Organisation: f.OrganisationName(c.Organisation),
	}
	if r.ActorName != "" {
		return r
	}
	switch r.ActorPIN {
	case "":
	case c.Doctor.PIN:
		r.ActorName = c.Doctor.Name
	case c.HeadOfDepartment.PIN:
		r.ActorName = c.HeadOfDepartment.Name
	}
	return r
}

// lately is how far back cases of the same person matter to a check.
const lately = 30 * 24 * time.Hour

// facts is what the checks need beyond the case, as it is at the moment.
func (f Fund) facts(ctx context.Context, q db.Querier, c insuranceapi.Case, at time.Time) (rule.Facts, error) {
	facts := rule.Facts{Now: at, Whole: true}
	if c.AdmittedAt.IsZero() || c.DischargedAt.IsZero() {
		return facts, nil
	}
	from, until := c.AdmittedAt.Add(-lately), c.DischargedAt
	if c.Patient.PIN != "" {
		list, err := acceptedOf(ctx, q, c.Patient.PIN, c.Number, from, until)
		if err != nil {
			return facts, err
		}
		facts.Others = list
	}
	list, err := acceptedAlike(ctx, q, c, from, until)
	if err != nil {
		return facts, err
	}
	facts.Others = append(facts.Others, list...)
	return facts, nil
}
