package referral

import (
	"context"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// NotifyJob is the kind of the job that tells the patient of a step.
const NotifyJob = "referral.notify"

// Notifier tells patients what became of their referrals.
type Notifier struct {
	Desk     *desk.Desk
	Messages messageapi.API
	Mailbox  string // address of the state mailbox, to which a short message leads
}

// Notify sends two messages. The one to the mailbox says what happened, where and
// when one is awaited; the short one, which may be read over a shoulder or lie
// with a telephone company, only that there is news: even a hospital's name tells
// of an illness. Neither names diagnosis or profile. The same step has the same
// ids, so a repetition is delivered once.
func (n Notifier) Notify(ctx context.Context, j job.Job) error {
	var about stepRef
	if err := j.Bind(&about); err != nil {
		return err
	}
	r, ok, err := find(ctx, n.Desk.DB.Read, about.Referral)
	if err != nil || !ok || r.Patient.PIN == "" {
		return err
	}
	steps, err := stepsOf(ctx, n.Desk.DB.Read, r.ID)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if s.ID != about.Step {
			continue
		}
		// The short message last: who opens the mailbox for it finds the long one.
		for _, m := range n.messages(ctx, r, s) {
			if _, err := n.Messages.Send(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n Notifier) messages(ctx context.Context, r Referral, s Step) []messageapi.Message {
	words := n.Desk.Site.Texts.Words
	to := n.Desk.Directory.Name(ctx, r.To)
	body := text.Words{}
	for _, l := range text.Langs {
		said := n.Desk.Site.Texts.Say(l, "card.referral.told."+s.State, map[string]any{ // text: card.referral.told.*
			"Number": Grouped(r.Number), "Organisation": to.In(l), "At": text.Moment(s.AppointedAt), "Until": text.Date(r.ValidUntil),
		})
		if s.State == Accepted && s.Note != "" { // what to bring is written for the patient
			said += " " + n.Desk.Site.Texts.Say(l, "card.referral.told_note", map[string]any{"Note": s.Note})
		}
		switch l {
		case text.KY:
			body.KY = said
		case text.RU:
			body.RU = said
		case text.EN:
			body.EN = said
		}
	}
	return []messageapi.Message{
		{
			ID: "referral-" + s.ID, PIN: r.Patient.PIN, Channels: []messageapi.Channel{messageapi.Mailbox},
			Subject: words("card.referral.told_title." + s.State), Body: body, // text: card.referral.told_title.*
		},
		{
			ID: "referral-short-" + s.ID, PIN: r.Patient.PIN, Channels: []messageapi.Channel{messageapi.SMS},
			Subject: words("card.referral.told_subject"), Body: words("card.referral.told_short"), Link: n.Mailbox,
		},
	}
}
