// Package signin is how a person proves to ЕСИ who they are: ПИН and password,
// then a second factor (ID-10); or a passkey alone.
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
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

var (
	entryLife   = setting.Time("sign_in_life", 15*time.Minute, 3*time.Minute, time.Hour, "how long the second step of a sign-in is waited for", "a message may be late; the password was right and must not wait long")
	maxAttempts = setting.Number("sign_in_tries", 5, 3, 10, "wrong codes within one sign-in, then it begins anew", "slips happen, guesses need thousands")
)

// SignIn is the subject.
type SignIn struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Accounts *account.Accounts
	Throttle *throttle.Throttle
	Codes    *onetime.Codes
	Factors  *factor.Factors
	Backups  *factor.Backups
	Keys     *passkey.Keys
	Provider *openid.Provider
	Door     *door.Door
}

// entry is a sign-in under way, after the password.
type entry struct {
	hash     string
	account  string
	flow     string
	next     string
	channel  factor.Kind // second factor that is waited for
	remember bool
	version  int64
	epoch    int64 // the account's when the password was right
}

// ways are the account's second factors, the first of which is asked for; after
// them the backup codes, where there are any.
func (s *SignIn) ways(ctx context.Context, a account.Account) ([]factor.Kind, error) {
	ways, err := s.Factors.Of(ctx, a)
	if err != nil {
		return nil, err
	}
	if !s.Keys.On() {
		ways = slices.DeleteFunc(ways, func(k factor.Kind) bool { return k == factor.Passkey })
	}
	left, err := s.Backups.Left(ctx, a.ID)
	if err == nil && left > 0 && len(ways) > 0 {
		ways = append(ways, factor.Backup)
	}
	return ways, err
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
	counted, err := s.counted(ctx, digits, digits, try.browser)
	if err != nil {
		return "", err
	}
	address, subject := throttle.Counted{Limit: throttle.Address, Subject: try.place.Address}, throttle.Counted{Limit: throttle.Password, Subject: counted}
	if err := s.Throttle.TryAll(ctx, address, subject); err != nil {
		return "", err
	}
	a, right, err := s.Accounts.CheckPassword(ctx, digits, try.password)
	if err != nil {
		return "", err
	}
	if !right {
		return "", s.refuse(ctx, digits, a, try.place)
	}
	ways, err := s.ways(ctx, a)
	if err != nil {
		return "", err
	}
	if len(ways) == 0 {
		return "", fail.New(fail.Forbidden, noFactor).Titled("identity.no_factor_title")
	}
	secret := id.Secret()
	e := entry{hash: id.Hash(secret), account: a.ID, flow: try.flow, next: try.next, channel: ways[0], remember: try.remember, epoch: a.Epoch}
	if err := s.begin(ctx, e, address, subject); err != nil {
		return "", err
	}
	return secret, s.order(ctx, e, a, try.browser)
}

// noFactor is why a right password lets nobody in whose set-up was left half-way.
const noFactor = "identity.no_factor"

// counted is what attempts of the subject are counted by. A browser in which the
// person has signed in before has a count of its own: somebody who guesses
// elsewhere cannot lock the person out.
func (s *SignIn) counted(ctx context.Context, subject, digits, browser string) (string, error) {
	known, err := s.Door.Known(ctx, digits, browser)
	if err != nil || !known {
		return subject, err
	}
	return subject + ":" + id.Hash(browser), nil // as the door knows it: an operator can clear it
}

// refuse writes down a wrong password.
func (s *SignIn) refuse(ctx context.Context, digits string, a account.Account, place notice.Place) error {
	if err := s.Door.Refused(ctx, digits, a, door.Password, place); err != nil {
		return err
	}
	return fail.Fields(fail.Finding{Field: "password", Key: "identity.wrong"})
}

// order has the code of the entry's channel sent, where it is one that is sent.
func (s *SignIn) order(ctx context.Context, e entry, a account.Account, browser string) error {
	address, sent := map[factor.Kind]string{factor.SMS: a.Phone, factor.Telegram: a.Telegram, factor.Email: a.Email}[e.channel]
	if !sent {
		return nil
	}
	limited, err := s.counted(ctx, a.ID, a.PIN, browser)
	if err != nil {
		return err
	}
	return s.Codes.Send(ctx, onetime.Order{
		Purpose: onetime.SignIn, Owner: e.hash, Channel: onetime.Channel(e.channel), Address: address, Lang: a.Lang, Limited: limited,
	})
}

