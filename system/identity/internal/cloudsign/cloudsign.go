// Package cloudsign is how a person proves who they are with their cloud
// signature (ID-3, ID-11, ID-12): the ПИН and the one-time PIN from their mail
// let the signature service sign a challenge of ours with the person's key.
package cloudsign

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/idcard"
	"github.com/sanarip/sanarip/system/identity/internal/newcomer"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// The limits, each for one ПИН, whether it has a cloud signature or not. A
// browser in which the person has signed in before has a count of its own.
var (
	Guessing = throttle.Declare(throttle.Limit{Kind: "cloud-signature", Free: 5, Window: throttle.Password.Window, Lock: throttle.Password.Lock, Longest: throttle.Password.Longest})
	mailing  = throttle.Declare(throttle.Limit{Kind: "cloud-signature-mail", Free: throttle.Sending.Free, Window: throttle.Sending.Window, Lock: throttle.Sending.Lock, Longest: throttle.Sending.Longest})
)

// Clouds is the subject.
type Clouds struct {
	Clock     clock.Clock
	Site      *page.Site
	Door      *door.Door
	Accounts  *account.Accounts
	Newcomers *newcomer.Newcomers
	Checker   *certificate.Checker
	Throttle  *throttle.Throttle
	Cloud     signatureapi.CloudAPI
	Base      string // ЕСИ's address, which the challenge names
	Record    func(ctx context.Context, pin, name, action, object string) error
}

// attempt is what the person gave, and where.
type attempt struct {
	pin, oneTime string
	browser      string
	place        notice.Place
}

