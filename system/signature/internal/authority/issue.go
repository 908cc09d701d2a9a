package authority

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Media of people's keys.
const (
	Card  = "card"
	Cloud = "cloud"
)

// maxRequest bounds a certificate request in bytes: one for RSA-4096 has 1,600.
const maxRequest = 8 << 10

// Object identifiers that crypto/x509 keeps to itself.
var (
	oidSurname     = asn1.ObjectIdentifier{2, 5, 4, 4}
	oidGivenName   = asn1.ObjectIdentifier{2, 5, 4, 42}
	oidExtKeyUse   = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidStamping    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidOCSPNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
)

// noCheck says that nobody need ask whether the responder's own certificate is
// revoked: it lives 60 days (RFC 6960, 4.2.2.2.1).
var noCheck = pkix.Extension{Id: oidOCSPNoCheck, Value: asn1.NullBytes}

// stampingOnly is the one extended key usage, critical (RFC 3161, 2.3).
var stampingOnly = func() pkix.Extension {
	value, err := asn1.Marshal([]asn1.ObjectIdentifier{oidStamping})
	if err != nil {
		panic(err) // a constant
	}
	return pkix.Extension{Id: oidExtKeyUse, Critical: true, Value: value}
}()

// ReadRequest takes a PKCS #10 request whose key signed it (proof of
// possession) and gives the key: ECDSA P-256 or RSA of 2048 to 4096 bits.
func ReadRequest(der []byte) (crypto.PublicKey, error) {
	bad := func(cause error) error { return fail.Wrap(cause, fail.Invalid, "signature.bad_request") }
	if len(der) > maxRequest {
		return nil, bad(errors.New("a request that is too long"))
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, bad(err)
	}
	if err := request.CheckSignature(); err != nil {
		return nil, bad(err)
	}
	if err := strong(request.PublicKey); err != nil {
		return nil, bad(err)
	}
	return request.PublicKey, nil
}

func strong(public crypto.PublicKey) error {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() {
			return nil
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits >= 2048 && bits <= 4096 && key.E == 65537 {
			return nil
		}
	}
	return errors.New("a key that is neither ECDSA P-256 nor RSA of 2048 to 4096 bits")
}

// IssueCard gives a person the two certificates of a card. Whether it replaces
// another one is for the card's issuer to say: see ReplaceCard.
func (s *Service) IssueCard(ctx context.Context, person Person, r signatureapi.CardRequest) (signatureapi.CardCertificates, error) {
	auth, err := ReadRequest(r.AuthCSR)
	if err != nil {
		return signatureapi.CardCertificates{}, err
	}
	sign, err := ReadRequest(r.SignCSR)
	if err != nil {
		return signatureapi.CardCertificates{}, err
	}
	var out signatureapi.CardCertificates
	by, err := s.current(ctx, issuing)
	if err != nil {
		return out, err
	}
	top, err := newest(ctx, s.DB.Read, root)
	if err != nil {
		return out, err
	}
	authTemplate, err := s.person(person, signatureapi.Authentication, by)
	if err != nil {
		return out, err
	}
	signTemplate, err := s.person(person, signatureapi.Signature, by)
	if err != nil {
		return out, err
	}
	authCertificate, err := s.sign(authTemplate, auth, by)
	if err != nil {
		return out, err
	}
	signCertificate, err := s.sign(signTemplate, sign, by)
	if err != nil {
		return out, err
	}
	out = signatureapi.CardCertificates{Auth: authCertificate.Raw, Sign: signCertificate.Raw, Issuing: by.certificate.Raw, Root: top.certificate.Raw}
	return out, s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		told := Told{PIN: person.PIN, Serial: Serial(authCertificate.SerialNumber), Medium: Card}
		if err := s.tell(ctx, tx, told); err != nil {
			return err
		}
		if err := s.keep(ctx, tx, by, authCertificate, person.PIN, signatureapi.Authentication, Card); err != nil {
			return err
		}
		return s.keep(ctx, tx, by, signCertificate, person.PIN, signatureapi.Signature, Card)
	})
}