// send turns to the channel, or sends its code anew.
func (s *SignIn) send(ctx context.Context, e entry, channel factor.Kind, browser string) error {
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil {
		return err
	}
	ways, err := s.ways(ctx, a)
	if err != nil {
		return err
	}
	if !found || !slices.Contains(ways, channel) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	e.channel = channel
	if err := s.turn(ctx, e); err != nil {
		return err
	}
	return s.order(ctx, e, a, browser)
}

// answer is what the person gave as the second factor.
type answer struct {
	code           string
	ticket, signed string // of a passkey
	browser        string
	place          notice.Place
}

// second is the second step. The account and the way it was entered are given
// when the answer was right: once. Each factor has a count of its own.
func (s *SignIn) second(ctx context.Context, e entry, given answer) (account.Account, door.Way, error) {
	none := func(err error) (account.Account, door.Way, error) { return account.Account{}, door.Way{}, err }
	a, found, err := s.Accounts.ByID(ctx, e.account)
	if err != nil {
		return none(err)
	}
	if !found || a.Epoch != e.epoch { // the password was right before all was ended
		return none(wrongCode("identity.code.spent"))
	}
	counted, err := s.counted(ctx, a.ID+":"+string(e.channel), a.PIN, given.browser)
	if err != nil {
		return none(err)
	}
	if err := s.Throttle.Try(ctx, throttle.Factor, counted); err != nil {
		return none(err)
	}
	way, err := s.factor(ctx, e, a, given)
	if fail.Is(err, fail.Invalid) {
		return none(errors.Join(err, s.Door.Refused(ctx, a.PIN, a, door.Password, given.place)))
	}
	if err != nil {
		return none(err)
	}
	first, err := s.spend(ctx, e)
	if err != nil {
		return none(err)
	}
	if !first {
		return none(wrongCode("identity.code.spent"))
	}
	way.Method, way.Remember = door.Password, e.remember
	return a, way, s.Throttle.Clear(ctx, throttle.Factor, counted)
}

// factor checks what was given; fail.Invalid when it is wrong.
func (s *SignIn) factor(ctx context.Context, e entry, a account.Account, given answer) (door.Way, error) {
	way := door.Way{AMR: amr(e.channel), Level: assurance.Substantial}
	switch e.channel {
	case factor.SMS, factor.Telegram, factor.Email:
		return way, s.Codes.Check(ctx, onetime.SignIn, e.hash, given.code)
	case factor.TOTP:
		if code := strings.Join(strings.Fields(given.code), ""); len(code) != 6 || strings.Trim(code, "0123456789") != "" {
			return way, wrongCode("identity.code.form")
		}
	}
	counted, err := s.attempt(ctx, e)
	if err != nil {
		return way, err
	}
	if !counted {
		return way, wrongCode("identity.code.spent")
	}
	switch e.channel {
	case factor.TOTP:
		right, err := s.Accounts.CheckTOTP(ctx, a, strings.Join(strings.Fields(given.code), ""))
		if err == nil && !right {
			err = wrongCode("identity.code.wrong")
		}
		return way, err
	case factor.Backup:
		return way, s.Backups.Check(ctx, a, given.code, given.place)
	case factor.Passkey:
		key, err := s.Keys.CheckSecond(ctx, a, e.hash, given.ticket, given.signed, given.place)
		way.AMR, way.Level = append([]string{"pwd", "mfa"}, key.AMR()...), assurance.High
		return way, err
	}
	return way, fail.New(fail.BadRequest, "kit.bad_request")
}

func wrongCode(key string) error { return fail.Fields(fail.Finding{Field: "code", Key: key}) }

// amr names the ways of the sign-in (RFC 8176).
func amr(channel factor.Kind) []string {
	if channel == factor.SMS {
		return []string{"pwd", "sms", "mfa"}
	}
	return []string{"pwd", "otp", "mfa"}
}
