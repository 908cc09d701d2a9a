package identity_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// RFC 9700, 4.14.2, on a weak line: a client that lost the answer asks again at
// once and gets the same follower; later, or when the follower was used, the
// token was stolen.
func TestRFC9700LostAnswerIsRepeatedForAShortWhile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clock.stop()
		refresh := func(token string) tokens {
			return h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", token)
		}
		b := h.browser()
		begin := func() string {
			t.Helper()
			return h.redeem(b.stay().answerOf(b.stay().get(h.request("scope", "openid profile offline_access"))).Get("code")).Refresh
		}
		h.code(b, demo.Doctor, "scope", "openid profile offline_access")

		first := begin()
		lost, again := refresh(first), refresh(first)
		if lost.status != http.StatusOK || again.status != http.StatusOK || again.Refresh != lost.Refresh || again.Access == "" {
			t.Fatalf("%+v\n%+v", lost, again)
		}
		h.another() // another process gives the same
		if again := refresh(first); again.Refresh != lost.Refresh {
			t.Fatalf("%+v", again)
		}
		if got := refresh(lost.Refresh); got.status != http.StatusOK {
			t.Fatalf("the family ended: %+v", got)
		}
		// The follower was used: whoever comes with the first now is not the client.
		if got := refresh(first); got.Error != "invalid_grant" {
			t.Fatalf("%+v", got)
		}
		if got := refresh(lost.Refresh); got.Error != "invalid_grant" {
			t.Fatalf("the family lives: %+v", got)
		}

		// After the grace it is a theft, used follower or not.
		first = begin()
		second := refresh(first).Refresh
		h.clock.advance(11 * time.Second)
		if got := refresh(first); got.Error != "invalid_grant" {
			t.Fatalf("%+v", got)
		}
		if got := refresh(second); got.Error != "invalid_grant" {
			t.Fatalf("the family lives: %+v", got)
		}

		// Eight at once are the client's own hurry: one follower for all.
		first = begin()
		results := make([]tokens, 8)
		var wait sync.WaitGroup
		for i := range results {
			wait.Go(func() { results[i] = refresh(first) })
		}
		wait.Wait()
		for _, each := range results {
			if each.status != http.StatusOK || each.Refresh == "" || each.Refresh != results[0].Refresh {
				t.Fatalf("%+v", each)
			}
		}
		if got := refresh(results[0].Refresh); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
	})
}

// RFC 7009: who revokes the newest token ends the family, grace or not.
func TestRFC7009RevocationEndsTheGrace(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first := h.redeem(h.code(h.browser(), demo.Doctor, "scope", "openid profile offline_access").Get("code"))
		auth := basic("conformance", secret)
		second := h.token(auth, "grant_type", "refresh_token", "refresh_token", first.Refresh)
		if status, _, body := h.ask("/connect/revocation", auth, "token", second.Refresh, "token_type_hint", "refresh_token"); status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		if got := h.token(auth, "grant_type", "refresh_token", "refresh_token", first.Refresh); got.Error != "invalid_grant" {
			t.Fatalf("%+v", got)
		}
		if status, _ := h.userInfo(second.Access); status != http.StatusUnauthorized {
			t.Fatal(status)
		}
	})
}
