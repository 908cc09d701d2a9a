package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browser is one browser with its own cookies: one person.
type browser struct {
	t      *testing.T
	ctx    context.Context
	name   string
	width  int
	checks int
}

const axePath = "node_modules/axe-core/axe.min.js"

// open starts a browser of the given width in the language.
func open(t *testing.T, name string, width int, lang string, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	// What a browser leaves behind, also where it is killed, goes with the test. The
	// folder's name is short: a socket lies in it.
	left, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Env("TMPDIR="+left),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("lang", lang),
		chromedp.Flag("accept-lang", lang), chromedp.WindowSize(width, 900))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &browser{t: t, ctx: ctx, name: name, width: width}
	t.Cleanup(func() {
		if t.Failed() {
			b.picture("failed")
		}
		stop()
		stopAllocator()
		_ = os.RemoveAll(left)
	})
	// The first action starts the browser and owns it: it must not be one with a time limit.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(int64(width), 900)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
		b.t.Fatalf("%s at %s: %v\nthe page says:\n%s", b.name, where, err, tail(text, 1500))
	}
}

func eval[T any](b *browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v: %s", b.name, err, tail(script, 200))
	}
	return v
}

func (b *browser) goTo(url string) { b.t.Helper(); b.do(chromedp.Navigate(url)) }

func (b *browser) where() string {
	b.t.Helper()
	return b.still(`location.href`)
}

func (b *browser) text() string {
	b.t.Helper()
	return b.still(`document.body ? document.body.innerText : ""`)
}

// fill types into the field of the name as a person would.
func (b *browser) fill(name, value string) {
	b.t.Helper()
	sel := chromedp.CSS(fmt.Sprintf(`[name=%q]:not([type=hidden])`, name))
	b.do(chromedp.WaitVisible(sel))
	eval[bool](b, fmt.Sprintf(`(() => { document.querySelector(%q).value = ""; return true })()`, string(sel)))
	b.do(chromedp.SendKeys(sel, value))
}

