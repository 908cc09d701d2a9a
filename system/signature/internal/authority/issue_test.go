package authority

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 123000, time.UTC)

var ermek = Person{PIN: "21209196000217", FamilyName: "Жумабеков", GivenName: "Эрмек Асанович"}

func service(t testing.TB, d *db.DB, c clock.Clock, a keystore.Algorithm) *Service {
	t.Helper()
	keys, err := keystore.NewSoftware(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{DB: d, Clock: c, Log: slog.New(slog.DiscardHandler), Keys: keys, Algorithm: a, BaseURL: "http://sign.localhost:8080"}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func p256(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func csr(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func card(t testing.TB, s *Service, p Person) signatureapi.CardCertificates {
	t.Helper()
	out, err := s.IssueCard(t.Context(), p, signatureapi.CardRequest{PIN: p.PIN, AuthCSR: csr(t, p256(t)), SignCSR: csr(t, p256(t))})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCardCertificates: chain, names, usages, addresses, for keys of both kinds
// and authorities of both kinds.
func TestCardCertificates(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		for _, algorithm := range []keystore.Algorithm{keystore.P256, keystore.RSA2048} {
			if d.Dialect == db.Postgres && algorithm == keystore.RSA2048 {
				continue // one authority lies in one database
			}
			if algorithm == keystore.RSA2048 {
				d = dbtest.SQLite(t, "signature", migration.Sets...)
			}
			s := service(t, d, clock.NewManual(start), algorithm)
			rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			out, err := s.IssueCard(t.Context(), ermek, signatureapi.CardRequest{AuthCSR: csr(t, p256(t)), SignCSR: csr(t, rsaKey)})
			if err != nil {
				t.Fatal(err)
			}
			roots, between := x509.NewCertPool(), x509.NewCertPool()
			roots.AddCert(read(t, out.Root))
			between.AddCert(read(t, out.Issuing))
			verify := func(c *x509.Certificate, usage x509.ExtKeyUsage) error {
				_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: start.Add(time.Hour), KeyUsages: []x509.ExtKeyUsage{usage}})
				return err
			}
			auth, sign := read(t, out.Auth), read(t, out.Sign)
			if err := verify(auth, x509.ExtKeyUsageClientAuth); err != nil {
				t.Error(err)
			}
			if err := verify(sign, x509.ExtKeyUsageAny); err != nil {
				t.Error(err)
			}
			if err := verify(auth, x509.ExtKeyUsageServerAuth); err == nil {
				t.Error("an authentication certificate does for a server")
			}
			if auth.KeyUsage != x509.KeyUsageDigitalSignature || sign.KeyUsage != x509.KeyUsageContentCommitment {
				t.Errorf("usages %b and %b", auth.KeyUsage, sign.KeyUsage)
			}
			for _, c := range []*x509.Certificate{auth, sign} {
				if c.Subject.SerialNumber != "PNOKG-"+ermek.PIN || c.Subject.CommonName != "Жумабеков Эрмек Асанович" || c.Subject.Country[0] != "KG" {
					t.Errorf("subject %s", c.Subject)
				}
				if !slices.Equal(c.CRLDistributionPoints, []string{"http://sign.localhost:8080/ca/issuing-1.crl"}) || !slices.Equal(c.OCSPServer, []string{"http://sign.localhost:8080/ocsp"}) ||
					!slices.Equal(c.IssuingCertificateURL, []string{"http://sign.localhost:8080/ca/issuing-1.crt"}) {
					t.Errorf("addresses %v %v %v", c.CRLDistributionPoints, c.OCSPServer, c.IssuingCertificateURL)
				}
				if c.SerialNumber.BitLen() <= 64 || c.IsCA || c.NotAfter.Sub(start.Truncate(time.Second)) != personHolds {
					t.Errorf("serial %v, CA %v, until %v", c.SerialNumber, c.IsCA, c.NotAfter)
				}
			}
			if auth.SerialNumber.Cmp(sign.SerialNumber) == 0 {
				t.Error("one serial number for two certificates")
			}
		}
	})
}

// TestOneKeyOneUse: a key that signs in does not sign documents, nor for another.
func TestOneKeyOneUse(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		s := service(t, d, clock.NewManual(start), keystore.P256)
		key := csr(t, p256(t))
		if _, err := s.IssueCard(t.Context(), ermek, signatureapi.CardRequest{AuthCSR: key, SignCSR: key}); !fail.Is(err, fail.Conflict) {
			t.Errorf("one key for both uses: %v", err)
		}
		first := signatureapi.CardRequest{AuthCSR: csr(t, p256(t)), SignCSR: csr(t, p256(t))}
		if _, err := s.IssueCard(t.Context(), ermek, first); err != nil {
			t.Fatal(err)
		}
		if _, err := s.IssueCard(t.Context(), ermek, first); err != nil {
			t.Errorf("the person's own keys again: %v", err)
		}
		other := Person{PIN: "11503198500123", FamilyName: "Асанова", GivenName: "Айгүл"}
		if _, err := s.IssueCard(t.Context(), other, first); !fail.Is(err, fail.Conflict) {
			t.Errorf("another person's keys: %v", err)
		}
	})
}

func TestHostileCertificateRequests(t *testing.T) {
	s := service(t, dbtest.SQLite(t, "signature", migration.Sets...), clock.NewManual(start), keystore.P256)
	good := csr(t, p256(t))
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, der := range map[string][]byte{
		"nothing": nil, "garbage": []byte("garbage"), "a request signed by another key": forged, "too long": bytes.Repeat([]byte{0x30}, maxRequest+1),
		"another curve": csr(t, p384), "a tail": append(bytes.Clone(good), 0),
	} {
		if _, err := s.IssueCard(t.Context(), ermek, signatureapi.CardRequest{AuthCSR: der, SignCSR: csr(t, p256(t))}); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.IssueCard(t.Context(), ermek, signatureapi.CardRequest{AuthCSR: csr(t, p256(t)), SignCSR: der}); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, p := range []Person{{}, {PIN: "1", FamilyName: "А"}, {PIN: ermek.PIN}, {PIN: "PNOKG-" + ermek.PIN, FamilyName: "А"}} {
		if _, err := s.IssueCard(t.Context(), p, signatureapi.CardRequest{AuthCSR: csr(t, p256(t)), SignCSR: csr(t, p256(t))}); !fail.Is(err, fail.Invalid) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestOneAuthority: processes that start at once make one authority, and its
// serial numbers are all different.
func TestOneAuthority(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		keys, err := keystore.NewSoftware(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		serials := map[string]bool{}
		issuers := map[string]bool{}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				s := &Service{DB: d, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Keys: keys, Algorithm: keystore.P256, BaseURL: "http://sign.localhost"}
				if err := s.Ensure(t.Context()); err != nil {
					t.Error(err)
					return
				}
				out, err := s.IssueCard(t.Context(), ermek, signatureapi.CardRequest{AuthCSR: csr(t, p256(t)), SignCSR: csr(t, p256(t))})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				issuers[string(out.Root)+string(out.Issuing)] = true
				serials[Serial(read(t, out.Auth).SerialNumber)] = true
				serials[Serial(read(t, out.Sign).SerialNumber)] = true
				if err := read(t, out.Auth).CheckSignatureFrom(read(t, out.Issuing)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(issuers) != 1 || len(serials) != 16 {
			t.Errorf("%d authorities, %d serial numbers of 16", len(issuers), len(serials))
		}
	})
}
