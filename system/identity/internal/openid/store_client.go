package openid

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

const clientColumns = `id, owner_id, name_ky, name_ru, name_en, address, redirects, post_logout, back_channel, front_channel, scopes, grants, method,
	secret_hash, previous_hash, previous_until, jwks, profile, pairwise, opaque, alg, state, reason, created_at, changed_at, token_life, refresh_life, dpop_nonce`

func scanClient(row db.Row) (Client, error) {
	var c Client
	var name text.Words
	var redirects, postLogout, scopes, grants string
	var pairwise, opaque, until, created, changed, token, refresh, nonce int64
	err := row.Scan(&c.ID, &c.Owner, &name.KY, &name.RU, &name.EN, &c.Address, &redirects, &postLogout, &c.BackChannel, &c.FrontChannel, &scopes, &grants, &c.Method,
		&c.hash, &c.previous, &until, &c.JWKS, &c.Profile, &pairwise, &opaque, &c.Alg, &c.State, &c.Reason, &created, &changed, &token, &refresh, &nonce)
	c.Name, c.Redirects, c.PostLogout, c.Scopes = name, strings.Fields(redirects), strings.Fields(postLogout), strings.Fields(scopes)
	for each := range strings.FieldsSeq(grants) {
		c.Grants = append(c.Grants, Grant(each))
	}
	c.Pairwise, c.Opaque, c.previousUntil, c.Created, c.Changed = pairwise == 1, opaque == 1, db.Time(until), db.Time(created), db.Time(changed)
	c.TokenLife, c.RefreshLife, c.Nonce = time.Duration(token)*time.Second, time.Duration(refresh)*time.Second, nonce == 1
	return c, err
}

func (c Client) values() []any {
	var grants []string
	for _, each := range c.Grants {
		grants = append(grants, string(each))
	}
	return []any{
		c.ID, c.Owner, c.Name.KY, c.Name.RU, c.Name.EN, c.Address, strings.Join(c.Redirects, "\n"), strings.Join(c.PostLogout, "\n"), c.BackChannel, c.FrontChannel,
		strings.Join(c.Scopes, " "), strings.Join(grants, " "), string(c.Method), c.hash, c.previous, db.Micros(c.previousUntil), c.JWKS, string(c.Profile),
		db.Flag(c.Pairwise), db.Flag(c.Opaque), c.Alg, string(c.State), c.Reason, db.Micros(c.Created), db.Micros(c.Changed),
		int64(seconds(c.TokenLife)), int64(seconds(c.RefreshLife)), db.Flag(c.Nonce),
	}
}

func (r *Registry) insert(ctx context.Context, tx db.Querier, c Client) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO connected_client (`+clientColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`, c.values()...)
	if err != nil {
		return err
	}
	return r.writeParts(ctx, tx, c)
}

func (r *Registry) update(ctx context.Context, tx db.Querier, c Client) error {
	_, err := tx.ExecContext(ctx, `UPDATE connected_client SET owner_id = $2, name_ky = $3, name_ru = $4, name_en = $5, address = $6, redirects = $7,
		post_logout = $8, back_channel = $9, front_channel = $10, scopes = $11, grants = $12, method = $13, secret_hash = $14, previous_hash = $15,
		previous_until = $16, jwks = $17, profile = $18, pairwise = $19, opaque = $20, alg = $21, state = $22, reason = $23, created_at = $24,
		changed_at = $25, token_life = $26, refresh_life = $27, dpop_nonce = $28 WHERE id = $1`, c.values()...)
	if err != nil {
		return err
	}
	return r.writeParts(ctx, tx, c)
}

func (r *Registry) one(ctx context.Context, q db.Querier, clientID, lock string) (Client, bool, error) {
	c, err := scanClient(q.QueryRowContext(ctx, `SELECT `+clientColumns+` FROM connected_client WHERE id = $1`+lock, clientID))
	if errors.Is(err, sql.ErrNoRows) {
		return Client{}, false, nil
	}
	return c, err == nil, db.Explain(err)
}

// owned counts the account's clients; two that are made at once wait for each other.
func (r *Registry) owned(ctx context.Context, tx db.Querier, owner string) (int, error) {
	var one string
	if err := tx.QueryRowContext(ctx, `SELECT id FROM account WHERE id = $1`+r.DB.ForUpdate(), owner).Scan(&one); err != nil {
		return 0, err
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM connected_client WHERE owner_id = $1`, owner).Scan(&n)
	return n, err
}

// Of lists the clients of the account, the newest first.
func (r *Registry) Of(ctx context.Context, owner string) ([]Client, error) {
	return r.list(ctx, `WHERE owner_id = $1 ORDER BY created_at DESC, id`, owner)
}

// In lists clients of the state, limit at most: those that wait as they came, others
// the newest first. after is the last that was seen, "" to begin.
func (r *Registry) In(ctx context.Context, state State, after string, limit int) ([]Client, error) {
	if state == StateWaiting {
		return r.list(ctx, `WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3`, string(state), after, limit)
	}
	return r.list(ctx, `WHERE state = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, string(state), after, limit)
}

func (r *Registry) list(ctx context.Context, where string, args ...any) ([]Client, error) {
	return db.List(ctx, r.DB.Read, scanClient, `SELECT `+clientColumns+` FROM connected_client `+where, args...)
}
