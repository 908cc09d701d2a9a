package identity_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

func public(s *openid.Settings) { s.Method = openid.MethodPublic }

// RFC 9449: a token that is bound to a key is worth nothing without it.
func TestRFC9449TokensAreBoundToTheKey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, public)
		key, thief := newKey(t), newKey(t)
		token := func(proofs []string, pairs ...string) tokens { return h.token(proven(c.auth(), proofs...), pairs...) }
		proof := func(pairs ...any) []string { return []string{h.proof(key, "POST", "/connect/token", pairs...)} }
		b := h.browser()
		c.code(b, demo.Doctor)
		again := func(pairs ...string) string {
			t.Helper()
			request := h.request(append([]string{"client_id", c.ID, "scope", "openid profile"}, pairs...)...)
			return b.stay().answerOf(b.stay().get(request)).Get("code")
		}
		redeem := func(proofs []string, code string) tokens {
			return token(proofs, "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
		}
		got := redeem(proof(), again())
		if got.status != http.StatusOK || claimsOf(t, got.Access)["cnf"].(map[string]any)["jkt"] != thumbprint(t, key) {
			t.Fatalf("%+v", got)
		}
		ath := hashOf(got.Access)
		if got := h.userInfoBy("DPoP", got.Access, h.proof(key, "GET", "/connect/userinfo", "ath", ath)); got.status != http.StatusOK || got.word("pin") != demo.Doctor.PIN {
			t.Fatalf("%+v", got)
		}
		for name, try := range map[string]answered{
			"as a bearer's":          h.userInfoBy("Bearer", got.Access, ""),
			"as a bearer's, proven":  h.userInfoBy("Bearer", got.Access, h.proof(key, "GET", "/connect/userinfo", "ath", ath)),
			"without a proof":        h.userInfoBy("DPoP", got.Access, ""),
			"another key":            h.userInfoBy("DPoP", got.Access, h.proof(thief, "GET", "/connect/userinfo", "ath", ath)),
			"another token's proof":  h.userInfoBy("DPoP", got.Access, h.proof(key, "GET", "/connect/userinfo", "ath", hashOf("x"))),
			"no ath":                 h.userInfoBy("DPoP", got.Access, h.proof(key, "GET", "/connect/userinfo")),
			"another method's proof": h.userInfoBy("DPoP", got.Access, h.proof(key, "POST", "/connect/userinfo", "ath", ath)),
			"another address":        h.userInfoBy("DPoP", got.Access, h.proof(key, "GET", "/connect/token", "ath", ath)),
		} {
			if try.status != http.StatusUnauthorized || try.header.Get("WWW-Authenticate") == "" || try.body["pin"] != nil {
				t.Errorf("%s: %+v", name, try)
			}
		}
		if challenge := h.userInfoBy("DPoP", got.Access, "").header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "DPoP ") || !strings.Contains(challenge, `algs="ES256 PS256 EdDSA"`) {
			t.Error(challenge)
		}
		// Bad proofs at the token endpoint (RFC 9449, 4.3).
		for name, proofs := range map[string][]string{
			"two proofs":       {proof()[0], proof()[0]},
			"old":              proof("iat", time.Now().Add(-6*time.Minute).Unix()),
			"from the future":  proof("iat", time.Now().Add(2*time.Minute).Unix()),
			"no jti":           proof("jti", ""),
			"another method":   proof("htm", "GET"),
			"another address":  proof("htu", h.base+"/connect/par"),
			"another server":   proof("htu", "https://evil.example/connect/token"),
			"no proof at all":  {"a.b.c"},
			"not of the type":  {signed(t, key, "JWT", true, map[string]any{"htm": "POST", "htu": h.base + "/connect/token", "jti": "j1", "iat": time.Now().Unix()})},
			"without the key":  {signed(t, key, "dpop+jwt", false, map[string]any{"htm": "POST", "htu": h.base + "/connect/token", "jti": "j2", "iat": time.Now().Unix()})},
			"a broken signing": {proof()[0][:len(proof()[0])-6] + "AAAAAA"},
		} {
			if got := redeem(proofs, again()); got.status != http.StatusBadRequest || got.Error != "invalid_dpop_proof" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		// dpop_jkt binds the code from the beginning (RFC 9449, 10).
		if got := redeem([]string{h.proof(thief, "POST", "/connect/token")}, again("dpop_jkt", thumbprint(t, key))); got.status == http.StatusOK {
			t.Errorf("the code went to another key: %+v", got)
		}
		if got := redeem(nil, again("dpop_jkt", thumbprint(t, key))); got.status == http.StatusOK {
			t.Errorf("the code went to nobody's key: %+v", got)
		}
		if got := redeem(proof(), again("dpop_jkt", thumbprint(t, key))); got.status != http.StatusOK {
			t.Errorf("%+v", got)
		}
	})
}

