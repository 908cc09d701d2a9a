package certificate

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/kit/clock"
)

// Source is where the authority is asked.
type Source interface {
	// Chain gives the root, the authorities under it and the lists of all, DER.
	Chain(ctx context.Context) (root []byte, issuing, lists [][]byte, err error)
	// OCSP answers a request of RFC 6960, DER.
	OCSP(ctx context.Context, request []byte) ([]byte, error)
}

const (
	// listFor is how long the lists are taken from memory without asking.
	listFor = time.Minute
	// heldFor is how long what the authority said last serves while it does not
	// answer: an outage of minutes keeps nobody out, a longer one everybody, since
	// a stolen card might be revoked meanwhile.
	heldFor = 10 * time.Minute
	// skew forgives clocks that differ a little.
	skew = 5 * time.Minute
	// maxHeld bounds the answers in memory.
	maxHeld = 10_000
)

// Checker says whether certificates hold. It is made once and used by all.
type Checker struct {
	Source Source
	Clock  clock.Clock
	Log    *slog.Logger
	Scheme Scheme
	// Roots are the trusted roots; empty trusts the root that the source gives.
	Roots []*x509.Certificate

	mu       sync.Mutex
	trust    *trust
	answered map[string]time.Time // certificate: when OCSP last said that it is good
}

// trust is what the source gave, checked.
type trust struct {
	at      time.Time
	issuing []authority
}

// authority is one that issues people's certificates.
type authority struct {
	certificate *x509.Certificate
	list        *x509.RevocationList // its own; nil without one in force
	above       *x509.RevocationList // of the root, which may list the authority itself
}

// Check is nil when the certificate holds now for the use; else a Refusal.
// The revocation is asked for by OCSP and in the list: either of them refuses,
// one of them must answer.
func (c *Checker) Check(ctx context.Context, leaf *x509.Certificate, want For) error {
	if err := c.Scheme.Accepts(leaf); err != nil {
		return &Refusal{Weak, err}
	}
	t, err := c.trusted(ctx)
	if err != nil {
		return &Refusal{Unchecked, err}
	}
	now := c.Clock.Now()
	by, list, err := c.issuer(t, leaf, now)
	if err != nil {
		return err
	}
	switch {
	case len(leaf.UnhandledCriticalExtensions) > 0:
		return refuse(Untrusted, "a critical extension that is not known")
	case now.Before(leaf.NotBefore):
		return &Refusal{Reason: NotYet}
	case now.After(leaf.NotAfter):
		return &Refusal{Reason: Expired}
	}
	if err := fits(leaf, want); err != nil {
		return err
	}
	return c.revocation(ctx, leaf, by, list, now)
}

// issuer is the authority that issued the certificate, with its list.
func (c *Checker) issuer(t *trust, leaf *x509.Certificate, now time.Time) (*x509.Certificate, *x509.RevocationList, error) {
	for _, each := range t.issuing {
		by := each.certificate
		if !bytes.Equal(by.RawSubject, leaf.RawIssuer) || c.Scheme.Issued(leaf, by) != nil {
			continue
		}
		if now.Before(by.NotBefore) || now.After(by.NotAfter) {
			return nil, nil, refuse(Untrusted, "the authority's own certificate is out of its time")
		}
		if each.above != nil && listed(each.above, by) {
			return nil, nil, refuse(Revoked, "the authority's own certificate is revoked")
		}
		return by, each.list, nil
	}
	return nil, nil, refuse(Untrusted, "no authority that is trusted issued it")
}

func (c *Checker) revocation(ctx context.Context, leaf, by *x509.Certificate, list *x509.RevocationList, now time.Time) error {
	known := false
	if list != nil {
		if listed(list, leaf) {
			return refuse(Revoked, "in the list")
		}
		known = true
	}
	good, err := c.ask(ctx, leaf, by, now)
	switch {
	case err == nil && !good:
		return refuse(Revoked, "by OCSP")
	case err == nil:
		c.hold(string(leaf.Raw), now)
		return nil
	}
	c.Log.WarnContext(ctx, "no answer about a certificate's revocation", "error", err.Error())
	if known || c.held(string(leaf.Raw), now) {
		return nil
	}
	return &Refusal{Unchecked, err}
}

