package authority

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/asn1"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/cms"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Check implements signatureapi.Authority.
func (s *Service) Check(ctx context.Context, in signatureapi.Signed) (signatureapi.SignedVerdict, error) {
	var out signatureapi.SignedVerdict
	if len(in.SHA256) != sha256.Size {
		return out, fail.Fields(fail.Finding{Field: "sha256", Key: "signature.bad_hash"})
	}
	refuse := func(reason string) (signatureapi.SignedVerdict, error) {
		out.Reason = reason
		return out, nil
	}
	signed, err := cms.Check(in.CMS, in.SHA256)
	switch {
	case errors.Is(err, cms.ErrDocument):
		return refuse("document")
	case err != nil:
		return refuse("shape")
	}
	c, err := s.known(ctx, signed.Certificate)
	if errors.Is(err, sql.ErrNoRows) || err == nil && c.pin == "" {
		return refuse("foreign")
	}
	if err != nil {
		return out, err
	}
	out.PIN, out.Name, out.Serial, out.Medium = c.pin, signed.Certificate.Subject.CommonName, c.serial, c.medium
	if c.usage != signatureapi.Signature {
		return refuse("usage")
	}
	out.At = s.Clock.Now()
	if signed.Stamp != nil {
		if out.At, err = s.stamped(ctx, signed); err != nil {
			return refuse("stamp")
		}
		out.Stamped = true
	}
	switch {
	case out.At.Before(c.notBefore) || out.At.After(c.notAfter):
		return refuse("time")
	case !c.revoked.IsZero() && !out.At.Before(c.revoked.Truncate(time.Second)): // stamps have whole seconds
		return refuse("revoked")
	}
	out.Valid = true
	return out, nil
}

// known finds the certificate among those that we issued: the very bytes, so
// that no chain need be walked.
func (s *Service) known(ctx context.Context, c *x509.Certificate) (issued, error) {
	if c.SerialNumber.Sign() <= 0 || c.SerialNumber.BitLen() > 160 {
		return issued{}, sql.ErrNoRows
	}
	found, err := findCertificate(ctx, s.DB.Read, Serial(c.SerialNumber), "")
	if err == nil && !bytes.Equal(found.der, c.Raw) {
		err = sql.ErrNoRows
	}
	return found, err
}

// stamped is the time of the stamp over the signature, made by a unit of ours
// while it was certified.
func (s *Service) stamped(ctx context.Context, signed cms.Checked) (time.Time, error) {
	bad := errors.New("a time-stamp that does not hold")
	token, content, err := cms.CheckToken(signed.Stamp, oidTSTInfo)
	if err != nil {
		return time.Time{}, err
	}
	var t tstInfo
	if rest, err := asn1.Unmarshal(content, &t); err != nil || len(rest) > 0 {
		return time.Time{}, bad
	}
	sum := sha256.Sum256(signed.Signature)
	if !t.Imprint.Algorithm.Algorithm.Equal(oidSHA256) || !bytes.Equal(t.Imprint.Hash, sum[:]) {
		return time.Time{}, bad
	}
	c, err := s.known(ctx, token.Certificate)
	if err != nil || c.usage != usageOf(tsa) || t.Time.Before(c.notBefore) || t.Time.After(c.notAfter) || !c.revoked.IsZero() {
		return time.Time{}, bad
	}
	return t.Time, nil
}
