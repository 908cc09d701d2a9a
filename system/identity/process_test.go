package identity_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// both makes a second process on the database; requests go to the two in turns.
func (h *house) both() {
	h.t.Helper()
	processes := []http.Handler{h.esi.Handler(), h.another().Handler()}
	var turn atomic.Uint64
	h.set("esi", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { processes[turn.Add(1)%2].ServeHTTP(w, r) }))
}

// One code, one refresh token, eight uses at once, four at each of two processes:
// one token, one follower. And everything between goes to either.
func TestCodeAndRefreshTokenServeOnceInTwoProcesses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.both()
		b := h.browser()
		answer := h.code(b, demo.Doctor, "scope", "openid profile offline_access")
		at := func(ask func() tokens) []tokens {
			results := make([]tokens, 8)
			var all sync.WaitGroup
			for i := range results {
				all.Go(func() { results[i] = ask() })
			}
			all.Wait()
			return results
		}
		won := 0
		for _, each := range at(func() tokens { return h.redeem(answer.Get("code")) }) {
			if each.status == http.StatusOK {
				won++
			} else if each.Error != "invalid_grant" {
				t.Fatalf("%+v", each)
			}
		}
		if won != 1 {
			t.Fatalf("the code was redeemed %d times", won)
		}
		again := b.stay().answerOf(b.stay().get(h.request("scope", "openid profile offline_access"))).Get("code")
		first := h.redeem(again).Refresh
		results := at(func() tokens {
			return h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", first)
		})
		for _, each := range results {
			if each.status != http.StatusOK || each.Refresh == "" || each.Refresh != results[0].Refresh {
				t.Fatalf("the token has several followers: %+v", each)
			}
		}
		// Signed out at one, there is no session and no token at the other.
		access := h.redeem(b.stay().answerOf(b.stay().get(h.request())).Get("code")).Access
		b.post(h.base+"/sign-out", nil)
		for range 4 {
			b.get(h.base+"/").must(http.StatusOK, "Единый вход")
			if status, _ := h.userInfo(access); status != http.StatusUnauthorized {
				t.Errorf("the token outlives the session: %d", status)
			}
		}
	})
}

// НИСУР tells one process that an operator has left: the next request at either finds
// them out, though both knew the post a moment ago.
func TestAnOperatorWhoLeavesIsOutInTwoProcesses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, register := h.atConsole()
		h.both()
		enter := func(status int) {
			t.Helper()
			for range 4 {
				b.get(h.base + "/console/keys").must(status)
			}
		}
		enter(http.StatusOK)
		h.clock.stop()
		h.clock.advance(time.Second)
		tell := func() {
			t.Helper()
			if err := workforceapi.TellChange(t.Context(), h.neighbour(exchangeKey), exchangeapi.Identity, demo.Operator.PIN); err != nil {
				t.Fatal(err)
			}
		}
		tell() // of something else: the post is asked for, and is there
		h.clock.advance(time.Second)
		enter(http.StatusOK)
		register.leave(demo.Operator.PIN)
		enter(http.StatusOK) // nobody has told yet, and half a minute is not over
		tell()
		enter(http.StatusForbidden)
	})
}

// OpenID Connect RP-Initiated Logout 1.0, 2 and 6: whoever brings no proof that
// is ЕСИ's own, for the system that it names, ends no session without asking, and
// is sent nowhere.
func TestOIDCLogoutWithAForgedHintAsks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		got := h.redeem(h.code(b, demo.Doctor).Get("code"))
		parts := strings.Split(got.ID, ".")
		encode := base64.RawURLEncoding.EncodeToString
		header, _ := base64.RawURLEncoding.DecodeString(parts[0])
		for name, pairs := range map[string][]string{
			"nothing":               {},
			"a name alone":          {"client_id", "conformance"},
			"a wrong session":       {"client_id", "conformance", "logout_hint", "x"},
			"no name":               {"post_logout_redirect_uri", "http://127.0.0.1:9400/"},
			"garbage":               {"id_token_hint", "garbage"},
			"huge":                  {"id_token_hint", strings.Repeat("a", 6000) + ".b.c"},
			"no signature":          {"id_token_hint", parts[0] + "." + parts[1] + "."},
			"algorithm none":        {"id_token_hint", encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."},
			"signed by a secret":    {"id_token_hint", encode([]byte(strings.Replace(string(header), "RS256", "HS256", 1))) + "." + parts[1] + "." + parts[2]},
			"another's signature":   {"id_token_hint", parts[0] + "." + parts[1] + "." + encode([]byte(strings.Repeat("x", 256)))},
			"changed claims":        {"id_token_hint", parts[0] + "." + encode([]byte(`{"iss":"`+h.base+`","aud":"conformance","sub":"x","sid":"x"}`)) + "." + parts[2]},
			"an access token":       {"id_token_hint", got.Access},
			"a system there is not": {"client_id", "nobody"},
			"for another system":    {"id_token_hint", got.ID, "client_id", "card"},
			"to an address unsaid":  {"id_token_hint", got.ID, "post_logout_redirect_uri", "https://evil.example/"},
		} {
			address := fmtURL(h.base+"/connect/endsession", pairs...)
			if name != "nothing" && name != "no name" && name != "to an address unsaid" {
				address = fmtURL(h.base+"/connect/endsession", append(pairs, "post_logout_redirect_uri", "http://127.0.0.1:9400/")...)
			}
			p := b.stay().get(address)
			for range 3 {
				location := p.header.Get("Location")
				if location == "" {
					break
				}
				if target, err := p.url.Parse(location); err != nil || !strings.HasPrefix(target.String(), h.base+"/") {
					t.Fatalf("%s: sent to %s", name, location)
				} else {
					p = b.stay().get(target.String())
				}
			}
			asked := p.status == http.StatusOK && strings.Contains(p.words(), "Выйти отовсюду")
			if !asked && p.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, p.status, p.words())
			}
			if still := b.get(h.base + "/"); !strings.Contains(still.words(), "Мой аккаунт") {
				t.Fatalf("%s: the session has ended", name)
			}
		}
	})
}
