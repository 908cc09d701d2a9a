package openid

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

var _ goidc.OpaqueTokenManager = (*grants)(nil)

// SaveToken implements goidc.OpaqueTokenManager. The token itself is not kept.
func (g *grants) SaveToken(ctx context.Context, token *goidc.Token) error {
	hash, plain := id.Hash(token.ID), *token
	plain.ID = ""
	data, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	return g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO opaque_token (hash, data, revoked_at, expires_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (hash) DO UPDATE SET revoked_at = $3`, hash, string(data), micros(token.RevokedAt), micros(token.ExpiresAt))
		return err
	})
}

// Token implements goidc.OpaqueTokenManager.
func (g *grants) Token(ctx context.Context, value string) (*goidc.Token, error) {
	var data string
	var revoked int64
	err := g.db.Read.QueryRowContext(ctx, `SELECT data, revoked_at FROM opaque_token WHERE hash = $1 AND expires_at > $2`,
		id.Hash(value), db.Micros(g.clock.Now())).Scan(&data, &revoked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		return nil, db.Explain(err)
	}
	token := &goidc.Token{}
	if err := json.Unmarshal([]byte(data), token); err != nil {
		return nil, err
	}
	token.ID = value
	if revoked != 0 {
		token.RevokedAt = int(db.Time(revoked).Unix())
	}
	return token, nil
}

// errSeen says that a proof or assertion was used before.
var errSeen = errors.New("it was used before")

// consume keeps the jti for the time in which it could come again, unless it
// was seen: in this process or another.
func (g *grants) consume(ctx context.Context, jti string, keep time.Duration) error {
	first, err := db.ChangedOne(ctx, g.db.Single(), `INSERT INTO seen_proof (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`,
		id.Hash(jti), db.Micros(g.clock.Now().Add(keep)))
	if err == nil && !first {
		err = errSeen
	}
	return err
}
