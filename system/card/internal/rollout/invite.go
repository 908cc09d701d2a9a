package rollout

import (
	"context"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// inviteJob tells one person of a session.
const inviteJob = "rollout-invite"

type invitation struct {
	Training string `json:"training"`
	PIN      string `json:"pin"`
}

// id names the invitation without telling whose it is.
func (i invitation) id() string { return "training-" + id.Hash(i.Training+"/"+i.PIN) }

// invite sends one invitation; a session that is over needs none.
func (r *Rollout) invite(ctx context.Context, j job.Job) error {
	var i invitation
	if err := j.Bind(&i); err != nil {
		return err
	}
	all, err := trainings(ctx, r.Desk.DB.Read, "", i.Training, Training{}, 1)
	if err != nil || len(all) == 0 || !all[0].At.After(r.Desk.Clock.Now()) {
		return err
	}
	t, texts, body := all[0], r.Desk.Site.Texts, text.Words{}
	format := texts.Words("card.rollout.format." + t.Format) // text: card.rollout.format.*
	for lang, into := range map[text.Lang]*string{text.KY: &body.KY, text.RU: &body.RU, text.EN: &body.EN} {
		*into = texts.Say(lang, "card.rollout.invitation", map[string]any{
			"Topic": t.Topic, "At": text.Moment(t.At), "Format": format.In(lang), "Place": t.Place, "Trainer": t.Trainer,
		})
	}
	_, err = r.Messages.Send(ctx, messageapi.Message{
		ID: i.id(), PIN: i.PIN, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: texts.Words("card.rollout.invitation_subject"), Body: body,
	})
	return err
}
