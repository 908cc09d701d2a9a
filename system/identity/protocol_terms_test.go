package identity_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// with starts ЕСИ anew on the same database with an operator's settings.
func (h *house) with(settings map[string]string) *house {
	h.t.Helper()
	esi, err := identity.New(context.Background(), host.Env{
		Database: h.address, Connections: 5, Clock: h.clock, Log: slog.New(slog.DiscardHandler), HTTP: &http.Client{Transport: h.network},
		BaseURL: h.base, Issuer: h.base, Sites: map[string]string{"identity": h.base, "card": h.card.base, "portal": h.portal.base},
		ClientSecretOf: func(name string) string { return name + "-secret+with/signs" }, ExchangeKey: exchangeKey, Secret: bytes.Repeat([]byte{9}, 32), Demo: true,
		Settings: settings,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = esi.Close() })
	h.set("esi", esi.Handler())
	h.esi = esi
	return h
}

func lifeOf(t *testing.T, token string) float64 {
	t.Helper()
	claims := claimsOf(t, token)
	return claims["exp"].(float64) - claims["iat"].(float64)
}

func TestLifetimesAreAsTheOperatorSetThem(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.with(map[string]string{"access_token_life": "2m", "id_token_life": "3m", "refresh_idle": "1h", "device_code_life": "4m", "device_poll": "7s", "request_uri_life": "20s"})
		c := h.connect(demo.Doctor, nil)
		got := c.redeem(c.auth(), c.code(h.browser(), demo.Doctor, "scope", "openid offline_access"))
		if got.status != http.StatusOK || lifeOf(t, got.Access) != 120 || lifeOf(t, got.ID) != 180 {
			t.Fatalf("%+v", got)
		}
		if device := h.call("/connect/deviceauthorization", c.auth(), "scope", "openid"); device.body["expires_in"] != 240.0 || device.body["interval"] != 7.0 {
			t.Errorf("%+v", device)
		}
		if pushed := c.push(c.auth()); pushed.body["expires_in"] != 20.0 {
			t.Errorf("%+v", pushed)
		}
		h.clock.advance(61 * time.Minute)
		if late := h.token(c.auth(), "grant_type", "refresh_token", "refresh_token", got.Refresh); late.Error != "invalid_grant" {
			t.Errorf("unused for too long: %+v", late)
		}
	})
}

