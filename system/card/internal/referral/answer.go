package referral

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// ExpireJob is the kind of the job that ends what nobody came with.
const ExpireJob = "referral.expire"

// Acting names a referral and the version of it that the reader had before them:
// of two who answer one wins, the other is told what happened.
type Acting struct {
	Referral string
	Seen     int
}

// Accept promises a day and hour; of an accepted one it changes them.
func Accept(ctx context.Context, d *desk.Desk, in Acting, at time.Time, note string) error {
	now := d.Clock.Now()
	if !at.After(now) {
		return fail.Fields(fail.Finding{Field: "at", Key: "card.referral.at_past"})
	}
	return act(ctx, d, in, Accepted, func(ctx context.Context, tx *sql.Tx, r *Referral, s *Step) error {
		today := clock.DateOf(now)
		most, err := ruleOf(ctx, tx, ruleAppointment, today)
		if err != nil {
			return err
		}
		grace, err := ruleOf(ctx, tx, ruleGrace, today)
		if err != nil {
			return err
		}
		if today.DaysUntil(clock.DateOf(at)) > most.Days {
			return fail.Fields(fail.Finding{Field: "at", Key: "card.referral.at_far", Args: fail.Args("Days", most.Days)})
		}
		r.AppointedAt, s.AppointedAt, s.Note = at, at, note
		r.ValidUntil = appointed(r.ValidUntil, at, grace.Days)
		return nil
	})
}

// Refuse says no, with the reason.
func Refuse(ctx context.Context, d *desk.Desk, in Acting, reason string) error {
	return because(ctx, d, in, Refused, reason)
}

// NotComing notes that the patient did not come on the accepted day.
func NotComing(ctx context.Context, d *desk.Desk, in Acting, note string) error {
	return act(ctx, d, in, NotCome, func(_ context.Context, _ *sql.Tx, r *Referral, s *Step) error {
		if r.State == Accepted && s.At.Before(r.AppointedAt) {
			return fail.New(fail.Conflict, "card.referral.awaited", "At", text.Moment(r.AppointedAt))
		}
		s.Note = note
		return nil
	})
}

// Withdraw takes the referral back.
func Withdraw(ctx context.Context, d *desk.Desk, in Acting, reason string) error {
	return because(ctx, d, in, Withdrawn, reason)
}

func because(ctx context.Context, d *desk.Desk, in Acting, state, reason string) error {
	if err := writing.Invalid(writing.Required("note_"+state, reason)); err != nil {
		return err
	}
	return act(ctx, d, in, state, func(_ context.Context, _ *sql.Tx, _ *Referral, s *Step) error {
		s.Note = reason
		return nil
	})
}

// Conclude answers a consultation or examination: the conclusion goes back to
// the doctor who asked.
func Conclude(ctx context.Context, d *desk.Desk, in Acting, conclusion string) error {
	if err := writing.Invalid(writing.Required("conclusion", conclusion)); err != nil {
		return err
	}
	return act(ctx, d, in, Answered, func(_ context.Context, _ *sql.Tx, r *Referral, _ *Step) error {
		if r.Purpose == Hospitalisation {
			return fail.New(fail.Conflict, "card.referral.no_conclusion")
		}
		r.Conclusion = conclusion
		return nil
	})
}

