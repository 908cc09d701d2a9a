package identity_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

func (b *browser) session(h *house) string {
	for _, cookie := range b.client.Jar.Cookies(mustURL(h.base)) {
		if cookie.Name == "sanarip_identity" {
			return cookie.Value
		}
	}
	return ""
}

func TestASessionIsNewAtEachSignInAndEndsInTime(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	planted := strings.Repeat("p", 43)
	b.client.Jar.SetCookies(mustURL(h.base), []*http.Cookie{{Name: "sanarip_identity", Value: planted, Path: "/"}})
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
	first := b.session(h)
	if first == planted || len(first) != 43 {
		t.Fatal("the secret that was planted has become the session's")
	}
	h.signIn(b, b.get(h.base+"/sign-in?next=/security/data"), demo.Doctor).must(http.StatusOK, "Мои данные")
	if second := b.session(h); second == first {
		t.Fatal("a sign-in kept the secret")
	}
	old := h.browser()
	old.client.Jar.SetCookies(mustURL(h.base), []*http.Cookie{{Name: "sanarip_identity", Value: first, Path: "/"}})
	old.get(h.base+"/").must(http.StatusOK, "Единый вход")
	// Unused for too long; and used all the time, but for longer than it may last.
	h.clock.advance(sso.Idle + time.Minute)
	b.get(h.base+"/").must(http.StatusOK, "Единый вход")
	for _, kept := range []struct {
		remember   string
		step, life time.Duration
	}{{"", time.Hour, sso.Lifetime}, {"1", 6 * 24 * time.Hour, sso.RememberedLifetime}} {
		b = h.browser()
		h.inbox.clear()
		p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Surgeon.PIN, "password", demo.Password, "remember", kept.remember)
		b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Surgeon.Phone)).must(http.StatusOK, "Мой аккаунт")
		for past := kept.step; past < kept.life; past += kept.step {
			h.clock.advance(kept.step)
			b.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
		}
		h.clock.advance(kept.step)
		b.get(h.base+"/").must(http.StatusOK, "Единый вход")
	}
	// A remembered one that nobody used for a week.
	b = h.browser()
	h.inbox.clear()
	p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password, "remember", "1")
	b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Nurse.Phone)).must(http.StatusOK, "Мой аккаунт")
	h.clock.advance(sso.RememberedIdle + time.Hour)
	b.get(h.base+"/").must(http.StatusOK, "Единый вход")
}

// Two processes on one database are one ЕСИ; and one that is started again is
// the second of them a moment later: no session and no lock is lost.
func TestTwoProcessesAreOne(t *testing.T) {
	run := func(t *testing.T, database string) {
		one, two := open(t, database), open(t, database)
		b := one.browser()
		one.signIn(b, b.get(one.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
		jar, _ := cookiejar.New(nil)
		jar.SetCookies(mustURL(two.base), b.client.Jar.Cookies(mustURL(one.base)))
		there := &browser{t: t, agent: b.agent, client: &http.Client{Transport: two.network, Jar: jar}}
		there.get(two.base+"/").must(http.StatusOK, "Мой аккаунт", "Асанова")
		// Guesses at one are counted at the other.
		for i := range 5 {
			h := []*house{one, two}[i%2]
			h.browser().post(h.base+"/sign-in", url.Values{"pin": {demo.Nurse.PIN}, "password": {"Wrong-pass-1"}}).must(http.StatusUnprocessableEntity)
		}
		for _, h := range []*house{one, two} {
			h.browser().post(h.base+"/sign-in", url.Values{"pin": {demo.Nurse.PIN}, "password": {demo.Password}}).must(http.StatusTooManyRequests)
		}
		// Started again after both: the same.
		three := open(t, database)
		three.browser().post(three.base+"/sign-in", url.Values{"pin": {demo.Nurse.PIN}, "password": {demo.Password}}).must(http.StatusTooManyRequests)
		jar.SetCookies(mustURL(three.base), b.client.Jar.Cookies(mustURL(one.base)))
		again := &browser{t: t, agent: b.agent, client: &http.Client{Transport: three.network, Jar: jar}}
		again.get(three.base+"/").must(http.StatusOK, "Мой аккаунт")
		// Ended at one, it is ended at all.
		there.post(two.base+"/sign-out", nil)
		b.get(one.base+"/").must(http.StatusOK, "Единый вход")
		if err := one.esi.Ready(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Both(t,
		func(t *testing.T) { run(t, peopled.SQLite(t)) },
		func(t *testing.T) { run(t, peopled.Postgres(t)) })
}
