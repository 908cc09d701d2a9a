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
	"github.com/sanarip/sanarip/kit/id"
)

// backFor is how long a flow that is over is known for the way back.
const backFor = 24 * time.Hour

// flows keeps authorization requests under way, and sign-outs waiting for the
// person's word.
type flows struct {
	*grants
	db    *db.DB
	clock clock.Clock
}

var _ interface {
	goidc.AuthManager
	goidc.PARManager
	goidc.LogoutManager
} = (*flows)(nil)

// SaveSession implements goidc.AuthManager. A flow that came to its end is emptied,
// so that its address leads nowhere a second time; whose it was stays for a day,
// for the way back. One that never was written needs no end.
func (f *flows) SaveSession(ctx context.Context, as *goidc.AuthnSession) error {
	if as.Status != goidc.StatusPending {
		return f.finish(ctx, as)
	}
	plain := *as
	plain.PushedAuthReqID, plain.DeviceCode, plain.UserCode = "", "", ""
	data, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	expires := micros(as.ExpiresAt)
	if as.PushedAuthReqID != "" {
		expires += f.lives.flow.Microseconds() // as long as what begins with it may last
	}
	return f.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO flow (id, client_id, data, expires_at, pushed_hash, device_hash, user_code_hash, wait)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET data = $3, expires_at = $4`,
			as.ID, as.ClientID, string(data), expires, nullable(as.PushedAuthReqID), nullable(as.DeviceCode), nullable(as.UserCode), seconds(f.lives.devicePause))
		return err
	})
}

func micros(unix int) int64 { return int64(unix) * int64(time.Second/time.Microsecond) }

// finish ends the flow: once, even when it goes on twice at the same moment, or
// when its request_uri was opened twice.
func (f *flows) finish(ctx context.Context, as *goidc.AuthnSession) error {
	pushed, _ := as.Store[storePushed].(string)
	if as.Store[storeKept] == nil && pushed == "" {
		return nil
	}
	delete(as.Store, storeKept)
	delete(as.Store, storePushed)
	first := false
	err := f.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		first, err = db.ChangedOne(ctx, tx, `UPDATE flow SET answer = $2, answered_by = '', data = '{}' WHERE id = $1 AND answer <> $2`, as.ID, over)
		if err == nil && pushed != "" {
			first, err = db.ChangedOne(ctx, tx, `DELETE FROM flow WHERE pushed_hash = $1`, pushed)
		}
		return err
	})
	if err == nil && !first && as.Status == goidc.StatusSuccess {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "the session has ended")
	}
	return err
}

// carry keeps, where a flow's notes begin anew, what finish needs.
func carry(from, to map[string]any) map[string]any {
	for _, name := range []string{storeKept, storePushed} {
		if value, ok := from[name]; ok {
			to[name] = value
		}
	}
	return to
}

// Session implements goidc.AuthManager.
func (f *flows) Session(ctx context.Context, flowID string) (*goidc.AuthnSession, error) {
	as, _, _, err := f.flow(ctx, flowID)
	return as, err
}

func (f *flows) flow(ctx context.Context, flowID string) (as *goidc.AuthnSession, answer, by string, err error) {
	var data string
	var device sql.NullString
	err = f.db.Read.QueryRowContext(ctx, `SELECT data, answer, answered_by, device_hash FROM flow WHERE id = $1 AND expires_at > $2 AND pushed_hash IS NULL
		AND answer <> $3`, flowID, db.Micros(f.clock.Now()), over).Scan(&data, &answer, &by, &device)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, "", "", goidc.ErrNotFound
	}
	if err != nil {
		return nil, "", "", db.Explain(err)
	}
	as, err = read(data, device)
	return as, answer, by, err
}

// over is whose the flow was, of a browser, that has run out or come to its end;
// "" for one that never was, or was too long ago.
func (f *flows) over(ctx context.Context, flowID string) (clientID string, err error) {
	err = f.db.Read.QueryRowContext(ctx, `SELECT client_id FROM flow WHERE id = $1 AND pushed_hash IS NULL AND device_hash IS NULL`, flowID).Scan(&clientID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return clientID, db.Explain(err)
}

func read(data string, device sql.NullString) (*goidc.AuthnSession, error) {
	as := &goidc.AuthnSession{}
	if err := json.Unmarshal([]byte(data), as); err != nil {
		return nil, err
	}
	if as.Store == nil {
		as.Store = map[string]any{}
	}
	as.Store[storeKept] = true
	if device.Valid {
		as.DeviceCode = hashed + device.String
	}
	return as, nil
}

// SessionByPushedAuthReqID implements goidc.PARManager: a request_uri serves the
// client alone that pushed the request, for one sign-in. What begins with it is a
// flow of its own: it may be opened again until the person is done (FAPI 2.0
// Security Profile, 5.3.2.2), for programs that look at addresses before people do.
func (f *flows) SessionByPushedAuthReqID(ctx context.Context, requestID string) (*goidc.AuthnSession, error) {
	var data string
	now, hash := db.Micros(f.clock.Now()), id.Hash(requestID)
	err := f.db.Read.QueryRowContext(ctx, `SELECT data FROM flow WHERE pushed_hash = $1 AND client_id = $2 AND expires_at > $3`,
		hash, callOf(ctx).client, now).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		err = db.Explain(err)
		note(ctx, err)
		return nil, err
	}
	as, err := read(data, sql.NullString{})
	if err != nil {
		return nil, err
	}
	if micros(as.ExpiresAt) <= now {
		return nil, goidc.ErrNotFound
	}
	as.ID = id.Secret()
	delete(as.Store, storeKept) // this flow is not in the database yet
	as.Store[storePushed] = hash
	return as, nil
}

// Answers that are no scopes.
const (
	denied = "deny"
	over   = "over" // the flow came to its end; a device has yet to hear it
)

// Allow keeps what the person allowed in the flow.
func (f *flows) Allow(ctx context.Context, tx db.Querier, flowID, accountID string, scopes []string) error {
	return f.answer(ctx, tx, flowID, accountID, strings.Join(scopes, " "))
}

func (f *flows) answer(ctx context.Context, tx db.Querier, flowID, accountID, answer string) error {
	_, err := tx.ExecContext(ctx, `UPDATE flow SET answer = $3, answered_by = $2 WHERE id = $1 AND answer <> $4`, flowID, accountID, answer, over)
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
			ls.ID, string(data), micros(ls.ExpiresAt))
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
	if _, err := tx.ExecContext(ctx, `DELETE FROM flow WHERE expires_at < $1`, db.Micros(f.clock.Now().Add(-backFor))); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM logout WHERE expires_at < $1`, `DELETE FROM signed_out WHERE expires_at < $1`,
	} {
		if _, err := tx.ExecContext(ctx, statement, now); err != nil {
			return err
		}
	}
	return nil
}
