package signin

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// begin writes the entry of a password that was right: its attempt was no guess
// from the address, and what was guessed at the subject before is forgotten.
func (s *SignIn) begin(ctx context.Context, e entry, address, subject throttle.Counted) error {
	now := s.Clock.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.Throttle.RefundIn(ctx, tx, address.Limit, address.Subject); err != nil {
			return err
		}
		if err := s.Throttle.ClearIn(ctx, tx, subject.Limit, subject.Subject); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO entry (token_hash, account_id, flow, next, channel, remember, version, epoch, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)`,
			e.hash, e.account, e.flow, e.next, string(e.channel), db.Flag(e.remember), e.epoch, db.Micros(now), db.Micros(now.Add(s.Door.Lives.Time(entryLife))))
		return err
	})
}

// bySecret is the entry of the cookie's secret.
func (s *SignIn) bySecret(ctx context.Context, secret string) (entry, bool, error) {
	e := entry{hash: id.Hash(secret)}
	var remember int64
	err := s.DB.Read.QueryRowContext(ctx, `SELECT account_id, flow, next, channel, remember, version, epoch FROM entry WHERE token_hash = $1 AND expires_at > $2`,
		e.hash, db.Micros(s.Clock.Now())).Scan(&e.account, &e.flow, &e.next, &e.channel, &remember, &e.version, &e.epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return entry{}, false, nil
	}
	e.remember = remember == 1
	return e, err == nil, db.Explain(err)
}

// turn makes the entry wait for a factor of the channel.
func (s *SignIn) turn(ctx context.Context, e entry) error {
	turned, err := db.ChangedOne(ctx, s.DB.Single(), `UPDATE entry SET channel = $2, version = version + 1, attempts = 0 WHERE token_hash = $1 AND expires_at > $3`,
		e.hash, string(e.channel), db.Micros(s.Clock.Now()))
	if err == nil && !turned {
		err = fail.New(fail.Gone, "identity.entry_gone")
	}
	return err
}

// attempt counts a try at the factor before it is compared; false when there
// were too many, or another factor was turned to.
func (s *SignIn) attempt(ctx context.Context, e entry) (bool, error) {
	return db.ChangedOne(ctx, s.DB.Single(), `UPDATE entry SET attempts = attempts + 1 WHERE token_hash = $1 AND version = $2 AND attempts < $3`, e.hash, e.version, s.Door.Lives.Number(maxAttempts))
}

// spend ends the entry: of two right answers at once, one is first.
func (s *SignIn) spend(ctx context.Context, e entry) (bool, error) {
	return db.ChangedOne(ctx, s.DB.Single(), `DELETE FROM entry WHERE token_hash = $1 AND version = $2`, e.hash, e.version)
}

// EndAll ends, in the transaction, the sign-ins under way to the account: the
// password in them was right once.
func (s *SignIn) EndAll(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM entry WHERE account_id = $1`, accountID)
	return err
}

// Sweep deletes sign-ins that were not finished.
func (s *SignIn) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM entry WHERE expires_at < $1`, db.Micros(s.Clock.Now()))
	return err
}
