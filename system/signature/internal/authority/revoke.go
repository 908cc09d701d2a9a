package authority

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

var _ signatureapi.Authority = (*Service)(nil)

// reasons are the numbers of RFC 5280, 5.3.1.
var reasons = map[signatureapi.Reason]int{
	signatureapi.Unspecified: 0, signatureapi.KeyCompromise: 1, signatureapi.Changed: 3, signatureapi.Superseded: 4, signatureapi.Ceased: 5,
}

func reasonOf(code int) signatureapi.Reason {
	for reason, number := range reasons {
		if number == code {
			return reason
		}
	}
	return signatureapi.Unspecified
}

// Revoke implements signatureapi.Authority.
func (s *Service) Revoke(ctx context.Context, r signatureapi.Revocation) error {
	code, ok := reasons[r.Reason]
	if !ok {
		return fail.Fields(fail.Finding{Field: "reason", Key: "signature.bad_reason"})
	}
	if len(r.Serial) > 40 {
		return fail.New(fail.NotFound, "signature.no_certificate")
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.revoke(ctx, tx, r.PIN, strings.ToLower(r.Serial), code)
	})
}

// RevokeIn revokes in the transaction of what makes it necessary.
func (s *Service) RevokeIn(ctx context.Context, tx *sql.Tx, pin, serial string, reason signatureapi.Reason) error {
	return s.revoke(ctx, tx, pin, serial, reasons[reason])
}

func (s *Service) revoke(ctx context.Context, tx *sql.Tx, pin, serial string, code int) error {
	c, err := findCertificate(ctx, tx, serial, s.DB.ForUpdate())
	if errors.Is(err, sql.ErrNoRows) || err == nil && (c.pin != pin || pin == "") {
		return fail.New(fail.NotFound, "signature.no_certificate")
	}
	if err != nil {
		return err
	}
	if !c.revoked.IsZero() {
		return nil
	}
	if err := markRevoked(ctx, tx, serial, code, s.Clock.Now()); err != nil {
		return err
	}
	if err := beginList(ctx, tx, c.issuer); err != nil {
		return err
	}
	if err := markStale(ctx, tx, c.issuer); err != nil {
		return err
	}
	if reason := reasonOf(code); reason != signatureapi.Superseded { // of a new one the person is told when it is issued
		if err := s.tell(ctx, tx, Told{PIN: pin, Serial: serial, Medium: c.medium, Usage: c.usage, Revoked: true, Reason: reason}); err != nil {
			return err
		}
	}
	return s.record(ctx, tx, pin, "certificate.revoked", serial)
}

// record writes who did what with a person's certificate.
func (s *Service) record(ctx context.Context, q db.Querier, pin, action, object string) error {
	caller := exchangeapi.CallerOf(ctx)
	r := audit.Record{Subject: pin, ActorPIN: caller.User, Via: "signature", Action: action, Purpose: "own-certificates", Object: object, RequestID: caller.ID}
	if caller.Client != (exchangeapi.Subsystem{}) {
		r.Organisation = caller.Client.Code
	}
	return audit.Add(ctx, q, s.Clock, r)
}

// Certificates implements signatureapi.Authority.
func (s *Service) Certificates(ctx context.Context, of signatureapi.Person) ([]signatureapi.Certificate, error) {
	number, err := pin.Parse(of.PIN)
	if err != nil {
		return nil, err
	}
	rows, err := certificatesOf(ctx, s.DB.Read, number)
	if err != nil {
		return nil, err
	}
	all := make([]signatureapi.Certificate, 0, len(rows))
	for _, c := range rows {
		one := signatureapi.Certificate{
			Serial: c.serial, Usage: c.usage, Medium: c.medium, NotBefore: c.notBefore, NotAfter: c.notAfter, RevokedAt: c.revoked, DER: c.der,
		}
		if !c.revoked.IsZero() {
			one.Reason = reasonOf(c.reason)
		}
		all = append(all, one)
	}
	return all, s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return s.record(ctx, tx, number, "certificate.listed", "")
	})
}

// Good says whether the certificate is in force: issued by us, not revoked, in
// its time.
func (s *Service) Good(ctx context.Context, q db.Querier, serial string) (bool, error) {
	c, err := findCertificate(ctx, q, serial, "")
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	now := s.Clock.Now()
	return err == nil && c.revoked.IsZero() && !now.Before(c.notBefore) && !now.After(c.notAfter), err
}

// Chain implements signatureapi.Authority.
func (s *Service) Chain(ctx context.Context) (signatureapi.Chain, error) {
	var out signatureapi.Chain
	for _, name := range []string{root, issuing} {
		all, err := allOwn(ctx, s.DB.Read, name)
		if err != nil {
			return out, err
		}
		for i, k := range all {
			if name == issuing {
				out.Issuing = append(out.Issuing, k.certificate.Raw)
			} else if i == 0 {
				out.Root = k.certificate.Raw
			}
			l, err := s.revocations(ctx, k)
			if err != nil {
				return out, err
			}
			out.Lists = append(out.Lists, l.der)
		}
	}
	return out, nil
}

// Pair is the certificate and its issuer's.
func (s *Service) Pair(ctx context.Context, q db.Querier, serial string) (leaf, by *x509.Certificate, err error) {
	c, err := findCertificate(ctx, q, serial, "")
	if err != nil {
		return nil, nil, err
	}
	issuer, err := ownByID(ctx, q, c.issuer)
	if err != nil {
		return nil, nil, err
	}
	leaf, err = x509.ParseCertificate(c.der)
	return leaf, issuer.certificate, err
}
