// Package notice tells people what happened to their account, on every channel
// that was theirs before it happened, with a way to say "this was not me".
package notice

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/place"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Kind is what happened. Its words are identity.notice.<kind>.
type Kind string

// The kinds.
const (
	NewBrowser      Kind = "new_browser" // signed in where the person never was
	PasswordChanged Kind = "password_changed"
	FactorAdded     Kind = "factor_added"
	FactorRemoved   Kind = "factor_removed"
	ContactChanged  Kind = "contact_changed"
	DeviceAdded     Kind = "device_added"
	DeviceChanged   Kind = "device_changed" // a new PIN
	DeviceRemoved   Kind = "device_removed"
	Recovered       Kind = "recovered"
	Blocked         Kind = "blocked" // by an operator
	Unblocked       Kind = "unblocked"
	LevelChanged    Kind = "level_changed"
	Closed          Kind = "closed"
)

// Event is one thing that happened to an account.
type Event struct {
	ID       string
	Account  string
	Kind     Kind
	Detail   string // which phone, which device; of the person's own data, masked
	At       time.Time
	Agent    string // browser in which it was done
	Address  string // network address
	Disowned time.Time

	email, phone, telegram string // where it is told
}

// Notices is the subject.
type Notices struct {
	DB       *db.DB
	Clock    clock.Clock
	Queue    *job.Queue
	Box      *seal.Box
	Texts    *text.Catalogue
	Accounts *account.Accounts
	Messages messageapi.API
	Base     string       // ЕСИ's address, for the link
	Places   *place.Table // nil: messages name the network address alone
}

// Place is where something was done.
type Place struct{ Agent, Address string }

// Tell writes, in the transaction of the change, that it happened, and has the
// person told. before is the account as it was: a thief who changes the phone
// does not get the message about it.
func (n *Notices) Tell(ctx context.Context, tx *sql.Tx, before account.Account, kind Kind, detail string, at Place) error {
	e := Event{ID: id.New(), Account: before.ID, Kind: kind, Detail: detail, At: n.Clock.Now(), Agent: at.Agent, Address: at.Address, telegram: before.Telegram}
	if before.EmailVerified {
		e.email = before.Email
	}
	if before.PhoneVerified {
		e.phone = before.Phone
	}
	if err := n.insert(ctx, tx, e); err != nil {
		return err
	}
	_, err := n.Queue.Add(ctx, tx, noticeJob, order{e.ID}, job.Options{Subject: string(kind)})
	return err
}

// Find is the event that a link from a message names; false for one that is not
// ours. The link is <id>.<token> and stands behind the # of the address, which
// browsers keep to themselves.
func (n *Notices) Find(ctx context.Context, link string) (Event, bool, error) {
	eventID, given, ok := strings.Cut(strings.TrimSpace(link), ".")
	if !ok || len(eventID) > 64 || len(given) != 43 {
		return Event{}, false, nil
	}
	want, err := n.Box.Token("notice", eventID)
	if err != nil || subtle.ConstantTimeCompare([]byte(want), []byte(given)) != 1 {
		return Event{}, false, err
	}
	return n.one(ctx, eventID)
}

const noticeJob = "tell"

type order struct {
	Event string `json:"event"`
}

// Register tells the queue who sends notices.
func (n *Notices) Register() { n.Queue.Handle(noticeJob, job.Policy{}, n.deliver) }

// deliver sends the message to each channel by itself: one that is out of order
// does not hold up the others, and none is told twice.
func (n *Notices) deliver(ctx context.Context, j job.Job) error {
	var o order
	if err := j.Bind(&o); err != nil {
		return err
	}
	e, found, err := n.one(ctx, o.Event)
	if err != nil || !found {
		return err
	}
	a, found, err := n.Accounts.ByID(ctx, e.Account)
	if err != nil || !found {
		return err
	}
	token, err := n.Box.Token("notice", e.ID)
	if err != nil {
		return err
	}
	key := "identity.notice." + string(e.Kind) // text: identity.notice.*
	message := messageapi.Message{
		Lang: a.Lang, Subject: n.Texts.Words(key), Link: n.Base + "/not-me#" + e.ID + "." + token,
		Body: n.body(e),
	}
	for _, to := range []struct {
		channel      messageapi.Channel
		pin, address string
	}{
		{messageapi.Mailbox, a.PIN, ""},
		{messageapi.Email, "", e.email},
		{messageapi.SMS, "", e.phone},
		{messageapi.Telegram, "", e.telegram},
	} {
		if to.pin == "" && to.address == "" {
			continue
		}
		m := message
		m.ID, m.PIN, m.Address, m.Channels = "identity-"+e.ID+"-"+string(to.channel), to.pin, to.address, []messageapi.Channel{to.channel}
		if _, err := n.Messages.Send(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// body is what is told of the event: when, what, and from where, which each
// language names in its own way.
func (n *Notices) body(e Event) text.Words {
	in := func(l text.Lang) string {
		return n.Texts.Say(l, "identity.notice_body", map[string]any{
			"When": e.At.In(clock.Bishkek).Format("02.01.2006 15:04"), "Detail": e.Detail, "Agent": e.Agent, "Address": n.Places.In(l, e.Address),
		})
	}
	return text.Words{KY: in(text.KY), RU: in(text.RU), EN: in(text.EN)}
}
