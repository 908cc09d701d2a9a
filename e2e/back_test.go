package e2e_test

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// step goes so many entries on in the browser's history, as its own buttons do.
func (b *browser) step(by int64) {
	b.t.Helper()
	history, err := chromedp.Call(b.ctx, page.GetNavigationHistory, cdp.Empty{})
	if err != nil {
		b.t.Fatal(err)
	}
	entry := history.Entries[history.CurrentIndex+by]
	if _, err := chromedp.Call(b.ctx, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry.ID}); err != nil {
		b.t.Fatal(err)
	}
	b.settled()
}

// Who has mistyped something may go back and forward over it, and load it anew: the
// page at that address comes, never the browser's own that asks to send the form again.
func TestBackAndForwardOverWhatWasRefused(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "hasty", 360, "ky")
	b.goTo(w.site["identity"] + "/sign-in/recover?lang=ky")
	b.fill("pin", "12")
	b.submit("pin")
	b.waitFor(`document.querySelector("[data-error-summary]") !== null`)
	b.fill("pin", demo.Nurse.PIN)
	b.submit("pin")
	b.waitFor(`location.pathname === "/sign-in/recover/ways"`)
	b.step(-1)
	b.waitFor(`location.pathname === "/sign-in/recover" && document.querySelector("[name=pin]") !== null`)
	b.step(1)
	b.waitFor(`location.pathname === "/sign-in/recover/ways"`)
	b.step(-1)
	b.fill("pin", "123")
	b.submit("pin")
	b.waitFor(`document.querySelector("[data-error-summary]") !== null`)
	b.do(chromedp.Reload())
	b.waitFor(`document.querySelector("[name=pin]") !== null && document.querySelector("[data-error-summary]") === null`)
}
