package e2e_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/place/placetest"
)

// ID-9: behind a proxy that is trusted, with a table of places, people read in
// their own language from which town somebody signed in, on a phone and a desk.
func TestSessionsNameTheirPlace(t *testing.T) {
	needE2E(t)
	port := freePort(t)
	w := world{t: t, site: map[string]string{}}
	for system, host := range hosts {
		w.site[system] = fmt.Sprintf("http://%s.localhost:%d", host, port)
	}
	launch(t, port, []string{"SANARIP_TRUSTED_PROXIES=127.0.0.1,::1", "SANARIP_IDENTITY_PLACES=" + placetest.File(t)},
		"--demo", "--data", t.TempDir(), "--open=false")
	enter := func(name, lang, address string) *browser {
		t.Helper()
		b := open(t, name, 360, lang)
		if _, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"X-Forwarded-For": address}}); err != nil {
			t.Fatal(err)
		}
		b.goTo(w.site["identity"] + "/sign-in")
		b.signIn(w, demo.Patient)
		return b
	}
	enter("abroad", "en", "5.44.0.9")
	b := enter("home", "ky", "212.42.100.1")
	b.goTo(w.site["identity"] + "/")
	b.see("Гамбург, Германия · 5.44.0.9") // the sign-in before
	for _, width := range []int{360, 1440} {
		b.resize(width)
		for _, page := range []string{"", "security/sessions", "security/events"} {
			b.goTo(w.site["identity"] + "/" + page)
			b.check(page)
			b.picture(fmt.Sprint(page, " ", width))
			if page == "security/sessions" {
				b.see("Өзгөн, Кыргызстан · 212.42.100.1")
				b.see("Гамбург, Германия · 5.44.0.9")
			}
		}
	}
}
