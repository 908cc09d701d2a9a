package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// RFC 9126, 2.2 and 4: a request that was pushed ahead is the whole request, and
// its address serves once.
func TestRFC9126PushedRequestServesOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, nil)
		pushed := c.push(c.auth(), "ui_locales", "ky")
		uri := pushed.word("request_uri")
		if pushed.status != http.StatusCreated || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || pushed.body["expires_in"] != float64(60) {
			t.Fatalf("%+v", pushed)
		}
		b := h.browser()
		// What stands beside it in the browser's address counts for nothing.
		address := c.pushedURL(uri) + "&scope=openid+email+phone&state=forged&redirect_uri=https://evil.example"
		p := b.get(address)
		p.must(http.StatusOK, "Кирүү")
		answer := h.codeAtPage(b, p, demo.Doctor)
		if answer.Get("state") != "st-1" || answer.Get("iss") != h.base {
			t.Fatal(answer)
		}
		got := c.redeem(c.auth(), answer.Get("code"))
		if got.status != http.StatusOK || got.Scope != "openid profile" {
			t.Fatalf("%+v", got)
		}
		h.browser().get(c.pushedURL(uri)).must(http.StatusBadRequest)
	})
}

// codeAtPage is codeAt from a page that is open, in any language.
func (h *house) codeAtPage(b *browser, p shown, person demo.Person) url.Values {
	h.t.Helper()
	h.inbox.clear()
	p = b.submit(p, "/sign-in", "pin", person.PIN, "password", demo.Password)
	p = b.submit(p, "/sign-in/code", "code", h.inbox.code(h.t, person.Phone))
	return b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "remember", "1"))
}

func TestRFC9126RefusesWhatIsNotAWholeRequest(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, other := h.connect(demo.Doctor, nil), h.connect(demo.Doctor, nil)
		for name, want := range map[string]struct {
			auth  clientAuth
			pairs []string
			code  string
		}{
			"nobody":              {nil, nil, "invalid_client"},
			"wrong secret":        {basic(c.ID, "wrong"), nil, "invalid_client"},
			"another's request":   {other.auth(), nil, "invalid_client"},
			"no redirect":         {c.auth(), []string{"redirect_uri", ""}, "invalid_request"},
			"redirect of nobody":  {c.auth(), []string{"redirect_uri", "https://evil.example/"}, "invalid_request"},
			"challenge in hex":    {c.auth(), []string{"code_challenge", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}, "invalid_request"},
			"no PKCE":             {c.auth(), []string{"code_challenge", ""}, "invalid_request"},
			"plain PKCE":          {c.auth(), []string{"code_challenge_method", "plain"}, "invalid_request"},
			"no response type":    {c.auth(), []string{"response_type", ""}, "invalid_request"},
			"implicit":            {c.auth(), []string{"response_type", "token"}, "unsupported_response_type"},
			"no scope":            {c.auth(), []string{"scope", ""}, "invalid_request"},
			"a machine's scope":   {c.auth(), []string{"scope", "openid system/*.read"}, "invalid_scope"},
			"a request by itself": {c.auth(), []string{"request_uri", "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"},
			"claims in pieces":    {c.auth(), []string{"claims", "{"}, "invalid_request"},
		} {
			got := c.push(want.auth, want.pairs...)
			if got.status == http.StatusCreated || got.word("error") != want.code {
				t.Errorf("%s: %+v", name, got)
			}
		}
		// The address of one client's request is worth nothing to another, and
		// stays good for its own.
		uri := c.push(c.auth()).word("request_uri")
		h.browser().get(other.pushedURL(uri)).must(http.StatusBadRequest)
		h.browser().get(c.pushedURL(uri)).must(http.StatusOK, "Вход")
		h.browser().get(c.pushedURL("urn:ietf:params:oauth:request_uri:guessed")).must(http.StatusBadRequest)
		// And for a minute alone.
		uri = c.push(c.auth()).word("request_uri")
		h.clock.advance(61 * time.Second)
		h.browser().get(c.pushedURL(uri)).must(http.StatusBadRequest)
	})
}

