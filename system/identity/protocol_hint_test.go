package identity_test

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
)

// rotatedAway replaces the keys that sign now, so long ago that those before them
// are published no more since the time, and sweeps up.
func (h *house) rotatedAway(since time.Duration) *openid.Keys {
	h.t.Helper()
	ctx := context.Background()
	box, err := seal.New(houseSecret)
	if err != nil {
		h.t.Fatal(err)
	}
	keys := &openid.Keys{DB: h.db(), Clock: h.clock, Box: box}
	if err := keys.Rotate(ctx); err != nil {
		h.t.Fatal(err)
	}
	now := h.clock.Now()
	err = h.db().Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE signing_key SET use_from = $1 WHERE retire_at = 0`, db.Micros(now.Add(-since))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE signing_key SET retire_at = $1 WHERE retire_at <> 0`, db.Micros(now.Add(-since)))
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.advance(time.Minute) // past what the process remembers
	return keys
}

func (h *house) sweepKeys(keys *openid.Keys) {
	h.t.Helper()
	if err := h.db().Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error { return keys.Sweep(ctx, tx) }); err != nil {
		h.t.Fatal(err)
	}
}

// OpenID Connect RP-Initiated Logout 1.0, 2, and Core 1.0, 3.1.2.1: a hint is ours
// although the key that signed it is published no more. Of that key the public
// half alone is left.
func TestOIDCHintOfAKeyThatWasReplaced(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		got := h.redeem(h.code(b, demo.Doctor).Get("code"))
		kid := headerOf(t, got.ID)["kid"].(string)
		keys := h.rotatedAway(48 * time.Hour)
		silent := func() string {
			return b.stay().answerOf(b.stay().get(h.request("prompt", "none", "id_token_hint", got.ID))).Get("code")
		}
		if silent() == "" { // also before what is over is swept up
			t.Error("the hint is not taken")
		}
		h.sweepKeys(keys)
		var private, public string
		if err := h.db().Read.QueryRowContext(context.Background(), `SELECT private, public FROM signing_key WHERE kid = $1`, kid).Scan(&private, &public); err != nil || private != "" || strings.Contains(public, `"d"`) {
			t.Fatal("a private key is left", err)
		}
		if p := h.browser().get(h.base + "/.well-known/openid-configuration/jwks"); p.status != http.StatusOK || strings.Contains(p.body, kid) {
			t.Error("the old key is still published", p.status)
		}
		states, err := keys.States(context.Background())
		if err != nil || len(states) != 3 {
			t.Errorf("the console shows %d keys, %v", len(states), err)
		}
		if silent() == "" {
			t.Error("the hint is not taken")
		}
		// It proves no more than one of a key that is published.
		if p := b.stay().get(fmtURL(h.base+"/connect/endsession", "id_token_hint", got.ID, "client_id", "card")); p.status != http.StatusBadRequest {
			t.Error(p.status, p.words())
		}
		parts := strings.Split(got.ID, ".")
		if p := b.stay().get(fmtURL(h.base+"/connect/endsession", "id_token_hint", parts[0]+"."+parts[1]+"."+strings.Repeat("A", len(parts[2])))); p.status != http.StatusBadRequest {
			t.Error(p.status, p.words())
		}
		b.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
		p := b.stay().get(fmtURL(h.base+"/connect/endsession", "id_token_hint", got.ID, "post_logout_redirect_uri", "http://127.0.0.1:9400/", "state", "s1"))
		if p.header.Get("Location") != "http://127.0.0.1:9400/?state=s1" {
			t.Fatal(p.status, p.header.Get("Location"), p.words())
		}
		b.get(h.base+"/").must(http.StatusOK, "Единый вход")
	})
}

// RP-Initiated Logout 1.0, 4: what cannot be told to be ours counts nothing; the
// person is asked, and led nowhere.
func TestOIDCHintOfAKeyThatIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		got := h.redeem(h.code(b, demo.Doctor).Get("code"))
		keys := h.rotatedAway(8761 * time.Hour)
		h.sweepKeys(keys)
		var left int
		if err := h.db().Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM signing_key`).Scan(&left); err != nil || left != 3 {
			t.Fatal("keys stay for ever", left, err)
		}
		for _, pairs := range [][]string{
			{"id_token_hint", got.ID},
			{"id_token_hint", got.ID, "post_logout_redirect_uri", "http://127.0.0.1:9400/"},
			{"id_token_hint", got.ID, "post_logout_redirect_uri", "http://127.0.0.1:9400/", "client_id", "conformance"},
		} {
			b.get(fmtURL(h.base+"/connect/endsession", pairs...)).must(http.StatusOK, "Выйти отовсюду")
		}
		b.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
		if got := b.stay().answerOf(b.stay().get(h.request("prompt", "none", "id_token_hint", got.ID))); got.Get("error") != "invalid_request" {
			t.Error(got)
		}
	})
}
