package authority

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"

	"github.com/sanarip/sanarip/kit/db"
)

// Ensure makes the authority's own keys that are not there or too old. Of
// processes that do it at once one wins by the primary key; the others take its.
func (s *Service) Ensure(ctx context.Context) error {
	for _, name := range []string{root, issuing, ocsp, tsa} {
		if _, err := s.current(ctx, name); err != nil {
			return fmt.Errorf("key of the %s: %w", name, err)
		}
	}
	return nil
}

// current is the key in use of the name, made if it is not there or too old.
func (s *Service) current(ctx context.Context, name string) (own, error) {
	k, err := newest(ctx, s.DB.Read, name)
	if err == nil && s.Clock.Now().Sub(k.created) < profiles[name].used {
		return k, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return own{}, db.Explain(err)
	}
	p := profiles[name]
	var by own
	if p.issuer != name {
		if by, err = s.current(ctx, p.issuer); err != nil {
			return own{}, err
		}
	}
	next, err := s.make(name, k.number+1, by)
	if err != nil {
		return own{}, err
	}
	added := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if added, err = insertOwn(ctx, tx, next); err != nil || !added {
			return err
		}
		c := next.certificate
		return insertCertificate(ctx, tx, issued{
			serial: Serial(c.SerialNumber), issuer: next.issuer, usage: usageOf(name), medium: "authority", der: c.Raw,
			notBefore: c.NotBefore, notAfter: c.NotAfter,
		}, s.Clock.Now())
	})
	if !added {
		err = errors.Join(err, s.Keys.Forget(next.handle))
	}
	if err != nil {
		return own{}, err
	}
	return newest(ctx, s.DB.Read, name)
}

// make makes a key and its certificate.
func (s *Service) make(name string, number int64, by own) (own, error) {
	handle, public, err := s.Keys.Make(s.Algorithm)
	if err != nil {
		return own{}, err
	}
	now := s.Clock.Now()
	p := profiles[name]
	k := own{name: name, number: number, handle: handle, created: now, issuer: by.id()}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: subjectOf(p.common, number), NotBefore: now.Add(-backdate), NotAfter: now.Add(p.holds),
		BasicConstraintsValid: true,
	}
	if by.certificate != nil {
		template.CRLDistributionPoints = []string{s.address("/ca/" + by.id() + ".crl")}
		template.IssuingCertificateURL = []string{s.address("/ca/" + by.id() + ".crt")}
	} else {
		k.issuer = k.id()
		by = own{handle: handle}
	}
	switch name {
	case root, issuing:
		template.IsCA = true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		template.MaxPathLen = 1
		if name == issuing {
			template.MaxPathLen, template.MaxPathLenZero = 0, true
			template.Policies = s.policies()
		}
	case ocsp:
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		template.ExtraExtensions = append(template.ExtraExtensions, noCheck)
	case tsa:
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtraExtensions = append(template.ExtraExtensions, stampingOnly)
		template.OCSPServer = []string{s.address("/ocsp")}
	}
	k.certificate, err = s.sign(template, public, by)
	return k, err
}
