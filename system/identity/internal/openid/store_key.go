package openid

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
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
		first, err := db.ChangedOne(ctx, tx, `INSERT INTO signing_key (kid, alg, number, private, created_at, use_from)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (alg, number) DO NOTHING`,
			next.kid, string(next.alg), number, next.sealed, db.Micros(next.created), db.Micros(next.useFrom))
		if err != nil || !first {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE signing_key SET retire_at = $3 WHERE alg = $1 AND number < $2 AND retire_at = 0`,
			string(next.alg), number, db.Micros(next.useFrom.Add(k.Lives.Time(keyOverlap))))
		return err
	})
}

// retired is the public half of a key that is published no more; false when it
// is not known, or not any more.
func (k *Keys) retired(ctx context.Context, kid string) (jose.JSONWebKey, bool, error) {
	var each key
	var alg, public string
	err := k.DB.Read.QueryRowContext(ctx, `SELECT kid, alg, private, public FROM signing_key WHERE kid = $1 AND retire_at <> 0 AND retire_at > $2`,
		kid, db.Micros(k.Clock.Now().Add(-k.Lives.Time(hintLife)))).Scan(&each.kid, &alg, &each.sealed, &public)
	if errors.Is(err, sql.ErrNoRows) {
		return jose.JSONWebKey{}, false, nil
	}
	if err != nil {
		return jose.JSONWebKey{}, false, db.Explain(err)
	}
	each.alg = goidc.SignatureAlgorithm(alg)
	var web jose.JSONWebKey
	if public == "" { // the next Sweep takes the rest of it
		web, err = k.open(each)
		return web.Public(), err == nil, err
	}
	err = json.Unmarshal([]byte(public), &web)
	return web, err == nil, err
}

// Sweep takes the private half from keys that are published no more, and deletes
// those whose tokens nobody should bring back any longer.
func (k *Keys) Sweep(ctx context.Context, tx db.Querier) error {
	now := k.Clock.Now()
	over, err := db.List(ctx, tx, func(row db.Row) (key, error) {
		var each key
		var alg string
		err := row.Scan(&each.kid, &alg, &each.sealed)
		each.alg = goidc.SignatureAlgorithm(alg)
		return each, err
	}, `SELECT kid, alg, private FROM signing_key WHERE retire_at <> 0 AND retire_at <= $1 AND private <> ''`, db.Micros(now))
	if err != nil {
		return err
	}
	for _, each := range over {
		web, err := k.open(each)
		if err != nil {
			return err
		}
		public, err := web.Public().MarshalJSON()
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE signing_key SET public = $2, private = '' WHERE kid = $1`, each.kid, string(public)); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM signing_key WHERE retire_at <> 0 AND retire_at < $1`, db.Micros(now.Add(-k.Lives.Time(hintLife))))
	return err
}
