package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// The session ends while a surgeon writes a protocol: what was sent and not received
// is kept, fields and all, and stands there after the next sign-in, which leads back
// to the page.
func TestNothingTypedIsLostWhenTheSessionEnds(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "doctor", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	b.signIn(w, demo.Doctor)
	b.seeAfterReload("Кадырова")
	b.leave(`[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes("Кадырова")).click()`)
	b.goTo(strings.TrimSuffix(b.where(), "/") + "/operations")
	b.pick("operation", "грыж", "Грыжесечение")
	b.set("side", "left")
	b.set("anaesthesia", "local")
	b.fill("protocol", "Ход операции, который нельзя потерять.")
	if _, err := chromedp.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	b.submit("protocol")
	b.see("сохранено в этом браузере")
	b.check("session ended")
	b.picture("session ended")
	b.press("Войти")
	b.signIn(w, demo.Doctor)
	b.waitFor(`location.pathname.endsWith("/operations") && document.readyState === "complete"`)
	b.see("Несохранённый текст восстановлен")
	if got := eval[string](b, `["operation", "side", "anaesthesia", "protocol"].map(name => document.querySelector("[name=" + name + "]").value).join("|")`); got != "A16.30|left|local|Ход операции, который нельзя потерять." {
		t.Errorf("what came back: %q", got)
	}
	b.submit("protocol")
	b.see("Ход операции, который нельзя потерять.")
	b.see("слева")
}

// The line is cut while a doctor sends. What was typed into the forms of a stay is
// there again when the line is, whatever page comes first; what was received is no
// draft any more; what the server refuses stays the draft, as it was shown anew.
func TestNothingTypedIsLostWithTheLine(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "doctor", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	b.signIn(w, demo.Doctor)
	b.seeAfterReload("Кадырова")
	b.leave(`[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes("Кадырова")).click()`)
	stay := strings.TrimSuffix(b.where(), "/")
	correct := eval[string](b, `document.querySelector("main a[href*='?correct=']").href`)
	for _, form := range []struct{ at, field, words string }{
		{stay + "/diagnoses", "note", "Своими словами, которые нельзя потерять."},
		{stay + "/moves", "why", "Почему переводим."},
		{stay + "/vitals", "line", "36,7 74 118/78"},
		{correct, "reason", "Описка в дате."},
		{stay + "/discharge", "transferred_to", "Областная больница"},
	} {
		b.goTo(form.at)
		b.fill(form.field, form.words)
		b.line(false)
		b.sendAnyhow(form.field)
		b.waitFor(`!document.querySelector('[name="` + form.field + `"]')`)
		b.line(true)
		b.goTo(w.site["card"] + "/ward") // another page comes first
		b.seeAfterReload("Кадырова")
		b.goTo(form.at)
		if got := b.value(form.field); got != form.words {
			t.Errorf("%s of %s after the line was cut: %q", form.field, form.at, got)
		}
		b.see("Несохранённый текст восстановлен")
	}
	drafts := `Object.keys(localStorage).filter(k => k.startsWith("draft:")).map(k => k.split("#")[1]).sort().join()`

	// Received: written once, and no draft.
	b.goTo(stay + "/vitals")
	b.submit("line")
	b.see("118/78")
	if b.value("line") != "" || strings.Contains(eval[string](b, drafts), "vitals") {
		t.Errorf("what was received is a draft: %s", eval[string](b, drafts))
	}
	// Refused, at another address than the form's page: the draft is what is shown,
	// and goes with what is received.
	b.goTo(stay + "/moves")
	b.sendAnyhow("why") // to which department is not said
	b.waitFor(`location.pathname.endsWith("/transfer") && !!document.querySelector("[data-error-summary]")`)
	if got := b.value("why"); got != "Почему переводим." {
		t.Errorf("a refused form shows %q", got)
	}
	b.goTo(stay + "/moves")
	if got := b.value("why"); got != "Почему переводим." {
		t.Errorf("after a refusal the draft is %q", got)
	}
	b.set("to", demo.Surgery)
	b.submit("why")
	b.see("Просьба отправлена")
	if strings.Contains(eval[string](b, drafts), "ask-transfer") {
		t.Errorf("what was received after a refusal is a draft: %s", eval[string](b, drafts))
	}
}

// sendAnyhow sends the form of the field, filled in as asked or not, and does not
// wait for the answer.
func (b *browser) sendAnyhow(field string) {
	b.t.Helper()
	eval[bool](b, `(form => { form.noValidate = true; setTimeout(() => form.requestSubmit()); return true })(document.querySelector('[name="`+field+`"]:not([type=hidden])').form)`)
}
