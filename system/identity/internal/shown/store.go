package shown

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

func (o *Once) put(ctx context.Context, tx db.Querier, sid, what, sealed string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO shown (sid, what, content, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (sid, what) DO UPDATE SET content = $3, expires_at = $4`, sid, what, sealed, db.Micros(o.Clock.Now().Add(o.Lives.Time(life))))
	return err
}

func (o *Once) waiting(ctx context.Context, sid, what string) (sealed string, err error) {
	err = o.DB.Read.QueryRowContext(ctx, `SELECT content FROM shown WHERE sid = $1 AND what = $2 AND expires_at > $3`, sid, what, db.Micros(o.Clock.Now())).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return sealed, db.Explain(err)
}

// Drop ends the showing: the person has it.
func (o *Once) Drop(ctx context.Context, sid, what string) error {
	return o.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM shown WHERE sid = $1 AND what = $2`, sid, what)
		return err
	})
}

// Sweep deletes what nobody is shown any more.
func (o *Once) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM shown WHERE expires_at < $1`, db.Micros(o.Clock.Now()))
	return err
}