// FAPI 2.0 Security Profile: what a client of the profile must not do otherwise.
func TestFAPI2Negatives(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, fapi)
		b := h.browser()
		// A request that was not pushed.
		b.stay().get(h.request("client_id", c.ID)).must(http.StatusBadRequest)
		// Who the client is: the issuer alone as audience, a fresh assertion, its own key.
		for name, auth := range map[string]clientAuth{
			"audience is the endpoint": c.auth("aud", h.base+"/connect/token"),
			"audience is a list":       c.auth("aud", []string{h.base}),
			"another issuer":           c.auth("iss", "somebody"),
			"another subject":          c.auth("sub", "somebody"),
			"expired":                  c.auth("exp", time.Now().Add(-time.Minute).Unix()),
			"too long":                 c.auth("exp", time.Now().Add(time.Hour).Unix()),
			"no jti":                   c.auth("jti", ""),
			"a secret":                 basic(c.ID, "secret"),
			"nothing":                  func(_ *http.Request, values url.Values) { values.Set("client_id", c.ID) },
			"another's key":            (&registered{Client: c.Client, key: newKey(t), h: h}).auth(),
		} {
			if got := c.push(auth); got.status != http.StatusUnauthorized || got.word("error") != "invalid_client" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		// One assertion serves once.
		once := c.auth("jti", "the-same")
		if got := c.push(once); got.status != http.StatusCreated {
			t.Fatalf("%+v", got)
		}
		if got := c.push(once); got.word("error") != "invalid_client" {
			t.Fatalf("replayed: %+v", got)
		}
		if got := c.push(c.auth(), "code_challenge", ""); got.word("error") != "invalid_request" {
			t.Fatalf("no PKCE: %+v", got)
		}
		key := newKey(t)
		next := func() string {
			t.Helper()
			uri := c.push(c.auth()).word("request_uri")
			return b.stay().answerOf(b.stay().get(c.pushedURL(uri))).Get("code")
		}
		first := h.codeAt(b, c.pushedURL(c.push(c.auth()).word("request_uri")), demo.Doctor)
		if first.Get("iss") != h.base {
			t.Fatal("no iss in the answer")
		}
		good := func(code string) tokens {
			return c.redeem(proven(c.auth(), h.proof(key, "POST", "/connect/token")), code)
		}
		got := good(first.Get("code"))
		if got.status != http.StatusOK || claimsOf(t, got.Access)["cnf"].(map[string]any)["jkt"] != thumbprint(t, key) {
			t.Fatalf("%+v", got)
		}
		// Sender-constrained or not at all.
		if got := c.redeem(c.auth(), next()); got.status == http.StatusOK {
			t.Fatalf("a token without a proof: %+v", got)
		}
		if got := h.userInfoBy("Bearer", got.Access, ""); got.status != http.StatusUnauthorized {
			t.Fatalf("%+v", got)
		}
		// A code serves once; its second use ends what it gave.
		code := next()
		given := good(code)
		ath := func(access string) string { return h.proof(key, "GET", "/connect/userinfo", "ath", hashOf(access)) }
		if got := h.userInfoBy("DPoP", given.Access, ath(given.Access)); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		if again := good(code); again.Error != "invalid_grant" {
			t.Fatalf("%+v", again)
		}
		if got := h.userInfoBy("DPoP", given.Access, ath(given.Access)); got.status != http.StatusUnauthorized {
			t.Fatalf("%+v", got)
		}
		// It is its client's alone.
		stranger := h.connect(demo.Doctor, fapi)
		if got := stranger.redeem(proven(stranger.auth(), h.proof(key, "POST", "/connect/token")), next()); got.Error != "invalid_grant" {
			t.Fatalf("%+v", got)
		}
	})
}

// A refresh token of a FAPI client is bound to the client's key and does not
// change (FAPI 2.0 Security Profile, 5.3.2.1).
func TestFAPI2RefreshTokenStays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, fapi)
		key := newKey(t)
		b := h.browser()
		code := h.codeAt(b, c.pushedURL(c.push(c.auth(), "scope", "openid profile offline_access").word("request_uri")), demo.Doctor).Get("code")
		token := func(pairs ...string) tokens {
			return h.token(proven(c.auth(), h.proof(key, "POST", "/connect/token")), pairs...)
		}
		first := token("grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
		for range 3 {
			got := token("grant_type", "refresh_token", "refresh_token", first.Refresh)
			if got.status != http.StatusOK || got.Refresh != first.Refresh {
				t.Fatalf("%+v", got)
			}
		}
		if got := h.token(c.auth(), "grant_type", "refresh_token", "refresh_token", first.Refresh); got.status == http.StatusOK {
			t.Fatalf("refreshed without a proof: %+v", got)
		}
	})
}
