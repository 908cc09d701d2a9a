package identity_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// object is a signed request of the client.
func (c *registered) object(pairs ...any) string {
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": c.ID, "aud": c.h.base, "client_id": c.ID, "iat": now, "nbf": now, "exp": now + 60, "jti": id.New(), "response_type": "code",
		"redirect_uri": callback, "scope": "openid profile", "state": "st-object", "nonce": "no-1", "code_challenge": challenge(), "code_challenge_method": "S256",
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if claims[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
		}
	}
	return signed(c.h.t, c.key, "oauth-authz-req+jwt", false, claims)
}

func withKeys(s *openid.Settings) { s.JWKS = "{}" }

// RFC 9101 and OpenID Connect Core 1.0, 6: a request that its client has signed
// is honoured, any other refused where the client hears it.
func TestRFC9101RequestObjects(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, withKeys)
		b := h.browser()
		by := func(object string, pairs ...string) string {
			return h.request(append([]string{"client_id", c.ID, "request", object}, pairs...)...)
		}
		// What is signed goes before what stands beside it.
		answer := h.codeAt(b, by(c.object(), "state", "st-beside", "scope", "openid profile email"), demo.Doctor)
		if answer.Get("state") != "st-object" {
			t.Fatal(answer)
		}
		if got := c.redeem(c.auth(), answer.Get("code")); got.status != http.StatusOK || got.Scope != "openid profile" {
			t.Fatalf("%+v", got)
		}
		payload, _ := json.Marshal(map[string]any{"iss": c.ID, "aud": h.base, "client_id": c.ID, "redirect_uri": callback, "response_type": "code", "scope": "openid"})
		unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
		stranger := &registered{Client: c.Client, key: newKey(t), h: h}
		for name, object := range map[string]string{
			"unsigned": unsigned, "no JWT": "x", "another's key": stranger.object(), "expired": c.object("exp", time.Now().Add(-time.Minute).Unix()),
			"for another server": c.object("aud", "https://evil.example"), "of another": c.object("iss", "somebody"), "with a subject": c.object("sub", c.ID),
		} {
			got := b.stay().answerOf(b.stay().get(by(object)))
			if got.Get("error") != "invalid_request_object" || got.Get("state") != "st-1" || got.Get("iss") != h.base || got.Get("code") != "" {
				t.Errorf("%s: %v", name, got)
			}
		}
		// Whose address is not known is told to the person.
		b.stay().get(by("x", "redirect_uri", "https://evil.example/")).must(http.StatusBadRequest)
		b.stay().get(by(c.object("redirect_uri", "https://evil.example/"))).must(http.StatusBadRequest)
		b.stay().get(by(c.object("client_id", "card"))).must(http.StatusBadRequest)
		// By reference: not offered. ЕСИ fetches no addresses that a browser brings.
		got := b.stay().answerOf(b.stay().get(h.request("client_id", c.ID, "request_uri", "https://evil.example/object")))
		if got.Get("error") != "request_uri_not_supported" || got.Get("state") != "st-1" {
			t.Fatal(got)
		}
		// Pushed ahead, an object is the whole request.
		pushed := h.call("/connect/par", c.auth(), "request", c.object(), "client_id", c.ID, "state", "st-beside")
		if pushed.status != http.StatusCreated {
			t.Fatalf("%+v", pushed)
		}
		if got := b.stay().answerOf(b.stay().get(c.pushedURL(pushed.word("request_uri")))); got.Get("state") != "st-object" || got.Get("code") == "" {
			t.Fatal(got)
		}
		for name, object := range map[string]string{"unsigned": unsigned, "another's key": stranger.object()} {
			if got := h.call("/connect/par", c.auth(), "request", object, "client_id", c.ID); got.word("error") != "invalid_request_object" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		// A client without keys can sign nothing.
		plain := h.connect(demo.Doctor, nil)
		if got := b.stay().answerOf(b.stay().get(h.request("client_id", plain.ID, "request", plain.object()))); got.Get("error") != "invalid_request_object" {
			t.Fatal(got)
		}
		if huge := h.browser().stay().get(by(c.object("x", strings.Repeat("x", 20000)))); huge.status != http.StatusRequestEntityTooLarge {
			t.Fatal(huge.status)
		}
		// A request may be long when the client's page posts it.
		r, _ := http.NewRequest(http.MethodPost, h.base+"/connect/authorize", strings.NewReader(url.Values{
			"client_id": {c.ID}, "request": {c.object("x", strings.Repeat("x", 6000))},
			"redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"},
		}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if got := b.stay().answerOf(b.stay().do(r)); got.Get("code") == "" {
			t.Fatal(got)
		}
	})
}
