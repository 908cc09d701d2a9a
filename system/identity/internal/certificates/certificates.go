// Package certificates is where a person sees the certificates issued in their
// name, of the ID card and of the cloud signature, and revokes one that is lost
// or no longer wanted (ID-9, SG-1). The certificates are the authority's: nothing
// is kept here.
package certificates

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Certificates is the subject.
type Certificates struct {
	Clock     clock.Clock
	Site      *page.Site
	Door      *door.Door
	Authority signatureapi.Authority
	Record    func(ctx context.Context, pin, name, action, object string) error
}

// Reasons are those that a person may give (RFC 5280, 5.3.1).
var Reasons = []signatureapi.Reason{signatureapi.KeyCompromise, signatureapi.Ceased}

// States of a certificate. Their words are identity.certificates.state.<state>.
const (
	good    = "good"
	early   = "early" // not yet in force
	ended   = "ended"
	revoked = "revoked"
)

func stateOf(c signatureapi.Certificate, now time.Time) string {
	switch {
	case !c.RevokedAt.IsZero():
		return revoked
	case now.After(c.NotAfter):
		return ended
	case now.Before(c.NotBefore):
		return early
	}
	return good
}

// of are the person's certificates: those in force first, the newest before the
// older.
func (c *Certificates) of(ctx context.Context, a account.Account) ([]signatureapi.Certificate, error) {
	all, err := c.Authority.Certificates(ctx, signatureapi.Person{PIN: a.PIN})
	if err != nil {
		return nil, away(err)
	}
	now := c.Clock.Now()
	dead := func(x signatureapi.Certificate) int {
		if s := stateOf(x, now); s == good || s == early {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(x, y signatureapi.Certificate) int { return dead(x) - dead(y) })
	return all, nil
}

// one is the person's certificate of the serial; fail.NotFound for any other.
func (c *Certificates) one(ctx context.Context, a account.Account, serial string) (signatureapi.Certificate, error) {
	all, err := c.of(ctx, a)
	if err != nil {
		return signatureapi.Certificate{}, err
	}
	i := slices.IndexFunc(all, func(x signatureapi.Certificate) bool { return x.Serial == serial })
	if i < 0 {
		return signatureapi.Certificate{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return all[i], nil
}

// revoke ends a certificate for ever; the authority tells the person. It is
// allowed while the account is frozen: it takes away, and gives nobody anything.
func (c *Certificates) revoke(ctx context.Context, a account.Account, serial string, reason signatureapi.Reason) error {
	if err := c.Authority.Revoke(ctx, signatureapi.Revocation{PIN: a.PIN, Serial: serial, Reason: reason}); err != nil {
		if fail.Is(err, fail.NotFound) {
			return err
		}
		return away(err)
	}
	return c.Record(ctx, a.PIN, a.Name(), "certificate.revoked", serial)
}

func away(err error) error { return fail.Wrap(err, fail.Unavailable, "identity.certificates.away") }
