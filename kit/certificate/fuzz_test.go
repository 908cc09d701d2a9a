package certificate_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"log/slog"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/kit/clock"
)

// said is an authority that answers with given bytes.
type said struct {
	root, by     *x509.Certificate
	list, answer []byte
}

func (s said) Chain(context.Context) ([]byte, [][]byte, [][]byte, error) {
	return s.root.Raw, [][]byte{s.by.Raw}, [][]byte{s.list}, nil
}

func (s said) OCSP(context.Context, []byte) ([]byte, error) { return s.answer, nil }

// FuzzAnswers has an authority answer anything about a certificate that it has
// revoked, by list and by OCSP: the certificate never holds.
func FuzzAnswers(f *testing.F) {
	rootKey, byKey, key, other := newKey(f), newKey(f), newKey(f), newKey(f)
	root := issue(f, authority("root", 1), authority("root", 1), rootKey.Public(), rootKey)
	by := issue(f, authority("issuing", 2), root, byKey.Public(), rootKey)
	leaf := issue(f, &x509.Certificate{
		SerialNumber: big.NewInt(77), NotBefore: noon.Add(-time.Hour), NotAfter: noon.AddDate(3, 0, 0), BasicConstraintsValid: true,
		Subject:  pkix.Name{SerialNumber: "PNOKG-21209196000217", ExtraNames: []pkix.AttributeTypeAndValue{{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: "Жумабеков"}}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, by, key.Public(), byKey)
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: leaf.SerialNumber, RevocationTime: noon.Add(-time.Minute)}},
	}, by, byKey)
	if err != nil {
		f.Fatal(err)
	}
	empty, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon.Add(-time.Hour), NextUpdate: noon.Add(time.Hour)}, by, other)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty, []byte{})
	revoked, err := ocsp.CreateResponse(by, by, ocsp.Response{Status: ocsp.Revoked, RevokedAt: noon, SerialNumber: leaf.SerialNumber, ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}, byKey)
	if err != nil {
		f.Fatal(err)
	}
	goodOfAnother, err := ocsp.CreateResponse(by, by, ocsp.Response{Status: ocsp.Good, SerialNumber: big.NewInt(78), ThisUpdate: noon, NextUpdate: noon.Add(time.Hour)}, byKey)
	if err != nil {
		f.Fatal(err)
	}
	goodOld, err := ocsp.CreateResponse(by, by, ocsp.Response{Status: ocsp.Good, SerialNumber: leaf.SerialNumber, ThisUpdate: noon.AddDate(0, 0, -9), NextUpdate: noon.AddDate(0, 0, -8)}, byKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list, revoked)
	f.Add(list, goodOfAnother)
	f.Add([]byte{}, goodOfAnother)
	f.Add([]byte{0x30, 0x80}, goodOld)
	f.Add(list[:len(list)/2], revoked[:len(revoked)/2])
	f.Fuzz(func(t *testing.T, list, answer []byte) {
		checker := &certificate.Checker{Source: said{root, by, list, answer}, Clock: clock.NewManual(noon), Log: slog.New(slog.DiscardHandler), Scheme: certificate.Standard{}}
		if checker.Check(t.Context(), leaf, certificate.Authentication) == nil {
			t.Fatal("a revoked certificate holds")
		}
	})
}

// FuzzRead reads any certificate: what is read names a holder or says why not.
func FuzzRead(f *testing.F) {
	key := newKey(f)
	template := authority("fuzz", 5)
	template.Subject.SerialNumber = "PNOKG-21209196000217"
	f.Add(issue(f, template, template, key.Public(), key).Raw)
	f.Add([]byte{0x30, 0x82, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := certificate.Read(der)
		if err != nil {
			if certificate.ReasonOf(err) == "" {
				t.Fatal(err)
			}
			return
		}
		holder, err := certificate.HolderOf(c, "PNOKG-")
		if err == nil && holder.Number == "" {
			t.Fatalf("%+v", holder)
		}
		_ = certificate.VerifyRaw(certificate.Standard{}, c, []byte("content"), []byte("signature"))
	})
}
