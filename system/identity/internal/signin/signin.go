// Package signin is how a person proves to ЕСИ who they are: ПИН and password,
// then a second factor (ID-10). Other ways stand beside it when they are built.
package signin

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// How long things hold.
const (
	entryLife   = 15 * time.Minute
	codeLife    = 3 * time.Minute // ID-5
	maxAttempts = 5               // at one code
)

// Channel is the way of the second factor.
type Channel string

// The channels.
const (
	TOTP  Channel = "totp"
	SMS   Channel = "sms"
	Email Channel = "email"
)

// SignIn is the subject.
type SignIn struct {
	DB       *db.DB
	Clock    clock.Clock
	Log      *slog.Logger
	Queue    *job.Queue
	Box      *seal.Box
	Site     *page.Site
	Accounts *account.Accounts
	Throttle *throttle.Throttle
	Sessions *sso.Sessions
	Provider *openid.Provider
	Messages messageapi.API
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

// entry is a sign-in under way, after the password.
type entry struct {
	hash     string
	account  string
	flow     string
	channel  Channel
	number   int64
	until    time.Time
	attempts int64
}

// channels are the account's ways, the strongest first.
func channels(a account.Account) []Channel {
	var ways []Channel
	if a.HasTOTP() {
		ways = append(ways, TOTP)
	}
	if a.PhoneVerified && a.Phone != "" {
		ways = append(ways, SMS)
	}
	if a.EmailVerified && a.Email != "" {
		ways = append(ways, Email)
	}
	return ways
}

// password is the first step. Every refusal sounds and costs the same, whether
// there is such an account or not. It gives the secret of the entry.
func (s *SignIn) password(ctx context.Context, typedPIN, password, address, browser, flow string) (string, error) {
	digits, err := pin.Parse(typedPIN)
	if err != nil {
		e := fail.As(err)
		return "", fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	if err := s.Throttle.Try(ctx, throttle.Address, address); err != nil {
		return "", err
	}
	// A browser in which the person has signed in before has a count of its own:
	// somebody who guesses elsewhere cannot lock the person out.
	counted := digits
	known, err := s.known(ctx, digits, browser)
	if err != nil {
		return "", err
	}
	if known {
		counted += ":" + browser
	}
	if err := s.Throttle.Try(ctx, throttle.Password, counted); err != nil {
		return "", err
	}
	a, right, err := s.Accounts.CheckPassword(ctx, digits, password)
	if err != nil {
		return "", err
	}
	if !right {
		if err := s.Record(ctx, digits, "", "sign_in.failed", ""); err != nil {
			return "", err
		}
		return "", fail.Fields(fail.Finding{Field: "password", Key: "identity.wrong"})
	}
	if err := s.Throttle.Clear(ctx, throttle.Password, counted); err != nil {
		return "", err
	}
	if err := s.Throttle.Refund(ctx, throttle.Address, address); err != nil {
		return "", err
	}
	ways := channels(a)
	if len(ways) == 0 {
		return "", fail.New(fail.Forbidden, "identity.no_factor")
	}
	secret := id.Secret()
	e := entry{hash: id.Hash(secret), account: a.ID, flow: flow, channel: ways[0]}
	if err := s.insert(ctx, e); err != nil {
		return "", err
	}
	if e.channel == TOTP {
		return secret, nil
	}
	return secret, s.send(ctx, e, e.channel)
}

// send has a new code sent. It is limited for the account as a whole, not for
// this sign-in alone.
func (s *SignIn) send(ctx context.Context, e entry, channel Channel) error {
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil {
		return err
	}
	if !found || !offers(a, channel) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if channel != TOTP {
		if err := s.Throttle.Try(ctx, throttle.Sending, e.account); err != nil {
			return err
		}
	}
	return s.next(ctx, e.hash, channel)
}

func offers(a account.Account, channel Channel) bool {
	for _, way := range channels(a) {
		if way == channel {
			return true
		}
	}
	return false
}

// code is the second step. The account is given when the code was right: once.
func (s *SignIn) code(ctx context.Context, e entry, typed string) (account.Account, error) {
	typed = strings.Join(strings.Fields(typed), "")
	if len(typed) != 6 || strings.Trim(typed, "0123456789") != "" {
		return account.Account{}, wrongCode("identity.code.form")
	}
	if err := s.Throttle.Try(ctx, throttle.Factor, e.account); err != nil {
		return account.Account{}, err
	}
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil {
		return account.Account{}, err
	}
	counted, err := s.attempt(ctx, e)
	if err != nil {
		return account.Account{}, err
	}
	if !found || !counted {
		return account.Account{}, wrongCode("identity.code.spent")
	}
	var right bool
	if e.channel == TOTP {
		if right, err = s.Accounts.CheckTOTP(ctx, a, typed); err != nil {
			return account.Account{}, err
		}
	} else {
		if !s.Clock.Now().Before(e.until) {
			return account.Account{}, wrongCode("identity.code.old")
		}
		want, err := s.Box.Code(e.hash, e.number)
		if err != nil {
			return account.Account{}, err
		}
		right = subtle.ConstantTimeCompare([]byte(want), []byte(typed)) == 1
	}
	if !right {
		if err := s.Record(ctx, a.PIN, "", "sign_in.failed", ""); err != nil {
			return account.Account{}, err
		}
		return account.Account{}, wrongCode("identity.code.wrong")
	}
	first, err := s.spend(ctx, e)
	if err != nil {
		return account.Account{}, err
	}
	if !first {
		return account.Account{}, wrongCode("identity.code.spent")
	}
	return a, s.Throttle.Clear(ctx, throttle.Factor, e.account)
}

func wrongCode(key string) error { return fail.Fields(fail.Finding{Field: "code", Key: key}) }

// amr names the ways of the sign-in (RFC 8176).
func amr(channel Channel) []string {
	if channel == SMS {
		return []string{"pwd", "sms", "mfa"}
	}
	return []string{"pwd", "otp", "mfa"}
}

const codeJob = "send-code"

type codeOrder struct {
	Entry  string `json:"entry"` // hash
	Number int64  `json:"number"`
}

// Register tells the queue who sends codes. A code lives three minutes: it is
// tried often and not for long.
func (s *SignIn) Register() {
	s.Queue.Handle(codeJob, job.Policy{MaxAttempts: 12, FirstDelay: time.Second, MaxDelay: 20 * time.Second}, s.deliver)
}

func (s *SignIn) deliver(ctx context.Context, j job.Job) error {
	var order codeOrder
	if err := j.Bind(&order); err != nil {
		return err
	}
	e, found, err := s.byHash(ctx, order.Entry)
	if err != nil {
		return err
	}
	if !found || e.number != order.Number || !s.Clock.Now().Before(e.until) {
		return nil // signed in, a newer code was asked for, or it is too late
	}
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil || !found {
		return err
	}
	code, err := s.Box.Code(e.hash, e.number)
	if err != nil {
		return err
	}
	m := messageapi.Message{
		ID: "identity-" + j.ID, Address: a.Phone, Channels: []messageapi.Channel{messageapi.SMS}, Lang: a.Lang, Secret: true,
		Subject: s.Site.Texts.Words("identity.code.subject"), Body: s.Site.Texts.Words("identity.code.body", "Code", code),
	}
	if e.channel == Email {
		m.Address, m.Channels = a.Email, []messageapi.Channel{messageapi.Email}
	}
	_, err = s.Messages.Send(ctx, m)
	return err
}
