package signin_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/a-h/templ"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
)

// provider is a small ЕСИ whose answers a test can spoil.
type provider struct {
	*httptest.Server
	key   *rsa.PrivateKey
	nonce string                      // of the last authorization request
	spoil func(claims map[string]any) // changes the ID token
	info  func(info map[string]any)   // changes what userinfo says
	sign  func(claims map[string]any) string
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key, spoil: func(map[string]any) {}, info: func(map[string]any) {}}
	p.sign = func(claims map[string]any) string { return p.signWith(t, p.key, claims) }
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = page.JSON(w, 200, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/jwks", "end_session_endpoint": p.URL + "/endsession",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		_ = page.JSON(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
			t.Error("no PKCE S256")
		}
		p.nonce = q.Get("nonce")
		http.Redirect(w, r, q.Get("redirect_uri")+"?code=good&state="+url.QueryEscape(q.Get("state")), http.StatusSeeOther)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("code") != "good" || r.PostFormValue("code_verifier") == "" {
			_ = page.JSON(w, 400, map[string]any{"error": "invalid_grant"})
			return
		}
		claims := map[string]any{
			"iss": p.URL, "aud": "card", "sub": "s-1", "sid": "sid-1", "nonce": p.nonce,
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		}
		p.spoil(claims)
		_ = page.JSON(w, 200, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.sign(claims)})
	})
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, _ *http.Request) {
		info := map[string]any{"sub": "s-1", "pin": "21209196000217", "name": "Жумабеков Эрмек"}
		p.info(info)
		_ = page.JSON(w, 200, info)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) signWith(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// app is a system that signs in through the provider.
func app(t *testing.T, d *db.DB, p *provider) *httptest.Server {
	t.Helper()
	words, err := text.Load(fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	site := &page.Site{
		System: "card", Texts: words, Log: slog.New(slog.DiscardHandler),
		ErrorPage: func(v page.ErrorView) templ.Component { return templ.Raw("refused: " + v.Message) },
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	sessions := session.NewStore(d, clock.System{}, server.URL)
	client := signin.New(signin.Config{
		Issuer: p.URL, ClientID: "card", Secret: "s", BaseURL: server.URL, HTTP: http.DefaultClient, Sessions: sessions,
		Admit: func(_ context.Context, c signin.Claims) (any, error) {
			if c.PIN == "11111111111111" {
				return nil, fail.New(fail.Forbidden, "no post")
			}
			return map[string]string{"name": c.Name}, nil
		},
	})
	client.Mount(mux, site)
	site.Handle(mux, "GET /ward", client.Require(func(w http.ResponseWriter, r *http.Request) error {
		s, _, err := sessions.Of(r)
		if err != nil {
			return err
		}
		_, _ = w.Write([]byte("ward of " + s.PIN))
		return nil
	}))
	site.Handle(mux, "POST /ward", client.Require(func(w http.ResponseWriter, _ *http.Request) error { _, _ = w.Write([]byte("done")); return nil }))
	return server
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func get(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	response, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestSignInAndComeBack(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{session.Migration}, func(t *testing.T, d *db.DB) {
		server := app(t, d, newProvider(t))
		c := browser(t)
		if code, body := get(t, c, server.URL+"/ward"); code != 200 || body != "ward of 21209196000217" {
			t.Fatalf("%d %q", code, body)
		}
		response, err := c.Post(server.URL+"/ward", "application/x-www-form-urlencoded", nil)
		if err != nil || response.StatusCode != 200 {
			t.Fatalf("%v %v", response, err)
		}
		// Another browser has no session: a POST is told so rather than led away.
		response, err = browser(t).Post(server.URL+"/ward", "application/x-www-form-urlencoded", nil)
		if err != nil || response.StatusCode != 401 {
			t.Fatalf("%v %v", response, err)
		}
	})
}

// ЕСИ that takes connections and says nothing must not make a queue of all who
// sign in, each waiting for the question before theirs.
func TestNobodyWaitsForAnothersQuestion(t *testing.T) {
	asked := make(chan struct{}, 2)
	end := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-end
	}))
	t.Cleanup(silent.Close)
	site := app(t, dbtest.SQLite(t, "card", session.Migration), &provider{Server: silent})
	t.Cleanup(func() { close(end) }) // before the site closes, which waits for its requests
	ctx, leave := context.WithCancel(t.Context())
	t.Cleanup(leave)
	for range 2 {
		go func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, site.URL+"/sign-in", nil)
			if err != nil {
				return
			}
			if response, err := http.DefaultClient.Do(request); err == nil {
				_ = response.Body.Close()
			}
		}()
	}
	for n := range 2 {
		select {
		case <-asked:
		case <-time.After(8 * time.Second): // less than one question may take
			t.Fatalf("%d of 2 have asked", n)
		}
	}
}

