package e2e_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
)

// keys types on the keyboard alone, wherever the focus is.
func (b *browser) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// focus walks with Tab until the element that the script accepts has the focus,
// and sees to it that the focus is visible on the way.
func (b *browser) focus(what, accepts string) {
	b.t.Helper()
	for range 60 {
		b.keys(kb.Tab)
		if eval[bool](b, `(e => `+accepts+`)(document.activeElement)`) {
			if !eval[bool](b, `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== "none" || s.boxShadow !== "none" })()`) {
				b.t.Errorf("%s: the focus on %s is not visible", b.name, what)
			}
			return
		}
	}
	b.t.Fatalf("%s: Tab never comes to %s at %s", b.name, what, b.where())
}

// Signing in, finding a patient and opening the admission without a mouse; a
// diagnosis by arrow keys.
func TestByKeyboardAlone(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "doctor", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	seen := len(w.codes(demo.Doctor))
	b.waitFor(`document.activeElement.name === "pin"`) // the first field has the focus
	b.keys(demo.Doctor.PIN)
	b.focus("the password", `e.name === "password"`)
	b.keys(demo.Password, kb.Enter)
	b.waitFor(`document.activeElement.name === "code"`)
	w.until("a code", func() bool { return len(w.codes(demo.Doctor)) > seen })
	b.keys(w.codes(demo.Doctor)[0], kb.Enter)
	b.waitFor(`!!document.querySelector("[name=agreement]")`)
	b.focus("the agreement", `e.name === "agreement"`)
	b.keys(" ")
	b.focus("the button", `e.name === "decision" && e.value === "allow"`)
	b.keys(kb.Enter)
	b.waitFor(`location.pathname === "/ward" && document.readyState === "complete"`)

	b.do(chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.waitFor(`document.activeElement.name === "q"`) // Ctrl+K finds a patient
	b.keys(demo.Patient.PIN, kb.Enter)
	b.waitFor(`!!document.querySelector('main a[href$="/admit"]')`)
	b.settled()
	b.focus("the admission", `(e.getAttribute("href") || "").endsWith("/admit")`)
	b.keys(kb.Enter)
	b.waitFor(`!!document.querySelector("[name=admission_text]")`)
	b.settled()
	b.focus("the diagnosis", `e.name === "admission_text"`)
	b.keys("стенокард")
	b.waitFor(`document.querySelectorAll("[role=option]").length > 0`)
	b.keys(kb.ArrowDown, kb.Enter)
	b.waitFor(`/^I20/.test(document.querySelector("[name=admission]").value)`)
}
