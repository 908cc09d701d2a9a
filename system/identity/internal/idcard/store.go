package idcard

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

func (c *Cards) insert(ctx context.Context, tx *sql.Tx, asked challenge) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO card_challenge (id, browser_hash, purpose, bound, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		asked.ID, asked.browserHash, string(asked.purpose), asked.bound, asked.Body, db.Micros(asked.expires))
	return err
}

// take ends the challenge and gives it: once.
func (c *Cards) take(ctx context.Context, challengeID string) (challenge, bool, error) {
	var asked challenge
	found := false
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var expires int64
		err := tx.QueryRowContext(ctx, `DELETE FROM card_challenge WHERE id = $1 RETURNING id, browser_hash, purpose, bound, body, expires_at`, challengeID).
			Scan(&asked.ID, &asked.browserHash, &asked.purpose, &asked.bound, &asked.Body, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			found = false
			return nil
		}
		asked.expires, found = db.Time(expires), err == nil
		return err
	})
	return asked, found, err
}

// Sweep deletes challenges that were not answered.
func (c *Cards) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM card_challenge WHERE expires_at < $1`, db.Micros(c.Clock.Now()))
	return err
}
