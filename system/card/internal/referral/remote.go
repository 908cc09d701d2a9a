package referral

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// HandJob is the kind of the job that tells the other side's system of a step.
const HandJob = "referral.hand"

// HandPolicy of it: a system that is away for days is still found again.
var HandPolicy = job.Policy{MaxAttempts: 2000, FirstDelay: 2 * time.Second, MaxDelay: 2 * time.Minute}

// Post hands referrals to other systems of the exchange.
type Post struct {
	Desk *desk.Desk
	// To is the service of another system; the real one is cardapi.ReferralClient.
	To func(exchangeapi.Subsystem) cardapi.Referrals
}

// To is the other systems as the exchange leads to them.
func To(exchange *exchangeapi.Client) func(exchangeapi.Subsystem) cardapi.Referrals {
	return func(s exchangeapi.Subsystem) cardapi.Referrals {
		return cardapi.ReferralClient{Exchange: exchange, Provider: s}
	}
}

// Hand is the job: the step is told with its own id, so that the other system
// knows a repetition. Steps of one referral are told in their order: a later one
// waits for the earlier.
func (p Post) Hand(ctx context.Context, j job.Job) error {
	var about stepRef
	if err := j.Bind(&about); err != nil {
		return err
	}
	d := p.Desk
	r, ok, err := find(ctx, d.DB.Read, about.Referral)
	if err != nil || !ok || r.Remote == "" {
		return err
	}
	steps, err := stepsOf(ctx, d.DB.Read, r.ID)
	if err != nil {
		return err
	}
	to, err := exchangeapi.ParseSubsystem(r.Remote)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.ID != about.Step {
			if before, found, err := d.Queue.Find(ctx, HandJob, s.ID); err != nil {
				return err
			} else if found && before.State != job.Done && before.State != job.Failed {
				return fail.New(fail.Unavailable, "kit.neighbor_away") // an earlier step is on its way
			}
			continue
		}
		err = p.tell(ctx, p.To(to), r, s)
		if e := fail.As(err); e != nil && final(e) {
			d.Log.WarnContext(ctx, "another system did not take a step of a referral", "system", "card", "referral", r.ID, "step", s.State, "error", e.Error())
			return p.refused(ctx, r, s)
		}
		return err
	}
	return nil
}

// final says that another try would get the same answer.
func final(e *fail.Error) bool {
	switch e.Kind {
	case fail.Invalid, fail.Conflict, fail.NotFound, fail.BadRequest, fail.TooLarge:
		return true
	case fail.Forbidden:
		return e.Key != "kit.exchange_denied" && e.Key != "kit.exchange_only" // those an operator mends
	}
	return false
}

func (p Post) tell(ctx context.Context, other cardapi.Referrals, r Referral, s Step) error {
	if s.State == Sent {
		results, err := resultsOf(ctx, p.Desk.DB.Read, r.ID)
		if err != nil {
			return err
		}
		_, err = other.Send(ctx, travels(r, results))
		return err
	}
	out := stepTravels(r, s)
	if s.State == Withdrawn {
		_, err := other.Withdraw(ctx, out)
		return err
	}
	if s.State == Redirected {
		if heir, ok, err := one(ctx, p.Desk.DB.Read, `r.replaces = $1`, r.ID); err != nil {
			return err
		} else if ok {
			out.RedirectedTo = heir.To
		}
	}
	_, err := other.Answer(ctx, out)
	return err
}

// refused writes down that the receiver's system did not take the referral. What
// else it did not take is for the log: its own steps say how things stand.
func (p Post) refused(ctx context.Context, r Referral, s Step) error {
	if s.State != Sent {
		return nil
	}
	d := p.Desk
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := hold(ctx, d.DB, tx, r.ID)
		if err != nil || !May(r.State, Refused) {
			return err
		}
		note := d.Site.Texts.Words("card.referral.system_refused")
		return write(ctx, d, tx, &r, Step{ID: id.New(), State: Refused, At: d.Clock.Now(), Organisation: r.To, Note: note.KY + " / " + note.RU}, false)
	})
}

