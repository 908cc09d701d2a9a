package cloud

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"

	"github.com/sanarip/sanarip/kit/cms"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// CertInfo implements signatureapi.CloudAPI.
func (s *Service) CertInfo(ctx context.Context, q signatureapi.CloudQuery) (signatureapi.CertInfo, error) {
	by, err := holder(ctx)
	if err != nil {
		return signatureapi.CertInfo{}, err
	}
	return s.certInfo(ctx, by, q.Token)
}

func (s *Service) certInfo(ctx context.Context, by, token string) (signatureapi.CertInfo, error) {
	var out signatureapi.CertInfo
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := s.opened(ctx, tx, by, token, 0)
		if err != nil {
			return err
		}
		c, _, err := s.Authority.Pair(ctx, tx, p.serial)
		if err != nil {
			return err
		}
		out = signatureapi.CertInfo{
			PIN: p.pin, FamilyName: p.family, GivenName: p.given, Name: p.name(), Serial: p.serial, NotBefore: c.NotBefore, NotAfter: c.NotAfter, DER: c.Raw,
		}
		return s.record(ctx, tx, p, by, "cloud.certificate", p.serial)
	})
	return out, err
}

// opened is the person whose token it is. count is how many signatures are to
// be made with it.
func (s *Service) opened(ctx context.Context, tx *sql.Tx, by, token string, count int64) (person, error) {
	over := fail.New(fail.SignedOut, "signature.cloud.token_over")
	if len(token) > 100 {
		return person{}, over
	}
	number, err := useToken(ctx, tx, id.Hash(token), by, s.Clock.Now(), count)
	if errors.Is(err, sql.ErrNoRows) {
		return person{}, over
	}
	if err != nil {
		return person{}, err
	}
	p, err := findPerson(ctx, tx, number, "")
	if err != nil {
		return person{}, err
	}
	valid, err := s.Authority.Good(ctx, tx, p.serial)
	if err == nil && !valid {
		err = fail.New(fail.Conflict, "signature.cloud.revoked")
	}
	return p, err
}

// SignHash implements signatureapi.CloudAPI.
func (s *Service) SignHash(ctx context.Context, r signatureapi.SignRequest) (signatureapi.CloudSignature, error) {
	by, err := holder(ctx)
	if err != nil {
		return signatureapi.CloudSignature{}, err
	}
	return s.signHash(ctx, by, r)
}

// signHash writes down that it signs before it does: no signature without a record.
func (s *Service) signHash(ctx context.Context, by string, r signatureapi.SignRequest) (signatureapi.CloudSignature, error) {
	var out signatureapi.CloudSignature
	if len(r.SHA256) != sha256.Size {
		return out, fail.Fields(fail.Finding{Field: "sha256", Key: "signature.bad_hash"})
	}
	out.At = s.Clock.Now()
	var signer cms.Signer
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := s.opened(ctx, tx, by, r.Token, 1)
		if err != nil {
			return err
		}
		if signer.Certificate, signer.Issuer, err = s.Authority.Pair(ctx, tx, p.serial); err != nil {
			return err
		}
		if signer.Key, err = s.Keys.Open(p.handle); err != nil {
			return err
		}
		hash := hex.EncodeToString(r.SHA256)
		if err := insertSignature(ctx, tx, id.New(), p, hash, by, out.At, exchangeapi.CallerOf(ctx).ID); err != nil {
			return err
		}
		return s.record(ctx, tx, p, by, "cloud.signed", hash)
	})
	if err != nil {
		return out, db.Explain(err)
	}
	signer.Stamp = func(sum []byte) ([]byte, error) { return s.Authority.Stamp(ctx, sum) }
	out.CMS, err = signer.Sign(r.SHA256, out.At)
	return out, err
}
