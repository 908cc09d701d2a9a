package openid

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/db"
)

func (k *Keys) published(ctx context.Context, now time.Time) ([]key, error) {
	var keys []key
	for row, err := range db.Rows(ctx, k.DB.Read, `SELECT kid, alg, private, created_at, use_from FROM signing_key
		WHERE retire_at = 0 OR retire_at > $1 ORDER BY alg DESC, number`, db.Micros(now)) {
		if err != nil {
			return nil, err
		}
		var each key
		var alg string
		var created, from int64
		if err := row.Scan(&each.kid, &alg, &each.sealed, &created, &from); err != nil {
			return nil, err
		}
		each.alg, each.created, each.useFrom = goidc.SignatureAlgorithm(alg), db.Time(created), db.Time(from)
		keys = append(keys, each)
	}
	return keys, nil
}

// newest is the number of the algorithm's newest key, 0 without one, and when it was made.
func (k *Keys) newest(ctx context.Context, alg goidc.SignatureAlgorithm) (int64, time.Time, error) {
	var number, created int64
	err := k.DB.Read.QueryRowContext(ctx, `SELECT number, created_at FROM signing_key WHERE alg = $1 ORDER BY number DESC LIMIT 1`, string(alg)).Scan(&number, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, time.Time{}, nil
	}
	return number, db.Time(created), db.Explain(err)
}

// insert adds the key, unless another process was first, and sets the end of
// those before it.
func (k *Keys) insert(ctx context.Context, next key, number int64) error {
	return k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO signing_key (kid, alg, number, private, created_at, use_from)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (alg, number) DO NOTHING`,
			next.kid, string(next.alg), number, next.sealed, db.Micros(next.created), db.Micros(next.useFrom))
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE signing_key SET retire_at = $3 WHERE alg = $1 AND number < $2 AND retire_at = 0`,
			string(next.alg), number, db.Micros(next.useFrom.Add(k.Lives.Time(keyOverlap))))
		return err
	})
}

// Sweep deletes keys that nothing was signed with for long.
func (k *Keys) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM signing_key WHERE retire_at <> 0 AND retire_at < $1`, db.Micros(k.Clock.Now()))
	return err
}