// set gives a field a value that is not typed (dates, selects) and tells the page.
func (b *browser) set(name, value string) {
	b.t.Helper()
	ok := eval[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector('[name=%q]:not([type=hidden])'); if (!f) return false;
		f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true})); f.dispatchEvent(new Event("change", {bubbles: true})); return f.value === %q; })()`, name, value, value))
	if !ok {
		b.t.Fatalf("%s: field %s does not take %q at %s\n%s", b.name, name, value, b.where(), tail(b.text(), 1500))
	}
}

// choose clicks the radio button or checkbox of the name with the value.
func (b *browser) choose(name, value string) {
	b.t.Helper()
	b.click(fmt.Sprintf(`input[name=%q][value=%q]`, name, value))
}

// click clicks what the CSS selector finds, as a script would: also where it is
// covered by its own label.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitReady(chromedp.CSS(selector)))
	quoted, _ := json.Marshal(selector)
	b.leave(fmt.Sprintf(`document.querySelector(%s).click()`, quoted))
}

// leave runs a script that may lead to another page and waits until that is there.
// Whether it leads to one the page itself tells (the Navigation API): the answer
// may take its time.
func (b *browser) leave(script string) {
	b.t.Helper()
	eval[bool](b, `(() => { window.__here = true; window.__leaving = false;
		navigation.onnavigate = e => { if (!e.destination.sameDocument && e.downloadRequest === null && !e.defaultPrevented) window.__leaving = true };
		return true })()`)
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(() => { `+script+`; return true })()`))
	cancel()
	if err != nil && !wentOn(err) { // it may be gone before it has answered
		b.t.Fatalf("%s: %v: %s", b.name, err, tail(script, 200))
	}
	start := time.Now()
	for {
		waited := time.Since(start) // when it is asked: the answer may be late, and as old
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		state, err := chromedp.Run(ctx, chromedp.Evaluate[string](`window.__here !== true ? "left" : window.__leaving ? "leaving" : "here"`))
		cancel()
		if err != nil && !wentOn(err) {
			b.t.Fatalf("%s: leaving the page: %v", b.name, err)
		}
		if err != nil || state == "left" {
			break
		}
		if state == "here" && waited > 400*time.Millisecond {
			break // a script of the page has done it all
		} else if waited > patience {
			b.t.Logf("%s: no page has come after %s: a file, or the program does not answer", b.name, b.where())
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.settled()
}

// settled waits until the page has loaded.
func (b *browser) settled() {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		ready, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && location.href !== "about:blank"`))
		cancel()
		if err == nil && ready {
			return
		}
		time.Sleep(30 * time.Millisecond)
	}
	b.t.Fatalf("%s: the page does not load: %s", b.name, b.where())
}

// press clicks the button or link that says just this.
func (b *browser) press(label string) {
	b.t.Helper()
	quoted, _ := json.Marshal(label)
	find := fmt.Sprintf(`[...document.querySelectorAll("main button, main a, main summary, button, a")].find(e => e.innerText.trim() === %s && e.checkVisibility())`, quoted)
	deadline := time.Now().Add(patience)
	for !eval[bool](b, `!!`+find) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: nothing says %q at %s\n%s", b.name, label, b.where(), tail(b.text(), 2500))
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.leave(find + `.click()`)
}

// see waits until the page says this.
func (b *browser) see(what string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		text := b.text()
		if strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), what) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: the page does not say %q at %s\n%s", b.name, what, b.where(), tail(text, 3000))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// seeAfterReload reloads until the page says this (work goes on behind it).
func (b *browser) seeAfterReload(what string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !strings.Contains(strings.ReplaceAll(b.text(), "\u00a0", " "), what) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: the page never says %q at %s\n%s", b.name, what, b.where(), tail(b.text(), 3000))
		}
		time.Sleep(300 * time.Millisecond)
		b.do(chromedp.Reload())
	}
}

// check holds the page against WCAG 2.2 AA with axe-core, and against words left
// untranslated and sideways scrolling.
func (b *browser) check(what string) {
	b.t.Helper()
	b.checks++
	axe, err := os.ReadFile(axePath)
	if err != nil {
		b.t.Fatalf("axe-core: %v (npm ci in e2e/)", err)
	}
	// Every rule looks at every element; only what passes is not written up, nor the
	// path to what does not: nobody reads them, and they took as long as the looking.
	// What is moving from one look to another is looked at where it ends.
	report := b.still(`(() => { if (!window.axe) { ` + string(axe) + ` }
		for (const a of document.getAnimations()) if (Number.isFinite(a.effect.getComputedTiming().endTime)) a.finish()
		return true })() && axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"], selectors: false}).then(r =>
		r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.slice(0, 4).map(n => "   " + n.html.slice(0, 200) + "\n      " + (n.failureSummary || "").replace(/\n/g, " ").slice(0, 300)).join("\n")).join("\n"))`)
	if report != "" {
		b.t.Errorf("%s: %s (%s) is not accessible:\n%s", b.name, what, b.where(), report)
	}
	if untranslated := eval[string](b, `(document.documentElement.innerText.match(/\[[a-z]+(\.[a-z0-9_-]+)+\]/g) || []).join(" ")`); untranslated != "" {
		b.t.Errorf("%s: %s has no words for %s", b.name, what, untranslated)
	}
	if astray := eval[string](b, `(() => { const links = [...document.querySelectorAll(".govuk-error-summary__list a[href^='#']")];
		const at = links.map((a) => document.getElementById(decodeURIComponent(a.hash.slice(1))));
		const gone = links.filter((a, i) => !at[i]), wrong = links.filter((a, i) => i && at[i] && at[i - 1] && at[i - 1].compareDocumentPosition(at[i]) & Node.DOCUMENT_POSITION_PRECEDING);
		return [...gone.map((a) => "nothing at " + a.hash), ...wrong.map((a) => a.hash + " before what stands above it")].join(", ") })()`); astray != "" {
		b.t.Errorf("%s: the summary of errors of %s (%s): %s", b.name, what, b.where(), astray)
	}
	if wide := eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 1 {
		b.t.Errorf("%s: %s scrolls sideways by %d px at %d px", b.name, what, wide, b.width)
	}
}

// still gives what the script makes of the page and changes nothing. A page that
// shows itself anew or goes on by itself may do so in the middle: then it is asked
// again.
func (b *browser) still(script string) string {
	b.t.Helper()
	var said string
	var err error
	for range 4 {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		said, err = chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
		cancel()
		if err == nil {
			return said
		}
		if !wentOn(err) {
			break
		}
		b.settled()
	}
	b.t.Fatalf("%s: %v: %s", b.name, err, tail(script, 200))
	return ""
}

// wentOn says whether a script has failed because its page was left meanwhile.
func wentOn(err error) bool {
	for _, words := range []string{"navigated or closed", "context was destroyed", "Cannot find context"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// picture keeps the whole page as an image, of a failed journey or where pictures
// are asked for: they take longer than the steps between.
func (b *browser) picture(what string) {
	if !b.t.Failed() && os.Getenv("SANARIP_TEST_PICTURES") != "1" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return
	}
	_ = os.MkdirAll("artifacts", 0o755)
	name := strings.NewReplacer("/", "_", " ", "_").Replace(fmt.Sprintf("%s-%s-%s.png", b.t.Name(), b.name, what))
	_ = os.WriteFile(filepath.Join("artifacts", name), shot, 0o600)
}

// waitFor waits until the script says true. On the way from one page to the
// next a script may find no page at all: that is not yet true, not an error.
func (b *browser) waitFor(script string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		so, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		cancel()
		if err == nil && so {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: never so: %s (%v) at %s\n%s", b.name, script, err, b.where(), tail(b.text(), 2500))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// submit sends the form that the field belongs to.
func (b *browser) submit(field string) {
	b.t.Helper()
	b.leave(fmt.Sprintf(`document.querySelector('[name=%q]:not([type=hidden])').form.requestSubmit()`, field))
}

// resize makes the window so many CSS pixels wide.
func (b *browser) resize(width int) {
	b.t.Helper()
	b.width = width
	b.do(chromedp.EmulateViewport(int64(width), 900))
}
