package discharge

import (
	"context"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// NotifyJob is the kind of the job that writes to a discharged patient.
const NotifyJob = "notify"

type notice struct {
	Stay string `json:"stay"`
}

// Notifier writes to discharged patients.
type Notifier struct {
	Desk     *desk.Desk
	Messages messageapi.API
	Portal   string // address of the page on which the summary is ordered
}

// Notify tells the patient that the summary can be had. It says nothing of the
// illness or of the hospital: a message may be read over a shoulder. The same
// stay has the same message id, so a repetition is delivered once.
func (n Notifier) Notify(ctx context.Context, j job.Job) error {
	var about notice
	if err := j.Bind(&about); err != nil {
		return err
	}
	pin, err := pinOfStay(ctx, n.Desk.DB.Read, about.Stay)
	if err != nil || pin == "" {
		return err
	}
	words := n.Desk.Site.Texts.Words
	_, err = n.Messages.Send(ctx, messageapi.Message{
		ID: "discharge-" + about.Stay, PIN: pin, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: words("card.notify.subject"), Body: words("card.notify.body"), Link: n.Portal,
	})
	return err
}
