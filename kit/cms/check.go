package cms

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"time"
)

// Checked is what a signature says, once its mathematics hold. Whether the
// certificate is trusted and in force is for the caller.
type Checked struct {
	Certificate  *x509.Certificate
	Certificates []*x509.Certificate // all that came along
	At           time.Time           // signing time as the signer says
	Stamp        []byte              // time-stamp token over SHA-256 of Signature; nil for none
	Signature    []byte
}

// ErrDocument says that the signature is of another document.
var ErrDocument = errors.New("the signature is of another document")

var errShape = errors.New("not a signature of one signer over a SHA-256")

// Check checks a detached signature over the SHA-256 of a document: the digest,
// the signature over the signed attributes, and that these name the certificate.
func Check(der, hash []byte) (Checked, error) {
	m, err := Read(der)
	if err != nil {
		return Checked{}, err
	}
	return m.check(oidData, hash)
}

// CheckToken checks a signature with its content of the kind along, and gives
// the content.
func CheckToken(der []byte, kind asn1.ObjectIdentifier) (Checked, []byte, error) {
	m, err := Read(der)
	if err != nil {
		return Checked{}, nil, err
	}
	if m.Content == nil {
		return Checked{}, nil, errShape
	}
	sum := sha256.Sum256(m.Content)
	out, err := m.check(kind, sum[:])
	return out, m.Content, err
}

func (m Message) check(kind asn1.ObjectIdentifier, hash []byte) (Checked, error) {
	out := Checked{Certificate: m.Certificate, Certificates: m.Certificates, Signature: m.Signature}
	if !m.Kind.Equal(kind) || !m.Digest.Equal(oidSHA256) {
		return out, errShape
	}
	if len(hash) != sha256.Size || !bytes.Equal(m.SHA, hash) {
		return out, ErrDocument
	}
	if sum := sha256.Sum256(m.Content); m.Content != nil && !bytes.Equal(sum[:], hash) {
		return out, ErrDocument
	}
	algorithm := x509.UnknownSignatureAlgorithm
	switch {
	case m.Algorithm.Equal(oidECDSASHA256):
		algorithm = x509.ECDSAWithSHA256
	case m.Algorithm.Equal(oidRSASHA256), m.Algorithm.Equal(oidRSA):
		algorithm = x509.SHA256WithRSA
	}
	if err := m.Certificate.CheckSignature(algorithm, m.Signed, m.Signature); err != nil {
		return out, err
	}
	if err := m.namesItsCertificate(); err != nil {
		return out, err
	}
	if _, err := one(m.signed, oidSigningTime, &out.At); err != nil {
		return out, err
	}
	var stamp asn1.RawValue
	_, err := one(m.unsigned, oidTimeStamp, &stamp)
	out.Stamp = stamp.FullBytes
	return out, err
}

// namesItsCertificate: the attribute signing-certificate-v2 (RFC 5035), where
// there is one, holds the hash of the signer's certificate.
func (m Message) namesItsCertificate() error {
	var ess struct{ Certificates []asn1.RawValue }
	there, err := one(m.signed, oidCertificate2, &ess)
	if err != nil || !there {
		return err
	}
	sum := sha256.Sum256(m.Certificate.Raw)
	if len(ess.Certificates) == 0 || !bytes.Contains(ess.Certificates[0].Bytes, sum[:]) {
		return errors.New("the signature names another certificate")
	}
	return nil
}