// RFC 9449, 5: a public client's refresh token serves the key alone that it was given to.
func TestRFC9449RefreshTokenOfAPublicClientIsBound(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, public)
		key, thief := newKey(t), newKey(t)
		code := c.code(h.browser(), demo.Doctor, "scope", "openid profile offline_access")
		by := func(key ...string) clientAuth { return proven(c.auth(), key...) }
		first := h.token(by(h.proof(key, "POST", "/connect/token")), "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
		for name, auth := range map[string]clientAuth{"no key": by(), "another key": by(h.proof(thief, "POST", "/connect/token"))} {
			if got := h.token(auth, "grant_type", "refresh_token", "refresh_token", first.Refresh); got.status == http.StatusOK {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if got := h.token(by(h.proof(key, "POST", "/connect/token")), "grant_type", "refresh_token", "refresh_token", first.Refresh); got.status != http.StatusOK || got.Refresh == first.Refresh {
			t.Fatalf("%+v", got)
		}
	})
}

// RFC 9449, 11.1: a proof serves once, in whatever process it comes.
func TestRFC9449ProofServesOnceInTwoProcesses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, public)
		key := newKey(t)
		b := h.browser()
		first := c.code(b, demo.Doctor)
		second := b.stay().answerOf(b.stay().get(h.request("client_id", c.ID))).Get("code")
		once := proven(c.auth(), h.proof(key, "POST", "/connect/token"))
		if got := c.redeem(once, first); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		h.another()
		if got := c.redeem(once, second); got.Error != "invalid_dpop_proof" {
			t.Fatalf("%+v", got)
		}
	})
}

// RFC 9449, 10.1: a proof that comes with a pushed request binds its code.
func TestRFC9449PushedRequestBindsTheCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, nil)
		key, thief := newKey(t), newKey(t)
		b := h.browser()
		c.code(b, demo.Doctor)
		next := func() string {
			t.Helper()
			pushed := c.push(proven(c.auth(), h.proof(key, "POST", "/connect/par")))
			return b.stay().answerOf(b.stay().get(c.pushedURL(pushed.word("request_uri")))).Get("code")
		}
		if got := c.redeem(c.auth(), next()); got.status == http.StatusOK {
			t.Fatalf("%+v", got)
		}
		if got := c.redeem(proven(c.auth(), h.proof(thief, "POST", "/connect/token")), next()); got.Error != "invalid_dpop_proof" {
			t.Fatalf("%+v", got)
		}
		if got := c.redeem(proven(c.auth(), h.proof(key, "POST", "/connect/token")), next()); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		for name, auth := range map[string]clientAuth{
			"another address": proven(c.auth(), h.proof(key, "POST", "/connect/token")), "no proof": proven(c.auth(), "a.b.c"),
		} {
			if got := c.push(auth); got.word("error") != "invalid_dpop_proof" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if got := c.push(proven(c.auth(), h.proof(key, "POST", "/connect/par")), "dpop_jkt", thumbprint(t, thief)); got.status == http.StatusCreated {
			t.Errorf("two keys: %+v", got)
		}
	})
}

// RFC 9449, 10: dpop_jkt binds the code, in an address, pushed ahead, and signed.
func TestRFC9449ThumbprintBindsTheCode(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	c := h.connect(demo.Doctor, withKeys)
	key, thief := newKey(t), newKey(t)
	b := h.browser()
	c.code(b, demo.Doctor)
	jkt := thumbprint(t, key)
	for name, next := range map[string]func() string{
		"in an address": func() string { return h.request("client_id", c.ID, "dpop_jkt", jkt) },
		"pushed":        func() string { return c.pushedURL(c.push(c.auth(), "dpop_jkt", jkt).word("request_uri")) },
		"signed":        func() string { return h.request("client_id", c.ID, "request", c.object("dpop_jkt", jkt)) },
	} {
		code := func() string { return b.stay().answerOf(b.stay().get(next())).Get("code") }
		if got := c.redeem(c.auth(), code()); got.status == http.StatusOK {
			t.Errorf("%s, without a proof: %+v", name, got)
		}
		if got := c.redeem(proven(c.auth(), h.proof(thief, "POST", "/connect/token")), code()); got.status == http.StatusOK {
			t.Errorf("%s, by another key: %+v", name, got)
		}
		if got := c.redeem(proven(c.auth(), h.proof(key, "POST", "/connect/token")), code()); got.status != http.StatusOK {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
