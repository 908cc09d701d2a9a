package certificate_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"log/slog"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/kit/clock"
)

var noon = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// world is an authority with its root, and what it says.
type world struct {
	t           *testing.T
	root, by    *x509.Certificate
	rootKey     crypto.Signer
	byKey       crypto.Signer
	listRevoked []*big.Int
	ocspRevoked []*big.Int
	listHolds   time.Duration
	noList      bool
	noOCSP      bool
	noChain     bool
	responder   func(template *ocsp.Response) ([]byte, error)
	asked       int
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func authority(name string, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, listHolds: 24 * time.Hour}
	rootKey, byKey := newKey(t), newKey(t)
	w.rootKey, w.byKey = rootKey, byKey
	w.root = issue(t, authority("root", 1), authority("root", 1), rootKey.Public(), rootKey)
	w.by = issue(t, authority("issuing", 2), w.root, byKey.Public(), rootKey)
	return w
}

// person is a certificate as the authority issues it, changed.
func (w *world) person(public crypto.PublicKey, change func(*x509.Certificate)) *x509.Certificate {
	w.t.Helper()
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: noon.Add(-time.Hour), NotAfter: noon.AddDate(3, 0, 0), BasicConstraintsValid: true,
		Subject:  pkix.Name{SerialNumber: "PNOKG-21209196000217", ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: "Жумабеков"}}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	return issue(w.t, template, w.by, public, w.byKey)
}

func (w *world) list(by *x509.Certificate, key crypto.Signer, revoked []*big.Int) []byte {
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(w.listHolds)}
	for _, n := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: noon.Add(-time.Minute)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, by, key)
	if err != nil {
		w.t.Error(err)
	}
	return der
}

func (w *world) Chain(context.Context) ([]byte, [][]byte, [][]byte, error) {
	if w.noChain {
		return nil, nil, nil, errors.New("out of reach")
	}
	var lists [][]byte
	if !w.noList {
		lists = [][]byte{w.list(w.root, w.rootKey, w.listRevoked), w.list(w.by, w.byKey, w.listRevoked)}
	}
	return w.root.Raw, [][]byte{w.by.Raw}, lists, nil
}

func (w *world) OCSP(_ context.Context, der []byte) ([]byte, error) {
	w.asked++
	if w.noOCSP {
		return nil, errors.New("out of reach")
	}
	request, err := ocsp.ParseRequest(der)
	if err != nil {
		return nil, err
	}
	template := ocsp.Response{Status: ocsp.Good, SerialNumber: request.SerialNumber, ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}
	for _, n := range w.ocspRevoked {
		if n.Cmp(request.SerialNumber) == 0 {
			template.Status, template.RevokedAt = ocsp.Revoked, noon.Add(-time.Minute)
		}
	}
	if w.responder != nil {
		return w.responder(&template)
	}
	return ocsp.CreateResponse(w.by, w.by, template, w.byKey)
}

func (w *world) checker() (*certificate.Checker, *clock.Manual) {
	c := clock.NewManual(noon)
	return &certificate.Checker{Source: w, Clock: c, Log: slog.New(slog.DiscardHandler), Scheme: certificate.Standard{}}, c
}

func (w *world) want(reason certificate.Reason, c *x509.Certificate, use certificate.For) {
	w.t.Helper()
	checker, _ := w.checker()
	err := checker.Check(context.Background(), c, use)
	if (err == nil) != (reason == "") || certificate.ReasonOf(err) != reason {
		w.t.Errorf("%v, not %q", err, reason)
	}
}

func TestACertificateHoldsForItsUse(t *testing.T) {
	w := newWorld(t)
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // refused below
	if err != nil {
		t.Skip(err)
	}
	big2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t).Public()
	sign := func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageContentCommitment, nil }
	w.want("", w.person(key, nil), certificate.Authentication)
	w.want("", w.person(big2048.Public(), nil), certificate.Authentication)
	w.want("", w.person(key, sign), certificate.Signature)
	w.want(certificate.Usage, w.person(key, sign), certificate.Authentication)
	w.want(certificate.Usage, w.person(key, nil), certificate.Signature)
	for name, change := range map[string]func(*x509.Certificate){
		"both usages":  func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageContentCommitment },
		"no client":    func(c *x509.Certificate) { c.ExtKeyUsage = nil },
		"server alone": func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
		"no key usage": func(c *x509.Certificate) { c.KeyUsage = 0 },
		"an authority": func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign },
	} {
		t.Run(name, func(*testing.T) { w.want(certificate.Usage, w.person(key, change), certificate.Authentication) })
	}
	w.want(certificate.Weak, w.person(small.Public(), nil), certificate.Authentication)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	w.want(certificate.Weak, w.person(p384.Public(), nil), certificate.Authentication)
	w.want(certificate.NotYet, w.person(key, func(c *x509.Certificate) { c.NotBefore = noon.Add(time.Hour) }), certificate.Authentication)
	w.want(certificate.Expired, w.person(key, func(c *x509.Certificate) { c.NotAfter = noon.Add(-time.Second) }), certificate.Authentication)
	w.want(certificate.Untrusted, w.person(key, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
	}), certificate.Authentication)
}

