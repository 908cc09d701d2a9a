package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// livingSessions counts the person's sessions.
func (h *house) livingSessions(person demo.Person) (n int) {
	h.t.Helper()
	if err := h.db().Read.QueryRow(`SELECT COUNT(*) FROM sso_session WHERE account_id = $1`, h.account(person)).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// A sign-in that is half done when all sessions of the account are ended comes to
// nothing, whichever its way: the person who ended them may not have been its.
func TestASignInUnderWayComesToNothingWhenAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.phone(demo.Doctor)
		end := func() {
			own.post(h.base+"/security/sessions/end-others", nil).must(http.StatusOK, "Остальные сеансы завершены")
		}

		// The password was right, the code of the second factor is.
		b := h.browser()
		h.inbox.clear()
		p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
		end()
		b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone)).must(http.StatusUnprocessableEntity)
		b.get(h.base+"/").must(http.StatusOK, "Единый вход")

		// The phone has approved, the screen has not gone on yet.
		screen := h.wait(h.portal.base + "/")
		own.submit(own.get(h.base+"/app/scan"), "/app/scan", "code", screen.code)
		own.post(h.base+"/app/approve", url.Values{"code": {screen.code}, "number": {screen.number}, "pin": {devicePIN}, "decision": {"approve"}})
		if !strings.Contains(screen.state(), "approved") {
			t.Fatal(screen.state())
		}
		end()
		screen.submit(screen.page, "/sign-in/qr").must(http.StatusUnprocessableEntity, "не подтверждён")

		// The person has allowed a system what it asks for; the answer is not on its way yet.
		b = h.browser()
		h.clock.advance(11 * time.Minute) // codes are sent so often and no more
		p = h.signIn(b, b.get(h.request("scope", "openid profile offline_access")), demo.Doctor).must(http.StatusOK, "Передача данных")
		p = b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "remember", "1")
		end()
		if code := b.stay().get(h.base + p.header.Get("Location")); strings.Contains(code.header.Get("Location"), "code=") {
			t.Errorf("a session that was ended goes on to %s", code.header.Get("Location"))
		}
		if n := h.livingSessions(demo.Doctor); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// At the very moment: by password and by phone, nobody is inside afterwards but
// the browser from which all others were ended.
func TestASignInAtTheMomentAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.phone(demo.Doctor)
		for round := range 6 {
			h.clock.advance(11 * time.Minute)
			own.get(h.base + "/")
			var last func()
			if round%2 == 0 {
				b := h.browser()
				h.inbox.clear()
				b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
				code := h.inbox.code(t, demo.Doctor.Phone)
				last = func() { b.stay().post(h.base+"/sign-in/code", url.Values{"code": {code}}) }
			} else {
				screen := h.wait(h.base + "/sign-in")
				own.post(h.base+"/app/approve", url.Values{"code": {screen.code}, "number": {screen.number}, "pin": {devicePIN}, "decision": {"approve"}})
				if !strings.Contains(screen.state(), "approved") {
					t.Fatal(screen.state())
				}
				last = func() { screen.stay().post(screen.page.url.String(), url.Values{}) }
			}
			var both sync.WaitGroup
			both.Go(last)
			both.Go(func() { own.stay().post(h.base+"/security/sessions/end-others", nil) })
			both.Wait()
			if n := h.livingSessions(demo.Doctor); n != 1 {
				t.Fatalf("round %d: %d sessions", round, n)
			}
		}
	})
}
