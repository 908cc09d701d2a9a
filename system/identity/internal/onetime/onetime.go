// Package onetime sends codes of six digits and checks them (ID-5). A code is
// bound to a purpose and an owner: the sign-in, the registration or the account
// for which it was asked. It holds three minutes, serves once, and is kept
// nowhere: who holds the system's secret can tell it again.
package onetime

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

var (
	// Life is how long a code holds: three minutes at most (ID-5).
	Life        = setting.Time("code_life", 3*time.Minute, time.Minute, 3*time.Minute, "how long a code by SMS, e-mail or Telegram holds", "S0 allows three minutes and no more")
	maxAttempts = setting.Number("code_tries", 5, 3, 10, "wrong tries at one code, then it is spent", "slips happen; five in a million guess nothing")
)

// Channel is how a code travels.
type Channel string

// The channels.
const (
	SMS      Channel = "sms"
	Email    Channel = "email"
	Telegram Channel = "telegram"
)

// Purpose says what a right code allows; a code for one never serves another.
type Purpose string

// The purposes.
const (
	SignIn       Purpose = "sign-in"
	Recovery     Purpose = "recovery"
	Contact      Purpose = "contact" // confirms a phone, an e-mail or a messenger
	Registration Purpose = "registration"
)

// Order asks for a code.
type Order struct {
	Purpose Purpose
	Owner   string // the sign-in, registration or account that waits for it
	Channel Channel
	Address string // phone, e-mail or chat
	Lang    text.Lang
	Limited string // whose sending is limited beside the address's: an account id, "" for none
}

// Codes are all codes.
type Codes struct {
	DB       *db.DB
	Clock    clock.Clock
	Queue    *job.Queue
	Box      *seal.Box
	Throttle *throttle.Throttle
	Lives    setting.Values
	Texts    *text.Catalogue
	Messages messageapi.API
}

// Send has a new code sent; the one before it serves no more. fail.TooMany when
// too many went to the address or for the account.
func (c *Codes) Send(ctx context.Context, o Order) error {
	if o.Limited != "" {
		if err := c.Throttle.Try(ctx, throttle.Sending, o.Limited); err != nil {
			return err
		}
	}
	if err := c.Throttle.Try(ctx, throttle.SendingTo, string(o.Channel)+":"+o.Address); err != nil {
		return err
	}
	return c.next(ctx, o)
}

// ErrNone says that no code waits.
var ErrNone = errors.New("onetime: no code waits")

// Check takes what the person typed. A wrong, old or spent code is a finding of
// the field "code", which wraps ErrNone where none was sent, or it is used up. A
// right one serves this once.
func (c *Codes) Check(ctx context.Context, purpose Purpose, owner, typed string) error {
	typed = strings.Join(strings.Fields(typed), "")
	if len(typed) != 6 || strings.Trim(typed, "0123456789") != "" {
		return wrong("identity.code.form")
	}
	w, found, err := c.waiting(ctx, purpose, owner)
	if err != nil {
		return err
	}
	if !found {
		e := fail.As(wrong("identity.code.spent"))
		e.Cause = ErrNone
		return e
	}
	counted, err := c.attempt(ctx, w)
	switch {
	case err != nil:
		return err
	case !counted:
		return wrong("identity.code.spent")
	case !c.Clock.Now().Before(w.until):
		return wrong("identity.code.old")
	}
	want, err := c.code(w)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(typed)) != 1 {
		return wrong("identity.code.wrong")
	}
	first, err := c.spend(ctx, w)
	if err == nil && !first {
		err = wrong("identity.code.spent")
	}
	return err
}

// Sent is where the code that is waited for went; false when there is none.
func (c *Codes) Sent(ctx context.Context, purpose Purpose, owner string) (Order, bool, error) {
	w, found, err := c.waiting(ctx, purpose, owner)
	return w.Order, found, err
}

func wrong(key string) error { return fail.Fields(fail.Finding{Field: "code", Key: key}) }

// waiting is a code that was sent.
type waiting struct {
	Order
	number int64
	until  time.Time
}

func (c *Codes) code(w waiting) (string, error) {
	return c.Box.Code(string(w.Purpose)+" "+w.Owner, w.number)
}

const codeJob = "send-code"

type order struct {
	Purpose Purpose `json:"purpose"`
	Owner   string  `json:"owner"`
	Number  int64   `json:"number"`
}

// Register tells the queue who sends codes. A code lives three minutes: it is
// tried often and not for long.
func (c *Codes) Register() {
	// Two and a half minutes of tries: the code is nearly over then.
	c.Queue.Handle(codeJob, job.Policy{MaxAttempts: 12, FirstDelay: time.Second, MaxDelay: 20 * time.Second}, c.deliver)
}

func (c *Codes) deliver(ctx context.Context, j job.Job) error {
	var o order
	if err := j.Bind(&o); err != nil {
		return err
	}
	w, found, err := c.waiting(ctx, o.Purpose, o.Owner)
	if err != nil {
		return err
	}
	if !found || w.number != o.Number || !c.Clock.Now().Before(w.until) {
		return nil // used, a newer code was asked for, or it is too late
	}
	code, err := c.code(w)
	if err != nil {
		return err
	}
	subject, body := c.letter(w.Purpose, code)
	_, err = c.Messages.Send(ctx, messageapi.Message{
		ID: "identity-" + j.ID, Address: w.Address, Channels: []messageapi.Channel{messageapi.Channel(w.Channel)}, Lang: w.Lang, Secret: true,
		Subject: subject, Body: body,
	})
	return err
}

// letter says what the code is for: who is asked for it on the phone under another
// pretext reads what they would give away.
func (c *Codes) letter(purpose Purpose, code string) (subject, body text.Words) {
	switch purpose {
	case Recovery:
		return c.Texts.Words("identity.code.recovery_subject"), c.Texts.Words("identity.code.recovery_body", "Code", code)
	case Registration:
		return c.Texts.Words("identity.code.registration_subject"), c.Texts.Words("identity.code.registration_body", "Code", code)
	case Contact:
		return c.Texts.Words("identity.code.contact_subject"), c.Texts.Words("identity.code.contact_body", "Code", code)
	default:
		return c.Texts.Words("identity.code.subject"), c.Texts.Words("identity.code.body", "Code", code)
	}
}
