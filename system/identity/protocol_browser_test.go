package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// An app in a browser asks from its own page what a browser asks ahead of it, may
// read what its client is told, and other pages may not (OpenID Connect Core 1.0,
// 5.3; RFC 9700, 2.6; the Fetch standard).
func TestAnAppInABrowser(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		app, server := h.connect(demo.Doctor, public), h.connect(demo.Doctor, nil)
		const own, foreign = "http://127.0.0.1:9400", "https://evil.example"
		ask := func(method, path string, headers ...string) shown {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), method, h.base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			return h.browser().do(r)
		}
		const known, jwks = "/.well-known/openid-configuration", "/.well-known/openid-configuration/jwks"
		for path, methods := range map[string]string{
			known: "GET, HEAD", jwks: "GET, HEAD", "/connect/userinfo": "GET, HEAD, POST",
			"/connect/token": "POST", "/connect/revocation": "POST", "/connect/par": "POST", "/connect/deviceauthorization": "POST",
		} {
			p := ask(http.MethodOptions, path, "Origin", foreign, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,dpop")
			got := p.header
			if p.status != http.StatusNoContent || got.Get("Access-Control-Allow-Origin") != "*" || got.Get("Access-Control-Allow-Methods") != methods ||
				!strings.Contains(got.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(got.Get("Access-Control-Allow-Headers"), "DPoP") ||
				got.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %d %v", path, p.status, got)
			}
			for name, p := range map[string]shown{"OPTIONS without a page": ask(http.MethodOptions, path), "DELETE": ask(http.MethodDelete, path, "Origin", own)} {
				if p.status != http.StatusMethodNotAllowed || p.header.Get("Allow") != methods || p.header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s %s: %d %v", name, path, p.status, p.header)
				}
			}
		}
		for _, path := range []string{"/connect/introspect", "/connect/authorize", "/sign-in", "/security/password"} {
			if p := ask(http.MethodOptions, path, "Origin", own, "Access-Control-Request-Method", "POST"); p.status < 400 || p.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s answers a page: %d %v", path, p.status, p.header)
			}
		}
		for _, path := range []string{known, jwks} {
			if p := ask(http.MethodGet, path, "Origin", foreign); p.status != http.StatusOK || p.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: %d %v", path, p.status, p.header)
			}
		}

		from := func(origin string, auth clientAuth) clientAuth {
			return func(r *http.Request, values url.Values) {
				auth(r, values)
				r.Header.Set("Origin", origin)
			}
		}
		readable := func(what string, got answered, origin string) {
			t.Helper()
			if may := got.header.Get("Access-Control-Allow-Origin"); may != origin {
				t.Errorf("%s: pages of %q may read it, not of %q: %+v", what, may, origin, got)
			}
			if got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: with cookies", what)
			}
			if origin != "" && !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), "DPoP-Nonce") {
				t.Errorf("%s: the page cannot read the nonce that it needs", what)
			}
		}
		b := h.browser()
		code := app.code(b, demo.Doctor)
		redeem := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier}
		got := h.call("/connect/token", from(own, app.auth()), redeem...)
		readable("token", got, own)
		token := got.word("access_token")
		if token == "" {
			t.Fatalf("%+v", got)
		}
		readable("a refused code", h.call("/connect/token", from(own, app.auth()), "grant_type", "authorization_code", "code", "x", "redirect_uri", callback, "code_verifier", verifier), own)
		readable("token, for another page", h.call("/connect/token", from(foreign, app.auth()), "grant_type", "refresh_token", "refresh_token", "x"), "")
		readable("token, for the page of a client with a secret", h.call("/connect/token", from(own, server.auth()), "grant_type", "refresh_token", "refresh_token", "x"), "")
		// What is refused before anybody looks at whose it is says nothing of anybody.
		two := h.call("/connect/token", from(foreign, func(r *http.Request, values url.Values) {
			basic(app.ID, "x")(r, values)
			values.Set("client_secret", "y")
		}), "grant_type", "refresh_token")
		if readable("two proofs of who asks", two, "*"); two.status != http.StatusBadRequest {
			t.Errorf("%+v", two)
		}
		readable("par", h.call("/connect/par", from(own, app.auth()), h.parameters(app.ID)...), own)
		readable("deviceauthorization", h.call("/connect/deviceauthorization", from(own, app.auth()), "scope", "openid"), own)

		for range 2 { // the second answer is given again
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				p := ask(method, "/connect/userinfo", "Origin", foreign, "Authorization", "Bearer "+token)
				readable(method+" userinfo", answered{status: p.status, header: p.header}, "*")
				if p.status != http.StatusOK || !strings.Contains(p.body, demo.Doctor.PIN) {
					t.Errorf("%s userinfo: %d %s", method, p.status, p.body)
				}
			}
			if p := ask(http.MethodHead, "/connect/userinfo", "Authorization", "Bearer "+token); p.status != http.StatusOK || p.body != "" {
				t.Errorf("HEAD userinfo: %d %q", p.status, p.body)
			}
		}
		p := ask(http.MethodGet, "/connect/userinfo", "Origin", own, "Authorization", "Bearer x")
		readable("userinfo without a token", answered{status: p.status, header: p.header}, "*")
		if p.status != http.StatusUnauthorized || !strings.Contains(p.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
			t.Errorf("%d %v", p.status, p.header)
		}
		readable("revocation", h.call("/connect/revocation", from(own, app.auth()), "token", token), own)
	})
}
