package certificate

import (
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"errors"

	"github.com/sanarip/sanarip/kit/cms"
)

var oidData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}

// Signed is a CMS SignedData (RFC 5652) of one signer.
type Signed struct {
	Certificate *x509.Certificate // the signer's
	message     cms.Message
}

// ReadCMS reads a message in DER. It must have one signer, the signer's
// certificate and signed attributes. Nothing is trusted yet: see Verify.
func ReadCMS(der []byte) (*Signed, error) {
	m, err := cms.Read(der)
	if err == nil && !m.Kind.Equal(oidData) {
		err = errors.New("content of the kind " + m.Kind.String())
	}
	if err != nil {
		return nil, &Refusal{Malformed, err}
	}
	return &Signed{m.Certificate, m}, nil
}

// Verify is nil when the certificate's key signed the content. Whether the
// certificate holds is Checker.Check's to say.
func (s *Signed) Verify(scheme Scheme, content []byte) error {
	m := s.message
	if m.Content != nil && subtle.ConstantTimeCompare(m.Content, content) != 1 {
		return refuse(Forged, "something else was signed")
	}
	if err := scheme.Accepts(s.Certificate); err != nil {
		return &Refusal{Weak, err}
	}
	sum := scheme.Hash(m.Digest)
	if sum == nil {
		return refuse(Weak, "a hash that is not known: "+m.Digest.String())
	}
	sum.Write(content)
	if subtle.ConstantTimeCompare(sum.Sum(nil), m.SHA) != 1 {
		return refuse(Forged, "something else was signed")
	}
	sum.Reset()
	sum.Write(m.Signed)
	if err := scheme.Verify(s.Certificate, m.Algorithm, sum.Sum(nil), m.Signature); err != nil {
		return &Refusal{Forged, err}
	}
	return nil
}

// VerifyRaw is nil when the certificate's key signed the content by itself.
func VerifyRaw(scheme Scheme, c *x509.Certificate, content, signature []byte) error {
	if err := scheme.Accepts(c); err != nil {
		return &Refusal{Weak, err}
	}
	sum := scheme.Hash(nil)
	sum.Write(content)
	if err := scheme.Verify(c, nil, sum.Sum(nil), signature); err != nil {
		return &Refusal{Forged, err}
	}
	return nil
}
