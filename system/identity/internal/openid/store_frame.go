package openid

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func (f *flows) insertFrames(ctx context.Context, tx db.Querier, handle, sid string, clients []string, until time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO signed_out (id, sid, clients, expires_at) VALUES ($1, $2, $3, $4)`,
		handle, sid, strings.Join(clients, " "), db.Micros(until))
	return err
}

// frames is the handle of what waits for the browser of the ended session, "" for nothing.
func (f *flows) frames(ctx context.Context, sid string) (string, error) {
	var handle string
	err := f.db.Read.QueryRowContext(ctx, `SELECT id FROM signed_out WHERE sid = $1 AND expires_at > $2`, sid, db.Micros(f.clock.Now())).Scan(&handle)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return handle, db.Explain(err)
}

// takeFrames gives what waits, once.
func (f *flows) takeFrames(ctx context.Context, handle string) (sid string, clients []string, err error) {
	var joined string
	err = f.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `DELETE FROM signed_out WHERE id = $1 AND expires_at > $2 RETURNING sid, clients`,
			handle, db.Micros(f.clock.Now())).Scan(&sid, &joined)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, nil
	}
	return sid, strings.Fields(joined), err
}
