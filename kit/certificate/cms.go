package certificate

import (
	"bytes"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Limits of a CMS message: with a signer's and its authorities' certificates
// and a time-stamp it has about 6 KB.
const (
	MaxCMS          = 64 << 10 // bytes
	maxCertificates = 8
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// Signed is a CMS SignedData of one signer.
type Signed struct {
	Certificate *x509.Certificate // the signer's
	content     []byte            // nil when detached
	digest      asn1.ObjectIdentifier
	algorithm   asn1.ObjectIdentifier
	attributes  []byte // DER of the signed attributes as a SET
	message     []byte // the attribute messageDigest
	signature   []byte
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Inner        contentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Lists        asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version    int
	ID         asn1.RawValue
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue `asn1:"set"`
}

// ReadCMS reads a message in DER. It must have one signer, the signer's
// certificate and signed attributes. Nothing is trusted yet: see Verify.
func ReadCMS(der []byte) (*Signed, error) {
	s, err := readCMS(der)
	if err != nil {
		return nil, &Refusal{Malformed, err}
	}
	return s, nil
}

func readCMS(der []byte) (*Signed, error) {
	if len(der) == 0 || len(der) > MaxCMS {
		return nil, fmt.Errorf("a message of %d bytes", len(der))
	}
	var outer contentInfo
	if err := whole(der, &outer); err != nil {
		return nil, err
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, errors.New("not SignedData")
	}
	var data signedData
	if err := whole(outer.Content.Bytes, &data); err != nil {
		return nil, err
	}
	if len(data.Signers) != 1 || !data.Inner.Type.Equal(oidData) {
		return nil, fmt.Errorf("%d signers of %v", len(data.Signers), data.Inner.Type)
	}
	signer := data.Signers[0]
	s := &Signed{digest: signer.Digest.Algorithm, algorithm: signer.Algorithm.Algorithm, signature: signer.Signature}
	if len(data.Inner.Content.Bytes) > 0 {
		if err := whole(data.Inner.Content.Bytes, &s.content); err != nil {
			return nil, err
		}
		if s.content == nil {
			s.content = []byte{}
		}
	}
	if err := s.readAttributes(signer.Attributes, data.Inner.Type); err != nil {
		return nil, err
	}
	certificates, err := readCertificates(data.Certificates.Bytes)
	if err != nil {
		return nil, err
	}
	for _, c := range certificates {
		named, err := names(signer.ID, c)
		if err != nil {
			return nil, err
		}
		if named {
			s.Certificate = c
			return s, nil
		}
	}
	return nil, errors.New("the signer's certificate is not there")
}

// whole parses exactly one value.
func whole(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = errors.New("something behind the end")
	}
	return err
}

func readCertificates(der []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for len(der) > 0 {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(der, &one)
		if err != nil {
			return nil, err
		}
		if len(all) == maxCertificates {
			return nil, errors.New("too many certificates")
		}
		c, err := Read(one.FullBytes)
		if err != nil {
			return nil, err
		}
		all, der = append(all, c), rest
	}
	return all, nil
}

// names says whether the signer's identifier is of the certificate.
func names(id asn1.RawValue, c *x509.Certificate) (bool, error) {
	if id.Class == asn1.ClassContextSpecific && id.Tag == 0 {
		return len(c.SubjectKeyId) > 0 && bytes.Equal(id.Bytes, c.SubjectKeyId), nil
	}
	var by issuerAndSerial
	if err := whole(id.FullBytes, &by); err != nil {
		return false, err
	}
	return bytes.Equal(by.Issuer.FullBytes, c.RawIssuer) && by.Serial != nil && by.Serial.Cmp(c.SerialNumber) == 0, nil
}

// readAttributes takes the signed attributes: contentType and messageDigest once
// each (RFC 5652, 11). A message without them is refused.
func (s *Signed) readAttributes(raw asn1.RawValue, contentType asn1.ObjectIdentifier) error {
	if len(raw.FullBytes) == 0 {
		return errors.New("no signed attributes")
	}
	// What is signed is the SET, not the tagged field (RFC 5652, 5.4).
	s.attributes = append([]byte{0x31}, raw.FullBytes[1:]...)
	types := 0
	for rest := raw.Bytes; len(rest) > 0; {
		var one attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			return err
		}
		switch {
		case one.Type.Equal(oidContentType):
			var value asn1.ObjectIdentifier
			if err := whole(one.Values.Bytes, &value); err != nil {
				return err
			}
			if types++; !value.Equal(contentType) {
				return errors.New("another content type was signed")
			}
		case one.Type.Equal(oidMessageDigest):
			if s.message != nil {
				return errors.New("two digests")
			}
			if err := whole(one.Values.Bytes, &s.message); err != nil {
				return err
			}
		}
	}
	if types != 1 || len(s.message) == 0 {
		return errors.New("a signed attribute is missing or stands twice")
	}
	return nil
}

// Verify is nil when the certificate's key signed the content. Whether the
// certificate holds is Checker.Check's to say.
func (s *Signed) Verify(scheme Scheme, content []byte) error {
	if s.content != nil && subtle.ConstantTimeCompare(s.content, content) != 1 {
		return refuse(Forged, "something else was signed")
	}
	if err := scheme.Accepts(s.Certificate); err != nil {
		return &Refusal{Weak, err}
	}
	sum := scheme.Hash(s.digest)
	if sum == nil {
		return refuse(Weak, "a hash that is not known: "+s.digest.String())
	}
	sum.Write(content)
	if subtle.ConstantTimeCompare(sum.Sum(nil), s.message) != 1 {
		return refuse(Forged, "something else was signed")
	}
	sum.Reset()
	sum.Write(s.attributes)
	if err := scheme.Verify(s.Certificate, s.algorithm, sum.Sum(nil), s.signature); err != nil {
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
