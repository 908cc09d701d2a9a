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
	storeVersion    = "version"
	storeSID        = "sid"
	storeAuthTime   = "auth_time"
	storeAMR        = "amr"
	storeBrowser    = "browser"
	storeMinAuth    = "min_auth"
	storeLang       = "lang"
	storeHint       = "hint"        // ПИН of the person whom the client expects
	storeMeant      = "meant"       // "sub" of the ID token by which the client means them
	storeWrong      = "wrong"       // with a parameter
	storeMissing    = "missing"     // class of sign-in that is asked for
	storeSteps      = "steps"       // when the person was asked to sign in for it
	storeACR        = "acr"         // class that was reached
	storeIDClaims   = "id_claims"   // claims asked for one by one, for the ID token
	storeInfoClaims = "info_claims" // the same, for userinfo
	storeKept       = "kept"        // the flow is in the database
	storePushed     = "pushed"      // hash of the request_uri with which it began
)

// grants keeps what was granted. The library reads a grant, marks its code as
// consumed (or gives it a new refresh token) and saves it: two requests with
// the same code would both go through. Each save therefore names the version
// that was read, and the later one is refused.
type grants struct {
	db       *db.DB
	clock    clock.Clock
	box      *seal.Box
	lives    lives
	standing *standing
	alive    func(ctx context.Context, clientID string) (bool, error)
	client   func(ctx context.Context, clientID string) (connected, bool, error)
	// enter and allows are of the provider: see spend
	enter  func(ctx context.Context, tx *sql.Tx, sid, accountID, clientID string) error
	allows func(ctx context.Context, tx *sql.Tx, accountID, clientID string, since time.Time) (bool, error)
	// reused is told that a refresh token came a second time; nil tells nobody
	reused func(ctx context.Context, tx *sql.Tx, grantID, accountID, clientID string) error
}

var _ interface {
	goidc.GrantManager
	goidc.RefreshTokenManager
} = (*grants)(nil)

// A machine's grant is not written: all that it says stands in the token, which
// is signed, and in its id. Only its revocation is kept.
const machineGrant = "m."

// machine is the client of a machine's grant.
func machine(grantID string) (clientID string, ok bool) {
	rest, ok := strings.CutPrefix(grantID, machineGrant)
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(rest, '.')
	if i < 0 {
		return "", false
	}
	return rest[:i], true
}

// Grant implements goidc.GrantManager.
func (g *grants) Grant(ctx context.Context, grantID string) (*goidc.Grant, error) {
	if clientID, ok := machine(grantID); ok {
		return g.ofMachine(ctx, grantID, clientID)
	}
	grant, err := g.one(ctx, g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE id = $1`, grantID))
	if err != nil {
		return nil, err
	}
	return g.living(ctx, grant)
}

// living makes what was granted to a client that was stopped as good as none.
func (g *grants) living(ctx context.Context, grant *goidc.Grant) (*goidc.Grant, error) {
	alive, err := g.alive(ctx, grant.ClientID)
	if err != nil {
		return nil, err
	}
	if !alive {
		return nil, goidc.ErrNotFound
	}
	return grant, nil
}

func (g *grants) ofMachine(ctx context.Context, grantID, clientID string) (*goidc.Grant, error) {
	var revoked int64
	err := g.db.Read.QueryRowContext(ctx, `SELECT revoked_at FROM permission WHERE id = $1`, grantID).Scan(&revoked)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, db.Explain(err)
	}
	if revoked != 0 {
		return nil, goidc.ErrNotFound
	}
	return g.living(ctx, &goidc.Grant{ID: grantID, ClientID: clientID, Subject: clientID})
}

// GrantByAuthCode is the grant of the code. A revoked one is as good as none.
func (g *grants) GrantByAuthCode(ctx context.Context, code string) (*goidc.Grant, error) {
	grant, err := g.one(ctx, g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE code_hash = $1`, id.Hash(code)))
	switch {
	case errors.Is(err, goidc.ErrNotFound): // it may be one that is not written yet
		if grant = g.unseal(code); grant == nil {
			return nil, goidc.ErrNotFound
		}
		return grant, nil
	case err == nil && grant.RevokedAt != 0:
		return nil, goidc.ErrNotFound
	}
	return grant, err
}

