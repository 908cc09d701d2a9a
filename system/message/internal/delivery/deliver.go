package delivery

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/message/internal/carrier"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// task is the body of a delivery's job: it names the delivery and holds nothing
// of the message.
type task struct {
	Delivery string `json:"delivery"`
}

// deliver does one delivery. What cannot be mended by trying again ends it;
// anything else is an error, and the job comes back.
func (s *Service) deliver(ctx context.Context, j job.Job) error {
	var t task
	if err := j.Bind(&t); err != nil {
		return err
	}
	d, err := findDelivery(ctx, s.DB.Read, t.Delivery)
	if err != nil {
		return err
	}
	if d.state == Delivered || d.state == Unreachable || d.erased {
		return nil // done before a crash could say so
	}
	if d.secret && s.Clock.Now().Sub(d.created) > codeLives {
		return s.end(ctx, d, Unreachable, TooOld)
	}
	reason, err := s.carry(ctx, d)
	switch {
	case err == nil && reason == "":
		return s.end(ctx, d, Delivered, "")
	case err == nil:
		s.Log.InfoContext(ctx, "message not deliverable", "system", "message", "channel", string(d.channel), "delivery", d.id, "reason", reason)
		return s.end(ctx, d, Unreachable, reason)
	case s.last(j):
		if endErr := s.end(ctx, d, Failed, Tried); endErr != nil {
			return endErr
		}
		return err
	}
	return errors.Join(err, s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return noteTry(ctx, tx, d.id, s.Clock.Now())
	}))
}

func (s *Service) last(j job.Job) bool {
	if j.Kind == JobCode {
		return j.Attempts >= CodePolicy.MaxAttempts
	}
	return j.Attempts >= LetterPolicy.MaxAttempts
}

// carry finds the address and hands the letter over. A reason without an error
// means that this person cannot be reached this way.
func (s *Service) carry(ctx context.Context, d stored) (reason string, err error) {
	way, ok := s.Carriers[d.channel]
	if !ok {
		return NoCarrier, nil
	}
	if d.address == "" {
		contacts, err := s.Contacts.Contacts(ctx, d.pin)
		if fail.Is(err, fail.NotFound) {
			return NoContact, nil
		}
		if err != nil {
			return "", err
		}
		d.address = addressIn(contacts, d.channel)
		if d.lang == "" {
			d.lang = contacts.Lang
		}
	}
	if d.address == "" || !goodAddress(d.channel, d.address) {
		return NoContact, nil
	}
	if d.lang == "" {
		d.lang = text.KY
	}
	err = way.Carry(ctx, carrier.Letter{
		ID: d.id, Address: d.address, Subject: in(d.subject, d.lang), Body: in(d.body, d.lang), Link: d.link,
	})
	if errors.Is(err, carrier.ErrUnreachable) {
		return Refused, nil
	}
	return "", err
}

// in gives the words of the language, or of any in which there are words.
func in(w text.Words, l text.Lang) string {
	if s := w.In(l); s != "" {
		return s
	}
	return w.KY
}

func addressIn(c identityapi.Contacts, channel messageapi.Channel) string {
	switch channel {
	case messageapi.Email:
		return c.Email
	case messageapi.SMS:
		return c.Phone
	case messageapi.Telegram:
		return c.Telegram
	case messageapi.Mailbox:
	}
	return ""
}

// end closes the delivery, and erases a secret message when it was the last one
// open.
func (s *Service) end(ctx context.Context, d stored, state State, reason string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := s.Clock.Now()
		if d.secret { // of two that end at once, one must see that it is the last
			if err := holdMessage(ctx, tx, d.messageID, s.DB.ForUpdate()); err != nil {
				return err
			}
		}
		if err := closeDelivery(ctx, tx, d.id, state, reason, now); err != nil {
			return err
		}
		if !d.secret {
			return nil
		}
		return eraseIfDone(ctx, tx, d.messageID, now)
	})
}
