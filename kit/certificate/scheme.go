package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"hash"
)

// Scheme is one family of signature algorithms. Standard is here; a national
// one (GOST 34.310) is another value of this interface.
type Scheme interface {
	// Accepts is nil when the certificate's key is of the scheme and strong.
	Accepts(c *x509.Certificate) error
	// Hash is a new hash of the algorithm; nil when it is not one of the scheme.
	// Without an algorithm it is the scheme's usual one.
	Hash(algorithm asn1.ObjectIdentifier) hash.Hash
	// Verify is nil when the key signed the digest. The algorithm is the one
	// that the signature names, none for a raw one.
	Verify(c *x509.Certificate, algorithm asn1.ObjectIdentifier, digest, signature []byte) error
	// Issued is nil when by signed the certificate c as an authority.
	Issued(c, by *x509.Certificate) error
}

// Standard is RSA of at least 2048 bits (PKCS #1 v1.5) and ECDSA P-256, both
// with SHA-256.
type Standard struct{}

var _ Scheme = Standard{}

var (
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSASHA256  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidEC         = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidECSHA256   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	errNotOfKey   = errors.New("the signature is not the key's")
	errOtherKind  = errors.New("the signature is of another kind than the key")
	errWeakKey    = errors.New("a key that is neither ECDSA P-256 nor RSA of 2048 to 8192 bits")
	errWeakIssued = errors.New("a certificate signed with a weak hash")
)

// Accepts implements Scheme.
func (Standard) Accepts(c *x509.Certificate) error {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return nil
		}
	case *rsa.PublicKey:
		// Above 8192 bits a check costs too much for who merely asks.
		if bits := key.N.BitLen(); bits >= 2048 && bits <= 8192 {
			return nil
		}
	}
	return errWeakKey
}

// Hash implements Scheme.
func (Standard) Hash(algorithm asn1.ObjectIdentifier) hash.Hash {
	if len(algorithm) == 0 || algorithm.Equal(oidSHA256) {
		return sha256.New()
	}
	return nil
}

// Verify implements Scheme.
func (s Standard) Verify(c *x509.Certificate, algorithm asn1.ObjectIdentifier, digest, signature []byte) error {
	if err := s.Accepts(c); err != nil {
		return err
	}
	named := func(oids ...asn1.ObjectIdentifier) bool {
		for _, each := range oids {
			if len(algorithm) == 0 || algorithm.Equal(each) {
				return true
			}
		}
		return false
	}
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if !named(oidEC, oidECSHA256) {
			return errOtherKind
		}
		if !ecdsa.VerifyASN1(key, digest, signature) {
			return errNotOfKey
		}
	case *rsa.PublicKey:
		if !named(oidRSA, oidRSASHA256) {
			return errOtherKind
		}
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature)
	}
	return nil
}

// Issued implements Scheme.
func (s Standard) Issued(c, by *x509.Certificate) error {
	if err := s.Accepts(by); err != nil {
		return err
	}
	switch c.SignatureAlgorithm {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return c.CheckSignatureFrom(by)
	}
	return errWeakIssued
}