// ask asks by OCSP; an error when there is no answer that can be trusted.
func (c *Checker) ask(ctx context.Context, leaf, by *x509.Certificate, now time.Time) (good bool, err error) {
	request, err := ocsp.CreateRequest(leaf, by, &ocsp.RequestOptions{Hash: crypto.SHA256})
	if err != nil {
		return false, err
	}
	der, err := c.Source.OCSP(ctx, request)
	if err != nil {
		return false, err
	}
	answer, err := ocsp.ParseResponseForCert(der, leaf, by)
	if err != nil {
		return false, err
	}
	if responder := answer.Certificate; responder != nil && !bytes.Equal(responder.Raw, by.Raw) {
		// The parser has seen that the authority signed it; that it may answer is ours to see.
		if !answers(responder) || now.Before(responder.NotBefore) || now.After(responder.NotAfter) {
			return false, errors.New("the answer is signed by a certificate that may not")
		}
	}
	if answer.ThisUpdate.After(now.Add(skew)) || answer.ThisUpdate.Before(now.Add(-24*time.Hour)) || (!answer.NextUpdate.IsZero() && answer.NextUpdate.Before(now)) {
		return false, errors.New("the answer is not of now")
	}
	return answer.Status == ocsp.Good, nil
}

func answers(c *x509.Certificate) bool {
	for _, each := range c.ExtKeyUsage {
		if each == x509.ExtKeyUsageOCSPSigning {
			return true
		}
	}
	return false
}

func (c *Checker) hold(key string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered == nil || len(c.answered) >= maxHeld {
		c.answered = map[string]time.Time{}
	}
	c.answered[key] = now
}

func (c *Checker) held(key string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.answered[key]
	return ok && now.Sub(at) <= heldFor
}

// trusted is the authorities and lists as they are now.
func (c *Checker) trusted(ctx context.Context) (*trust, error) {
	now := c.Clock.Now()
	c.mu.Lock()
	last := c.trust
	c.mu.Unlock()
	if last != nil && now.Sub(last.at) < listFor && !last.at.After(now) {
		return last, nil
	}
	fresh, err := c.fetch(ctx, now)
	if err != nil {
		if last == nil {
			return nil, err
		}
		c.Log.WarnContext(ctx, "the authority's lists were not renewed", "error", err.Error())
		if now.Sub(last.at) > heldFor { // who is trusted does not change so fast, who is revoked does
			return last.withoutLists(), nil
		}
		return last, nil
	}
	c.mu.Lock()
	c.trust = fresh
	c.mu.Unlock()
	return fresh, nil
}

func (c *Checker) fetch(ctx context.Context, now time.Time) (*trust, error) {
	rootDER, issuing, lists, err := c.Source.Chain(ctx)
	if err != nil {
		return nil, err
	}
	roots := c.Roots
	if len(roots) == 0 {
		root, err := Read(rootDER)
		if err != nil {
			return nil, err
		}
		roots = []*x509.Certificate{root}
	}
	t := &trust{at: now}
	for _, root := range roots {
		if now.Before(root.NotBefore) || now.After(root.NotAfter) {
			continue
		}
		for _, der := range issuing {
			by, err := Read(der)
			if err != nil {
				return nil, err
			}
			if c.Scheme.Issued(by, root) == nil && by.IsCA && by.KeyUsage&x509.KeyUsageCertSign != 0 {
				t.issuing = append(t.issuing, authority{by, newest(lists, by, now), newest(lists, root, now)})
			}
		}
	}
	if len(t.issuing) == 0 {
		return nil, errors.New("no authority under a trusted root")
	}
	return t, nil
}

func (t *trust) withoutLists() *trust {
	bare := &trust{at: t.at}
	for _, each := range t.issuing {
		bare.issuing = append(bare.issuing, authority{certificate: each.certificate, above: each.above})
	}
	return bare
}

// newest is the authority's own list that is in force; nil without one.
func newest(lists [][]byte, by *x509.Certificate, now time.Time) *x509.RevocationList {
	var found *x509.RevocationList
	for _, der := range lists {
		list, err := x509.ParseRevocationList(der)
		if err != nil || !bytes.Equal(list.RawIssuer, by.RawSubject) || list.CheckSignatureFrom(by) != nil {
			continue
		}
		if list.ThisUpdate.After(now.Add(skew)) || now.After(list.NextUpdate) || partial(list) {
			continue
		}
		if found == nil || list.ThisUpdate.After(found.ThisUpdate) {
			found = list
		}
	}
	return found
}

// partial says that the list has a critical extension: it covers only some of
// the certificates (RFC 5280, 5.2.4 and 5.2.5), and so says nothing of the others.
func partial(list *x509.RevocationList) bool {
	for _, each := range list.Extensions {
		if each.Critical {
			return true
		}
	}
	return false
}

func listed(list *x509.RevocationList, c *x509.Certificate) bool {
	for _, each := range list.RevokedCertificateEntries {
		if each.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return true
		}
	}
	return false
}
