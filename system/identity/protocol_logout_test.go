package identity_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
)

var frameTag = regexp.MustCompile(`<iframe[^>]* src="([^"]*)"`)

// OpenID Connect Front-Channel Logout 1.0: systems that want it are told of the
// end of a session in the browser, by frames that are allowed on that page alone.
func TestOIDCFrontChannelLogout(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) { s.FrontChannel = "https://front.example.kg/out?a=b" })
		b := h.browser()
		got := c.redeem(c.auth(), c.code(b, demo.Doctor))
		end := func() string {
			return fmtURL(h.base+"/connect/endsession", "id_token_hint", got.ID, "post_logout_redirect_uri", "http://127.0.0.1:9400/", "state", "s1")
		}
		p := b.get(end()).must(http.StatusOK, "Сообщаем системам")
		sid := claimsOf(t, got.ID)["sid"].(string)
		frames := frameTag.FindAllStringSubmatch(p.body, -1)
		if len(frames) != 1 {
			t.Fatal(p.body)
		}
		frame := mustURL(strings.ReplaceAll(frames[0][1], "&amp;", "&"))
		if frame.Host != "front.example.kg" || frame.Query().Get("sid") != sid || frame.Query().Get("iss") != h.base || frame.Query().Get("a") != "b" {
			t.Fatal(frame)
		}
		if policy := p.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src https://front.example.kg") || strings.Contains(policy, "frame-src *") {
			t.Fatal(policy)
		}
		if policy := b.get(h.base + "/").header.Get("Content-Security-Policy"); strings.Contains(policy, "frame-src") {
			t.Fatal(policy)
		}
		// Then the browser goes where the system wants it.
		_, next, _ := strings.Cut(p.header.Get("Refresh"), "url=")
		if got := b.stay().get(h.base + next); got.header.Get("Location") != "http://127.0.0.1:9400/?state=s1" {
			t.Fatal(next, got.status, got.header.Get("Location"))
		}
		// The frames are shown once, and lead nowhere else.
		p = b.stay().get(p.url.String())
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), "/connect/endsession/") {
			t.Fatal(p.status, p.header)
		}
		for _, next := range []string{"https://evil.example/", "//evil.example/", "/sign-out"} {
			p := b.stay().get(h.base + "/connect/signed-out?" + url.Values{"of": {"x"}, "next": {next}}.Encode())
			if p.status != http.StatusSeeOther || p.header.Get("Location") != "/" {
				t.Fatal(next, p.status, p.header.Get("Location"))
			}
		}
		// Signing out at ЕСИ itself tells it too.
		p = b.get(h.request("client_id", c.ID))
		h.inbox.clear()
		p = h.signInStaying(b, p, demo.Doctor)
		b.stay().answerOf(p)
		b.post(h.base+"/sign-out", nil).must(http.StatusOK, "Сообщаем системам")
	})
}

// OpenID Connect RP-Initiated Logout 1.0, 2: a hint of a session that is over, or
// of another person, ends nobody's session without asking.
func TestOIDCLogoutHintOfAnotherSessionAsks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first, second := h.browser(), h.browser()
		old := h.redeem(h.code(first, demo.Doctor).Get("code"))
		h.code(second, demo.Surgeon)
		p := second.get(fmtURL(h.base+"/connect/endsession", "id_token_hint", old.ID))
		p.must(http.StatusOK, "Выйти отовсюду")
		second.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
	})
}

