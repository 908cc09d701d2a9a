package cloud

import (
	"context"
	"crypto"
	"crypto/x509"
	"database/sql"
	"errors"
	"net/mail"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/internal/authority"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// renewBefore the end of a certificate an enrolment makes a new one.
const renewBefore = 60 * 24 * time.Hour

// Enrol implements signatureapi.CloudAPI.
func (s *Service) Enrol(ctx context.Context, e signatureapi.Enrolment) (signatureapi.CloudState, error) {
	if exchangeapi.CallerOf(ctx).Client != exchangeapi.Identity {
		return signatureapi.CloudState{}, fail.New(fail.Forbidden, "kit.exchange_only")
	}
	return s.EnrolPerson(ctx, e)
}

// EnrolPerson is Enrol for who is trusted to know the person.
func (s *Service) EnrolPerson(ctx context.Context, e signatureapi.Enrolment) (signatureapi.CloudState, error) {
	wanted, err := readEnrolment(e)
	if err != nil {
		return signatureapi.CloudState{}, err
	}
	fresh, err := s.fresh(ctx, wanted)
	if err != nil {
		return signatureapi.CloudState{}, err
	}
	var state signatureapi.CloudState
	used := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := s.Clock.Now()
		used = false
		if err := beginPerson(ctx, tx, wanted, now); err != nil {
			return err
		}
		p, err := findPerson(ctx, tx, wanted.pin, s.DB.ForUpdate())
		if err != nil {
			return err
		}
		kept, err := s.current(ctx, tx, p, wanted)
		if err != nil {
			return err
		}
		next := wanted
		next.handle, next.serial = p.handle, p.serial
		if kept == nil {
			if fresh.handle == "" {
				return fail.New(fail.Conflict, "kit.conflict") // somebody revoked it this very moment
			}
			used = true
			if kept, err = s.certify(ctx, tx, p, wanted, fresh.public); err != nil {
				return err
			}
			next.handle, next.serial = fresh.handle, authority.Serial(kept.SerialNumber)
			if err := s.record(ctx, tx, next, "ЕСИ", "cloud.enrolled", next.serial); err != nil {
				return err
			}
		}
		if used || p.email != wanted.email {
			// What was opened, and mailed, before opens nothing of the new key's, and
			// nothing by the mailbox that is the person's no more.
			if err := endOpened(ctx, tx, wanted.pin, now); err != nil {
				return err
			}
			if _, err := s.Queue.Add(ctx, tx, codeJob, codeOrder{PIN: wanted.pin}, job.Options{}); err != nil {
				return err
			}
		}
		state = signatureapi.CloudState{Enrolled: true, Serial: next.serial, NotAfter: kept.NotAfter, Email: maskEmail(next.email)}
		return updatePerson(ctx, tx, next, now)
	})
	if fresh.handle != "" && (err != nil || !used) {
		err = errors.Join(err, s.Keys.Forget(fresh.handle))
	}
	return state, err
}

type freshKey struct {
	handle string
	public crypto.PublicKey
}

// fresh makes a key, if one is needed: a module takes its time, in which no
// transaction must wait.
func (s *Service) fresh(ctx context.Context, wanted person) (k freshKey, err error) {
	p, err := findPerson(ctx, s.DB.Read, wanted.pin, "")
	if err == nil {
		kept, err := s.current(ctx, s.DB.Read, p, wanted)
		if err != nil || kept != nil {
			return k, err
		}
	} else if !errors.Is(err, sql.ErrNoRows) {
		return k, err
	}
	k.handle, k.public, err = s.Keys.Make(s.Authority.Algorithm)
	return k, err
}

// current is the certificate that stays: in force for a while, in the same name.
func (s *Service) current(ctx context.Context, q db.Querier, p, wanted person) (*x509.Certificate, error) {
	if p.handle == "" || p.family != wanted.family || p.given != wanted.given {
		return nil, nil
	}
	valid, err := s.Authority.Good(ctx, q, p.serial)
	if err != nil || !valid {
		return nil, err
	}
	c, _, err := s.Authority.Pair(ctx, q, p.serial)
	if err != nil || c.NotAfter.Sub(s.Clock.Now()) < renewBefore {
		return nil, err
	}
	return c, nil
}

// certify makes the certificate and revokes the one before it.
func (s *Service) certify(ctx context.Context, tx *sql.Tx, p, wanted person, public crypto.PublicKey) (*x509.Certificate, error) {
	if p.serial != "" {
		if err := s.Authority.RevokeIn(ctx, tx, p.pin, p.serial, signatureapi.Superseded); err != nil {
			return nil, err
		}
	}
	return s.Authority.Issue(ctx, tx, authority.Person{PIN: wanted.pin, FamilyName: wanted.family, GivenName: wanted.given}, signatureapi.Signature, authority.Cloud, public)
}

func readEnrolment(e signatureapi.Enrolment) (person, error) {
	number, err := pin.Parse(e.PIN)
	if err != nil {
		return person{}, err
	}
	var findings []fail.Finding
	if e.Level != "substantial" && e.Level != "high" {
		findings = append(findings, fail.Finding{Field: "level", Key: "signature.cloud.level"})
	}
	address, err := mail.ParseAddress(e.Email)
	if err != nil || address.Address != e.Email || len(e.Email) > 254 {
		findings = append(findings, fail.Finding{Field: "email", Key: "signature.cloud.bad_email"})
	}
	p := person{pin: number, family: oneLine(e.FamilyName), given: oneLine(strings.TrimSpace(e.GivenName + " " + e.Patronymic)), email: e.Email, lang: e.Lang}
	if p.family == "" {
		findings = append(findings, fail.Finding{Field: "family_name", Key: "signature.no_name"})
	}
	if _, known := text.Parse(string(e.Lang)); !known {
		p.lang = text.KY
	}
	if len(findings) > 0 {
		return person{}, fail.Fields(findings...)
	}
	return p, nil
}

// oneLine keeps a name to one line of at most 100 characters.
func oneLine(s string) string {
	words := strings.Join(strings.Fields(s), " ")
	if r := []rune(words); len(r) > 100 {
		return string(r[:100])
	}
	return words
}

// State implements signatureapi.CloudAPI.
func (s *Service) State(ctx context.Context, of signatureapi.Person) (signatureapi.CloudState, error) {
	var out signatureapi.CloudState
	if exchangeapi.CallerOf(ctx).Client != exchangeapi.Identity {
		return out, fail.New(fail.Forbidden, "kit.exchange_only")
	}
	number, err := pin.Parse(of.PIN)
	if err != nil {
		return out, err
	}
	p, err := findPerson(ctx, s.DB.Read, number, "")
	if errors.Is(err, sql.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	if out.Enrolled, err = s.Authority.Good(ctx, s.DB.Read, p.serial); err != nil || !out.Enrolled {
		return out, err
	}
	c, _, err := s.Authority.Pair(ctx, s.DB.Read, p.serial)
	if err != nil {
		return out, err
	}
	out.Serial, out.NotAfter, out.Email = p.serial, c.NotAfter, maskEmail(p.email)
	return out, nil
}
