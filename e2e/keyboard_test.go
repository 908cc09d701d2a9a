package e2e_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
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

// signInByKeys goes through ЕСИ without a mouse: number, password, code, consent.
func (b *browser) signInByKeys(w world, p demo.Person) {
	b.t.Helper()
	seen := len(w.codes(p))
	b.waitFor(`document.activeElement.name === "pin"`) // the first field has the focus
	b.keys(p.PIN)
	b.focus("the password", `e.name === "password"`)
	b.keys(demo.Password, kb.Enter)
	b.waitFor(`document.activeElement.name === "code"`)
	w.until("a code", func() bool { return len(w.codes(p)) > seen })
	b.keys(w.codes(p)[0], kb.Enter)
	b.waitFor(`!!document.querySelector("[name=agreement]")`)
	b.focus("the agreement", `e.name === "agreement"`)
	b.keys(" ")
	b.focus("the button", `e.name === "decision" && e.value === "allow"`)
	b.keys(kb.Enter)
}

// Signing in, finding a patient and opening the admission without a mouse; a
// diagnosis by arrow keys.
func TestByKeyboardAlone(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "doctor", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	b.signInByKeys(w, demo.Doctor)
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

// The fund's expert without a mouse: signs in, decides on a case, answers an
// appeal, makes a month's act and reconciles it.
func TestExpertByKeyboardAlone(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	site := w.site["insurance"]
	b := open(t, "expert", 1440, "ru")
	b.goTo(site + "/sign-in")
	b.signInByKeys(w, demo.Expert)
	b.waitFor(`location.origin === "` + site + `" && document.readyState === "complete"`)
	b.settled()
	today := clock.DateOf(time.Now())
	last := time.Date(today.Year, today.Month-1, 1, 0, 0, 0, 0, clock.Bishkek).Format("2006-01")
	b.casesByKeyboard(site + "/cases?organisation=" + demo.SecondHospital + "&month=" + last + "&state=accepted")

	b.keysBack("the list of cases", `e.pathname === "/cases" && !e.search`) // in the head of the page
	b.keys(kb.Enter)
	b.arrive("/cases")
	b.focus("the appeals", `(e.search || "").includes("state=appealed")`)
	b.keys(kb.Enter)
	b.waitFor(`location.search.includes("state=appealed") && !!(document.activeElement.closest("tr") || {}).id`)
	b.keys(kb.Enter)
	b.waitFor(`/^\/cases\/[^/]+$/.test(location.pathname) && document.readyState === "complete"`)
	b.settled()
	b.shortcut("n", "KeyN")
	b.waitFor(`document.activeElement.name === "comment"`)
	b.keys("Часы не установить: случай оплачивается.")
	b.focus("the appeal granted", `e.name === "do" && e.value === "grant"`)
	b.keys(kb.Enter)
	b.see("Записано")
	b.see("Часы не установить: случай оплачивается.")

	b.keysBack("the acts", `e.pathname === "/acts"`)
	b.keys(kb.Enter)
	b.arrive("/acts")
	b.focus("an act", `e.type === "submit" && !!e.closest("form[action='/acts'][method=post]")`)
	if name := eval[string](b, `document.activeElement.getAttribute("aria-label") || ""`); name == "" {
		t.Error("a reader of the page hears «make the act» and not of whom")
	}
	b.keys(kb.Enter)
	b.see("Акт составлен")
	b.look("ru", 1440, "act by keyboard")
	b.focus("the reconciliation", `e.pathname === "/acts/reconcile"`)
	b.keys(kb.Enter)
	b.arrive("/acts/reconcile")
}
