// Package cms reads, makes and checks signatures as CMS SignedData (RFC 5652) of
// one signer, with the signed attributes of CAdES (ETSI EN 319 122-1).
package cms

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Limits of a message: with a signer's and its authorities' certificates and a
// time-stamp it has about 6 KB.
const (
	MaxSize         = 64 << 10 // bytes
	maxCertificates = 8
	maxCertificate  = 8 << 10 // bytes: one of a person has about 1,500
)

var (
	oidData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidCertificate2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStamp    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSHA256       = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidRSA          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidRSASHA256    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidECDSASHA256  = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// Message is what a signature says. Nothing of it is proven yet.
type Message struct {
	Kind         asn1.ObjectIdentifier // of the content
	Content      []byte                // nil when it is outside (detached)
	Certificate  *x509.Certificate     // the signer's
	Certificates []*x509.Certificate   // all that came along
	Digest       asn1.ObjectIdentifier // the hash
	SHA          []byte                // the hash of the content, as the signer says: attribute messageDigest
	Algorithm    asn1.ObjectIdentifier // of the signature
	Signed       []byte                // what is signed: DER of the signed attributes as a SET (RFC 5652, 5.4)
	Signature    []byte

	signed, unsigned []attribute
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      contentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Lists        asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version   int
	Signer    asn1.RawValue // issuer and serial number, or a key's identifier
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue // a SET
}

// Read reads a message in DER. It must have one signer, the signer's certificate,
// and signed attributes that say what is signed.
func Read(der []byte) (Message, error) {
	if len(der) == 0 || len(der) > MaxSize {
		return Message{}, fmt.Errorf("a message of %d bytes", len(der))
	}
	var outer contentInfo
	if err := whole(der, &outer); err != nil {
		return Message{}, err
	}
	if !outer.Type.Equal(oidSignedData) {
		return Message{}, errors.New("not SignedData")
	}
	var data signedData
	if err := whole(outer.Content.Bytes, &data); err != nil {
		return Message{}, err
	}
	if len(data.Signers) != 1 {
		return Message{}, fmt.Errorf("%d signers", len(data.Signers))
	}
	signer := data.Signers[0]
	m := Message{Kind: data.Content.Type, Digest: signer.Digest.Algorithm, Algorithm: signer.Algorithm.Algorithm, Signature: signer.Signature}
	if len(data.Content.Content.Bytes) > 0 {
		if err := whole(data.Content.Content.Bytes, &m.Content); err != nil {
			return Message{}, err // an empty one is read as one that is there
		}
	}
	if err := m.readAttributes(signer); err != nil {
		return Message{}, err
	}
	if err := m.readCertificates(data.Certificates.Bytes, signer.Signer); err != nil {
		return Message{}, err
	}
	return m, nil
}

// whole parses exactly one value.
func whole(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = errors.New("something behind the end")
	}
	return err
}

// readAttributes takes those that are signed, which say the kind and the hash of
// the content (RFC 5652, 11), and those that are not.
func (m *Message) readAttributes(signer signerInfo) error {
	if len(signer.Signed.FullBytes) == 0 {
		return errors.New("no signed attributes")
	}
	m.Signed = append([]byte{0x31}, signer.Signed.FullBytes[1:]...) // the SET, not the tagged field
	var err error
	if m.signed, err = attributes(signer.Signed.Bytes); err != nil {
		return err
	}
	if m.unsigned, err = attributes(signer.Unsigned.Bytes); err != nil {
		return err
	}
	var kind asn1.ObjectIdentifier
	if there, err := one(m.signed, oidContentType, &kind); err != nil || !there || !kind.Equal(m.Kind) {
		return errors.Join(errors.New("the kind of the content is not signed"), err)
	}
	if there, err := one(m.signed, oidDigest, &m.SHA); err != nil || !there || len(m.SHA) == 0 {
		return errors.Join(errors.New("the hash of the content is not signed"), err)
	}
	return nil
}

func attributes(der []byte) ([]attribute, error) {
	var all []attribute
	for len(der) > 0 {
		var a attribute
		rest, err := asn1.Unmarshal(der, &a)
		if err != nil {
			return nil, err
		}
		if a.Values.Class != asn1.ClassUniversal || a.Values.Tag != asn1.TagSet || !a.Values.IsCompound {
			return nil, errors.New("values of an attribute that are no set")
		}
		all, der = append(all, a), rest
	}
	return all, nil
}

// one reads the only value of the only attribute of the type; false when there
// is no such attribute.
func one(all []attribute, kind asn1.ObjectIdentifier, into any) (bool, error) {
	there := false
	for _, a := range all {
		if !a.Type.Equal(kind) {
			continue
		}
		if there {
			return false, fmt.Errorf("attribute %s stands twice", kind)
		}
		if err := whole(a.Values.Bytes, into); err != nil {
			return false, err
		}
		there = true
	}
	return there, nil
}

func (m *Message) readCertificates(der []byte, signer asn1.RawValue) error {
	for len(der) > 0 {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(der, &one)
		if err != nil {
			return err
		}
		if len(m.Certificates) == maxCertificates || len(one.FullBytes) > maxCertificate {
			return errors.New("too many certificates, or one that is too long")
		}
		c, err := x509.ParseCertificate(one.FullBytes)
		if err != nil {
			return err
		}
		named, err := names(signer, c)
		if err != nil {
			return err
		}
		if named && m.Certificate != nil && !m.Certificate.Equal(c) {
			return errors.New("two certificates of one name: which is meant is anybody's guess")
		}
		if named {
			m.Certificate = c
		}
		m.Certificates, der = append(m.Certificates, c), rest
	}
	if m.Certificate == nil {
		return errors.New("the signer's certificate is not there")
	}
	return nil
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
	return by.Serial != nil && by.Serial.Cmp(c.SerialNumber) == 0 && bytes.Equal(by.Issuer.FullBytes, c.RawIssuer), nil
}