func travels(r Referral, results []Result) cardapi.Referral {
	p := r.Patient
	out := cardapi.Referral{
		ID: r.ID, Number: r.Number, Form: r.Form, Purpose: r.Purpose, Urgency: r.Urgency,
		From: cardapi.ReferralPlace{Organisation: r.From, Department: r.FromDepartment},
		To:   cardapi.ReferralPlace{Organisation: r.To, Department: r.ToDepartment},
		Patient: cardapi.ReferralPatient{
			PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, BirthDate: p.BirthDate, Sex: p.Sex, Address: p.Address,
		},
		Code: r.Code, Diagnosis: r.Diagnosis, Reason: r.Reason, History: r.History,
		Doctor:    cardapi.ReferralDoctor{PIN: r.ByPIN, Name: r.ByName, Role: r.ByRole},
		WrittenAt: r.WrittenAt, ValidUntil: r.ValidUntil, Root: r.Root, Replaces: r.Replaces,
	}
	for _, o := range results {
		f := cardapi.ReferralResult{ID: o.ID, Owner: o.Owner, Kind: o.Kind, Title: o.Title, At: o.At, Body: o.Body, ByName: o.ByName}
		for _, v := range o.Findings {
			f.Findings = append(f.Findings, cardapi.ReferralFinding(v))
		}
		out.Results = append(out.Results, f)
	}
	return out
}

func stepTravels(r Referral, s Step) cardapi.ReferralStep {
	out := cardapi.ReferralStep{
		ID: s.ID, Referral: r.ID, State: s.State, At: s.At, ByPIN: s.ByPIN, ByName: s.ByName, Note: s.Note, AppointedAt: s.AppointedAt,
	}
	switch s.State {
	case Accepted:
		out.ValidUntil = r.ValidUntil
	case Answered:
		out.Conclusion = r.Conclusion
	}
	return out
}

// AskCapacity asks every other system what its organisations can take in. Who
// does not answer is left as they last said.
func (p Post) AskCapacity(ctx context.Context, _ job.Job) error {
	d := p.Desk
	all, err := routes(ctx, d.DB.Read)
	if err != nil {
		return err
	}
	for organisation, subsystem := range all {
		to, err := exchangeapi.ParseSubsystem(subsystem)
		if err != nil {
			return err
		}
		said, err := p.To(to).Capacity(ctx, cardapi.CapacityQuery{Organisation: organisation})
		if err == nil && len(said) > 1000 {
			err = errors.New("too many departments")
		}
		if err != nil {
			d.Log.WarnContext(ctx, "free beds not asked", "system", "card", "organisation", organisation, "error", err.Error())
			continue
		}
		err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return saveCapacity(ctx, tx, organisation, said, d.Clock.Now())
		})
		if err != nil {
			return fmt.Errorf("capacity of %s: %w", organisation, err)
		}
	}
	return nil
}

// SetRoute says in which other subsystem of the exchange an organisation works;
// "" for here. Only that subsystem may send and answer in its name.
func SetRoute(ctx context.Context, d *desk.Desk, organisation, subsystem string) error {
	if subsystem != "" {
		if _, err := exchangeapi.ParseSubsystem(subsystem); err != nil {
			return fail.Wrap(err, fail.Invalid, "kit.bad_request")
		}
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return setRoute(ctx, tx, organisation, subsystem) })
}

func findingOf(v cardapi.ReferralFinding) request.Finding { return request.Finding(v) }

// reasonable are bounds of what comes from another system.
func reasonable(d clock.Date, now time.Time) bool {
	return !d.IsZero() && d.Start().After(now.AddDate(-1, 0, 0)) && d.Start().Before(now.AddDate(2, 0, 0))
}
