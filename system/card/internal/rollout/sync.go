package rollout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Register is what НИСУР is asked: who works in an organisation and who answers.
type Register interface {
	Staff(ctx context.Context, organisation string) ([]workforceapi.Post, error)
	workforceapi.ResponsibleAPI
}

// Fund is what the fund is asked: how the cases of a month reached it.
type Fund interface {
	Ways(ctx context.Context, month string) ([]insuranceapi.Ways, error)
}

// Kinds of jobs. Each is ordered once a slot of time, by however many processes.
const (
	measureJob = "rollout-measure" // counts every hospital
	copyJob    = "rollout-copy"    // asks НИСУР and the fund
	remindJob  = "rollout-remind"  // orders the reminders that are due
	messageJob = "rollout-message" // sends one
)

// errNoCopy means: НИСУР has not been copied yet, so try again.
var errNoCopy = errors.New("no organisation is known yet")

var slots = map[string]time.Duration{measureJob: time.Hour, copyJob: 6 * time.Hour, remindJob: 24 * time.Hour}

// Want orders what is to be done by the clock.
func Want(ctx context.Context, d *desk.Desk) error {
	now := d.Clock.Now()
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, kind := range []string{copyJob, measureJob, remindJob} {
			slot := now.Truncate(slots[kind])
			o := job.Options{Unique: slot.Format(time.RFC3339), Subject: slot.Format(time.DateTime)}
			if kind == remindJob {
				o.At = now.Add(10 * time.Minute) // after what was copied and counted
			}
			if _, err := d.Queue.Add(ctx, tx, kind, struct{}{}, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// PassOver lets nothing come of what was ordered before the card became a node of
// another: the roll-out is watched at the centre.
func PassOver(d *desk.Desk) {
	for _, kind := range []string{copyJob, measureJob, remindJob, messageJob, inviteJob} {
		d.Queue.Handle(kind, job.Policy{}, func(context.Context, job.Job) error { return nil })
	}
}

// measure counts every hospital. One that cannot be counted keeps its figures
// and does not hold up the others.
func (r *Rollout) measure(ctx context.Context, _ job.Job) error {
	organisations, err := r.Desk.Directory.Organisations(ctx)
	if err != nil {
		return err
	}
	if len(organisations) == 0 {
		return errNoCopy
	}
	var failed []error
	for _, o := range organisations {
		if o.Kind != directory.Hospital {
			continue
		}
		if err := monitor.Measure(ctx, r.Desk, o.Code); err != nil {
			failed = append(failed, fmt.Errorf("organisation %s: %w", o.Code, err))
		}
	}
	return errors.Join(failed...)
}

// copyCounts asks НИСУР who works and who answers, and the fund how cases came.
func (r *Rollout) copyCounts(ctx context.Context, _ job.Job) error {
	return errors.Join(r.copyStaff(ctx), r.copyMonths(ctx))
}

func (r *Rollout) copyStaff(ctx context.Context) error {
	organisations, err := r.Desk.Directory.Organisations(ctx)
	if err != nil {
		return err
	}
	if len(organisations) == 0 {
		return errNoCopy
	}
	responsible, err := r.Register.Responsible(ctx, "")
	if err != nil {
		return fmt.Errorf("responsible: %w", err)
	}
	answer := map[string][]string{}
	for _, one := range responsible {
		if !slices.Contains(answer[one.Organisation], one.PIN) {
			answer[one.Organisation] = append(answer[one.Organisation], one.PIN)
		}
	}
	now := r.Desk.Clock.Now()
	for _, o := range organisations {
		if o.Kind != directory.Hospital {
			continue
		}
		posts, err := r.Register.Staff(ctx, o.Code)
		if err != nil {
			return fmt.Errorf("staff of %s: %w", o.Code, err)
		}
		err = r.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return saveStaff(ctx, tx, o.Code, len(people(posts)), len(answer[o.Code]), now)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// people are those who work with the card, one post each, by name.
func people(posts []workforceapi.Post) []workforceapi.Post {
	var all []workforceapi.Post
	for _, p := range posts {
		known := slices.ContainsFunc(all, func(q workforceapi.Post) bool { return q.PIN == p.PIN })
		if !known && slices.Contains(desk.Figures, p.Role) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b workforceapi.Post) int {
		switch {
		case a.PersonName < b.PersonName:
			return -1
		case a.PersonName > b.PersonName:
			return 1
		}
		return 0
	})
	return all
}

// copied is how many months of discharge are asked for anew each time: cases
// are corrected and entered late.
const copied = 6

func (r *Rollout) copyMonths(ctx context.Context) error {
	now := r.Desk.Clock.Now()
	today := clock.DateOf(now)
	first := clock.Date{Year: today.Year, Month: today.Month, Day: 1}.Start()
	for back := range copied {
		month := clock.DateOf(first.AddDate(0, -back, 0)).String()[:7]
		ways, err := r.Fund.Ways(ctx, month)
		if err != nil {
			return fmt.Errorf("ways of %s: %w", month, err)
		}
		err = r.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, w := range ways {
				if err := saveMonth(ctx, tx, w.Organisation, month, w.Exchange, w.Hand, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
