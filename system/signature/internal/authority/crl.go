package authority

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"errors"
	"math/big"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// How long a list holds. It is signed anew after half of it, and at the first
// question after a revocation.
const (
	rootListHolds    = 90 * day
	issuingListHolds = day
	// keepListed is how long a revoked certificate stays listed after its end.
	keepListed = 30 * day
)

func listHolds(name string) time.Duration {
	if name == root {
		return rootListHolds
	}
	return issuingListHolds
}

// list is a row of the lists.
type list struct {
	number     int64
	der        []byte
	this, next time.Time
	stale      bool
}

// fresh says that the list need not be signed anew. Half of its life is left
// for those who keep it.
func (l list) fresh(now time.Time) bool {
	return len(l.der) > 0 && !l.stale && now.Before(l.this.Add(l.next.Sub(l.this)/2)) && !now.Before(l.this)
}

// revocations is the fresh list of the authority.
func (s *Service) revocations(ctx context.Context, by own) (list, error) {
	now := s.Clock.Now()
	l, err := findList(ctx, s.DB.Read, by.id(), "")
	if err == nil && l.fresh(now) {
		return l, nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return list{}, db.Explain(err)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := beginList(ctx, tx, by.id()); err != nil {
			return err
		}
		var err error
		if l, err = findList(ctx, tx, by.id(), s.DB.ForUpdate()); err != nil || l.fresh(now) {
			return err // another process was first
		}
		entries, err := revoked(ctx, tx, by.id(), now.Add(-keepListed))
		if err != nil {
			return err
		}
		if l, err = s.signList(by, l.number+1, entries, now); err != nil {
			return err
		}
		return updateList(ctx, tx, by.id(), l)
	})
	return l, err
}

func (s *Service) signList(by own, number int64, revoked []issued, now time.Time) (list, error) {
	key, err := s.Keys.Open(by.handle)
	if err != nil {
		return list{}, err
	}
	l := list{number: number, this: now, next: now.Add(listHolds(by.name))}
	template := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: l.this, NextUpdate: l.next}
	for _, c := range revoked {
		serial, ok := new(big.Int).SetString(c.serial, 16)
		if !ok {
			return list{}, errors.New("a serial number that is none")
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: serial, RevocationTime: c.revoked, ReasonCode: c.reason,
		})
	}
	l.der, err = x509.CreateRevocationList(rand.Reader, template, by.certificate, key)
	return l, err
}
