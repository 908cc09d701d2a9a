// Package idcard is how a person proves who they are with their e-ID card
// (ID-3, ID-11): the card signs a challenge of ours with its authentication key.
// The page's script talks to the signing agent on the person's machine; the
// card's PIN stays there.
package idcard

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/newcomer"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// challengeLife is how long an answer is waited for.
var challengeLife = setting.Time("card_challenge_life", 2*time.Minute, 30*time.Second, 5*time.Minute, "how long the ID card's signature is waited for", "the card is put in and its PIN typed; a signature from elsewhere comes too late")

// asking is for challenges that one network address asks for; a hospital sits
// behind one.
var asking = throttle.Declare(throttle.Limit{Kind: "card-challenge", Free: 300, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})

// Purpose is what the card's answer is good for. Its words stand in what is
// signed: an answer for one purpose serves no other.
type Purpose string

// The purposes.
const (
	SignIn   Purpose = "sign-in" // and registration
	Recovery Purpose = "recovery"
)

// Cards is the subject.
type Cards struct {
	DB        *db.DB
	Clock     clock.Clock
	Site      *page.Site
	Door      *door.Door
	Accounts  *account.Accounts
	Newcomers *newcomer.Newcomers
	Checker   *certificate.Checker
	Throttle  *throttle.Throttle
	Base      string // ЕСИ's address, which the challenge names
	Agent     Agent
	Record    func(ctx context.Context, pin, name, action, object string) error
}

// Challenge is what the card is asked to sign.
type Challenge struct {
	ID   string
	Body string // text in UTF-8
}

// challenge is a row of those waited for.
type challenge struct {
	Challenge
	browserHash string
	purpose     Purpose
	bound       string
	expires     time.Time
}

// Ask makes a challenge for the purpose, for this browser and what it is about
// to do: bound names the sign-in or recovery under way.
func (c *Cards) Ask(ctx context.Context, purpose Purpose, browser, bound string, place notice.Place) (Challenge, error) {
	if err := c.Throttle.Try(ctx, asking, place.Address); err != nil {
		return Challenge{}, err
	}
	nonce := id.Secret()
	expires := c.Clock.Now().Add(c.Door.Lives.Time(challengeLife))
	all := challenge{Challenge{nonce, Body(c.Base, purpose, nonce, bound, expires)}, id.Hash(browser), purpose, bound, expires}
	return all.Challenge, c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return c.insert(ctx, tx, all) })
}

// Body is the text that is signed: who asks, what for, once.
func Body(origin string, purpose Purpose, nonce, bound string, expires time.Time) string {
	return fmt.Sprintf("sanarip challenge 1\norigin: %s\npurpose: %s\nnonce: %s\nbound: %s\nexpires: %s\n",
		origin, purpose, nonce, id.Hash(bound), expires.UTC().Format(time.RFC3339))
}

// Answer is what the agent gave for a challenge: a CMS message, or a bare
// signature with the certificate.
type Answer struct {
	Challenge   string // its ID
	CMS         []byte // DER
	Certificate []byte // DER
	Signature   []byte
}

// Holder is who the card belongs to.
type Holder struct {
	PIN         string
	FamilyName  string
	GivenName   string // with the patronymic
	Certificate *x509.Certificate
	Epoch       int64 // of the ПИН's account before anybody else was asked about the certificate; 0 without one
}

// Verify says whose card answered the challenge. Any answer ends its challenge:
// of parallel uses of one, one is looked at. A refusal is fail.Invalid whose key
// says why, or fail.Unavailable when nobody can say whether the certificate is
// revoked. With a refusal that comes from the authority the holder is given too,
// for the record.
func (c *Cards) Verify(ctx context.Context, purpose Purpose, browser, bound string, a Answer) (Holder, error) {
	gone := fail.New(fail.Invalid, "identity.card.gone")
	if len(a.Challenge) != 43 {
		return Holder{}, gone
	}
	asked, found, err := c.take(ctx, a.Challenge)
	if err != nil {
		return Holder{}, err
	}
	if !found || asked.browserHash != id.Hash(browser) || asked.purpose != purpose || asked.bound != bound || !c.Clock.Now().Before(asked.expires) {
		return Holder{}, gone
	}
	leaf, err := c.signer(a, []byte(asked.Body))
	if err != nil {
		return Holder{}, Explain(err)
	}
	// The account as it is before the authority is asked: when all its sessions are
	// ended meanwhile, nobody comes in.
	holder, nameErr := HolderOf(leaf)
	before, _, err := c.Accounts.ByPIN(ctx, holder.PIN)
	if err != nil {
		return Holder{}, err
	}
	holder.Epoch = before.Epoch
	err = c.Checker.Check(ctx, leaf, certificate.Authentication)
	known := err == nil || certificate.ReasonOf(err) == certificate.Revoked || certificate.ReasonOf(err) == certificate.Expired
	if !known {
		return Holder{}, Explain(err)
	}
	if err == nil {
		err = nameErr
	}
	return holder, Explain(err)
}

// signer is the certificate whose key signed the content.
func (c *Cards) signer(a Answer, content []byte) (*x509.Certificate, error) {
	if len(a.CMS) > 0 {
		signed, err := certificate.ReadCMS(a.CMS)
		if err != nil {
			return nil, err
		}
		return signed.Certificate, signed.Verify(c.Checker.Scheme, content)
	}
	leaf, err := certificate.Read(a.Certificate)
	if err != nil {
		return nil, err
	}
	return leaf, certificate.VerifyRaw(c.Checker.Scheme, leaf, content, a.Signature)
}

// HolderOf is the person whom a certificate names.
func HolderOf(leaf *x509.Certificate) (Holder, error) {
	named, err := certificate.HolderOf(leaf, signatureapi.SubjectPrefix)
	if err != nil {
		return Holder{}, err
	}
	digits, err := pin.Parse(named.Number)
	if err != nil || digits != named.Number {
		return Holder{}, &certificate.Refusal{Reason: certificate.Untrusted, Cause: errors.New("the subject's number is no ПИН")}
	}
	return Holder{PIN: digits, FamilyName: named.FamilyName, GivenName: named.GivenName, Certificate: leaf}, nil
}

// Explain gives a refused certificate its words.
func Explain(err error) error {
	switch reason := certificate.ReasonOf(err); reason {
	case "":
		return err
	case certificate.Unchecked:
		return fail.Wrap(err, fail.Unavailable, "identity.certificate.unchecked")
	default:
		return fail.Wrap(err, fail.Invalid, "identity.certificate."+string(reason)) // text: identity.certificate.*
	}
}

// raise lifts the level of an account that was proofed well to the card's. A low
// one stays: somebody else may have made it, and holds its password. Nor is
// anything changed while the account is frozen.
func (c *Cards) raise(ctx context.Context, a account.Account, place notice.Place) (account.Account, error) {
	if a.State != account.Active || a.Level != assurance.Substantial || a.Frozen(c.Clock.Now()) {
		return a, nil
	}
	err := c.Door.Change(ctx, a, notice.LevelChanged, "", place, func(ctx context.Context, tx *sql.Tx, _ account.Account) error {
		return c.Accounts.SetLevel(ctx, tx, a.ID, assurance.High)
	})
	if err != nil {
		return a, err
	}
	a.Level = assurance.High
	return a, nil
}
