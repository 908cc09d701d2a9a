package identity_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// RFC 8628, 3.4 and 6.1: what a device shows is good for its time, and for one person:
// of those who type it at the same moment one is asked to go on.
func TestRFC8628AUserCodeIsForOnePersonAndItsTime(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, public)
		d := c.device()
		var taken atomic.Int32
		var people sync.WaitGroup
		ready := make(chan struct{})
		for range 8 {
			b := h.browser().stay()
			p := b.get(d.address).must(http.StatusOK, d.user)
			people.Go(func() {
				<-ready
				if p := b.submit(p, "/device/answer", "user_code", d.user, "decision", "mine"); p.status == http.StatusSeeOther {
					taken.Add(1)
				}
			})
		}
		close(ready)
		people.Wait()
		if taken.Load() != 1 {
			t.Errorf("%d people go on with one code", taken.Load())
		}
		h.clock.stop()
		d = c.device()
		h.clock.advance(10*time.Minute + time.Second)
		h.browser().get(d.address).must(http.StatusUnprocessableEntity, "Такого кода нет")
	})
}

// RFC 8252, 7.3: any port of the own machine is for applications alone, which have no
// secret; a server's address is compared to the letter.
func TestRFC8252AnyPortIsForApplicationsAlone(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	atHome := func(s *openid.Settings) { s.Redirects = []string{"http://127.0.0.1/callback"} }
	application := h.connect(demo.Doctor, func(s *openid.Settings) { public(s); atHome(s) })
	server := h.connect(demo.Doctor, atHome)
	asked := func(c *registered, redirect string) int {
		return h.browser().stay().get(h.request("client_id", c.ID, "redirect_uri", redirect)).status
	}
	for redirect, want := range map[string][2]int{
		"http://127.0.0.1/callback":       {http.StatusSeeOther, http.StatusSeeOther},
		"http://127.0.0.1:9911/callback":  {http.StatusSeeOther, http.StatusBadRequest},
		"http://127.0.0.1:9911/callback/": {http.StatusBadRequest, http.StatusBadRequest},
		"http://127.0.0.2:9911/callback":  {http.StatusBadRequest, http.StatusBadRequest},
	} {
		if got := [2]int{asked(application, redirect), asked(server, redirect)}; got != want {
			t.Errorf("%s: application and server are answered %v, not %v", redirect, got, want)
		}
	}
}

// RFC 7662, 2.2 and 4: an answer that is given again is given to who may ask.
func TestRFC7662AnAnswerGivenAgainIsForWhoMayAsk(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c, stranger := h.connect(demo.Doctor, nil), h.connect(demo.Doctor, nil)
		got := c.redeem(c.auth(), c.code(h.browser(), demo.Doctor))
		active := func(auth clientAuth) any {
			return h.call("/connect/introspect", auth, "token", got.Access).body["active"]
		}
		for range 3 {
			if active(c.auth()) != true {
				t.Fatal("the client's own token")
			}
			if active(stranger.auth()) != false {
				t.Fatal("a stranger learns of the token")
			}
			if active(basic("card", h.card.secret)) != true {
				t.Fatal("who may ask about all tokens")
			}
		}
	})
}
