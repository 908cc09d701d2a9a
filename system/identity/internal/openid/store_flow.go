package openid

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// flows keeps authorization requests under way, and sign-outs waiting for the
// person's word.
type flows struct {
	*grants
	db    *db.DB
	clock clock.Clock
}

var _ interface {
	goidc.AuthManager
	goidc.LogoutManager
} = (*flows)(nil)

// SaveSession implements goidc.AuthManager. A flow that came to its end is
// deleted, so that its address leads nowhere a second time.
func (f *flows) SaveSession(ctx context.Context, as *goidc.AuthnSession) error {
	data, err := json.Marshal(as)
	if err != nil {
		return err
	}
	return f.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if as.Status != goidc.StatusPending {
			_, err := tx.ExecContext(ctx, `DELETE FROM flow WHERE id = $1`, as.ID)
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO flow (id, client_id, data, expires_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET data = $3`, as.ID, as.ClientID, string(data), int64(as.ExpiresAt)*int64(time.Second/time.Microsecond))
		return err
	})
}

// Session implements goidc.AuthManager.
func (f *flows) Session(ctx context.Context, flowID string) (*goidc.AuthnSession, error) {
	as, _, _, err := f.flow(ctx, flowID)
	return as, err
}

func (f *flows) flow(ctx context.Context, flowID string) (as *goidc.AuthnSession, answer, by string, err error) {
	var data string
	err = f.db.Read.QueryRowContext(ctx, `SELECT data, answer, answered_by FROM flow WHERE id = $1 AND expires_at > $2`, flowID, db.Micros(f.clock.Now())).
		Scan(&data, &answer, &by)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", "", goidc.ErrNotFound
	}
	if err != nil {
		return nil, "", "", db.Explain(err)
	}
	as = &goidc.AuthnSession{}
	if err := json.Unmarshal([]byte(data), as); err != nil {
		return nil, "", "", err
	}
	if as.Store == nil {
		as.Store = map[string]any{}
	}
	return as, answer, by, nil
}

const denied = "deny"

// Allow keeps what the person allowed in the flow.
func (f *flows) Allow(ctx context.Context, tx db.Querier, flowID, accountID string, scopes []string) error {
	return f.answer(ctx, tx, flowID, accountID, strings.Join(scopes, " "))
}

func (f *flows) answer(ctx context.Context, tx db.Querier, flowID, accountID, answer string) error {
	_, err := tx.ExecContext(ctx, `UPDATE flow SET answer = $3, answered_by = $2 WHERE id = $1`, flowID, accountID, answer)
	return err
}

// Deny keeps that the person does not want to go on.
func (f *flows) Deny(ctx context.Context, flowID string) error {
	return f.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return f.answer(ctx, tx, flowID, "", denied) })
}

// SaveLogoutSession implements goidc.LogoutManager.
func (f *flows) SaveLogoutSession(ctx context.Context, ls *goidc.LogoutSession) error {
	data, err := json.Marshal(ls)
	if err != nil {
		return err
	}
	return f.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if ls.Status != goidc.StatusPending {
			_, err := tx.ExecContext(ctx, `DELETE FROM logout WHERE id = $1`, ls.ID)
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO logout (id, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET data = $2`,
			ls.ID, string(data), int64(ls.ExpiresAt)*int64(time.Second/time.Microsecond))
		return err
	})
}

// LogoutSession implements goidc.LogoutManager.
func (f *flows) LogoutSession(ctx context.Context, logoutID string) (*goidc.LogoutSession, error) {
	var data string
	err := f.db.Read.QueryRowContext(ctx, `SELECT data FROM logout WHERE id = $1`, logoutID).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		return nil, db.Explain(err)
	}
	ls := &goidc.LogoutSession{}
	return ls, json.Unmarshal([]byte(data), ls)
}

func (f *flows) sweep(ctx context.Context, tx db.Querier) error {
	now := db.Micros(f.clock.Now())
	if _, err := tx.ExecContext(ctx, `DELETE FROM flow WHERE expires_at < $1`, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM logout WHERE expires_at < $1`, now)
	return err
}
