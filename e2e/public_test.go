package e2e_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// Pages that anyone may open, in each language, on a phone, on a desk and, with
// the longest words, at 400 % (320 CSS pixels), each held against WCAG 2.2 AA.
func TestPublicPages(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	for _, v := range append(views(), view{"ky", 320}, view{"ky", 1440}) {
		t.Run(fmt.Sprintf("%s-%d", v.lang, v.width), func(t *testing.T) {
			b := open(t, "stranger", v.width, v.lang)
			for _, address := range []string{
				w.site["start"] + "/", w.site["start"] + "/nothing-here",
				w.site["message"] + "/inbox", w.site["portal"] + "/", w.site["portal"] + "/verify",
				w.site["insurance"] + "/rules", w.site["signature"] + "/", w.site["payment"] + "/",
				w.site["population"] + "/", w.site["card"] + "/ward", // leads to ЕСИ
			} {
				b.goTo(address + "?lang=" + v.lang)
				b.settled()
				b.check(address)
			}
		})
	}
}

// Without JavaScript the same pages say the same.
func TestPublicPagesWithoutJavaScript(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "plain", 360, "ru", chromedp.Flag("blink-settings", "scriptEnabled=false"))
	for _, address := range []string{w.site["start"] + "/", w.site["portal"] + "/", w.site["card"] + "/ward"} {
		b.goTo(address)
		html, err := chromedp.Run(b.ctx, chromedp.OuterHTML(chromedp.CSS("main")))
		if err != nil || len(html) < 200 {
			t.Errorf("%s: %v %q", address, err, html)
		}
	}
}
