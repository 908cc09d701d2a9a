// Package certificate tells whether a person's certificate holds and whether
// they signed with its key: the chain to the trusted authority, the time, the
// usage, the strength of the key, and revocation by OCSP (RFC 6960) and by list
// (RFC 5280). Signatures are raw or CMS SignedData (RFC 5652).
package certificate

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reason is why a certificate or a signature is refused.
type Reason string

// The reasons.
const (
	Malformed Reason = "malformed" // not a certificate or signature that we read
	Untrusted Reason = "untrusted" // not issued by the authority
	Weak      Reason = "weak"      // a key or hash that is too short or not known
	NotYet    Reason = "not_yet"   // its time has not come
	Expired   Reason = "expired"   // its time is over
	Usage     Reason = "usage"     // made for something else
	Revoked   Reason = "revoked"
	Forged    Reason = "forged"    // the signature is not the key's, or of something else
	Unchecked Reason = "unchecked" // nobody can say now whether it is revoked
)

// Refusal is the error of this package.
type Refusal struct {
	Reason Reason
	Cause  error // for the log
}

// Error is for logs.
func (r *Refusal) Error() string {
	if r.Cause != nil {
		return "certificate " + string(r.Reason) + ": " + r.Cause.Error()
	}
	return "certificate " + string(r.Reason)
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// ReasonOf is the reason of a refusal; "" of any other error.
func ReasonOf(err error) Reason {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Reason
	}
	return ""
}

func refuse(reason Reason, why string) error { return &Refusal{reason, errors.New(why)} }

// For says what a certificate is asked to be for.
type For int

// The usages of people's certificates.
const (
	Authentication For = iota // keyUsage digitalSignature alone, extended key usage clientAuth
	Signature                 // keyUsage contentCommitment (nonRepudiation)
)

// maxCertificate bounds a certificate in bytes: one of a person has about 1,500.
const maxCertificate = 8 << 10

// Read parses one certificate.
func Read(der []byte) (*x509.Certificate, error) {
	if len(der) == 0 || len(der) > maxCertificate {
		return nil, refuse(Malformed, fmt.Sprintf("a certificate of %d bytes", len(der)))
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, &Refusal{Malformed, err}
	}
	return c, nil
}

// fits says whether the certificate is made for this. One that serves to sign
// documents must not sign people in, nor the other way round: else a page could
// pass a challenge off as a document.
func fits(c *x509.Certificate, want For) error {
	const both = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	client := slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	switch {
	case c.IsCA || c.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0:
		return refuse(Usage, "a certificate of an authority")
	case want == Authentication && (c.KeyUsage&both != x509.KeyUsageDigitalSignature || !client):
		return refuse(Usage, "not an authentication certificate")
	case want == Signature && (c.KeyUsage&x509.KeyUsageContentCommitment == 0 || client):
		return refuse(Usage, "not a signature certificate")
	}
	return nil
}

var (
	oidSerialNumber = asn1.ObjectIdentifier{2, 5, 4, 5}
	oidSurname      = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName    = asn1.ObjectIdentifier{2, 5, 4, 42}
)

// Holder is whom a certificate names.
type Holder struct {
	Number     string // behind the prefix of the subject's serialNumber
	FamilyName string
	GivenName  string // with the patronymic
}

// HolderOf reads the subject. The personal number stands behind the prefix in
// the one serialNumber attribute (ETSI EN 319 412-1, 5.1.3).
func HolderOf(c *x509.Certificate, prefix string) (Holder, error) {
	one := func(oid asn1.ObjectIdentifier) (string, int) {
		value, count := "", 0
		for _, each := range c.Subject.Names {
			if each.Type.Equal(oid) {
				value, _ = each.Value.(string)
				count++
			}
		}
		return value, count
	}
	number, count := one(oidSerialNumber)
	digits, named := strings.CutPrefix(number, prefix)
	if count != 1 || !named || digits == "" {
		return Holder{}, refuse(Untrusted, "the subject names no person")
	}
	family, families := one(oidSurname)
	given, givens := one(oidGivenName)
	if families > 1 || givens > 1 {
		return Holder{}, refuse(Untrusted, "the subject has two names")
	}
	return Holder{Number: digits, FamilyName: family, GivenName: given}, nil
}
