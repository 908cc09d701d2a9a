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
