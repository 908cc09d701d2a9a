package signature

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature/internal/authority"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

const toldJob = "certificate-told"

// planTold has a person told, in the transaction of the change.
func (s *System) planTold(ctx context.Context, tx *sql.Tx, t authority.Told) error {
	_, err := s.queue.Add(ctx, tx, toldJob, t, job.Options{Subject: t.Serial})
	return err
}

// told tells a person, in their mailbox and by e-mail, that certificates were
// issued in their name or that one was revoked: who did not ask for it learns of it.
func (s *System) told(ctx context.Context, j job.Job) error {
	var t authority.Told
	if err := j.Bind(&t); err != nil {
		return err
	}
	subject, body := "signature.told.issued", "signature.told.issued_body"
	if t.Revoked {
		subject, body = "signature.told.revoked", "signature.told.revoked_body"
	}
	what := s.texts.Words(whatKey(t))
	say := func(l text.Lang, key string) string {
		return s.texts.Say(l, key, map[string]any{"What": what.In(l), "Serial": t.Serial, "When": text.Moment(t.At)})
	}
	in := func(key string) text.Words {
		return text.Words{KY: say(text.KY, key), RU: say(text.RU, key), EN: say(text.EN, key)}
	}
	_, err := s.cloud.Messages.Send(ctx, messageapi.Message{
		ID: "signature-" + j.ID, PIN: t.PIN, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: in(subject), Body: in(body), Link: s.env.Issuer + "/security/certificates",
	})
	return err
}

// whatKey is the key of what the certificate is of.
func whatKey(t authority.Told) string {
	switch {
	case t.Medium == authority.Cloud:
		return "signature.told.cloud"
	case t.Usage == signatureapi.Authentication:
		return "signature.told.card_authentication"
	case t.Usage == signatureapi.Signature:
		return "signature.told.card_signature"
	}
	return "signature.told.card"
}
