package console

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func (c *Console) insertLook(ctx context.Context, tx *sql.Tx, l look, operatorPIN string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO console_look (id, operator_pin, account_id, reason, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.id, operatorPIN, l.account, l.reason, db.Micros(l.at), db.Micros(l.expires))
	return err
}

func scanLook(row db.Row, more ...any) (look, error) {
	var l look
	var at, expires int64
	err := row.Scan(append([]any{&l.id, &l.account, &l.reason, &at, &expires}, more...)...)
	l.at, l.expires = db.Time(at), db.Time(expires)
	return l, err
}

// oneLook is the operator's look that is not over.
func (c *Console) oneLook(ctx context.Context, lookID, operatorPIN string, now time.Time) (look, bool, error) {
	l, err := scanLook(c.DB.Read.QueryRowContext(ctx, `SELECT id, account_id, reason, at, expires_at FROM console_look
		WHERE id = $1 AND operator_pin = $2 AND expires_at > $3`, lookID, operatorPIN, db.Micros(now)))
	if errors.Is(err, sql.ErrNoRows) {
		return look{}, false, nil
	}
	return l, err == nil, db.Explain(err)
}

// openLook is a look with the name of whom it is at.
type openLook struct {
	look
	pin, name string
}

// looks are the operator's own that are not over, the newest first.
func (c *Console) looks(ctx context.Context, operatorPIN string, now time.Time) ([]openLook, error) {
	var all []openLook
	for row, err := range db.Rows(ctx, c.DB.Read, `SELECT l.id, l.account_id, l.reason, l.at, l.expires_at, a.pin, a.family_name, a.given_name
		FROM console_look l JOIN account a ON a.id = l.account_id WHERE l.operator_pin = $1 AND l.expires_at > $2 ORDER BY l.at DESC, l.id LIMIT 20`,
		operatorPIN, db.Micros(now)) {
		if err != nil {
			return nil, err
		}
		var o openLook
		var family, given string
		if o.look, err = scanLook(row, &o.pin, &family, &given); err != nil {
			return nil, err
		}
		o.name = family + " " + given
		all = append(all, o)
	}
	return all, nil
}

// browsers are the hashes of the browsers in which the person has signed in
// lately, the newest first.
func (c *Console) browsers(ctx context.Context, q db.Querier, accountID string) ([]string, error) {
	return db.Column[string](ctx, q, `SELECT browser_hash FROM known_browser WHERE account_id = $1 ORDER BY seen_at DESC LIMIT 20`, accountID)
}

// Sweep deletes looks that were over long ago: what was looked at stays in the
// audit trail. So it does with word of posts, which all have asked about since.
func (c *Console) Sweep(ctx context.Context, tx db.Querier) error {
	now := c.Clock.Now()
	if _, err := tx.ExecContext(ctx, `DELETE FROM console_look WHERE expires_at < $1`, db.Micros(now.Add(-24*time.Hour))); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM post_doubt WHERE at < $1`, db.Micros(now.Add(-24*time.Hour))); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM audit_check WHERE at < $1`, db.Micros(now.Add(-400*24*time.Hour)))
	return err
}

// Doubt notes that НИСУР told of a change of the person's posts: all processes ask
// it anew.
func (c *Console) Doubt(ctx context.Context, pin string) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO post_doubt (pin, at) VALUES ($1, $2) ON CONFLICT (pin) DO UPDATE SET at = EXCLUDED.at`, pin, db.Micros(c.Clock.Now()))
		return err
	})
}

// doubted is when НИСУР last told of a change of the person's posts, the zero time
// for never.
func (c *Console) doubted(ctx context.Context, pin string) (time.Time, error) {
	var at int64
	err := c.DB.Read.QueryRowContext(ctx, `SELECT COALESCE(MAX(at), 0) FROM post_doubt WHERE pin = $1`, pin).Scan(&at)
	return db.Time(at), db.Explain(err)
}

func (c *Console) number(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := c.DB.Read.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, db.Explain(err)
}

func (c *Console) countWaiting(ctx context.Context) (int, error) {
	return c.number(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM connected_client WHERE state = 'waiting' LIMIT 1000) AS waits`)
}