func TestForgedAndReplayedAnswersAreRefused(t *testing.T) {
	d := dbtest.SQLite(t, "card", session.Migration)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := newProvider(t)
	server := app(t, d, p)
	good := p.sign
	for name, spoil := range map[string]func(){
		"nonce of another sign-in": func() { p.spoil = func(c map[string]any) { c["nonce"] = "replayed" } },
		"no nonce":                 func() { p.spoil = func(c map[string]any) { delete(c, "nonce") } },
		"another audience":         func() { p.spoil = func(c map[string]any) { c["aud"] = "portal" } },
		"another issuer":           func() { p.spoil = func(c map[string]any) { c["iss"] = "http://evil.example" } },
		"expired":                  func() { p.spoil = func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() } },
		"signed by another key":    func() { p.sign = func(c map[string]any) string { return p.signWith(t, other, c) } },
		"not signed": func() {
			p.sign = func(c map[string]any) string {
				body, _ := json.Marshal(c)
				return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString(body) + "."
			}
		},
		"userinfo of somebody else": func() { p.info = func(i map[string]any) { i["sub"] = "s-2" } },
		"no ПИН":                    func() { p.info = func(i map[string]any) { delete(i, "pin") } },
		"no post":                   func() { p.info = func(i map[string]any) { i["pin"] = "11111111111111" } },
	} {
		t.Run(name, func(t *testing.T) {
			p.spoil, p.info, p.sign = func(map[string]any) {}, func(map[string]any) {}, good
			spoil()
			c := browser(t)
			code, body := get(t, c, server.URL+"/ward")
			if code < 400 || !strings.HasPrefix(body, "refused") {
				t.Fatalf("%d %q", code, body)
			}
			if code, _ := getWithoutRedirects(t, c, server.URL+"/ward"); code != http.StatusSeeOther {
				t.Fatalf("a session was begun: %d", code)
			}
		})
	}
}

func TestStateIsOfThisBrowserAndUsedOnce(t *testing.T) {
	d := dbtest.SQLite(t, "card", session.Migration)
	p := newProvider(t)
	server := app(t, d, p)
	mine := browser(t)
	_, location := getWithoutRedirects(t, mine, server.URL+"/sign-in?next=/ward")
	at, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	p.nonce = at.Query().Get("nonce")
	callback := server.URL + "/sign-in/callback?code=good&state=" + url.QueryEscape(at.Query().Get("state"))
	if code, _ := get(t, browser(t), callback); code != http.StatusBadRequest {
		t.Fatalf("another browser was let in by my state: %d", code)
	}
	if code, _ := get(t, mine, server.URL+"/sign-in/callback?code=good&state=forged"); code != http.StatusBadRequest {
		t.Fatalf("a forged state was taken: %d", code)
	}
	if code, body := get(t, mine, callback); code != 200 || body != "ward of 21209196000217" {
		t.Fatalf("%d %q", code, body)
	}
	if code, _ := get(t, mine, callback); code != http.StatusBadRequest {
		t.Fatalf("a state was used twice: %d", code)
	}
}

func TestNobodyIsLedElsewhere(t *testing.T) {
	d := dbtest.SQLite(t, "card", session.Migration)
	server := app(t, d, newProvider(t))
	for _, next := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`} {
		c := browser(t)
		c.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.Contains(r.URL.Host, "evil") {
				t.Errorf("next=%s leads to %s", next, r.URL)
				return http.ErrUseLastResponse
			}
			return nil
		}
		get(t, c, server.URL+"/sign-in?next="+url.QueryEscape(next))
	}
}

func TestCookieOfAnotherSystemOpensNothing(t *testing.T) {
	p := newProvider(t)
	card := app(t, dbtest.SQLite(t, "card", session.Migration), p)
	c := browser(t)
	get(t, c, card.URL+"/ward")
	at, _ := url.Parse(card.URL)
	portal := app(t, dbtest.SQLite(t, "portal", session.Migration), p)
	request, err := http.NewRequest(http.MethodPost, portal.URL+"/ward", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range c.Jar.Cookies(at) {
		request.AddCookie(&http.Cookie{Name: strings.Replace(cookie.Name, "card", "portal", 1), Value: cookie.Value})
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		t.Fatalf("%v %v", response.StatusCode, err)
	}
}

func TestBackChannelLogoutEndsTheSession(t *testing.T) {
	p := newProvider(t)
	server := app(t, dbtest.SQLite(t, "card", session.Migration), p)
	c := browser(t)
	get(t, c, server.URL+"/ward")
	token := func(change func(map[string]any)) url.Values {
		claims := map[string]any{
			"iss": p.URL, "aud": "card", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "jti": "j-1", "sid": "sid-1",
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		}
		change(claims)
		return url.Values{"logout_token": {p.sign(claims)}}
	}
	post := func(v url.Values) int {
		response, err := http.PostForm(server.URL+"/sign-in/backchannel", v)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode
	}
	for name, change := range map[string]func(map[string]any){
		"nonce": func(m map[string]any) { m["nonce"] = "x" }, "no event": func(m map[string]any) { delete(m, "events") },
		"no sid": func(m map[string]any) { delete(m, "sid") }, "audience": func(m map[string]any) { m["aud"] = "portal" },
	} {
		if code := post(token(change)); code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, code)
		}
	}
	if code, _ := getWithoutRedirects(t, c, server.URL+"/ward"); code != 200 {
		t.Fatal("a bad logout token ended the session")
	}
	good := token(func(map[string]any) {})
	if code := post(good); code != 200 {
		t.Fatalf("a good logout token: %d", code)
	}
	if code := post(good); code != http.StatusBadRequest {
		t.Errorf("used twice: %d", code)
	}
	if code, _ := getWithoutRedirects(t, c, server.URL+"/ward"); code != http.StatusSeeOther {
		t.Fatal("the session lives on")
	}
}

func getWithoutRedirects(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	once := *c
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := once.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header.Get("Location")
}