// ReplaceCard gives a person a card in place of the one they had, whose
// certificates are revoked.
func (s *Service) ReplaceCard(ctx context.Context, person Person, r signatureapi.CardRequest) (signatureapi.CardCertificates, error) {
	known, err := certificatesOf(ctx, s.DB.Read, person.PIN)
	if err != nil {
		return signatureapi.CardCertificates{}, err
	}
	out, err := s.IssueCard(ctx, person, r)
	if err != nil {
		return out, err
	}
	return out, s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, c := range known {
			if c.medium != Card || !c.revoked.IsZero() || s.Clock.Now().After(c.notAfter) {
				continue
			}
			if err := s.RevokeIn(ctx, tx, person.PIN, c.serial, signatureapi.Superseded); err != nil {
				return err
			}
		}
		return nil
	})
}

// Issue makes a certificate for a key of ours, in the transaction of what it is
// for. The certificate must not be handed out before the transaction is done.
func (s *Service) Issue(ctx context.Context, tx *sql.Tx, person Person, usage signatureapi.Usage, medium string, public crypto.PublicKey) (*x509.Certificate, error) {
	by, err := newest(ctx, tx, issuing)
	if err != nil {
		return nil, err
	}
	if err := strong(public); err != nil {
		return nil, err
	}
	template, err := s.person(person, usage, by)
	if err != nil {
		return nil, err
	}
	certificate, err := s.sign(template, public, by)
	if err != nil {
		return nil, err
	}
	if err := s.tell(ctx, tx, Told{PIN: person.PIN, Serial: Serial(certificate.SerialNumber), Medium: medium, Usage: usage}); err != nil {
		return nil, err
	}
	return certificate, s.keep(ctx, tx, by, certificate, person.PIN, usage, medium)
}

// keep writes the certificate, unless its key is another's or for another use:
// one key must not sign in and sign documents, nor stand for two people.
func (s *Service) keep(ctx context.Context, tx *sql.Tx, by own, c *x509.Certificate, pin string, usage signatureapi.Usage, medium string) error {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	free, err := claimKey(ctx, tx, hex.EncodeToString(sum[:]), pin, usage)
	if err != nil {
		return err
	}
	if !free {
		return fail.New(fail.Conflict, "signature.key_taken")
	}
	err = insertCertificate(ctx, tx, issued{
		serial: Serial(c.SerialNumber), issuer: by.id(), pin: pin, usage: usage, medium: medium, der: c.Raw,
		notBefore: c.NotBefore, notAfter: c.NotAfter,
	}, s.Clock.Now())
	if err != nil {
		return err
	}
	return s.record(ctx, tx, pin, "certificate.issued", Serial(c.SerialNumber))
}

// person is the template of a person's certificate (ETSI EN 319 412-2 in shape).
func (s *Service) person(p Person, usage signatureapi.Usage, by own) (*x509.Certificate, error) {
	number, err := pin.Parse(p.PIN)
	if err != nil {
		return nil, err
	}
	family, given := cut(p.FamilyName, 40), cut(p.GivenName, 64)
	if family == "" {
		return nil, fail.New(fail.Invalid, "signature.no_name")
	}
	subject := pkix.Name{
		Country: []string{"KG"}, CommonName: cut(strings.TrimSpace(family+" "+given), 64), SerialNumber: signatureapi.SubjectPrefix + number,
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: oidSurname, Value: family}},
	}
	if given != "" {
		subject.ExtraNames = append(subject.ExtraNames, pkix.AttributeTypeAndValue{Type: oidGivenName, Value: given})
	}
	now := s.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: subject, NotBefore: now.Add(-backdate), NotAfter: now.Add(personHolds),
		BasicConstraintsValid: true, Policies: s.policies(),
		CRLDistributionPoints: []string{s.address("/ca/" + by.id() + ".crl")},
		IssuingCertificateURL: []string{s.address("/ca/" + by.id() + ".crt")},
		OCSPServer:            []string{s.address("/ocsp")},
	}
	switch usage {
	case signatureapi.Authentication:
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case signatureapi.Signature:
		template.KeyUsage = x509.KeyUsageContentCommitment
	default:
		return nil, errors.New("a usage that no person's certificate has")
	}
	return template, nil
}

// cut keeps to the upper bounds of RFC 5280, appendix A.1, and to one line.
func cut(s string, most int) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	if r := []rune(clean); len(r) > most {
		return string(r[:most])
	}
	return clean
}
