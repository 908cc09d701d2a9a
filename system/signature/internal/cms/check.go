package cms

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"time"
)

// MaxSize bounds a signature in bytes: one of ours has about 5,000.
const MaxSize = 64 << 10

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
	data, err := open(der)
	if err != nil {
		return Checked{}, err
	}
	return data.check(oidData, hash)
}

// CheckToken checks a signature with its content of the kind along, and gives
// the content.
func CheckToken(der []byte, kind asn1.ObjectIdentifier) (Checked, []byte, error) {
	data, err := open(der)
	if err != nil {
		return Checked{}, nil, err
	}
	var content []byte
	if rest, err := asn1.Unmarshal(data.Content.Content.Bytes, &content); err != nil || len(rest) > 0 || !data.Content.Type.Equal(kind) {
		return Checked{}, nil, errShape
	}
	sum := sha256.Sum256(content)
	out, err := data.check(kind, sum[:])
	return out, content, err
}

func (d signedData) check(kind asn1.ObjectIdentifier, hash []byte) (Checked, error) {
	var out Checked
	info := d.Signers[0]
	if !info.Digest.Algorithm.Equal(oidSHA256) {
		return out, errShape
	}
	var err error
	if out.Certificate, out.Certificates, err = d.signer(); err != nil {
		return out, err
	}
	out.Signature = info.Signature
	if err := out.signed(info.Signed.Bytes, kind, hash); err != nil {
		return out, err
	}
	algorithm := x509.UnknownSignatureAlgorithm
	switch {
	case info.Algorithm.Algorithm.Equal(oidECDSASHA256):
		algorithm = x509.ECDSAWithSHA256
	case info.Algorithm.Algorithm.Equal(oidRSASHA256), info.Algorithm.Algorithm.Equal(oidRSA):
		algorithm = x509.SHA256WithRSA
	}
	if err := out.Certificate.CheckSignature(algorithm, element(asn1.ClassUniversal, asn1.TagSet, info.Signed.Bytes), info.Signature); err != nil {
		return out, err
	}
	attributes, err := read(info.Unsigned.Bytes)
	if err != nil {
		return out, err
	}
	out.Stamp = attributes[oidTimeStamp.String()]
	return out, nil
}

// open reads a SignedData of one signer.
func open(der []byte) (signedData, error) {
	var data signedData
	var outer contentInfo
	if len(der) > MaxSize {
		return data, errShape
	}
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 || !outer.Type.Equal(oidSignedData) {
		return data, errShape
	}
	if rest, err := asn1.Unmarshal(outer.Content.Bytes, &data); err != nil || len(rest) > 0 || len(data.Signers) != 1 {
		return data, errShape
	}
	return data, nil
}

// signer finds the certificate that the signer names.
func (d signedData) signer() (*x509.Certificate, []*x509.Certificate, error) {
	all, err := x509.ParseCertificates(d.Certificates.Bytes)
	if err != nil {
		return nil, nil, errShape
	}
	named := d.Signers[0].Signer
	var found *x509.Certificate
	for _, c := range all {
		if named.Serial == nil || c.SerialNumber.Cmp(named.Serial) != 0 || !bytes.Equal(c.RawIssuer, named.Issuer.FullBytes) {
			continue
		}
		if found != nil {
			return nil, nil, errShape // two of one name: which is meant is anybody's guess
		}
		found = c
	}
	if found != nil {
		return found, all, nil
	}
	return nil, nil, errors.New("the signer's certificate is missing")
}

// signed checks the signed attributes.
func (c *Checked) signed(content []byte, wanted asn1.ObjectIdentifier, hash []byte) error {
	attributes, err := read(content)
	if err != nil {
		return err
	}
	var kind asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(attributes[oidContentType.String()], &kind); err != nil || !kind.Equal(wanted) {
		return errShape
	}
	var digest []byte
	if _, err := asn1.Unmarshal(attributes[oidDigest.String()], &digest); err != nil {
		return errShape
	}
	if len(hash) != sha256.Size || !bytes.Equal(digest, hash) {
		return ErrDocument
	}
	if named := attributes[oidCertificate2.String()]; named != nil {
		sum := sha256.Sum256(c.Certificate.Raw)
		var ess struct{ Certificates []asn1.RawValue }
		if _, err := asn1.Unmarshal(named, &ess); err != nil || len(ess.Certificates) == 0 {
			return errShape
		}
		if !bytes.Contains(ess.Certificates[0].Bytes, sum[:]) {
			return errors.New("the signature names another certificate")
		}
	}
	if at := attributes[oidSigningTime.String()]; at != nil {
		if _, err := asn1.Unmarshal(at, &c.At); err != nil {
			return errShape
		}
	}
	return nil
}

// read gives the first value of each attribute by its type. One type twice is refused.
func read(content []byte) (map[string][]byte, error) {
	all := map[string][]byte{}
	for len(content) > 0 {
		var a attribute
		rest, err := asn1.Unmarshal(content, &a)
		if err != nil {
			return nil, errShape
		}
		var value asn1.RawValue
		if more, err := asn1.Unmarshal(a.Values.Bytes, &value); err != nil || len(more) > 0 {
			return nil, errShape
		}
		if _, twice := all[a.Type.String()]; twice {
			return nil, errShape
		}
		all[a.Type.String()] = value.FullBytes
		content = rest
	}
	return all, nil
}