// GrantByDeviceCode is the grant of the device code.
func (g *grants) GrantByDeviceCode(ctx context.Context, code string) (*goidc.Grant, error) {
	return g.one(ctx, g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE device_hash = $1`, id.Hash(code)))
}

// follower is the refresh token that comes after the given one.
func (g *grants) follower(token string) (string, error) { return g.box.Token("refresh token", token) }

// GrantByRefreshToken is the grant of the refresh token. One that was rotated
// away and comes back at the token endpoint was stolen, by this caller or by
// the one before: the grant ends (RFC 9700, 4.14.2). But for a short grace, as
// long as its follower was not used, it is taken for a repetition by a client
// that lost the answer, and has the same follower again.
func (g *grants) GrantByRefreshToken(ctx context.Context, token string) (*goidc.Grant, error) {
	hash := id.Hash(token)
	grant, err := g.one(ctx, g.db.Read.QueryRowContext(ctx, `SELECT id, version, revoked_at, data FROM permission WHERE refresh_hash = $1`, hash))
	if err == nil && grant.RefreshTokenExpiresAt != 0 && g.clock.Now().Unix() >= int64(grant.RefreshTokenExpiresAt) {
		return nil, goidc.ErrNotFound
	}
	if err == nil {
		return g.living(ctx, grant)
	}
	call := callOf(ctx)
	if !errors.Is(err, goidc.ErrNotFound) || call.presented != token {
		return grant, err
	}
	now := g.clock.Now()
	next, err := g.follower(token)
	if err != nil {
		note(ctx, err)
		return nil, err
	}
	grant, err = g.one(ctx, g.db.Read.QueryRowContext(ctx, `SELECT p.id, p.version, p.revoked_at, p.data FROM spent_refresh s JOIN permission p ON p.id = s.grant_id
		WHERE s.hash = $1 AND s.spent_at > $2 AND p.refresh_hash = $3 AND p.revoked_at = 0`, hash, db.Micros(now.Add(-g.lives.refreshGrace)), id.Hash(next)))
	if err == nil {
		call.repeated = true
		return g.living(ctx, grant)
	}
	if !errors.Is(err, goidc.ErrNotFound) {
		return nil, err
	}
	txErr := g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var grantID, accountID, clientID string
		err := tx.QueryRowContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE revoked_at = 0 AND id = (SELECT grant_id FROM spent_refresh WHERE hash = $1)
			RETURNING id, account_id, client_id`, hash, db.Micros(now)).Scan(&grantID, &accountID, &clientID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil || g.reused == nil {
			return err
		}
		return g.reused(ctx, tx, grantID, accountID, clientID)
	})
	if txErr != nil {
		note(ctx, txErr)
		return nil, txErr
	}
	return nil, err
}

func (g *grants) one(ctx context.Context, row *sql.Row) (*goidc.Grant, error) {
	var grantID, data string
	var version, revoked int64
	err := row.Scan(&grantID, &version, &revoked, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		err = db.Explain(err)
		note(ctx, err) // the library takes any error for a grant that is not there
		return nil, err
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
	if since, ok := grant.Store[storeSealed].(time.Time); ok {
		return g.spend(ctx, grant, since)
	}
	if grant.RevokedAt != 0 {
		return g.revoke(ctx, grant)
	}
	if grant.Subject == grant.ClientID {
		grant.ID = machineGrant + grant.ClientID + "." + grant.ID
		return nil
	}
	call := callOf(ctx)
	if call.repeated {
		return nil // as the time before
	}
	if err := g.bound(ctx, grant); err != nil {
		return err
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
	err = g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		refresh := nullable(grant.RefreshToken)
		if refresh != nil {
			if _, err := tx.ExecContext(ctx, `INSERT INTO spent_refresh (hash, grant_id, expires_at, spent_at)
				SELECT refresh_hash, id, expires_at, $4 FROM permission WHERE id = $1 AND version = $2 AND refresh_hash IS NOT NULL AND refresh_hash <> $3
				ON CONFLICT (hash) DO NOTHING`, grant.ID, version, refresh, db.Micros(g.clock.Now())); err != nil {
				return err
			}
		}
		saved, err = db.ChangedOne(ctx, tx, `UPDATE permission SET data = $3, version = version + 1, refresh_hash = COALESCE($4, refresh_hash), expires_at = $5
			WHERE id = $1 AND version = $2 AND revoked_at = 0`, grant.ID, version, data, refresh, db.Micros(g.end(grant)))
		return err
	})
	if err != nil {
		return err
	}
	if !saved && call.presented != "" {
		if saved, err = g.follows(ctx, grant); err != nil {
			return err
		}
	}
	if !saved {
		return goidc.NewError(goidc.ErrorCodeInvalidGrant, "invalid grant") // somebody else was first
	}
	grant.Store[storeVersion] = version + 1
	return nil
}