// Verify says whose cloud signature the ПИН and the one-time PIN open. Every
// refusal of the two sounds alike and is fail.Invalid. The words of the purpose
// stand in what is signed; bound names the sign-in or recovery under way.
func (c *Clouds) Verify(ctx context.Context, purpose idcard.Purpose, bound, typedPIN, oneTime, browser string, place notice.Place) (idcard.Holder, error) {
	digits, err := pin.Parse(typedPIN)
	if err != nil {
		e := fail.As(err)
		return idcard.Holder{}, fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	try := attempt{digits, oneTime, browser, place}
	counted, err := c.count(ctx, Guessing, try)
	if err != nil {
		return idcard.Holder{}, err
	}
	// The account as it is before the PIN is looked at: when all its sessions are
	// ended while the key signs, nobody comes in.
	before, _, err := c.Accounts.ByPIN(ctx, digits)
	if err != nil {
		return idcard.Holder{}, err
	}
	token, err := c.Cloud.Auth(ctx, signatureapi.CloudAuth{PIN: digits, OneTime: oneTime})
	if fail.Is(err, fail.Invalid) {
		return idcard.Holder{}, c.refuse(ctx, try)
	}
	if err != nil {
		return idcard.Holder{}, away(err)
	}
	if err := errors.Join(c.Throttle.Clear(ctx, Guessing, counted), c.Throttle.Refund(ctx, throttle.Address, place.Address)); err != nil {
		return idcard.Holder{}, err
	}
	holder, err := c.signed(ctx, purpose, bound, digits, token)
	holder.Epoch = before.Epoch
	return holder, err
}

// count counts the attempt before it is made and gives whose it was counted as.
func (c *Clouds) count(ctx context.Context, limit throttle.Limit, try attempt) (string, error) {
	counted := try.pin
	known, err := c.Door.Known(ctx, try.pin, try.browser)
	if err != nil {
		return "", err
	}
	if known {
		counted += ":" + id.Hash(try.browser)
	}
	return counted, c.Throttle.TryAll(ctx, throttle.Counted{Limit: throttle.Address, Subject: try.place.Address}, throttle.Counted{Limit: limit, Subject: counted})
}

// refuse writes down a wrong PIN.
func (c *Clouds) refuse(ctx context.Context, try attempt) error {
	a, _, err := c.Accounts.ByPIN(ctx, try.pin)
	if err != nil {
		return err
	}
	if err := c.Door.Refused(ctx, try.pin, a, door.Signature, try.place); err != nil {
		return err
	}
	return fail.Fields(fail.Finding{Field: "one_time", Key: "identity.signature.wrong"})
}

// away is what the person is told when the signature service does not help: how
// long to wait, or that it is out of reach.
func away(err error) error {
	if fail.Is(err, fail.TooMany) {
		return fail.Wrap(err, fail.TooMany, "identity.too_many", "Count", minutes(fail.As(err).Args["Count"]))
	}
	return fail.Wrap(err, fail.Unavailable, "identity.signature.away")
}

// minutes is the count of another system's answer: JSON makes a float of it.
func minutes(v any) int {
	switch n := v.(type) {
	case float64:
		return int(n)
	case int:
		return n
	}
	return 1
}

// signed has the person's key sign a challenge and looks at the signature as at
// a stranger's: the service's word alone lets nobody in.
func (c *Clouds) signed(ctx context.Context, purpose idcard.Purpose, bound, digits string, token signatureapi.CloudToken) (idcard.Holder, error) {
	challenge := []byte(idcard.Body(c.Base, purpose, id.Secret(), bound, c.Clock.Now()))
	sum := sha256.Sum256(challenge)
	answer, err := c.Cloud.SignHash(ctx, signatureapi.SignRequest{Token: token.Token, SHA256: sum[:]})
	if err != nil {
		return idcard.Holder{}, away(err)
	}
	message, err := certificate.ReadCMS(answer.CMS)
	if err != nil {
		return idcard.Holder{}, idcard.Explain(err)
	}
	if err := message.Verify(c.Checker.Scheme, challenge); err != nil {
		return idcard.Holder{}, idcard.Explain(err)
	}
	if err := c.Checker.Check(ctx, message.Certificate, certificate.Signature); err != nil {
		return idcard.Holder{}, idcard.Explain(err)
	}
	holder, err := idcard.HolderOf(message.Certificate)
	if err != nil {
		return idcard.Holder{}, idcard.Explain(err)
	}
	if holder.PIN != digits || token.PIN != digits {
		return idcard.Holder{}, fail.New(fail.Invalid, "identity.certificate.untrusted")
	}
	return holder, nil
}

// mail asks for a new one-time PIN. Whether the ПИН has a cloud signature does
// not show.
func (c *Clouds) mail(ctx context.Context, typedPIN, browser string, place notice.Place) error {
	digits, err := pin.Parse(typedPIN)
	if err != nil {
		e := fail.As(err)
		return fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	if _, err := c.count(ctx, mailing, attempt{pin: digits, browser: browser, place: place}); err != nil {
		return err
	}
	if err := c.Cloud.Begin(ctx, signatureapi.PINRequest{PIN: digits, Method: signatureapi.Email}); err != nil {
		return away(err)
	}
	return nil
}

// enrol gives the person a cloud signature. Whoever asks has just proved anew
// who they are, at the level that the signature will stand for.
func (c *Clouds) enrol(ctx context.Context, p door.Person) error {
	if why := c.barred(p); why != "" {
		return fail.New(fail.Invalid, why)
	}
	a := p.Account
	_, err := c.Cloud.Enrol(ctx, signatureapi.Enrolment{
		PIN: a.PIN, FamilyName: a.FamilyName, GivenName: a.GivenName, Patronymic: a.Patronymic, Email: a.Email, Lang: a.Lang, Level: string(p.Session.Level),
	})
	if err != nil {
		return away(err)
	}
	return c.Record(ctx, a.PIN, a.Name(), "signature.enrolled", "")
}

// barred is the key of why the person may have no cloud signature; "" if they may.
func (c *Clouds) barred(p door.Person) string {
	switch {
	case p.Account.Frozen(c.Clock.Now()):
		return "identity.signature.frozen"
	case !p.Session.Level.AtLeast(assurance.Substantial):
		return "identity.signature.level"
	case p.Account.Email == "" || !p.Account.EmailVerified:
		return "identity.signature.email"
	}
	return ""
}
