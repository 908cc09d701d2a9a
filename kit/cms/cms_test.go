package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func signer(t testing.TB, key crypto.Signer) Signer {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "А"}, NotBefore: start, NotAfter: start.AddDate(1, 0, 0), BasicConstraintsValid: true, IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Signer{Key: key, Certificate: c, Issuer: c}
}

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"ecdsa": curve, "rsa": modulus}
}

// TestAnotherImplementationAgrees, both ways, for both kinds of keys.
func TestAnotherImplementationAgrees(t *testing.T) {
	document := []byte("документ")
	sum := sha256.Sum256(document)
	for name, key := range keys(t) {
		s := signer(t, key)
		der, err := s.Sign(sum[:], start)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := pkcs7.Parse(der)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		theirs.Content = document
		if err := theirs.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checked, err := Check(der, sum[:])
		if err != nil || !checked.At.Equal(start) || checked.Stamp != nil || !bytes.Equal(checked.Certificate.Raw, s.Certificate.Raw) {
			t.Errorf("%s: %+v, %v", name, checked, err)
		}
		if _, err := Check(der, bytes.Repeat([]byte{1}, 32)); !errors.Is(err, ErrDocument) {
			t.Errorf("%s: another document: %v", name, err)
		}
		data, err := pkcs7.NewSignedData(document)
		if err != nil {
			t.Fatal(err)
		}
		data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		if err := data.AddSigner(s.Certificate, key, pkcs7.SignerInfoConfig{}); err != nil {
			t.Fatal(err)
		}
		data.Detach()
		foreign, err := data.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(foreign, sum[:]); err != nil {
			t.Errorf("%s: theirs: %v", name, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	key := keys(f)["ecdsa"]
	s := signer(f, key)
	sum := sha256.Sum256(nil)
	der, err := s.Sign(sum[:], start)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, in []byte) {
		if checked, err := Check(in, sum[:]); err == nil && checked.Certificate == nil {
			t.Errorf("%x passes without a certificate", in)
		}
		if checked, _, err := CheckToken(in, oidData); err == nil && checked.Certificate == nil {
			t.Errorf("%x passes as a token without a certificate", in)
		}
	})
}