func TestAClientsOwnLifetimesAreShorterNeverLonger(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) { s.TokenLife, s.RefreshLife = 2*time.Minute, time.Hour })
		got := c.redeem(c.auth(), c.code(h.browser(), demo.Doctor, "scope", "openid offline_access"))
		if got.status != http.StatusOK || lifeOf(t, got.Access) != 120 || lifeOf(t, got.ID) != 120 {
			t.Fatalf("%+v", got)
		}
		next := h.token(c.auth(), "grant_type", "refresh_token", "refresh_token", got.Refresh)
		if next.status != http.StatusOK || lifeOf(t, next.ID) != 120 {
			t.Fatalf("%+v", next)
		}
		// What everybody may have was cut since the client was registered.
		h.with(map[string]string{"access_token_life": "1m", "id_token_life": "1m"})
		if got := c.redeem(c.auth(), c.code(h.browser(), demo.Doctor)); lifeOf(t, got.Access) != 60 || lifeOf(t, got.ID) != 60 {
			t.Errorf("%+v", got)
		}
		h.with(nil)
		h.clock.advance(61 * time.Minute) // since the sign-in, though it was used on the way
		if late := h.token(c.auth(), "grant_type", "refresh_token", "refresh_token", next.Refresh); late.Error != "invalid_grant" {
			t.Errorf("%+v", late)
		}
		for name, change := range map[string]func(s *openid.Settings){
			"token_life":   func(s *openid.Settings) { s.TokenLife = 11 * time.Minute },
			"refresh_life": func(s *openid.Settings) { s.RefreshLife = 4321 * time.Hour },
		} {
			settings := openid.Settings{
				Name: text.Same("Проба"), Redirects: []string{callback}, Scopes: openid.PersonScopes, Grants: []openid.Grant{openid.GrantCode}, Method: openid.MethodBasic,
				Profile: openid.ProfilePlain,
			}
			change(&settings)
			_, _, err := h.esi.Registry().Create(context.Background(), h.account(demo.Doctor), settings)
			if !fail.Is(err, fail.Invalid) || fail.As(err).Findings[0].Field != name {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// RFC 9449, 8 and 9: a client that asks for it proves its key with a nonce of ours.
func TestRFC9449NonceIsAskedForAndMustBeOurs(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) { s.Nonce = true })
		key := newKey(t)
		b := h.browser()
		code := c.code(b, demo.Doctor)
		redeem := func(pairs ...any) tokens {
			t.Helper()
			return c.redeem(proven(c.auth(), h.proof(key, "POST", "/connect/token", pairs...)), code)
		}
		asked := redeem()
		nonce := asked.header.Get("DPoP-Nonce")
		if asked.status != http.StatusBadRequest || asked.Error != "use_dpop_nonce" || len(nonce) < 22 || asked.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%+v", asked)
		}
		for name, wrong := range map[string]any{"guessed": strings.Repeat("A", 43), "empty": "", "another's": nonce[1:]} {
			if got := redeem("nonce", wrong); got.Error != "use_dpop_nonce" || got.header.Get("DPoP-Nonce") == "" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		h.with(nil) // another process knows it
		got := redeem("nonce", nonce)
		if got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		ath := hashOf(got.Access)
		without := h.userInfoBy("DPoP", got.Access, h.proof(key, "GET", "/connect/userinfo", "ath", ath))
		if challenge := without.header.Get("WWW-Authenticate"); without.status != http.StatusUnauthorized || without.body["pin"] != nil ||
			!strings.HasPrefix(challenge, "DPoP ") || !strings.Contains(challenge, `error="use_dpop_nonce"`) || without.header.Get("DPoP-Nonce") == "" {
			t.Fatalf("%+v", without)
		}
		if with := h.userInfoBy("DPoP", got.Access, h.proof(key, "GET", "/connect/userinfo", "ath", ath, "nonce", without.header.Get("DPoP-Nonce"))); with.status != http.StatusOK {
			t.Errorf("%+v", with)
		}
		pushed := c.push(proven(c.auth(), h.proof(key, "POST", "/connect/par")))
		if pushed.word("error") != "use_dpop_nonce" || pushed.header.Get("DPoP-Nonce") == "" {
			t.Errorf("%+v", pushed)
		}
		if pushed := c.push(proven(c.auth(), h.proof(key, "POST", "/connect/par", "nonce", nonce))); pushed.status != http.StatusCreated {
			t.Errorf("%+v", pushed)
		}
	})
}

func TestRFC9449NonceIsAskedOfWhomTheOperatorSays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		plain, strict := h.connect(demo.Doctor, nil), h.connect(demo.Doctor, fapi)
		key := newKey(t)
		for setting, want := range map[string][2]bool{"": {false, false}, "asked": {false, false}, "fapi": {false, true}, "all": {true, true}} {
			h.with(map[string]string{"dpop_nonce": setting})
			for i, c := range []*registered{plain, strict} {
				got := c.push(proven(c.auth(), h.proof(key, "POST", "/connect/par")))
				if asked := got.word("error") == "use_dpop_nonce"; asked != want[i] || !asked && got.status != http.StatusCreated {
					t.Errorf("%q, client %d: %+v", setting, i, got)
				}
			}
		}
		// A nonce that nobody asked for is not believed either.
		if got := plain.push(proven(plain.auth(), h.proof(key, "POST", "/connect/par", "nonce", "made-up"))); got.word("error") != "use_dpop_nonce" {
			t.Errorf("%+v", got)
		}
	})
}

