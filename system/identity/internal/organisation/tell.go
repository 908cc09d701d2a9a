package organisation

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// news is what has come about between an organisation's head and a person. Its
// words are identity.organisation.news.<news> and …_body.
type news string

// To the person: invited, recalled before they answered, removed. To the head who let them in: joined, left.
const (
	invitedNews  news = "invited"
	recalledNews news = "recalled"
	removedNews  news = "removed"
	joinedNews   news = "joined"
	leftNews     news = "left"
)

const newsJob = "organisation_news"

type letter struct {
	Member string `json:"member"`
	News   news   `json:"news"`
}

// tell has the person, or the head, written to: in the transaction of the change.
func (s *Organisations) tell(ctx context.Context, tx *sql.Tx, l letter) error {
	_, err := s.Queue.Add(ctx, tx, newsJob, l, job.Options{Subject: string(l.News)})
	return err
}

// Writes tells the queue who writes to them.
func (s *Organisations) Writes() { s.Queue.Handle(newsJob, job.Policy{}, s.deliver) }

// deliver writes to the mailbox and by e-mail, as any system does that knows a ПИН
// alone: who has no account yet finds the letter in the mailbox, and whoever asked
// learns nothing of it. The letter names the organisation and the head, who are no
// secret to either; a membership that the head has ended without help is told to
// nobody.
func (s *Organisations) deliver(ctx context.Context, j job.Job) error {
	var l letter
	if err := j.Bind(&l); err != nil {
		return err
	}
	m, found, err := s.one(ctx, l.Member)
	if err != nil || !found || m.Role == Head {
		return err
	}
	to := m.PIN
	switch l.News {
	case invitedNews:
		if m.State != Invited {
			return nil // taken back, or answered, before it was told
		}
	case joinedNews, leftNews:
		to = m.By
	case recalledNews, removedNews:
	}
	say := func(key string) text.Words {
		in := func(lang text.Lang) string {
			return s.Texts.Say(lang, key, map[string]any{"Name": m.ByName, "Organisation": m.Name.In(lang)})
		}
		return text.Words{KY: in(text.KY), RU: in(text.RU), EN: in(text.EN)}
	}
	key := "identity.organisation.news." + string(l.News) // text: identity.organisation.news.*
	_, err = s.Messages.Send(ctx, messageapi.Message{
		ID: "identity-organisation-" + m.ID + "-" + string(l.News), PIN: to, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: say(key), Body: say(key + "_body"), Link: s.Base + listPath,
	})
	return err
}
