package rollout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Reminder is that a person was reminded of a matter.
type Reminder struct {
	Organisation string    `json:"organisation"`
	Matter       string    `json:"matter"`
	PIN          string    `json:"pin"`
	Name         string    `json:"-"`
	Period       string    `json:"period"` // its first day, on which the reminder goes
	Behind       int       `json:"behind"`
	AskedAt      time.Time `json:"-"`
	AskedBy      string    `json:"-"` // ПИН, "" for the job
}

// matters are what somebody is reminded of: the lags, and how much of each is
// behind (1 where there is nothing to count).
func (s State) matters() map[string]int {
	matters := map[string]int{}
	for _, lag := range s.Behind {
		switch lag {
		case FormsLate:
			matters[lag] = s.FormLate
		case LowShare:
			matters[lag] = s.ByHand
		case Untrained:
			matters[lag] = s.Staff - s.Trained
		case Gaps:
			for _, m := range []string{monitor.NoDiary, monitor.Draft, monitor.Returned} {
				if n := s.Figures.Behind(m); n > 0 {
					matters[m] = n
				}
			}
		default:
			matters[lag] = 1
		}
	}
	return matters
}

// remind orders the reminders that are due everywhere.
func (r *Rollout) remind(ctx context.Context, _ job.Job) error {
	c, err := Of(ctx, r.Desk, "")
	if err != nil {
		return err
	}
	var failed []error
	for _, s := range c.States {
		if len(s.Behind) == 0 {
			continue
		}
		if _, err := r.Remind(ctx, s, c.Deadlines[monitor.RemindDays]); err != nil && !fail.Is(err, fail.NotFound) {
			failed = append(failed, fmt.Errorf("organisation %s: %w", s.Organisation.Code, err))
		}
	}
	return errors.Join(failed...)
}

// Remind orders a message to each of those responsible for each matter that is
// behind, unless they were reminded of it within the days. It gives how many
// were ordered; fail.NotFound when there is nobody to write to.
func (r *Rollout) Remind(ctx context.Context, s State, days int) (int, error) {
	whom, err := r.whom(ctx, s.Organisation.Code)
	if err != nil {
		return 0, err
	}
	if len(whom) == 0 {
		return 0, fail.New(fail.NotFound, "card.rollout.nobody_responsible")
	}
	now, staff, ordered := r.Desk.Clock.Now(), desk.Of(ctx), 0
	today := clock.DateOf(now)
	since := today.Start().AddDate(0, 0, 1-max(1, days)) // whole days: the job's hour may move
	err = r.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ordered = 0
		for matter, behind := range s.matters() {
			for pin, name := range whom {
				one := Reminder{Organisation: s.Organisation.Code, Matter: matter, PIN: pin, Name: name, Period: today.String(), Behind: behind, AskedAt: now, AskedBy: staff.PIN}
				fresh, err := insertReminder(ctx, tx, one, since)
				if err != nil {
					return err
				}
				if !fresh {
					continue
				}
				ordered++
				if _, err := r.Desk.Queue.Add(ctx, tx, messageJob, one, job.Options{Unique: one.id(), Subject: s.Organisation.Code + " " + matter}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return ordered, err
}

// id names the reminder without telling whose it is.
func (m Reminder) id() string {
	return "rollout-" + id.Hash(strings.Join([]string{m.Organisation, m.Matter, m.PIN, m.Period}, "/"))
}

// whom are the names by ПИН of those responsible by НИСУР; where no order named
// anybody, the management, which answers for the organisation (S3 п.4).
func (r *Rollout) whom(ctx context.Context, organisation string) (map[string]string, error) {
	responsible, err := r.Register.Responsible(ctx, organisation)
	if err != nil {
		return nil, err
	}
	whom := map[string]string{}
	for _, one := range responsible {
		whom[one.PIN] = one.PersonName
	}
	if len(whom) > 0 {
		return whom, nil
	}
	posts, err := r.Register.Staff(ctx, organisation)
	if err != nil {
		return nil, err
	}
	for _, p := range posts {
		if p.Role == workforceapi.Manager {
			whom[p.PIN] = p.PersonName
		}
	}
	return whom, nil
}

// send sends one reminder. It names counts and the organisation, never a patient.
func (r *Rollout) send(ctx context.Context, j job.Job) error {
	var m Reminder
	if err := j.Bind(&m); err != nil {
		return err
	}
	texts := r.Desk.Site.Texts
	name := r.Desk.Directory.Name(ctx, m.Organisation)
	body := text.Words{}
	for lang, into := range map[text.Lang]*string{text.KY: &body.KY, text.RU: &body.RU, text.EN: &body.EN} {
		// text: card.rollout.remind.*
		*into = texts.Say(lang, "card.rollout.remind."+m.Matter, map[string]any{"Count": m.Behind, "Organisation": name.In(lang)})
	}
	_, err := r.Messages.Send(ctx, messageapi.Message{
		ID: m.id(), PIN: m.PIN, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: texts.Words("card.rollout.remind_subject"), Body: body, Link: r.Desk.BaseURL + "/monitor",
	})
	return err
}