// spent is an ID token of ours as it was given, but for its life: it ran out an
// hour ago, as most have when people sign out.
func (h *house) spent(idToken string, pairs ...any) string {
	h.t.Helper()
	claims := claimsOf(h.t, idToken)
	claims["iat"], claims["exp"] = time.Now().Add(-70*time.Minute).Unix(), time.Now().Add(-time.Hour).Unix()
	for i := 0; i+1 < len(pairs); i += 2 {
		claims[pairs[i].(string)] = pairs[i+1]
	}
	box, err := seal.New(houseSecret)
	if err != nil {
		h.t.Fatal(err)
	}
	set, err := (&openid.Keys{DB: h.db(), Clock: h.clock, Box: box}).JWKS(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	key, err := set.KeyByAlg("RS256")
	if err != nil {
		h.t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		h.t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// OpenID Connect RP-Initiated Logout 1.0, 2: the ID token may have run out; the
// person was signed in for longer than it is good.
func TestOIDCLogoutHintMayHaveRunOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		got := h.redeem(h.code(b, demo.Doctor).Get("code"))
		old := h.spent(got.ID)
		end := func(pairs ...string) shown { return b.stay().get(fmtURL(h.base+"/connect/endsession", pairs...)) }
		// For whom it was not given it proves nothing, nor does one of another server.
		for name, pairs := range map[string][]string{
			"another client":  {"id_token_hint", old, "client_id", "card"},
			"another issuer":  {"id_token_hint", h.spent(got.ID, "iss", "https://other.example")},
			"several clients": {"id_token_hint", h.spent(got.ID, "aud", []string{"conformance", "card"})},
		} {
			if p := end(pairs...); p.status != http.StatusBadRequest || p.header.Get("Location") != "" {
				t.Error(name, p.status, p.header.Get("Location"))
			}
		}
		b.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
		// Whom a client means by it is told at the sign-in as well.
		if got := b.stay().answerOf(b.stay().get(h.request("prompt", "none", "id_token_hint", old))); got.Get("code") == "" {
			t.Error(got)
		}
		another := h.spent(got.ID, "sub", "somebody")
		if got := b.stay().answerOf(b.stay().get(h.request("prompt", "none", "id_token_hint", another))); got.Get("error") != "login_required" {
			t.Error(got)
		}
		// However ordinary the request is, who is signed in is not passed on as the
		// one who is meant.
		if p := b.stay().get(h.request("id_token_hint", another)); !strings.HasPrefix(p.header.Get("Location"), "/sign-in?") {
			t.Error(p.status, p.header.Get("Location"))
		}
		if got := b.stay().answerOf(b.stay().get(h.request("prompt", "none", "id_token_hint", h.spent(got.ID, "aud", "card")))); got.Get("error") != "invalid_request" {
			t.Error(got)
		}
		p := end("id_token_hint", old, "post_logout_redirect_uri", "http://127.0.0.1:9400/", "state", "s1")
		if p.header.Get("Location") != "http://127.0.0.1:9400/?state=s1" {
			t.Fatal(p.status, p.header.Get("Location"), p.words())
		}
		b.get(h.base+"/").must(http.StatusOK, "Единый вход")
		// The form way of asking (3), signed in anew.
		again := h.redeem(h.codeStaying(b))
		r, _ := http.NewRequest(http.MethodPost, h.base+"/connect/endsession", strings.NewReader(url.Values{
			"id_token_hint": {h.spent(again.ID)}, "post_logout_redirect_uri": {"http://127.0.0.1:9400/"}, "state": {"s2"},
		}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		p = b.stay().do(r)
		for range 2 {
			if location := p.header.Get("Location"); strings.HasPrefix(location, "/") {
				p = b.stay().get(h.base + location)
			}
		}
		if p.header.Get("Location") != "http://127.0.0.1:9400/?state=s2" {
			t.Fatal(p.status, p.header.Get("Location"), p.words())
		}
	})
}

// codeStaying signs the doctor in again, who has allowed the client before.
func (h *house) codeStaying(b *browser) string {
	h.t.Helper()
	p := b.get(h.request())
	h.inbox.clear()
	return b.stay().answerOf(h.signInStaying(b, p, demo.Doctor)).Get("code")
}

// OpenID Connect Back-Channel Logout 1.0, 2.4, for a registered client: the token
// is signed as its others are and names the person as the client knows them.
func TestOIDCBackChannelOfARegisteredClient(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		told := make(chan string, 4)
		h.card.mux.HandleFunc("POST /engineer/backchannel", func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") })
		c := h.connect(demo.Doctor, func(s *openid.Settings) {
			s.Pairwise, s.Alg, s.BackChannel = true, "EdDSA", h.card.base+"/engineer/backchannel"
		})
		b := h.browser()
		got := c.redeem(c.auth(), c.code(b, demo.Doctor))
		b.post(h.base+"/sign-out", nil)
		select {
		case token := <-told:
			claims, header := claimsOf(t, token), headerOf(t, token)
			_, nonce := claims["nonce"] // which would make it an ID token (2.4)
			events, _ := claims["events"].(map[string]any)
			event, told := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
			life := claims["exp"].(float64) - claims["iat"].(float64)
			if nonce || len(events) != 1 || !told || len(event) != 0 || claims["sid"] != claimsOf(t, got.ID)["sid"] || claims["iss"] != h.base || claims["jti"] == "" || life <= 0 || life > 120 {
				t.Fatal(claims)
			}
			if claims["sub"] != claimsOf(t, got.ID)["sub"] || claims["sub"] == h.account(demo.Doctor) || claims["aud"] != c.ID || header["alg"] != "EdDSA" || header["typ"] != "logout+jwt" {
				t.Fatal(claims, header)
			}
		case <-time.After(time.Minute):
			t.Fatal("no logout token came")
		}
	})
}
