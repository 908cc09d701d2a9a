package identity_test

import (
	"net/http"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// FAPI 2.0 Security Profile, 5.3.2.2: the address of a pushed request may be
// opened before the person opens it, by a program that looks at addresses, say;
// whoever comes to the end first ends it for all.
func TestFAPI2PushedRequestOpensUntilThePersonIsDone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, nil)
		address := c.pushedURL(c.push(c.auth()).word("request_uri"))
		early, person := h.browser(), h.browser()
		opened := early.get(address)
		opened.must(http.StatusOK)
		answer := h.codeAtPage(person, person.get(address), demo.Doctor)
		if got := c.redeem(c.auth(), answer.Get("code")); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		h.inbox.clear()
		p := early.submit(opened, "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password)
		early.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone)).must(http.StatusGone)
		h.browser().get(address).must(http.StatusBadRequest)
	})
}
