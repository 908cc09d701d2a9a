package openid

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
)

// Names of what we keep beside the library's own in a grant's Store.
const (
	storeVersion  = "version"
	storeSID      = "sid"
	storeAuthTime = "auth_time"
	storeAMR      = "amr"
	storeBrowser  = "browser"
	storeMinAuth  = "min_auth"
	storeLang     = "lang"
)

// grants keeps what was granted. The library reads a grant, marks its code as
// consumed (or gives it a new refresh token) and saves it: two requests with
// the same code would both go through. Each save therefore names the version
// that was read, and the later one is refused.
type grants struct {
	db    *db.DB
	clock clock.Clock
	box   *seal.Box
	keep  time.Duration // how long an access token lives
}

var _ interface {
	goidc.GrantManager
	goidc.RefreshTokenManager
} = (*grants)(nil)

// Grant implements goidc.GrantManager.
func (g *grants) Grant(ctx context.Context, grantID string) (*goidc.Grant, error) {
	return g.one(g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE id = $1`, grantID))
}

// GrantByAuthCode is the grant of the code. A revoked one is as good as none.
func (g *grants) GrantByAuthCode(ctx context.Context, code string) (*goidc.Grant, error) {
	return g.one(g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE code_hash = $1 AND revoked_at = 0`, id.Hash(code)))
}

// GrantByRefreshToken is the grant of the refresh token. One that was rotated
// away and comes back at the token endpoint was stolen, by this caller or by
// the one before: the grant ends (RFC 9700, 4.14.2).
func (g *grants) GrantByRefreshToken(ctx context.Context, token string) (*goidc.Grant, error) {
	hash := id.Hash(token)
	grant, err := g.one(g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE refresh_hash = $1`, hash))
	if !errors.Is(err, goidc.ErrNotFound) || !redeeming(ctx) {
		return grant, err
	}
	txErr := g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE revoked_at = 0 AND id = (SELECT grant_id FROM spent_refresh WHERE hash = $1)`,
			hash, db.Micros(g.clock.Now()))
		return err
	})
	if txErr != nil {
		return nil, txErr
	}
	return nil, err
}

func (g *grants) one(row *sql.Row) (*goidc.Grant, error) {
	var grantID, data string
	var version, revoked int64
	err := row.Scan(&grantID, &version, &revoked, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		return nil, db.Explain(err)
	}
	grant := &goidc.Grant{}
	if err := json.Unmarshal([]byte(data), grant); err != nil {
		return nil, err
	}
	if grant.Store == nil {
		grant.Store = map[string]any{}
	}
	grant.Store[storeVersion] = version
	grant.RevokedAt = int(db.Time(revoked).Unix())
	if revoked == 0 {
		grant.RevokedAt = 0
	}
	if grant.RefreshToken != "" {
		plain, err := g.box.Open("refresh token", grantID, grant.RefreshToken)
		if err != nil {
			return nil, err
		}
		grant.RefreshToken = string(plain)
	}
	return grant, nil
}

// SaveGrant implements goidc.GrantManager.
func (g *grants) SaveGrant(ctx context.Context, grant *goidc.Grant) error {
	if grant.RevokedAt != 0 {
		return g.revoke(ctx, grant.ID)
	}
	data, err := g.encode(grant)
	if err != nil {
		return err
	}
	version, known := grant.Store[storeVersion].(int64)
	if !known {
		if err := g.insert(ctx, grant, data); err != nil {
			return err
		}
		if grant.Store == nil {
			grant.Store = map[string]any{}
		}
		grant.Store[storeVersion] = int64(1)
		return nil
	}
	saved := false
	err = g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		refresh := nullable(grant.RefreshToken)
		if refresh != nil {
			if _, err := tx.ExecContext(ctx, `INSERT INTO spent_refresh (hash, grant_id, expires_at)
				SELECT refresh_hash, id, expires_at FROM permission WHERE id = $1 AND version = $2 AND refresh_hash IS NOT NULL AND refresh_hash <> $3
				ON CONFLICT (hash) DO NOTHING`, grant.ID, version, refresh); err != nil {
				return err
			}
		}
		result, err := tx.ExecContext(ctx, `UPDATE permission SET data = $3, version = version + 1, refresh_hash = COALESCE($4, refresh_hash), expires_at = $5
			WHERE id = $1 AND version = $2 AND revoked_at = 0`, grant.ID, version, data, refresh, db.Micros(g.end(grant)))
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		saved = n == 1
		return err
	})
	if err != nil {
		return err
	}
	if !saved {
		return goidc.NewError(goidc.ErrorCodeInvalidGrant, "invalid grant") // somebody else was first
	}
	grant.Store[storeVersion] = version + 1
	return nil
}

// encode writes the grant without what would open it: the code goes as a hash
// into its column; the refresh token is needed once, when the code is redeemed,
// and is sealed until then.
func (g *grants) encode(grant *goidc.Grant) (string, error) {
	plain := *grant
	plain.AuthCode = ""
	plain.RefreshToken = ""
	if grant.RefreshToken != "" && grant.AuthCodeConsumedAt == 0 {
		sealed, err := g.box.Seal("refresh token", grant.ID, []byte(grant.RefreshToken))
		if err != nil {
			return "", err
		}
		plain.RefreshToken = sealed
	}
	data, err := json.Marshal(plain)
	return string(data), err
}

func (g *grants) insert(ctx context.Context, grant *goidc.Grant, data string) error {
	sid, _ := grant.Store[storeSID].(string)
	account, offline := grant.Subject, int64(0)
	if grant.Subject == grant.ClientID {
		account = ""
	}
	if slices.Contains(strings.Fields(grant.Scopes), ScopeOffline) {
		offline = 1
	}
	return g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, code_hash, refresh_hash, data, expires_at)
			VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9)`,
			grant.ID, account, grant.ClientID, sid, offline, nullable(grant.AuthCode), nullable(grant.RefreshToken), data, db.Micros(g.end(grant)))
		return err
	})
}

// end is when nothing that hangs on the grant can be used any more.
func (g *grants) end(grant *goidc.Grant) time.Time {
	end := g.clock.Now().Add(g.keep + time.Hour)
	if refresh := time.Unix(int64(grant.RefreshTokenExpiresAt), 0); grant.RefreshTokenExpiresAt != 0 && refresh.After(end) {
		return refresh
	}
	return end
}

func (g *grants) revoke(ctx context.Context, grantID string) error {
	return g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, grantID, db.Micros(g.clock.Now()))
		return err
	})
}

// revokeSession revokes what hangs on a session: everything but what was
// granted for longer (offline_access).
func (g *grants) revokeSession(ctx context.Context, tx db.Querier, sid string) error {
	_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE sid = $1 AND offline = 0 AND revoked_at = 0`, sid, db.Micros(g.clock.Now()))
	return err
}

// revokeClient revokes all that the person granted to the client.
func (g *grants) revokeClient(ctx context.Context, tx db.Querier, accountID, client string) error {
	_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $3 WHERE account_id = $1 AND client_id = $2 AND revoked_at = 0`,
		accountID, client, db.Micros(g.clock.Now()))
	return err
}

func (g *grants) sweep(ctx context.Context, tx db.Querier) error {
	now := db.Micros(g.clock.Now())
	if _, err := tx.ExecContext(ctx, `DELETE FROM permission WHERE expires_at < $1`, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM spent_refresh WHERE expires_at < $1`, now)
	return err
}

// nullable is the hash of a secret, or NULL without one.
func nullable(secret string) any {
	if secret == "" {
		return nil
	}
	return id.Hash(secret)
}
