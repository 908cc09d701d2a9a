package signin

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

func (s *SignIn) insert(ctx context.Context, e entry) error {
	now := s.Clock.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO entry (token_hash, account_id, flow, channel, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			e.hash, e.account, e.flow, string(e.channel), db.Micros(now), db.Micros(now.Add(entryLife)))
		return err
	})
}

// bySecret is the entry of the cookie's secret.
func (s *SignIn) bySecret(ctx context.Context, secret string) (entry, bool, error) {
	return s.byHash(ctx, id.Hash(secret))
}

func (s *SignIn) byHash(ctx context.Context, hash string) (entry, bool, error) {
	e := entry{hash: hash}
	var until int64
	err := s.DB.Read.QueryRowContext(ctx, `SELECT account_id, flow, channel, code_number, code_until, attempts FROM entry WHERE token_hash = $1 AND expires_at > $2`,
		hash, db.Micros(s.Clock.Now())).Scan(&e.account, &e.flow, &e.channel, &e.number, &until, &e.attempts)
	if errors.Is(err, sql.ErrNoRows) {
		return entry{}, false, nil
	}
	e.until = db.Time(until)
	return e, err == nil, db.Explain(err)
}

// next makes the entry wait for a new code by the channel and has it sent.
func (s *SignIn) next(ctx context.Context, hash string, channel Channel) error {
	now := s.Clock.Now()
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var number int64
		err := tx.QueryRowContext(ctx, `UPDATE entry SET channel = $2, code_number = code_number + 1, code_until = $3, attempts = 0
			WHERE token_hash = $1 AND expires_at > $4 RETURNING code_number`,
			hash, string(channel), db.Micros(now.Add(codeLife)), db.Micros(now)).Scan(&number)
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.BadRequest, "identity.entry_gone")
		}
		if err != nil || channel == TOTP {
			return err
		}
		_, err = s.Queue.Add(ctx, tx, codeJob, codeOrder{hash, number}, job.Options{Subject: string(channel)})
		return err
	})
}

// attempt counts a try at the code before it is compared; false when there were
// too many, or a newer code has been sent.
func (s *SignIn) attempt(ctx context.Context, e entry) (bool, error) {
	return s.changed(ctx, `UPDATE entry SET attempts = attempts + 1 WHERE token_hash = $1 AND code_number = $2 AND attempts < $3`, e.hash, e.number, maxAttempts)
}

// spend ends the entry: of two right answers at once, one is first.
func (s *SignIn) spend(ctx context.Context, e entry) (bool, error) {
	return s.changed(ctx, `DELETE FROM entry WHERE token_hash = $1 AND code_number = $2`, e.hash, e.number)
}

func (s *SignIn) changed(ctx context.Context, statement string, args ...any) (bool, error) {
	changed := false
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, statement, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		changed = n == 1
		return err
	})
	return changed, err
}

// known says whether the person of the ПИН has signed in with the browser before.
func (s *SignIn) known(ctx context.Context, pin, browser string) (bool, error) {
	var one int
	err := s.DB.Read.QueryRowContext(ctx, `SELECT 1 FROM known_browser k JOIN account a ON a.id = k.account_id WHERE a.pin = $1 AND k.browser_hash = $2`,
		pin, id.Hash(browser)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, db.Explain(err)
}

// know remembers the browser after a whole sign-in.
func (s *SignIn) know(ctx context.Context, accountID, browser string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO known_browser (account_id, browser_hash, seen_at) VALUES ($1, $2, $3)
			ON CONFLICT (account_id, browser_hash) DO UPDATE SET seen_at = $3`, accountID, id.Hash(browser), db.Micros(s.Clock.Now()))
		return err
	})
}

// Sweep deletes sign-ins that were not finished, and browsers long not seen.
func (s *SignIn) Sweep(ctx context.Context, tx db.Querier) error {
	now := s.Clock.Now()
	if _, err := tx.ExecContext(ctx, `DELETE FROM entry WHERE expires_at < $1`, db.Micros(now)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM known_browser WHERE seen_at < $1`, db.Micros(now.Add(-sso.BrowserLife)))
	return err
}