// Whoever proves nothing is answered at a pace, and cannot use up that of others.
func TestAFloodWithoutProofIsKeptOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clock.stop() // what is refilled meanwhile is not the machine's affair
		h.with(map[string]string{"pace_client": "5", "pace_address": "20"})
		works, victim, quiet := h.connect(demo.Doctor, nil), h.connect(demo.Doctor, nil), h.connect(demo.Doctor, nil)
		introspect := func(auth clientAuth) answered { return h.call("/connect/introspect", auth, "token", "x") }
		if got := introspect(works.auth()); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		flood := func(path string, c *registered) (first answered, passed int) {
			t.Helper()
			for passed = range 400 {
				if first = h.call(path, basic(c.ID, "guessed"), "grant_type", "client_credentials", "token", "x"); first.status == http.StatusTooManyRequests {
					return first, passed
				}
			}
			return first, passed
		}
		for _, c := range []*registered{works, victim} {
			got, passed := flood("/connect/token", c)
			if got.status != http.StatusTooManyRequests && c == victim {
				t.Fatalf("%d guesses go through: %+v", passed, got)
			}
			if c == victim && (got.word("error") != "temporarily_unavailable" || got.header.Get("Retry-After") == "" || passed < 100) {
				t.Errorf("after %d: %+v", passed, got)
			}
		}
		// The system that has been at work behind the same address goes on.
		if got := introspect(works.auth()); got.status != http.StatusOK {
			t.Errorf("a client that proved itself is stopped by others: %+v", got)
		}
		if got := introspect(quiet.auth()); got.status != http.StatusOK {
			t.Errorf("another client pays for it: %+v", got)
		}
		if got := introspect(victim.auth()); got.status != http.StatusTooManyRequests {
			t.Errorf("the guesses are forgotten: %+v", got)
		}
		// A page that asks in the client's name may read that it is to wait, and how long.
		for path, may := range map[string]string{
			"/connect/token": "*", "/connect/par": "*", "/connect/deviceauthorization": "*", "/connect/revocation": "*", "/connect/introspect": "",
		} {
			got := h.call(path, func(r *http.Request, values url.Values) {
				basic(victim.ID, "guessed")(r, values)
				r.Header.Set("Origin", "https://app.example")
			}, "token", "x")
			exposed := strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "Retry-After")
			if got.status != http.StatusTooManyRequests || got.header.Get("Access-Control-Allow-Origin") != may || exposed != (may != "") || got.header.Get("Retry-After") == "" {
				t.Errorf("%s: %+v", path, got)
			}
		}
		// From another address the client itself notices nothing of it.
		r := httptest.NewRequest(http.MethodPost, h.base+"/connect/introspect", strings.NewReader("token=x"))
		r.RemoteAddr = "203.0.113.9:4711"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		victim.auth()(r, url.Values{})
		w := httptest.NewRecorder()
		if h.esi.Handler().ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("guesses from one address stop the client at another: %d %s", w.Code, w.Body)
		}
		h.with(map[string]string{"pace_client": "5", "pace_address": "20"})
		b := h.browser().stay()
		stopped := shown{}
		for range 400 {
			if stopped = b.get(h.request("client_id", victim.ID)); stopped.status == http.StatusTooManyRequests {
				break
			}
		}
		if stopped.status != http.StatusTooManyRequests || stopped.header.Get("Retry-After") == "" || !strings.Contains(stopped.words(), "Слишком много попыток") {
			t.Errorf("%d", stopped.status)
		}
		if p := b.get(h.request("client_id", quiet.ID)); p.status == http.StatusTooManyRequests {
			t.Error("another system's people are kept out")
		}
		for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/openid-configuration/jwks", "/sign-in"} {
			if p := b.get(h.base + path); p.status != http.StatusOK {
				t.Errorf("%s: %d", path, p.status)
			}
		}
	})
}

func TestAWrongSettingStopsTheStart(t *testing.T) {
	h := open(t, "sqlite:"+t.TempDir())
	for name, settings := range map[string]map[string]string{
		"identity_authorization_code_life": {"authorization_code_life": "2m"},
		"identity_refresh_idle":            {"refresh_idle": "48h", "refresh_life": "24h"},
		"identity_hint_life":               {"refresh_life": "8760h", "hint_life": "4320h"}, // a client's ID token outlives what is known of its key
		"identity_dpop_nonce":              {"dpop_nonce": "yes"},
		"identity_pace_client":             {"pace_client": "0"},
		"identity_limits":                  {"limits": "pasword=1/1h/1m/1m"},
	} {
		esi, err := identity.New(context.Background(), host.Env{
			Database: h.address, Connections: 2, Clock: h.clock, Log: slog.New(slog.DiscardHandler), BaseURL: h.base, Issuer: h.base,
			Secret: bytes.Repeat([]byte{9}, 32), Settings: settings,
		})
		if err == nil {
			_ = esi.Close()
		}
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: %v", settings, err)
		}
	}
}
