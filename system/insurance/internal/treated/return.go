package treated

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/text"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

// PushJob is the kind of the job that brings an expert's decision to the card.
const PushJob = "case-decision"

// PushPolicy goes on for days: the card may be away, the hospital must hear of it.
var PushPolicy = job.Policy{MaxAttempts: 1000, FirstDelay: 2 * time.Second, MaxDelay: 5 * time.Minute}

type pushed struct {
	CaseID string `json:"case_id"`
}

// Expert is who decides or looks: an expert of the fund, or the operator of a
// hospital, who sees the hospital's own cases alone.
type Expert struct {
	PIN, Name, Role, Organisation string
	Title                         text.Words // the post in every language; Role is its Russian
	Hospital                      string     // code; "" for the fund
}

// title is the post as the case's past names it.
func (e Expert) title() text.Words {
	if e.Title.RU == "" {
		return text.Words{RU: e.Role}
	}
	return e.Title
}

// Return gives an accepted case back to the hospital with a comment. The price
// falls away; the job that tells the card is written with it.
func (f Fund) Return(ctx context.Context, caseID, comment string, by Expert) error {
	return f.Do(ctx, caseID, StepReturn, comment, by)
}

// Do is one step of a case by hand: it is checked against the stages, written
// with the change it makes, and on record.
func (f Fund) Do(ctx context.Context, caseID string, step Step, comment string, by Expert) error {
	return f.DoFrom(ctx, caseID, Seen{}, step, comment, by)
}

// DoFrom is Do for somebody who has seen the case as it was. Who decides on what
// has moved on meanwhile is told so and nothing is written; the same step sent
// twice is done once.
func (f Fund) DoFrom(ctx context.Context, caseID string, seen Seen, step Step, comment string, by Expert) error {
	tables, err := f.Tables.Tables(ctx)
	if err != nil {
		return err
	}
	return f.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := byID(ctx, tx, caseID, "")
		if errors.Is(err, sql.ErrNoRows) || (err == nil && by.Hospital != "" && by.Hospital != r.Case.Organisation) {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if err != nil {
			return err
		}
		// As at the intake: the number, then the person, so that a correction and
		// an appeal of one case take turns, and two stays of one person do.
		if err := lock(ctx, tx, "number:"+r.Case.Number); err != nil {
			return err
		}
		if step == StepGrant || step == StepApart || step == StepSame {
			if err := lockPerson(ctx, tx, r.Case); err != nil {
				return err
			}
		}
		if r, err = byID(ctx, tx, caseID, f.DB.ForUpdate()); err != nil {
			return err
		}
		past, err := steps(ctx, tx, caseID)
		if err != nil {
			return err
		}
		if seen.twice(past, step, comment, by) {
			return nil
		}
		to, spoken, ok := Next(r.Stage, step, by.Hospital != "")
		if !ok || (step != StepComment && (!r.Current || seen.passed(r.Stage))) || step == StepSettle {
			return fail.New(fail.Conflict, "insurance.step.not_now")
		}
		if spoken && comment == "" {
			return fail.Fields(fail.Finding{Field: "comment", Key: "insurance.return.comment_needed"})
		}
		switch step {
		case StepApart:
			err = f.setApart(ctx, tx, r, seen, comment, by)
		case StepSame:
			err = f.endApart(ctx, tx, r, by)
		}
		if err != nil {
			return err
		}
		if err := f.change(ctx, tx, r, step, to, comment, by, tables); err != nil {
			return err
		}
		err = addStep(ctx, tx, Done{Step: step, Was: r.Stage, Became: to, ByPIN: by.PIN, ByName: by.Name, ByRole: by.title(), Hospital: by.Hospital, Comment: comment, At: f.Clock.Now()}, caseID)
		if err != nil {
			return err
		}
		action := ActionStep
		if step == StepReturn || step == StepSame {
			action = ActionReturn
		}
		return audit.Add(ctx, tx, f.Clock, f.expertRecord(r, action, by))
	})
}

// change writes what the step makes of the case: where the price comes or goes
// that is a decision, else the stage alone.
func (f Fund) change(ctx context.Context, tx *sql.Tx, r Record, step Step, to Stage, comment string, by Expert, tables price.Tables) error {
	d := r.Decision
	d.Comment, d.At = comment, f.Clock.Now()
	if !d.At.After(r.Decision.At) { // the card takes only what is newer than what it has
		d.At = r.Decision.At.Add(time.Microsecond)
	}
	switch step {
	case StepAppeal:
		term, err := termOn(ctx, tx, r.Decision.At)
		if err != nil {
			return err
		}
		if until := term.Until(r.Decision.At); !until.IsZero() && until.Before(clock.DateOf(d.At)) {
			return fail.New(fail.Conflict, "insurance.step.term_over", "Until", text.Date(until))
		}
		return setStage(ctx, tx, r.ID, to)
	case StepReturn, StepSame:
		d.State, d.Price, d.Group, d.Weight, d.PriceTable, d.Steps = insuranceapi.Returned, 0, "", "", "", nil
		d.GroupName.KY, d.GroupName.RU, d.GroupName.EN = "", "", ""
	case StepGrant, StepApart:
		granted, err := f.granted(ctx, tx, r, d, tables, by)
		if err != nil {
			return err
		}
		d = granted
	case StepRefuse:
		if err := otherEyes(ctx, tx, r.ID, by); err != nil {
			return err
		}
		return setStage(ctx, tx, r.ID, to)
	default:
		return setStage(ctx, tx, r.ID, to)
	}
	if err := setDecision(ctx, tx, r.ID, d, to, by.PIN, by.Name); err != nil {
		return err
	}
	return f.tell(ctx, tx, r, d)
}