// follows says that another request with the same refresh token, at the same
// moment, has written the same follower: both are the client's own repetition.
func (g *grants) follows(ctx context.Context, grant *goidc.Grant) (bool, error) {
	var one int
	err := g.db.Read.QueryRowContext(ctx, `SELECT 1 FROM permission WHERE id = $1 AND refresh_hash = $2 AND revoked_at = 0`, grant.ID, nullable(grant.RefreshToken)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, db.Explain(err)
}

// encode writes the grant without what would open it: the code goes as a hash
// into its column; the refresh token is needed once, when the code is redeemed,
// and is sealed until then.
func (g *grants) encode(grant *goidc.Grant) (string, error) {
	plain := *grant
	plain.AuthCode, plain.DeviceCode, plain.RefreshToken = "", "", ""
	if grant.RefreshToken != "" && grant.AuthCodeConsumedAt == 0 && grant.DeviceCodeConsumedAt == 0 {
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
	offline := int64(0)
	if slices.Contains(strings.Fields(grant.Scopes), ScopeOffline) {
		offline = 1
	}
	call := callOf(ctx)
	err := g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if call.enter != nil {
			if err := call.enter(ctx, tx); err != nil {
				return err
			}
		}
		// The session may have ended since it entered the client: then its end has
		// revoked what was there, and nothing may come after. It is held, so that
		// whoever ends it now finds the grant.
		inserted, err := db.ChangedOne(ctx, tx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, code_hash, refresh_hash, device_hash, data, expires_at)
			SELECT $1, account_id, $3, sid, $5, 1, $6, $7, $8, $9, $10 FROM sso_session WHERE sid = $4 AND account_id = $2`+g.db.ForUpdate(),
			grant.ID, grant.Subject, grant.ClientID, sid, offline,
			nullable(grant.AuthCode), nullable(grant.RefreshToken), nullable(grant.DeviceCode), data, db.Micros(g.end(grant)))
		if err == nil && !inserted {
			err = errGone
		}
		return err
	})
	call.gone = errors.Is(err, errGone)
	if err != nil && !call.gone && call.enter != nil {
		note(ctx, err)
	}
	return err
}

// spend writes a grant that stood in its code alone, and thereby spends the code:
// whoever comes second finds the row. The session and the consent must be what
// they were when the code was given, else it is good for nothing; both stay so
// until the row is there for whoever ends them. A grant that is revoked
// is written for its code to be spent.
func (g *grants) spend(ctx context.Context, grant *goidc.Grant, since time.Time) error {
	delete(grant.Store, storeSealed)
	err := g.spent(ctx, grant, since)
	if err == nil {
		grant.Store[storeVersion] = int64(1)
		return nil
	}
	grant.Store[storeSealed] = since
	if errors.Is(err, errGone) {
		return errSpent
	}
	if !errors.Is(err, errSpent) {
		note(ctx, err) // the library would call it a bad code
	}
	return err
}

// errSpent says that somebody else was first, or that the grant has ended.
var errSpent = goidc.NewError(goidc.ErrorCodeInvalidGrant, "the authorization code was used before")

func (g *grants) spent(ctx context.Context, grant *goidc.Grant, since time.Time) error {
	data, err := g.encode(grant)
	if err != nil {
		return err
	}
	sid, _ := grant.Store[storeSID].(string)
	revoked := micros(grant.RevokedAt)
	return g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		first, err := db.ChangedOne(ctx, tx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, code_hash, revoked_at, data, expires_at)
			VALUES ($1, $2, $3, $4, 0, 1, $5, $6, $7, $8) ON CONFLICT DO NOTHING`, grant.ID, grant.Subject, grant.ClientID, sid,
			id.Hash(grant.AuthCode), revoked, data, db.Micros(g.end(grant)))
		switch {
		case err != nil:
			return err
		case revoked != 0 && !first: // it was redeemed this very moment
			_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, grant.ID, revoked)
			return err
		case revoked != 0:
			return nil
		case !first:
			return errSpent
		}
		if err := g.enter(ctx, tx, sid, grant.Subject, grant.ClientID); err != nil {
			return err
		}
		allowed, err := g.allows(ctx, tx, grant.Subject, grant.ClientID, since)
		if err == nil && !allowed {
			return errSpent
		}
		return err
	})
}

