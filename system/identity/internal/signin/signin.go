// Package signin is how a person proves to ЕСИ who they are: ПИН and password,
// then a second factor (ID-10). Other ways stand beside it when they are built.
package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

const (
	entryLife   = 15 * time.Minute
	maxAttempts = 5 // at a factor that is not sent
)

// Channel is the way of the second factor.
type Channel string

// The channels. The codes of all but TOTP are sent.
const (
	TOTP     Channel = "totp"
	SMS      Channel = Channel(onetime.SMS)
	Telegram Channel = Channel(onetime.Telegram)
	Email    Channel = Channel(onetime.Email)
)

// SignIn is the subject.
type SignIn struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Accounts *account.Accounts
	Throttle *throttle.Throttle
	Codes    *onetime.Codes
	Provider *openid.Provider
	Door     *door.Door
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

// entry is a sign-in under way, after the password.
type entry struct {
	hash     string
	account  string
	flow     string
	next     string
	channel  Channel
	remember bool
	version  int64
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
	if a.Telegram != "" {
		ways = append(ways, Telegram)
	}
	if a.EmailVerified && a.Email != "" {
		ways = append(ways, Email)
	}
	if i := slices.Index(ways, Channel(a.Channel)); i > 0 { // the person's own choice comes first
		ways = slices.Insert(slices.Delete(ways, i, i+1), 0, Channel(a.Channel))
	}
	return ways
}

// attempt is what the person gave, and where.
type attempt struct {
	pin, password string
	remember      bool
	browser       string
	place         notice.Place
	flow, next    string
}

// password is the first step. Every refusal sounds and costs the same, whether
// there is such an account or not. It gives the secret of the entry.
func (s *SignIn) password(ctx context.Context, try attempt) (string, error) {
	digits, err := pin.Parse(try.pin)
	if err != nil {
		e := fail.As(err)
		return "", fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	if err := s.Throttle.Try(ctx, throttle.Address, try.place.Address); err != nil {
		return "", err
	}
	// A browser in which the person has signed in before has a count of its own:
	// somebody who guesses elsewhere cannot lock the person out.
	counted := digits
	known, err := s.Door.Known(ctx, digits, try.browser)
	if err != nil {
		return "", err
	}
	if known {
		counted += ":" + try.browser
	}
	if err := s.Throttle.Try(ctx, throttle.Password, counted); err != nil {
		return "", err
	}
	a, right, err := s.Accounts.CheckPassword(ctx, digits, try.password)
	if err != nil {
		return "", err
	}
	if !right {
		return "", s.refuse(ctx, digits, a, try.place)
	}
	if err := s.Throttle.Clear(ctx, throttle.Password, counted); err != nil {
		return "", err
	}
	if err := s.Throttle.Refund(ctx, throttle.Address, try.place.Address); err != nil {
		return "", err
	}
	ways := channels(a)
	if len(ways) == 0 {
		return "", fail.New(fail.Forbidden, "identity.no_factor")
	}
	secret := id.Secret()
	e := entry{hash: id.Hash(secret), account: a.ID, flow: try.flow, next: try.next, channel: ways[0], remember: try.remember}
	if err := s.insert(ctx, e); err != nil {
		return "", err
	}
	return secret, s.order(ctx, e, a)
}

// refuse writes down a wrong password; who does not exist has no history.
func (s *SignIn) refuse(ctx context.Context, digits string, a account.Account, place notice.Place) error {
	var err error
	if a.ID == "" {
		err = s.Record(ctx, digits, "", "sign_in.failed", "")
	} else {
		err = s.Door.Refused(ctx, a, door.Password, place)
	}
	if err != nil {
		return err
	}
	return fail.Fields(fail.Finding{Field: "password", Key: "identity.wrong"})
}

// order has the code of the entry's channel sent, where it is one that is sent.
func (s *SignIn) order(ctx context.Context, e entry, a account.Account) error {
	address, sent := map[Channel]string{SMS: a.Phone, Telegram: a.Telegram, Email: a.Email}[e.channel]
	if !sent {
		return nil
	}
	return s.Codes.Send(ctx, onetime.Order{
		Purpose: onetime.SignIn, Owner: e.hash, Channel: onetime.Channel(e.channel), Address: address, Lang: a.Lang, Limited: a.ID,
	})
}

// send turns to the channel, or sends its code anew.
func (s *SignIn) send(ctx context.Context, e entry, channel Channel) error {
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil {
		return err
	}
	if !found || !slices.Contains(channels(a), channel) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	e.channel = channel
	if err := s.turn(ctx, e); err != nil {
		return err
	}
	return s.order(ctx, e, a)
}

// code is the second step. The account is given when the code was right: once.
func (s *SignIn) code(ctx context.Context, e entry, typed string, place notice.Place) (account.Account, error) {
	if err := s.Throttle.Try(ctx, throttle.Factor, e.account); err != nil {
		return account.Account{}, err
	}
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil {
		return account.Account{}, err
	}
	if !found {
		return account.Account{}, wrongCode("identity.code.spent")
	}
	err = s.factor(ctx, e, a, typed)
	if fail.Is(err, fail.Invalid) {
		return account.Account{}, errors.Join(err, s.Door.Refused(ctx, a, door.Password, place))
	}
	if err != nil {
		return account.Account{}, err
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

// factor checks what was typed; fail.Fields when it is wrong.
func (s *SignIn) factor(ctx context.Context, e entry, a account.Account, typed string) error {
	if e.channel != TOTP {
		return s.Codes.Check(ctx, onetime.SignIn, e.hash, typed)
	}
	typed = strings.Join(strings.Fields(typed), "")
	if len(typed) != 6 || strings.Trim(typed, "0123456789") != "" {
		return wrongCode("identity.code.form")
	}
	counted, err := s.attempt(ctx, e)
	if err != nil {
		return err
	}
	if !counted {
		return wrongCode("identity.code.spent")
	}
	right, err := s.Accounts.CheckTOTP(ctx, a, typed)
	if err == nil && !right {
		err = wrongCode("identity.code.wrong")
	}
	return err
}

func wrongCode(key string) error { return fail.Fields(fail.Finding{Field: "code", Key: key}) }

// amr names the ways of the sign-in (RFC 8176).
func amr(channel Channel) []string {
	if channel == SMS {
		return []string{"pwd", "sms", "mfa"}
	}
	return []string{"pwd", "otp", "mfa"}
}
