package openid

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

// devices keeps the flows of devices without a keyboard (RFC 8628) among the
// others.
type devices struct{ *flows }

var _ goidc.DeviceAuthManager = devices{}

// typed is a user code as it is compared: letters alone, capital.
func typed(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return -1
	}, code)
}

// SaveSession implements goidc.DeviceAuthManager. A flow that is over stays
// until the device has heard how it ended.
func (d devices) SaveSession(ctx context.Context, as *goidc.AuthnSession) error {
	if as.Status == goidc.StatusPending {
		if as.Store[storeKept] != nil {
			return d.flows.SaveSession(ctx, as)
		}
		as.ExpiresAt = as.CreatedAt + seconds(d.lives.device)
		if err := d.flows.SaveSession(ctx, as); err != nil {
			return err
		}
		if len(as.UserCode) == 8 {
			as.UserCode = as.UserCode[:4] + "-" + as.UserCode[4:] // as it is shown
		}
		return nil
	}
	delete(as.Store, storeKept)
	plain := *as
	plain.DeviceCode, plain.UserCode = "", ""
	data, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	first, err := db.ChangedOne(ctx, d.db.Single(), `UPDATE flow SET data = $2, answer = $3, user_code_hash = NULL WHERE id = $1 AND answer <> $3`, as.ID, string(data), over)
	if err == nil && !first {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "the session has ended")
	}
	return err
}

// SessionByUserCode implements goidc.DeviceAuthManager.
func (d devices) SessionByUserCode(ctx context.Context, code string) (*goidc.AuthnSession, error) {
	return d.session(ctx, d.db.Read.QueryRowContext(ctx, `SELECT data, device_hash FROM flow WHERE user_code_hash = $1 AND expires_at > $2 AND answer <> $3`,
		id.Hash(typed(code)), db.Micros(d.clock.Now()), over))
}

func (d devices) session(ctx context.Context, row *sql.Row) (*goidc.AuthnSession, error) {
	var data string
	var device sql.NullString
	err := row.Scan(&data, &device)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		err = db.Explain(err)
		note(ctx, err)
		return nil, err
	}
	return read(data, device)
}

// SessionByDeviceCode implements goidc.DeviceAuthManager: the device asks. One
// that asks too often must wait longer from now on (RFC 8628, 3.5).
func (d devices) SessionByDeviceCode(ctx context.Context, code string) (*goidc.AuthnSession, error) {
	hash, now := id.Hash(code), d.clock.Now()
	hurried := false
	err := d.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var asked, wait int64
		err := tx.QueryRowContext(ctx, `SELECT polled_at, wait FROM flow WHERE device_hash = $1`+d.db.ForUpdate(), hash).Scan(&asked, &wait)
		if err != nil {
			return err
		}
		// Half a second is the network's.
		hurried = asked != 0 && now.Sub(db.Time(asked)) < time.Duration(wait)*time.Second-500*time.Millisecond
		if hurried {
			wait += int64(seconds(d.lives.devicePause))
		}
		_, err = tx.ExecContext(ctx, `UPDATE flow SET polled_at = $2, wait = $3 WHERE device_hash = $1`, hash, db.Micros(now), wait)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, goidc.ErrNotFound
	}
	if err != nil {
		note(ctx, err)
		return nil, err
	}
	if hurried {
		return nil, goidc.NewError(goidc.ErrorCodeSlowDown, "ask less often")
	}
	as, err := d.session(ctx, d.db.Read.QueryRowContext(ctx, `SELECT data, device_hash FROM flow WHERE device_hash = $1`, hash))
	if err != nil || as.Status != goidc.StatusSuccess {
		return as, err
	}
	// It was approved, and the library has found no grant: one is being written, or
	// none will be, as the session that approved has ended.
	sid, _ := as.Store[storeSID].(string)
	alive := 0
	if err := d.db.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM sso_session WHERE sid = $1`, sid).Scan(&alive); err != nil {
		err = db.Explain(err)
		note(ctx, err)
		return nil, err
	}
	if alive == 0 {
		as.Status = goidc.StatusFailure // access_denied
	}
	return as, nil
}

// own ties the flow of the user code to the browser of the person who says that
// the device is theirs: once, the code is good no more. false: somebody was first.
func (d devices) own(ctx context.Context, as *goidc.AuthnSession, code, browser string) (bool, error) {
	as.Store[storeBrowser] = id.Hash(browser)
	plain := *as
	plain.DeviceCode, plain.UserCode = "", ""
	data, err := json.Marshal(plain)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, d.db.Single(), `UPDATE flow SET data = $2, user_code_hash = NULL WHERE id = $1 AND user_code_hash = $3`,
		as.ID, string(data), id.Hash(typed(code)))
}
