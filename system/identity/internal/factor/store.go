package factor

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

// replace ends the old set of backup codes and writes the new one.
func (b *Backups) replace(ctx context.Context, tx *sql.Tx, accountID string, hashes []string) error {
	if err := b.RemoveAll(ctx, tx, accountID); err != nil {
		return err
	}
	for _, hash := range hashes {
		_, err := tx.ExecContext(ctx, `INSERT INTO backup_code (account_id, hash, created_at, used_at) VALUES ($1, $2, $3, 0)`,
			accountID, hash, db.Micros(b.Clock.Now()))
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveAll takes the person's backup codes away, in the transaction.
func (b *Backups) RemoveAll(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM backup_code WHERE account_id = $1`, accountID)
	return err
}

// spend uses the code up: of two uses at once, one is first.
func (b *Backups) spend(ctx context.Context, tx *sql.Tx, accountID, hash string) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE backup_code SET used_at = $3 WHERE account_id = $1 AND hash = $2 AND used_at = 0 AND suspended_at = 0`,
		accountID, hash, db.Micros(b.Clock.Now()))
}

func (b *Backups) left(ctx context.Context, q db.Querier, accountID string) (int, error) {
	var count int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM backup_code WHERE account_id = $1 AND used_at = 0 AND suspended_at = 0`, accountID).Scan(&count)
	return count, db.Explain(err)
}

// waiting is the secret that is offered in the session.
func (s *Authenticators) waiting(ctx context.Context, accountID, sid string) (string, bool, error) {
	return s.offered(ctx, s.DB.Read, accountID, sid)
}

func (s *Authenticators) offered(ctx context.Context, q db.Querier, accountID, sid string) (string, bool, error) {
	var sealed string
	err := q.QueryRowContext(ctx, `SELECT secret FROM authenticator_offer WHERE account_id = $1 AND sid = $3 AND expires_at > $2`,
		accountID, db.Micros(s.Clock.Now()), sid).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, db.Explain(err)
	}
	secret, err := s.Box.Open("totp offer", accountID, sealed)
	return string(secret), err == nil, err
}

// put offers the secret, unless another page of the session has offered one a
// moment before: then it is that one.
func (s *Authenticators) put(ctx context.Context, accountID, sid, secret string) (string, error) {
	sealed, err := s.Box.Seal("totp offer", accountID, []byte(secret))
	if err != nil {
		return "", err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := s.Clock.Now()
		_, err := tx.ExecContext(ctx, `INSERT INTO authenticator_offer (account_id, secret, expires_at, sid) VALUES ($1, $2, $3, $5)
			ON CONFLICT (account_id) DO UPDATE SET secret = $2, expires_at = $3, sid = $5
				WHERE authenticator_offer.expires_at <= $4 OR authenticator_offer.sid <> $5`,
			accountID, sealed, db.Micros(now.Add(s.Door.Lives.Time(offerLife))), db.Micros(now), sid)
		if err != nil {
			return err
		}
		secret, _, err = s.offered(ctx, tx, accountID, sid)
		return err
	})
	return secret, err
}

// take ends the session's offer.
func (s *Authenticators) take(ctx context.Context, tx *sql.Tx, accountID, sid string) (bool, error) {
	return db.ChangedOne(ctx, tx, `DELETE FROM authenticator_offer WHERE account_id = $1 AND sid = $2`, accountID, sid)
}

func (m *Messengers) put(ctx context.Context, accountID, hash string) error {
	return m.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO telegram_link (account_id, token_hash, chat, expires_at) VALUES ($1, $2, '', $3)
			ON CONFLICT (account_id) DO UPDATE SET token_hash = $2, chat = '', expires_at = $3`,
			accountID, hash, db.Micros(m.Clock.Now().Add(m.Contacts.Door.Lives.Time(LinkLife))))
		return err
	})
}

// take notes the chat at the link: of two that come with it, one is first.
func (m *Messengers) take(ctx context.Context, hash, chat string) (accountID string, found bool, err error) {
	err = m.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `UPDATE telegram_link SET chat = $2 WHERE token_hash = $1 AND chat = '' AND expires_at > $3 RETURNING account_id`,
			hash, chat, db.Micros(m.Clock.Now())).Scan(&accountID)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return accountID, err == nil, err
}

func (m *Messengers) good(ctx context.Context, accountID, hash string) (bool, error) {
	var count int
	err := m.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM telegram_link WHERE account_id = $1 AND token_hash = $2 AND chat = '' AND expires_at > $3`,
		accountID, hash, db.Micros(m.Clock.Now())).Scan(&count)
	return count > 0, db.Explain(err)
}

func (m *Messengers) came(ctx context.Context, accountID string) (bool, error) {
	var chat string
	err := m.DB.Read.QueryRowContext(ctx, `SELECT chat FROM telegram_link WHERE account_id = $1`, accountID).Scan(&chat)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return chat != "", db.Explain(err)
}

// Sweep deletes what was offered and not taken.
func (f *Factors) Sweep(ctx context.Context, tx db.Querier) error {
	now := db.Micros(f.Clock.Now())
	if _, err := tx.ExecContext(ctx, `DELETE FROM authenticator_offer WHERE expires_at < $1`, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM telegram_link WHERE expires_at < $1`, now)
	return err
}
