package e2e_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// weigher counts what comes over the wire, heads and bodies as they are packed.
type weigher struct {
	mu    sync.Mutex
	bytes int
}

func weigh(b *browser) *weigher {
	b.t.Helper()
	w := &weigher{}
	err := chromedp.Listen(b.ctx, func(ev any) {
		if e, ok := ev.(*network.EventLoadingFinished); ok {
			w.mu.Lock()
			w.bytes += int(e.EncodedDataLength)
			w.mu.Unlock()
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	return w
}

// taken is what came since it was asked last.
func (w *weigher) taken() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.bytes
	w.bytes = 0
	return n
}

// A nurse and a doctor on a telephone with a line of 64 kbit/s: what a page
// weighs on the first visit, when styles and scripts come along, and on the next.
// Bytes are held, not seconds, which are the line's. 8,000 bytes are a second.
func TestPagesAreLightOnAWeakLine(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	for name, who := range map[string]demo.Person{"nurse": demo.Nurse, "doctor": demo.Doctor} {
		b := open(t, name+"-weight", 360, "ru")
		scale := weigh(b)
		b.goTo(w.site["card"] + "/sign-in")
		b.signIn(w, who)
		b.goTo(w.site["card"] + "/ward")
		b.see("201-1")
		stay := eval[string](b, `[...document.querySelectorAll('a[href^="/stays/"]')].map(a => a.getAttribute("href").match(/^.stays.[^/?#]+/)[0])[0]`)
		if _, err := chromedp.Call(b.ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
			t.Fatal(err)
		}
		slow := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{{Latency: 400, DownloadThroughput: 8000, UploadThroughput: 8000}}}
		if _, err := chromedp.Call(b.ctx, network.EmulateNetworkConditionsByRule, slow); err != nil {
			t.Fatal(err)
		}
		scale.taken()
		for _, page := range []struct {
			path        string
			first, next int // most bytes
		}{
			{"/ward", 90_000, 12_000}, // styles, scripts and letters come with the first page
			{stay, 16_000, 12_000},
			{stay + "/orders", 12_000, 12_000},
			{stay + "/vitals", 12_000, 12_000},
		} {
			for visit, most := range []int{page.first, page.next} {
				began := time.Now()
				b.goTo(w.site["card"] + page.path)
				b.waitFor(`document.readyState === "complete" && document.fonts.status === "loaded"`)
				time.Sleep(300 * time.Millisecond) // what a script fetches afterwards counts
				got := scale.taken()
				paint := eval[float64](b, `(performance.getEntriesByName("first-contentful-paint")[0] || {startTime: 0}).startTime`)
				t.Logf("%s %s visit %d: %d bytes, first content after %.0f ms, %s", name, page.path, visit+1, got, paint, time.Since(began).Round(time.Millisecond))
				if got == 0 || got > most {
					t.Errorf("%s: %s weighs %d bytes on visit %d, at most %d", name, page.path, got, visit+1, most)
				}
			}
		}
	}
}

// A nurse without JavaScript, as on an old telephone or when a weak line loses the
// script: from the board to a stay, an order is marked as given and a measurement
// written.
func TestANurseWithoutJavaScript(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	p := newPlain(t)
	p.goTo(w.site["card"] + "/sign-in")
	p.signIn(w, demo.Nurse)
	orders := p.ordersOf(w, "Левофлоксацин")
	before := strings.Count(p.text(), demo.Nurse.FamilyName)
	for _, form := range all(p.page, "form") {
		if !strings.HasSuffix(attribute(form, "action"), "/orders/mark") {
			continue
		}
		entered, _ := contents(form, "")
		entered.Set("given", "1")
		p.take(p.client.PostForm(w.site["card"]+attribute(form, "action"), entered))
		break
	}
	if after := strings.Count(p.text(), demo.Nurse.FamilyName); after <= before {
		t.Fatalf("the order is not marked: %s", tail(p.text(), 1500))
	}
	p.goTo(w.site["card"] + strings.TrimSuffix(orders, "orders") + "vitals")
	p.submit("line", map[string]string{"line": "36,6 71 117/79 16 98"})
	if !strings.Contains(p.text(), "117/79") {
		t.Fatalf("not measured: %s", tail(p.text(), 1500))
	}
}

// ordersOf goes from the board to the orders of the stay that has the drug; the
// demo admits its patients while the program runs already.
func (p *plain) ordersOf(w world, drug string) string {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		p.goTo(w.site["card"] + "/ward?lang=ru")
		seen := map[string]bool{}
		for _, a := range all(p.page, "a") {
			path, ok := strings.CutPrefix(attribute(a, "href"), "/stays/")
			if !ok {
				continue
			}
			orders := "/stays/" + strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/?#", r) })[0] + "/orders"
			if seen[orders] {
				continue
			}
			seen[orders] = true
			if p.goTo(w.site["card"] + orders); strings.Contains(p.text(), drug) {
				return orders
			}
		}
	}
	p.t.Fatal("nobody has the drug")
	return ""
}
