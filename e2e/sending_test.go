package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// hold keeps back what the tab asks from now on, as a slow line does, and gives it
// here; nothing is answered until the line is let go. Without a pattern all is held.
func (b *browser) hold(urls ...string) (held <-chan fetch.RequestID) {
	b.t.Helper()
	kept := make(chan fetch.RequestID, 16)
	err := chromedp.Listen(b.ctx, func(ev any) {
		if e, ok := ev.(*fetch.EventRequestPaused); ok {
			kept <- e.RequestID
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	var patterns []*fetch.RequestPattern
	for _, url := range urls {
		patterns = append(patterns, &fetch.RequestPattern{URLPattern: url})
	}
	if _, err := chromedp.Call(b.ctx, fetch.Enable, fetch.EnableParams{Patterns: patterns}); err != nil {
		b.t.Fatal(err)
	}
	return kept
}

// A citizen on a slow line presses the button again and again: they are told that
// the form is on its way, and it is sent once.
func TestOnASlowLineAFormIsSentOnce(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	for lang, words := range map[string]string{"ky": "Жөнөтүлүп жатат", "ru": "Отправляем", "en": "Sending"} {
		b := open(t, "slow-"+lang, 360, lang)
		b.goTo(w.site["identity"] + "/sign-in?lang=" + lang)
		b.fill("pin", demo.Patient.PIN)
		b.fill("password", demo.Password)
		held := b.hold()
		// The page is not asked anything while it waits: it writes down what it says.
		eval[any](b, `(() => {
			const [said, button] = [document.querySelector("[role=status]"), document.querySelector("input[name=password]").form.querySelector("button[type=submit]")];
			new MutationObserver(() => sessionStorage.setItem("said", (sessionStorage.getItem("said") ?? "") + said.innerText)).observe(said, { childList: true });
			setTimeout(() => button.click(), 2500);
			setTimeout(() => button.click(), 0);
		})()`)
		first := <-held
		time.Sleep(3500 * time.Millisecond)
		if len(held) != 0 {
			t.Errorf("%s: sent %d times more", lang, len(held))
		}
		if _, err := chromedp.Call(b.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: first}); err != nil {
			t.Fatal(err)
		}
		if _, err := chromedp.Call(b.ctx, fetch.Disable, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		b.waitFor(`location.pathname === "/sign-in/code"`)
		if said := b.still(`sessionStorage.getItem("said")`); !strings.Contains(said, words) {
			t.Errorf("%s: said %q", lang, said)
		}
	}
}

// On a slow line the page stands there seconds before its scripts: a form that is sent
// then, and again because nothing moved, is sent once all the same, and who waits is told.
func TestAFormIsSentOnceBeforeTheScriptsHaveCome(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "early", 360, "ky")
	held := b.hold("*/app.js*")
	if _, err := chromedp.Call(b.ctx, page.Navigate, page.NavigateParams{URL: w.site["identity"] + "/sign-in/recover?lang=ky"}); err != nil {
		t.Fatal(err)
	}
	script := <-held
	b.waitFor(`document.readyState === "interactive" && document.querySelector("[name=pin]") !== null`)
	sent := b.hold("*/sign-in/recover*")
	eval[any](b, `(() => {
		document.querySelector("[name=pin]").value = "`+demo.Patient.PIN+`";
		const said = document.querySelector("[role=status]");
		new MutationObserver(() => sessionStorage.setItem("said", (sessionStorage.getItem("said") ?? "") + said.innerText)).observe(said, { childList: true });
		for (const after of [0, 800, 2500]) setTimeout(() => document.querySelector("main form button[type=submit]").click(), after);
	})()`)
	first := <-sent
	time.Sleep(3500 * time.Millisecond)
	if len(sent) != 0 {
		t.Errorf("sent %d times more", len(sent))
	}
	for _, request := range []fetch.RequestID{script, first} {
		if _, err := chromedp.Call(b.ctx, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: request}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := chromedp.Call(b.ctx, fetch.Disable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	b.waitFor(`location.pathname === "/sign-in/recover/ways"`)
	if said := b.still(`sessionStorage.getItem("said")`); !strings.Contains(said, "Жөнөтүлүп жатат") {
		t.Errorf("said %q", said)
	}
}