func TestAForgedAuthorityIsNotTrusted(t *testing.T) {
	w, forger := newWorld(t), newWorld(t) // the same names, other keys
	key := newKey(t)
	forged := forger.person(key.Public(), nil)
	w.want(certificate.Untrusted, forged, certificate.Authentication)
	// A person's certificate does not make other people's.
	mine := w.person(key.Public(), nil)
	child := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: noon.Add(-time.Hour), NotAfter: noon.AddDate(1, 0, 0), Subject: pkix.Name{SerialNumber: "PNOKG-11503198500123"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, mine, newKey(t).Public(), key)
	w.want(certificate.Untrusted, child, certificate.Authentication)
	pretended := *w.by // the authority's name over a key of one's own
	pretended.PublicKey = key.Public()
	self := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(8), NotBefore: noon.Add(-time.Hour), NotAfter: noon.AddDate(1, 0, 0), Subject: pkix.Name{CommonName: "issuing"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, &pretended, key.Public(), key)
	w.want(certificate.Untrusted, self, certificate.Authentication)
	// With a root from a file, the source's own root counts no more.
	checker, _ := w.checker()
	checker.Roots = []*x509.Certificate{forger.root}
	if err := checker.Check(t.Context(), mine, certificate.Authentication); err == nil {
		t.Error("trusted under a root that is not configured")
	}
}

func TestARevokedCertificateIsRefusedByEitherWay(t *testing.T) {
	key := newKey(t).Public()
	t.Run("list alone", func(t *testing.T) {
		w := newWorld(t)
		c := w.person(key, nil)
		w.listRevoked = []*big.Int{c.SerialNumber}
		w.want(certificate.Revoked, c, certificate.Authentication)
		w.noOCSP = true
		w.want(certificate.Revoked, c, certificate.Authentication)
	})
	t.Run("ocsp alone", func(t *testing.T) {
		w := newWorld(t)
		c := w.person(key, nil)
		w.ocspRevoked = []*big.Int{c.SerialNumber}
		w.want(certificate.Revoked, c, certificate.Authentication)
		w.noList = true
		w.want(certificate.Revoked, c, certificate.Authentication)
	})
	t.Run("the authority itself", func(t *testing.T) {
		w := newWorld(t)
		w.listRevoked = []*big.Int{w.by.SerialNumber}
		w.want(certificate.Revoked, w.person(key, nil), certificate.Authentication)
	})
	t.Run("one way answers", func(t *testing.T) {
		w := newWorld(t)
		w.noOCSP = true
		w.want("", w.person(key, nil), certificate.Authentication)
		w.noOCSP, w.noList = false, true
		w.want("", w.person(key, nil), certificate.Authentication)
	})
}

func TestWithoutAnAnswerNobodyEnters(t *testing.T) {
	w := newWorld(t)
	c := w.person(newKey(t).Public(), nil)
	w.noOCSP, w.noList = true, true
	w.want(certificate.Unchecked, c, certificate.Authentication)
	w.noList, w.listHolds = false, -time.Minute // a list that is over
	w.want(certificate.Unchecked, c, certificate.Authentication)
	w.noChain = true
	w.want(certificate.Unchecked, c, certificate.Authentication)
	// What was said a few minutes ago serves through a short outage, and no longer.
	w = newWorld(t)
	c = w.person(newKey(t).Public(), nil)
	checker, at := w.checker()
	if err := checker.Check(t.Context(), c, certificate.Authentication); err != nil {
		t.Fatal(err)
	}
	w.noOCSP, w.noChain = true, true
	at.Advance(9 * time.Minute)
	if err := checker.Check(t.Context(), c, certificate.Authentication); err != nil {
		t.Errorf("nine minutes into an outage: %v", err)
	}
	at.Advance(2 * time.Minute)
	if err := checker.Check(t.Context(), c, certificate.Authentication); certificate.ReasonOf(err) != certificate.Unchecked {
		t.Errorf("eleven minutes into an outage: %v", err)
	}
}

