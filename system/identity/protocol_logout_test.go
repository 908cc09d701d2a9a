package identity_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
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
			if claims["sub"] != claimsOf(t, got.ID)["sub"] || claims["sub"] == h.account(demo.Doctor) || claims["aud"] != c.ID || header["alg"] != "EdDSA" || header["typ"] != "logout+jwt" {
				t.Fatal(claims, header)
			}
		case <-time.After(time.Minute):
			t.Fatal("no logout token came")
		}
	})
}