// bound ends the refresh token when the sign-in is too long ago: each use gives it
// another while, and the library knows no other end.
func (g *grants) bound(ctx context.Context, grant *goidc.Grant) error {
	if grant.RefreshTokenExpiresAt == 0 {
		return nil
	}
	c, _, err := g.client(ctx, grant.ClientID)
	if err != nil {
		return err
	}
	life := g.lives.refreshLife
	if c.RefreshLife > 0 {
		life = min(life, c.RefreshLife)
	}
	grant.RefreshTokenExpiresAt = min(grant.RefreshTokenExpiresAt, grant.CreatedAt+seconds(life))
	return nil
}

// end is when nothing that hangs on the grant can be used any more.
func (g *grants) end(grant *goidc.Grant) time.Time {
	end := g.clock.Now().Add(g.lives.token + time.Hour)
	if refresh := time.Unix(int64(grant.RefreshTokenExpiresAt), 0); grant.RefreshTokenExpiresAt != 0 && refresh.After(end) {
		return refresh
	}
	return end
}

func (g *grants) revoke(ctx context.Context, grant *goidc.Grant) error {
	now := g.clock.Now()
	return g.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, ok := machine(grant.ID); ok {
			_, err := tx.ExecContext(ctx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, revoked_at, data, expires_at)
				VALUES ($1, '', $2, '', 0, 1, $3, '{}', $4) ON CONFLICT (id) DO NOTHING`, grant.ID, grant.ClientID, db.Micros(now), db.Micros(now.Add(g.lives.token+time.Hour)))
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0`, grant.ID, db.Micros(now))
		return err
	})
}

// revokeSession revokes what hangs on a session: everything but what was
// granted for longer (offline_access).
func (g *grants) revokeSession(ctx context.Context, tx db.Querier, accountID, sid string) error {
	_, err := tx.ExecContext(ctx, `UPDATE permission SET revoked_at = $3 WHERE account_id = $1 AND sid = $2 AND offline = 0 AND revoked_at = 0`,
		accountID, sid, db.Micros(g.clock.Now()))
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
	for _, statement := range []string{
		`DELETE FROM permission WHERE expires_at < $1`, `DELETE FROM spent_refresh WHERE expires_at < $1`,
		`DELETE FROM opaque_token WHERE expires_at < $1`, `DELETE FROM seen_proof WHERE expires_at < $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, now); err != nil {
			return err
		}
	}
	return nil
}

// nullable is the hash of a secret, or NULL without one.
func nullable(secret string) any {
	if hash, ok := strings.CutPrefix(secret, hashed); ok {
		return hash
	}
	if secret == "" {
		return nil
	}
	return id.Hash(secret)
}

// hashed marks a secret of which the hash alone is known any more.
const hashed = "#"