// Answers that somebody else made, or made long ago, are none: with no list
// beside them the certificate cannot be checked.
func TestAnswersThatAreNoAnswers(t *testing.T) {
	w := newWorld(t)
	w.noList = true
	c := w.person(newKey(t).Public(), nil)
	otherKey := newKey(t)
	other := func(usage ...x509.ExtKeyUsage) *x509.Certificate {
		return w.person(otherKey.Public(), func(c *x509.Certificate) { c.ExtKeyUsage = usage })
	}
	for name, respond := range map[string]func(*ocsp.Response) ([]byte, error){
		"another's key": func(r *ocsp.Response) ([]byte, error) { return ocsp.CreateResponse(w.by, w.by, *r, otherKey) },
		"a person's key": func(r *ocsp.Response) ([]byte, error) {
			r.Certificate = other(x509.ExtKeyUsageClientAuth)
			return ocsp.CreateResponse(w.by, r.Certificate, *r, otherKey)
		},
		"over": func(r *ocsp.Response) ([]byte, error) {
			r.ThisUpdate, r.NextUpdate = noon.Add(-2*time.Hour), noon.Add(-time.Hour)
			return ocsp.CreateResponse(w.by, w.by, *r, w.byKey)
		},
		"old without end": func(r *ocsp.Response) ([]byte, error) {
			r.ThisUpdate, r.NextUpdate = noon.Add(-48*time.Hour), time.Time{}
			return ocsp.CreateResponse(w.by, w.by, *r, w.byKey)
		},
		"of tomorrow": func(r *ocsp.Response) ([]byte, error) {
			r.ThisUpdate, r.NextUpdate = noon.Add(24*time.Hour), noon.Add(48*time.Hour)
			return ocsp.CreateResponse(w.by, w.by, *r, w.byKey)
		},
		"another's number": func(r *ocsp.Response) ([]byte, error) {
			r.SerialNumber = big.NewInt(99)
			return ocsp.CreateResponse(w.by, w.by, *r, w.byKey)
		},
		"try later": func(*ocsp.Response) ([]byte, error) { return ocsp.TryLaterErrorResponse, nil },
		"garbage":   func(*ocsp.Response) ([]byte, error) { return []byte("garbage"), nil },
	} {
		t.Run(name, func(*testing.T) {
			w.responder = respond
			w.want(certificate.Unchecked, c, certificate.Authentication)
		})
	}
	w.responder = func(r *ocsp.Response) ([]byte, error) {
		r.Certificate = other(x509.ExtKeyUsageOCSPSigning)
		return ocsp.CreateResponse(w.by, r.Certificate, *r, otherKey)
	}
	w.want("", c, certificate.Authentication)
	w.responder = func(r *ocsp.Response) ([]byte, error) {
		r.Status = ocsp.Unknown
		return ocsp.CreateResponse(w.by, w.by, *r, w.byKey)
	}
	w.want(certificate.Revoked, c, certificate.Authentication)
}

func TestTheSubjectNamesOnePerson(t *testing.T) {
	w := newWorld(t)
	key := newKey(t).Public()
	holder, err := certificate.HolderOf(w.person(key, nil), "PNOKG-")
	if err != nil || holder.Number != "21209196000217" || holder.FamilyName != "Жумабеков" {
		t.Fatalf("%+v, %v", holder, err)
	}
	number := asn1.ObjectIdentifier{2, 5, 4, 5}
	for name, subject := range map[string]pkix.Name{
		"none":         {CommonName: "PNOKG-21209196000217"},
		"another kind": {SerialNumber: "21209196000217"},
		"two":          {ExtraNames: []pkix.AttributeTypeAndValue{{Type: number, Value: "PNOKG-21209196000217"}, {Type: number, Value: "PNOKG-11503198500123"}}},
	} {
		c := w.person(key, func(c *x509.Certificate) { c.Subject = subject })
		if holder, err := certificate.HolderOf(c, "PNOKG-"); err == nil {
			t.Errorf("%s: %+v", name, holder)
		}
	}
}
