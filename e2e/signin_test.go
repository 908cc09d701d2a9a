package e2e_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// signIn walks ЕСИ as a person: ПИН and password, the code from the demo's
// inbox, consent. The browser already stands at ЕСИ's first page.
func (b *browser) signIn(w world, p demo.Person) {
	b.t.Helper()
	seen := len(w.codes(p))
	b.fill("pin", p.PIN)
	b.fill("password", demo.Password)
	b.click(`main form button[type=submit], main form button:not([type])`)
	b.enterCode(w, p, seen)
	b.consent()
}

// codes are the one-time codes that came to the person, newest first.
func (w world) codes(p demo.Person) []string {
	w.t.Helper()
	var codes []string
	for _, l := range w.inbox() {
		if l.PIN == p.PIN && l.Code != "" {
			codes = append(codes, l.Code)
		}
	}
	return codes
}

func (b *browser) enterCode(w world, p demo.Person, seen int) {
	b.t.Helper()
	b.waitFor(`document.querySelector("[name=code]") !== null`)
	code := ""
	w.until("a code for "+p.Name(), func() bool {
		codes := w.codes(p)
		if len(codes) <= seen {
			return false
		}
		code = codes[0]
		return true
	})
	b.fill("code", code)
	b.click(`main form button[type=submit], main form button:not([type])`)
}

// consent agrees to everything asked; where consent was remembered there is no such page.
func (b *browser) consent() {
	b.t.Helper()
	if !strings.Contains(b.where(), "/consent") {
		return
	}
	for _, name := range []string{"agreement", "remember"} {
		if eval[bool](b, `(() => { const c = document.querySelector("[name=`+name+`][type=checkbox]"); return !!c && !c.checked })()`) {
			b.click(`[name=` + name + `][type=checkbox]`)
		}
	}
	b.click(`button[name=decision][value=allow]`)
}

// Somebody without a post is told so, kindly, and gets nowhere.
func TestSomebodyWithoutAPost(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "patient", 360, "ru")
	b.goTo(w.site["card"] + "/")
	b.check("sign-in")
	b.signIn(w, demo.Patient)
	b.see("НИСУР")
	b.check("no post")
	b.goTo(w.site["card"] + "/ward")
	if strings.HasPrefix(b.where(), w.site["card"]+"/ward") {
		t.Errorf("the ward is open to somebody without a post: %s", b.where())
	}
}