// granted is the decision of a granted appeal: accepted in spite of what the
// rules say, priced by the table of the day of discharge. A stay that is paid
// already under another number cannot be paid again.
func (f Fund) granted(ctx context.Context, tx *sql.Tx, r Record, d insuranceapi.Decision, tables price.Tables, by Expert) (insuranceapi.Decision, error) {
	if err := otherEyes(ctx, tx, r.ID, by); err != nil {
		return d, err
	}
	facts, err := f.facts(ctx, tx, r.Case, f.Clock.Now())
	if err != nil {
		return d, err
	}
	if err := paidAlready(ctx, tx, r.Case, facts.Others); err != nil {
		return d, err
	}
	table, _ := tables.On(clock.DateOf(r.Case.DischargedAt))
	p, ok := table.Price(r.Case)
	if !ok {
		return d, fail.New(fail.Conflict, "insurance.step.no_group")
	}
	d.State, d.Group, d.GroupName, d.Weight = insuranceapi.Accepted, p.Group.Code, p.Group.Name, price.Decimal(p.Group.Weight)
	d.Price, d.PriceTable, d.Steps = p.Price, table.ID, p.Steps
	return d, nil
}

// paidAlready refuses a stay of which another case is accepted, whatever the rules of
// the day say of that; it names the case, with its id for a link.
func paidAlready(ctx context.Context, tx *sql.Tx, c insuranceapi.Case, others []rule.Other) error {
	for _, o := range others {
		if !together(c, o) {
			continue
		}
		paid, err := lastOf(ctx, tx, o.Number)
		if err != nil {
			return err
		}
		return fail.New(fail.Conflict, "insurance.step.paid_already", "Number", rule.Grouped(o.Number), OtherCase, paid.ID)
	}
	return nil
}

// otherEyes: who returned a case does not decide on the appeal against it.
func otherEyes(ctx context.Context, tx *sql.Tx, caseID string, by Expert) error {
	all, err := verdicts(ctx, tx, caseID)
	if err != nil {
		return err
	}
	if len(all) > 0 && all[0].ByPIN == by.PIN {
		return fail.New(fail.Conflict, "insurance.step.other_eyes")
	}
	return nil
}

// tell orders the job that brings the decision to the card. Who entered a case
// by hand sees the decision here.
func (f Fund) tell(ctx context.Context, tx *sql.Tx, r Record, d insuranceapi.Decision) error {
	if r.Way != ByExchange {
		return nil
	}
	_, err := f.Queue.Add(ctx, tx, PushJob, pushed{r.ID}, job.Options{Unique: r.ID + d.At.String(), Subject: d.Number})
	return err
}

func (f Fund) expertRecord(r Record, action string, by Expert) audit.Record {
	purpose := Expertise
	if by.Hospital != "" {
		purpose = Payment
	}
	return audit.Record{
		Subject: r.Case.Patient.PIN, ActorPIN: by.PIN, ActorName: by.Name, ActorRole: by.Role, Organisation: by.Organisation,
		Via: "insurance", Action: action, Purpose: purpose, Object: r.ID,
	}
}

// Push is the job: it brings the decision in force to the system that sent the case.
// One that does not take decisions learns of them by sending the case again.
func (f Fund) Push(decide func(ctx context.Context, d insuranceapi.Decision, via string) error) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		var p pushed
		if err := j.Bind(&p); err != nil {
			return err
		}
		r, err := byID(ctx, f.DB.Read, p.CaseID, "")
		if err != nil {
			return err
		}
		err = decide(ctx, r.Decision, r.SentVia)
		if _, other := exchangeapi.ParseSubsystem(r.SentVia); other == nil && fail.Is(err, fail.NotFound) {
			return nil
		}
		return err
	}
}

// Turn makes transactions with the same name take turns until they end.
func Turn(ctx context.Context, tx *sql.Tx, name string) error { return lock(ctx, tx, name) }

// Settle moves the accepted cases of the hospital's month on whose ids lie behind the
// one and up to the other, in the transaction of the act that takes them up, and says
// how many they are.
func Settle(ctx context.Context, tx *sql.Tx, organisation, month, after, upTo string) (int, error) {
	to, _, _ := Next(Accepted, StepSettle, false)
	return settle(ctx, tx, organisation, month, after, upTo, to)
}

// NoteSettled writes the step of Settle into the past of each case that the query
// gives.
func NoteSettled(ctx context.Context, tx *sql.Tx, by Expert, at time.Time, cases string, args ...any) error {
	to, _, _ := Next(Accepted, StepSettle, false)
	return addSteps(ctx, tx, Done{Step: StepSettle, Was: Accepted, Became: to, ByPIN: by.PIN, ByName: by.Name, ByRole: by.title(), At: at}, cases, args...)
}
