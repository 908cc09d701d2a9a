package identity_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// The card of the account's owner recovers it by itself; another's does not, nor
// an answer that was given for a sign-in.
func TestACardRecovers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		p := demo.Expert
		address := h.base + "/sign-in/recover/card"
		if page := h.browser().get(address); page.url.Path != "/sign-in/recover" {
			t.Errorf("without a recovery the card is read at %s", page.url)
		}
		b := h.browser()
		b.post(h.base+"/sign-in/recover", url.Values{"pin": {p.PIN}}).must(http.StatusOK)
		b.get(address).must(http.StatusOK, "Восстановление по ID-карте")
		b.read(address, o.card(demo.Head, nil)).must(http.StatusUnprocessableEntity, "не от восстанавливаемого аккаунта")
		b.read(address, o.card(resident, nil)).must(http.StatusUnprocessableEntity, "не от восстанавливаемого аккаунта")
		c := o.card(p, nil)
		a := b.ask(h.cardTab())
		b.post(address, url.Values{"challenge": {a.ID}, "pkcs7": {c.sign(t, a.Data)}}).must(http.StatusUnprocessableEntity, "слишком поздно или уже был использован")
		a = b.ask(address)
		b.post(h.cardTab(), url.Values{"challenge": {a.ID}, "pkcs7": {c.sign(t, a.Data)}}).must(http.StatusUnprocessableEntity, "слишком поздно или уже был использован")
		if b.get(h.base+"/sign-in/recover/password").url.Path == "/sign-in/recover/password" {
			t.Fatal("a new password may be set without the card")
		}
		page := b.read(address, c).must(http.StatusOK)
		if page.url.Path != "/sign-in/recover/password" {
			t.Fatalf("led to %s: %s", page.url, page.words())
		}
		const fresh = "Jangy-Syrsoz-77"
		b.submit(page, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK)
		if h.signedIn(b, p) {
			t.Error("signed in without signing in")
		}
		b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", p.PIN, "password", fresh).must(http.StatusOK, "Код подтверждения")
	})
}

// An account that its owner closed is made anew by the card.
func TestACardOpensAClosedAccountAnew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		p := demo.Nurse
		h.exec(h.db(), `UPDATE account SET state = 'closed' WHERE pin = $1`, p.PIN)
		b := h.browser()
		page := b.read(h.cardTab(), o.card(p, nil)).must(http.StatusOK, "Создание аккаунта")
		b.submit(page, "/sign-in/new", "agreement", "1").must(http.StatusOK)
		if !h.signedIn(b, p) {
			t.Error("not signed in")
		}
		h.exec(h.db(), `UPDATE account SET state = 'blocked' WHERE pin = $1`, p.PIN)
		other := h.browser()
		if other.read(h.cardTab(), o.card(p, nil)).must(http.StatusForbidden); h.signedIn(other, p) {
			t.Error("a blocked account was entered")
		}
	})
}