// Redirect ends the referral and writes another in its place, from the
// organisation that was asked to a third, with the same results: one transaction,
// and one heir at most. Number and id of the new one are its own.
func Redirect(ctx context.Context, d *desk.Desk, in Acting, once, organisation, department, reason string) (string, error) {
	if err := writing.CheckOnce(once); err != nil {
		return "", err
	}
	// The directory is asked before the transaction; who receives never changes.
	before, _, err := find(ctx, d.DB.Read, in.Referral)
	if err != nil {
		return "", err
	}
	place, err := checkPlace(ctx, d, Referral{From: before.To, To: organisation, ToDepartment: department})
	if err != nil {
		return "", err
	}
	place = append(place, writing.Required("note_"+Redirected, reason)...)
	err = act(ctx, d, in, Redirected, func(ctx context.Context, tx *sql.Tx, r *Referral, s *Step) error {
		staff := desk.Of(ctx)
		heir := *r
		heir.ID, heir.Replaces, heir.From, heir.FromDepartment, heir.FromStay = once, r.ID, r.To, r.ToDepartment, ""
		heir.To, heir.ToDepartment, heir.State, heir.Version = organisation, department, Sent, 0
		heir.AppointedAt, heir.Conclusion, heir.StayID, heir.WrittenAt = time.Time{}, "", "", s.At
		heir.ByPIN, heir.ByName, heir.ByRole = staff.PIN, staff.Name, staff.Post.Title.RU
		findings := slices.Clone(place)
		chain, err := chainOf(ctx, tx, r.Root)
		if err != nil {
			return err
		}
		for _, c := range chain {
			if len(findings) == 0 && (organisation == c.From || organisation == c.To) {
				findings = append(findings, fail.Finding{Field: "to", Key: "card.referral.to_again"})
			}
		}
		if len(findings) > 0 {
			return fail.Fields(findings...)
		}
		results, err := resultsOf(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		for i := range results {
			results[i].ID = id.New()
		}
		s.Note = reason
		return send(ctx, d, tx, heir, results, "referral.redirect")
	})
	if db.Unique(err) {
		return "", already()
	}
	return once, err
}

// act makes a step of the member of staff who acts, if they may and the chart
// has it, on the version that they saw.
func act(ctx context.Context, d *desk.Desk, in Acting, state string, change func(ctx context.Context, tx *sql.Tx, r *Referral, s *Step) error) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		staff, now := desk.Of(ctx), d.Clock.Now()
		r, err := hold(ctx, d.DB, tx, in.Referral)
		if err != nil {
			return err
		}
		if err := mayOpen(ctx, tx, r, staff.Post.Organisation); err != nil {
			return err
		}
		if state == Withdrawn {
			err = r.withdraws(staff)
		} else {
			err = r.answers(staff)
		}
		if err != nil {
			return err
		}
		if r.Version != in.Seen {
			return first(ctx, tx, r)
		}
		if err := r.may(state, now); err != nil {
			return err
		}
		s := Step{ID: id.New(), State: state, At: now, Organisation: staff.Post.Organisation, ByPIN: staff.PIN, ByName: staff.Name}
		if err := change(ctx, tx, &r, &s); err != nil {
			return err
		}
		if err := write(ctx, d, tx, &r, s, true); err != nil {
			return err
		}
		return d.Seen(ctx, tx, r.Patient.PIN, "referral."+state, r.ID)
	})
}

// first tells who was first.
func first(ctx context.Context, q db.Querier, r Referral) error {
	steps, err := stepsOf(ctx, q, r.ID)
	if err != nil {
		return err
	}
	if len(steps) == 0 || steps[len(steps)-1].ByName == "" { // time passed
		return fail.New(fail.Conflict, "card.referral.over")
	}
	last := steps[len(steps)-1]
	return fail.New(fail.Conflict, "card.referral.changed_meanwhile", "Name", last.ByName, "At", text.Moment(last.At))
}

// mayOpen: an organisation sees what it sent or received, and what became of
// what it sent further down the chain. For others there is no such referral.
func mayOpen(ctx context.Context, q db.Querier, r Referral, organisation string) error {
	none := fail.New(fail.NotFound, "card.referral.none_such")
	if organisation == "" {
		return none
	}
	if organisation == r.From || organisation == r.To {
		return nil
	}
	chain, err := chainOf(ctx, q, r.Root)
	if err != nil {
		return err
	}
	for _, c := range chain {
		if c.From == organisation && !c.WrittenAt.After(r.WrittenAt) {
			return nil
		}
	}
	return none
}

// Expire is the job: past its last day a referral that nobody came with is over.
// Whoever gave it a later day meanwhile has ordered a later job.
func Expire(d *desk.Desk) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		var about stepRef
		if err := j.Bind(&about); err != nil {
			return err
		}
		return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			r, err := hold(ctx, d.DB, tx, about.Referral)
			if fail.Is(err, fail.NotFound) {
				return nil
			}
			if err != nil || !r.Late(d.Clock.Now()) {
				return err
			}
			return write(ctx, d, tx, &r, Step{ID: id.New(), State: Expired, At: d.Clock.Now()}, true)
		})
	}
}
