package delivery

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Limits of a message, in characters.
const (
	maxSubject = 200
	maxBody    = 5000
	maxLink    = 500
)

// Send implements messageapi.API. Message, deliveries and their jobs are one
// transaction; the mailbox needs no job.
func (s *Service) Send(ctx context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	m = clean(m)
	if err := check(m); err != nil {
		return messageapi.Receipt{}, err
	}
	digest, err := digestOf(m)
	if err != nil {
		return messageapi.Receipt{}, err
	}
	sender := exchangeapi.NameOf(exchangeapi.CallerOf(ctx).Client)
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		own := id.New()
		known, isNew, err := insertMessage(ctx, tx, own, sender, digest, m, s.Clock.Now())
		if err != nil {
			return err
		}
		if !isNew {
			if known != digest {
				return fail.New(fail.Conflict, "message.id_taken")
			}
			return nil
		}
		if err := s.plan(ctx, tx, own, m); err != nil {
			return err
		}
		if m.PIN == "" || m.Secret { // a code that one asked for tells nobody anything
			return nil
		}
		return audit.Add(ctx, tx, s.Clock, audit.Record{
			Subject: m.PIN, ActorName: sender, Via: "message", Action: "send", Purpose: "notice",
			Object: own, RequestID: exchangeapi.CallerOf(ctx).ID,
		})
	})
	return messageapi.Receipt{ID: m.ID}, err
}

func (s *Service) plan(ctx context.Context, tx *sql.Tx, messageID string, m messageapi.Message) error {
	for _, channel := range m.Channels {
		deliveryID := id.New()
		state := Waiting
		if channel == messageapi.Mailbox {
			state = Delivered
		}
		if err := insertDelivery(ctx, tx, deliveryID, messageID, channel, m.Address, state, s.Clock.Now()); err != nil {
			return err
		}
		if state == Delivered {
			continue
		}
		kind := JobLetter
		if m.Secret {
			kind = JobCode
		}
		if _, err := s.Queue.Add(ctx, tx, kind, task{deliveryID}, job.Options{Unique: deliveryID, Subject: string(channel) + " " + messageID}); err != nil {
			return err
		}
	}
	return nil
}

// clean makes every text one that can be shown and carried anywhere.
func clean(m messageapi.Message) messageapi.Message {
	m.Subject = text.Words{KY: line(m.Subject.KY), RU: line(m.Subject.RU), EN: line(m.Subject.EN)}
	m.Body = text.Words{KY: page.Clean(m.Body.KY), RU: page.Clean(m.Body.RU), EN: page.Clean(m.Body.EN)}
	return m
}

var spaces = regexp.MustCompile(`\s+`)

func line(s string) string { return spaces.ReplaceAllString(page.Clean(s), " ") }

var (
	phone = regexp.MustCompile(`^\+[0-9]{9,15}$`)
	chat  = regexp.MustCompile(`^-?[0-9]{1,20}$`)
)

func check(m messageapi.Message) error {
	var wrong []fail.Finding
	note := func(field, key string) { wrong = append(wrong, fail.Finding{Field: field, Key: key}) }
	if m.ID == "" || len(m.ID) > 200 || page.Clean(m.ID) != m.ID {
		note("id", "message.bad_id")
	}
	if m.PIN != "" {
		if parsed, err := pin.Parse(m.PIN); err != nil || parsed != m.PIN {
			note("pin", "message.bad_pin")
		}
	}
	if !bounded(m.Subject, maxSubject) {
		note("subject", "message.bad_text")
	}
	if !bounded(m.Body, maxBody) {
		note("body", "message.bad_text")
	}
	if _, ok := text.Parse(string(m.Lang)); m.Lang != "" && !ok {
		note("lang", "message.bad_lang")
	}
	if !goodLink(m.Link) {
		note("link", "message.bad_link")
	}
	if len(m.Channels) == 0 || len(m.Channels) > 4 {
		note("channels", "message.bad_channel")
	}
	for i, channel := range m.Channels {
		if slices.Contains(m.Channels[:i], channel) || !goodChannel(channel, m) {
			note("channels", "message.bad_channel")
		}
		if m.Address != "" && !goodAddress(channel, m.Address) {
			note("address", "message.bad_address")
		}
	}
	if len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	return nil
}

// bounded says that there are words, at least in one of the state's languages,
// and that none is too long.
func bounded(w text.Words, limit int) bool {
	for _, s := range []string{w.KY, w.RU, w.EN} {
		if utf8.RuneCountInString(s) > limit {
			return false
		}
	}
	return w.KY != "" || w.RU != ""
}

// goodChannel: a way must be known and lead somewhere; secrets are not kept in
// a mailbox.
func goodChannel(channel messageapi.Channel, m messageapi.Message) bool {
	switch channel {
	case messageapi.Mailbox:
		return m.PIN != "" && !m.Secret
	case messageapi.Email, messageapi.SMS, messageapi.Telegram:
		return m.PIN != "" || m.Address != ""
	}
	return false
}

func goodAddress(channel messageapi.Channel, address string) bool {
	switch channel {
	case messageapi.Mailbox:
		return true
	case messageapi.Email:
		parsed, err := mail.ParseAddress(address)
		return err == nil && parsed.Address == address && len(address) <= 254
	case messageapi.SMS:
		return phone.MatchString(address)
	case messageapi.Telegram:
		return chat.MatchString(address)
	}
	return false
}

func goodLink(link string) bool {
	if link == "" {
		return true
	}
	u, err := url.Parse(link)
	return err == nil && len(link) <= maxLink && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

func digestOf(m messageapi.Message) (string, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}
