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

// What an object says is looked at as what stands in an address: nothing that
// cannot be kept is passed over, and no wish that need not be kept is in the way.
func TestRFC9101AnObjectIsNoWayAround(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	c := h.connect(demo.Doctor, withKeys)
	b := h.browser()
	first := c.redeem(c.auth(), c.code(b, demo.Doctor))
	ask := func(pairs ...any) shown {
		return b.stay().get(h.base + "/connect/authorize?" + url.Values{"client_id": {c.ID}, "redirect_uri": {callback}, "state": {"st-object"}, "request": {c.object(pairs...)}}.Encode())
	}
	for name, want := range map[string]struct {
		pairs []any
		code  string // of the error; "" for a code
	}{
		"no more":                        {nil, ""},
		"max_age in the past":            {[]any{"max_age", -1}, "invalid_request"},
		"max_age that is no number":      {[]any{"max_age", "an hour"}, "invalid_request"},
		"max_age that is over":           {[]any{"max_age", 0, "prompt", "none"}, "login_required"},
		"max_age as a text":              {[]any{"max_age", "0", "prompt", "none"}, "login_required"},
		"a prompt that there is not":     {[]any{"prompt", "create"}, "invalid_request"},
		"a list of prompts":              {[]any{"prompt", []string{"none"}}, "invalid_request"},
		"another class of sign-in":       {[]any{"acr_values", "something:else", "prompt", "none"}, ""},
		"another display":                {[]any{"display", "hologram"}, ""},
		"a claim with a number":          {[]any{"claims", map[string]any{"id_token": map[string]any{"auth_time": map[string]any{"value": 1}}}}, ""},
		"a class that nobody reaches":    {[]any{"claims", map[string]any{"id_token": map[string]any{"acr": map[string]any{"essential": true, "value": "x"}}}}, "unmet_authentication_requirements"},
		"claims that are none":           {[]any{"claims", "{"}, "invalid_request"},
		"a way to answer that is none":   {[]any{"response_mode", "jwt"}, "invalid_request"},
		"a type of answer that is none":  {[]any{"response_type", "code id_token"}, "unsupported_response_type"},
		"a hint that is no token":        {[]any{"id_token_hint", "a.b.c"}, "invalid_request"},
		"a hint of this person":          {[]any{"id_token_hint", first.ID, "prompt", "none"}, ""},
		"challenge in hex":               {[]any{"code_challenge", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}, "invalid_request"},
		"no PKCE":                        {[]any{"code_challenge", nil, "code_challenge_method", nil}, "invalid_request"},
		"plain PKCE":                     {[]any{"code_challenge_method", "plain"}, "invalid_request"},
		"a scope of machines":            {[]any{"scope", "openid system/*.read"}, "invalid_scope"},
		"a request in the request":       {[]any{"request", "x"}, "invalid_request_object"},
		"a request_uri in the request":   {[]any{"request_uri", "urn:ietf:params:oauth:request_uri:x"}, "invalid_request_object"},
		"begins next hour":               {[]any{"nbf", time.Now().Add(time.Hour).Unix()}, "invalid_request_object"},
		"made next hour":                 {[]any{"iat", time.Now().Add(time.Hour).Unix()}, "invalid_request_object"},
		"a parameter that is no text":    {[]any{"state", "a\x00b"}, "invalid_request_object"},
		"a huge state":                   {[]any{"state", strings.Repeat("x", 5000)}, "invalid_request_object"},
		"for ЕСИ and for somebody other": {[]any{"aud", []string{h.base, "https://other.example"}}, ""},
	} {
		p := ask(want.pairs...)
		location := mustURL(p.header.Get("Location"))
		got := location.Query()
		if location.Fragment != "" {
			got, _ = url.ParseQuery(location.Fragment)
		}
		if !strings.HasPrefix(location.String(), callback) && want.code == "" || strings.HasPrefix(location.String(), "/") {
			got = b.answerOf(p)
		}
		if got.Get("error") != want.code || (got.Get("code") == "") != (want.code != "") || got.Get("iss") != h.base || got.Get("state") != "st-object" {
			t.Errorf("%s: %d %v", name, p.status, got)
		}
	}
	// Another kind of JWT of the client's is no request.
	for _, typ := range []string{"at+jwt", "dpop+jwt", "logout+jwt"} {
		now := time.Now().Unix()
		other := signed(t, c.key, typ, false, map[string]any{
			"iss": c.ID, "aud": h.base, "client_id": c.ID, "exp": now + 60, "response_type": "code", "redirect_uri": callback, "scope": "openid",
			"code_challenge": challenge(), "code_challenge_method": "S256",
		})
		if got := b.answerOf(b.stay().get(h.request("client_id", c.ID, "request", other))); got.Get("error") != "invalid_request_object" {
			t.Error(typ, got)
		}
	}
	// What stands beside an object does not make it whole (RFC 9101, 6.3).
	if got := b.answerOf(b.stay().get(h.request("client_id", c.ID, "request", c.object("code_challenge", nil, "code_challenge_method", nil)))); got.Get("error") != "invalid_request" {
		t.Error(got)
	}
	if got := b.answerOf(b.stay().get(h.request("client_id", c.ID, "request", c.object(), "prompt", "login", "max_age", "0"))); got.Get("code") == "" {
		t.Error(got)
	}
	// The language does, and one in the object goes before it.
	for _, address := range []string{h.request("client_id", c.ID, "request", c.object("prompt", "login"), "ui_locales", "ky"), h.request("client_id", c.ID, "request", c.object("ui_locales", "xx ky", "prompt", "login"), "ui_locales", "en")} {
		h.browser().get(address).must(http.StatusOK, "Кирүү")
	}
	// The same pushed ahead.
	for name, pairs := range map[string][]any{"max_age": {"max_age", -1}, "prompt": {"prompt", "create"}, "id_token_hint": {"id_token_hint", "a.b.c"}, "claims": {"claims", "{"}} {
		if got := h.call("/connect/par", c.auth(), "request", c.object(pairs...), "client_id", c.ID); got.word("error") != "invalid_request" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	object := c.object("acr_values", "something:else", "display", "hologram")
	for i, want := range []string{"", "invalid_request_object"} { // an object that was pushed serves once
		if got := h.call("/connect/par", c.auth(), "request", object, "client_id", c.ID); got.word("error") != want {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

// FAPI 2.0 Message Signing, 5.3.1: an object of a client with the profile names
// when it begins and ends, and does not last.
func TestFAPI2RequestObjects(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	c := h.connect(demo.Doctor, fapi)
	now := time.Now()
	for name, want := range map[string]struct {
		pairs []any
		code  string
	}{
		"as it should be":   {nil, ""},
		"no end":            {[]any{"exp", nil}, "invalid_request_object"},
		"no beginning":      {[]any{"nbf", nil}, "invalid_request_object"},
		"of yesterday":      {[]any{"nbf", now.Add(-2 * time.Hour).Unix(), "exp", now.Add(-61 * time.Minute).Unix()}, "invalid_request_object"},
		"lasts for a week":  {[]any{"exp", now.Add(168 * time.Hour).Unix()}, "invalid_request_object"},
		"began an hour ago": {[]any{"nbf", now.Add(-90 * time.Minute).Unix()}, "invalid_request_object"},
	} {
		if got := h.call("/connect/par", c.auth(), "request", c.object(want.pairs...), "client_id", c.ID); got.word("error") != want.code {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
