package e2e_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// gallery goes from page to page as one person and holds each against what every
// page of ЕСИ must be. With SANARIP_TEST_PICTURES=DIR it keeps them as pictures.
type gallery struct {
	*browser
	site   string
	dir    string
	seen   map[string]bool   // shapes of addresses
	titles map[string]string // language and title → shape
	links  []string          // found on the way, not yet visited
	// work are the pages of those who work here: controls may be small (WCAG
	// 2.2 asks for 24 px, or a line of text), and without pictures a page is looked at in Kyrgyz
	// alone, not walked with the Tab key: their journeys do that.
	work    bool
	queries map[string]int // of a path with a query, how many were looked at
}

func (b *browser) gallery(site string) *gallery {
	return &gallery{browser: b, site: site, dir: pictures(), seen: map[string]bool{}, titles: map[string]string{}}
}

// work is a gallery of the pages of a work place.
func (b *browser) work(site string) *gallery {
	g := b.gallery(site)
	g.work, g.queries = true, map[string]int{}
	return g
}

// pictures is the folder for them; "" for none.
func pictures() string {
	if dir := os.Getenv("SANARIP_TEST_PICTURES"); dir != "1" {
		return dir
	}
	return "artifacts"
}

// looks is what a page shows of itself.
type looks struct {
	Status int      `json:"status"`
	Lang   string   `json:"lang"`
	Title  string   `json:"title"`
	Heads  []string `json:"heads"`
	Faults []string `json:"faults"`
	Links  []string `json:"links"`
}

// lookScript reads the page. Faults are told with the element's own words.
const lookScript = `((least, leastLink) => {
	const faults = [], root = document.documentElement
	const says = e => (e.innerText || e.getAttribute("aria-label") || e.name || e.className || e.tagName).toString().trim().slice(0, 60)
	const hidden = e => !e.checkVisibility() || e.closest(".govuk-visually-hidden, .govuk-skip-link, [aria-hidden=true]")
	const away = e => { for (; e; e = e.parentElement) if (getComputedStyle(e).clipPath !== "none") return true; return false }
	const inScroll = e => e.closest(".sn-scroll, .sn-nav__list, .sn-tabs__list, pre")
	if (root.scrollWidth > root.clientWidth + 1) faults.push("scrolls sideways by " + (root.scrollWidth - root.clientWidth) + " px")
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	const clipped = new Set()
	for (let n = walker.nextNode(); n; n = walker.nextNode()) {
		const e = n.parentElement
		if (!n.data.trim() || hidden(e) || away(e)) continue
		const range = document.createRange(); range.selectNodeContents(n)
		for (const r of range.getClientRects()) {
			if (!inScroll(e) && (r.right > root.clientWidth + 1 || r.left < -1)) clipped.add(e)
			for (let box = e; box && box !== document.body; box = box.parentElement) {
				const s = getComputedStyle(box), b = box.getBoundingClientRect()
				if (s.display === "inline") continue
				if (/hidden|clip/.test(s.overflowX) && (r.right > b.right + 1 || r.left < b.left - 1)) clipped.add(e)
				if (/hidden|clip/.test(s.overflowY) && (r.bottom > b.bottom + 2 || r.top < b.top - 2)) clipped.add(e)
			}
		}
	}
	for (const e of clipped) faults.push("cut: " + says(e))
	const words = [document.body.innerText, document.title]
	for (const e of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]")) for (const a of ["aria-label", "title", "placeholder", "alt"]) words.push(e.getAttribute(a) || "")
	for (const e of document.querySelectorAll("*")) for (const [k, v] of Object.entries(e.dataset || {})) if (/^\[[a-z]+(\.[a-z0-9_-]+)+\]$/.test(v)) faults.push("no words for data-" + k + " " + v)
	for (const key of words.join("\n").match(/\bidentity\.[a-z_.]+|\[[a-z]+(\.[a-z0-9_-]+)+\]/g) || []) if (!words.join("\n").includes("/" + key)) faults.push("no words for " + key)
	if (root.clientWidth < 500) for (const e of document.querySelectorAll("a[href], button, select, textarea, summary, input:not([type=hidden])")) {
		if (hidden(e)) continue
		const kind = e.tagName === "INPUT" && /radio|checkbox/.test(e.type)
		const r = e.getBoundingClientRect()
		const more = ["::before", "::after"].map(p => getComputedStyle(e, p)).filter(s => s.position === "absolute" && s.content !== "none").map(s => parseFloat(s.height) || 0)
		const height = Math.max(r.height, ...more)
		const inText = e.tagName === "A" && [...e.parentElement.childNodes].some(n => n !== e && n.textContent.trim() && !hidden(n.nodeType === 3 ? n.parentElement : n))
		if (!kind && !inText && height < (e.tagName === "A" ? leastLink : least)) faults.push("only " + Math.round(height) + " px tall: " + says(e))
		if (kind && (r.height < least || r.width < least) && !(least < 43 && e.labels && [...e.labels].some(l => l.getBoundingClientRect().height >= least))) faults.push("only " + Math.round(r.height) + " px tall: " + e.name)
	}
	const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(h => h.checkVisibility()).map(h => +h.tagName[1])
	levels.forEach((l, i) => { if (i && l > levels[i - 1] + 1) faults.push("heading of level " + l + " under one of level " + levels[i - 1]) })
	for (const e of document.querySelectorAll("main input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file]), main select, main textarea"))
		if (e.checkVisibility() && e.name && /^(pin|password|code|phone|email|again)$/.test(e.name) && !(least < 43 && e.name === "code") && !e.autocomplete) faults.push("no autocomplete: " + e.name)
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id)
	for (const twice of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push("id twice: " + twice)
	for (const e of document.querySelectorAll("table")) if (!e.caption && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) faults.push("a table without a caption: " + says(e))
	for (const e of document.querySelectorAll("[role=region], [role=group]")) if (e.getAttribute("aria-label") === "") faults.push("a region without a name: " + says(e))
	if (root.clientWidth >= 1400) for (const e of document.querySelectorAll(".work .sn-tabs__list:has(> :nth-child(10))")) {
		const tops = new Set([...e.children].map(c => Math.round(c.getBoundingClientRect().top)))
		if (tops.size > 1) faults.push("the sections stand in " + tops.size + " lines")
	}
	const head = root.clientWidth >= 1400 && document.querySelector(".citizen .sn-header__line")
	if (head && head.lastElementChild.getBoundingClientRect().top >= head.firstElementChild.getBoundingClientRect().bottom) faults.push("the head stands in two lines")
	for (const e of document.querySelectorAll(".sn-qr img, .sn-qr svg")) {
		const middle = r => (r.left + r.right) / 2, off = middle(e.getBoundingClientRect()) - middle(e.closest(".sn-qr").getBoundingClientRect())
		if (e.checkVisibility() && Math.abs(off) > 2) faults.push("a code " + Math.round(off) + " px off the middle of its frame")
	}
	for (const e of document.querySelectorAll("main .govuk-error-message[id]")) {
		const told = [...document.querySelectorAll("[aria-describedby]")].some(f => f.getAttribute("aria-describedby").split(" ").includes(e.id))
		if (!told) faults.push("an error that no field tells of: " + says(e))
	}
	const acts = new Map() // what a screen reader calls a control → what each so called does
	if (document.querySelector(".citizen")) for (const e of document.querySelectorAll("a[href], button")) {
		if (!e.checkVisibility()) continue
		const does = e.tagName === "A" ? e.href : e.type === "submit" && e.form ? (e.getAttribute("formaction") || e.form.getAttribute("action")) + [...e.form.querySelectorAll("[type=hidden]")].map(f => " " + f.name + "=" + f.value).join("") + " " + e.name + "=" + e.value : e.getAttribute("aria-controls") || e.outerHTML
		const called = e.tagName + " " + (e.getAttribute("aria-label") || e.textContent.trim().replace(/\s+/g, " "))
		acts.set(called, (acts.get(called) || new Set()).add(does))
	}
	for (const [called, does] of acts) if (does.size > 1) faults.push("one name for " + does.size + " things: " + called)
	for (const e of document.querySelectorAll("[tabindex]")) if (e.tabIndex > 0) faults.push("tabindex above 0: " + says(e))
	return JSON.stringify({
		status: performance.getEntriesByType("navigation")[0].responseStatus, lang: root.lang, title: document.title,
		heads: [...document.querySelectorAll("h1")].filter(h => h.checkVisibility()).map(h => h.innerText.trim()),
		faults, links: [...document.querySelectorAll("a[href]")].filter(a => !a.hasAttribute("download") && !a.getAttribute("href").startsWith("#") && a.origin === location.origin).map(a => a.pathname + a.search),
	})
})`

func (g *gallery) look() looks {
	g.t.Helper()
	var l looks
	least := "(43, 43)" // px
	if g.work {
		least = "(24, 20)" // a line of text
	}
	if err := json.Unmarshal([]byte(eval[string](g.browser, lookScript+least)), &l); err != nil {
		g.t.Fatal(err)
	}
	return l
}

var (
	oneOf   = regexp.MustCompile(`/([A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]{7,}|demo-[a-z0-9-]+)`)
	anyOne  = regexp.MustCompile(`/[^/]*[0-9A-Z][^/]*`)
	noLang  = regexp.MustCompile(`[?&]lang=[a-z]{2}`)
	notSeen = regexp.MustCompile(`^/(assets|connect|exchange|\.well-known)/|\.(json|js|css|pdf|txt)(\?|$)`)
)

// shape is the address without what tells one record from another.
func shape(address string) string {
	address = noLang.ReplaceAllString(address, "")
	path, query, _ := strings.Cut(address, "?")
	values, _ := url.ParseQuery(query)
	for _, own := range []string{"q", "code", "on", "from", "until", "month", "day", "year", "next", "client_id", "ui_locales", "flow", "request", "user_code", "before", "after", "cursor"} {
		values.Del(own)
	}
	path = oneOf.ReplaceAllString(path, "/·")
	if len(values) > 0 {
		path += "?" + values.Encode()
	}
	return path
}

func inLang(address, lang string) string {
	address = noLang.ReplaceAllString(address, "")
	sign := "?"
	if strings.Contains(address, "?") {
		sign = "&"
	}
	return address + sign + "lang=" + lang
}

// visit goes to the address and shows the page there.
func (g *gallery) visit(path string, status int) {
	g.t.Helper()
	if g.seen[shape(path)] {
		return
	}
	g.seen[shape(path)] = true
	g.goTo(g.site + inLang(path, g.langs()[0])) // where show begins
	if at := strings.TrimPrefix(noLang.ReplaceAllString(g.where(), ""), g.site); shape(at) != shape(path) {
		if g.seen[shape(at)] || !strings.HasPrefix(g.where(), g.site) {
			return // the page has led on to one that is known
		}
		g.seen[shape(at)] = true
	}
	g.show("", status)
}

// langs are the languages in which the gallery looks at a page, in their order;
// the last is that of the keyboard and of axe.
func (g *gallery) langs() []string {
	if g.work && g.dir == "" {
		return []string{"ky"}
	}
	return []string{"en", "ru", "ky"}
}

// show looks at the page where the browser is, in each language.
func (g *gallery) show(name string, status int) {
	g.t.Helper()
	at := noLang.ReplaceAllString(g.where(), "")
	name = cmp.Or(name, strings.Trim(strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-", "·", "x").Replace(shape(strings.TrimPrefix(at, g.site))), "_"), "start")
	for _, lang := range g.langs() {
		if address := inLang(at, lang); g.where() != address {
			g.goTo(address)
		}
		title := lang + g.showHere(name, lang, status).Title
		here, _, _ := strings.Cut(shape(strings.TrimPrefix(at, g.site)), "?")
		if g.work { // of one organisation and another
			here = anyOne.ReplaceAllString(here, "/·")
		}
		if other, has := g.titles[title]; has && other != here && status == 200 {
			g.t.Errorf("%s: %s in %s: the title %q is also that of %s", g.name, name, lang, title, other)
		}
		g.titles[title] = here
	}
	if !g.work || g.dir != "" {
		g.tabs(name)
	}
	g.axe(name)
}

// showHere looks at the page as it stands: what came of a form does not come again.
func (g *gallery) showHere(name, lang string, status int) looks {
	g.t.Helper()
	l := g.look()
	faults := l.Faults
	if l.Status != status {
		faults = append(faults, fmt.Sprintf("status %d, not %d", l.Status, status))
	}
	if l.Lang != lang {
		faults = append(faults, "lang="+l.Lang)
	}
	if len(l.Heads) != 1 {
		faults = append(faults, fmt.Sprintf("h1: %q", l.Heads))
	}
	g.keep(name, lang)
	if lang == "ky" || g.dir != "" {
		g.resize(1440)
		for _, f := range g.look().Faults {
			if !slices.Contains(faults, f) {
				faults = append(faults, f+" at 1440 px")
			}
		}
		faults = append(faults, g.drawn()...)
		g.keep(name, lang)
		if !g.work && lang == "ky" { // the longest words
			faults = append(faults, g.magnified(name, lang)...)
		}
		g.resize(360)
	}
	if len(faults) > 0 {
		g.t.Errorf("%s: %s in %s (%s):\n   %s", g.name, name, lang, g.where(), strings.Join(faults, "\n   "))
	}
	g.links = append(g.links, l.Links...)
	return l
}

// magnified looks at the page at 400 %, which leaves 320 px (WCAG 2.2, 1.4.10),
// and with letters twice as large on a desk's and on a phone's width (1.4.4).
func (g *gallery) magnified(name, lang string) []string {
	g.t.Helper()
	var faults []string
	at := func(width int, letters, how string) {
		g.resize(width)
		eval[bool](g.browser, `(() => { document.documentElement.style.fontSize = "`+letters+`"; return true })()`)
		for _, f := range g.look().Faults {
			faults = append(faults, f+" "+how)
		}
		g.keep(name+"-"+strings.ReplaceAll(how, " ", "-"), lang)
	}
	at(320, "", "at 320 px")
	at(640, "200%", "at 200 %")
	if !strings.HasPrefix(name, "console") { // which is worked at on a desk
		at(360, "200%", "at 200 % on a phone")
	}
	eval[bool](g.browser, `(() => { document.documentElement.style.fontSize = ""; return true })()`)
	return faults
}

// drawnScript compares what is drawn with the ground of the page.
const drawnScript = `(() => {
	const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
	const ground = light(getComputedStyle(document.body).backgroundColor), lost = new Set()
	const from = c => /^rgb\(/.test(c) ? (Math.max(light(c), ground) + 0.05) / (Math.min(light(c), ground) + 0.05) : 1
	for (const e of document.querySelectorAll("main figure svg :is(text, line, polyline, polygon, rect, circle, path)")) {
		if (!e.checkVisibility() || e.closest("defs, .sn-qr")) continue
		const s = getComputedStyle(e), seen = Math.max(from(s.fill), from(s.stroke))
		if (s.fill.startsWith("url(")) continue // hatched: on a shape of its own
		if (seen < (e.tagName === "text" ? 4.5 : 3)) lost.add("lost in forced colours: " + e.tagName + "." + e.className.baseVal + " " + e.textContent.slice(0, 20))
	}
	return JSON.stringify([...lost])
})()`

// drawn tells what of the page's drawings is lost on a black ground in the colours
// that a reader's system forces: words need 4.5:1, lines and shapes 3:1.
func (g *gallery) drawn() []string {
	g.t.Helper()
	if !eval[bool](g.browser, `!!document.querySelector("main figure svg")`) {
		return nil
	}
	// A style is worked out anew some time after the browser was told: wait for it.
	force := func(forced, scheme, black string) {
		features := []*emulation.MediaFeature{{Name: "forced-colors", Value: forced}, {Name: "prefers-color-scheme", Value: scheme}}
		if _, err := chromedp.Call(g.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			g.t.Fatal(err)
		}
		g.waitFor(`(getComputedStyle(document.body).backgroundColor === "rgb(0, 0, 0)") === ` + black)
	}
	force("active", "dark", "true")
	var lost []string
	if err := json.Unmarshal([]byte(eval[string](g.browser, drawnScript)), &lost); err != nil {
		g.t.Fatal(err)
	}
	force("none", "light", "false") // without features the browser leaves forced colours on
	return lost
}

// keep makes the picture, where one is asked for.
func (g *gallery) keep(name, lang string) {
	if g.dir == "" {
		return
	}
	shot, err := chromedp.Run(g.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(g.dir, fmt.Sprintf("%s-%s-%s-%d.png", g.name, name, lang, g.width)), shot, 0o600)
	}
	if err != nil {
		g.t.Error(err)
	}
}

// tabs walks the page with the Tab key: every control gets the focus, in the
// order of the page, is seen to have it, and stands in view.
func (g *gallery) tabs(name string) {
	g.t.Helper()
	count := eval[int](g.browser, `(() => {
		const print = e => [e, ...(e.labels || [])].flatMap(x => ["", "::before", "::after"].map(p => { const s = getComputedStyle(x, p); return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.backgroundColor, s.borderColor, s.textDecorationThickness].join() })).join("|")
		document.activeElement.blur(); getSelection().removeAllRanges(); document.activeElement.blur()
		const groups = new Set()
		const all = [...document.querySelectorAll("a[href], button, select, textarea, summary, input:not([type=hidden]), [tabindex='0'], video[controls]")].filter(e => {
			if (e.disabled || !e.checkVisibility({visibilityProperty: true}) || e.tabIndex < 0 || e.closest("[inert]")) return false
			if (e.type === "radio") { if (groups.has(e.name)) return false; groups.add(e.name) }
			return true
		})
		window.__tabs = {all, before: new Map(all.map(e => [e, print(e)])), got: [], unseen: [], away: []}
		document.addEventListener("focusin", event => {
			const e = event.target, t = window.__tabs
			t.got.push(e)
			if (t.before.get(e) === print(e)) t.unseen.push(e)
			const r = (e.labels && e.labels[0] || e).getBoundingClientRect()
			if (r.bottom < 0 || r.top > innerHeight) t.away.push(e)
		})
		document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex")
		window.__tabs.got = []
		return all.length + all.filter(e => e.type === "date" || e.type === "time").length * 4 + all.filter(e => e.type === "datetime-local").length * 7 // a date has several stops
	})()`)
	for range count + 1 {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := chromedp.Call(g.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: "Tab", Code: "Tab", WindowsVirtualKeyCode: 9}); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	fault := eval[string](g.browser, `(() => {
		const {all, got, unseen, away} = window.__tabs, faults = []
		const says = e => (e.innerText || e.getAttribute("aria-label") || e.name || e.className || e.tagName).toString().trim().slice(0, 60)
		const radio = e => e.type === "radio" ? all.find(x => x.type === "radio" && x.name === e.name) || e : e
		const first = got.map(radio).filter((e, i, a) => all.includes(e) && a.indexOf(e) === i)
		for (const e of all) if (!first.includes(e)) faults.push("Tab never comes to " + says(e))
		const order = all.filter(e => first.includes(e))
		const wrong = first.findIndex((e, i) => e !== order[i])
		if (wrong > 0) faults.push("Tab comes to " + says(first[wrong]) + " before " + says(order[wrong]))
		for (const e of unseen) faults.push("the focus is not seen on " + says(e))
		for (const e of away) faults.push("has the focus out of view: " + says(e))
		return faults.join("\n   ")
	})()`)
	if fault != "" {
		g.t.Errorf("%s: %s by keyboard:\n   %s", g.name, name, fault)
	}
}

// axe is check without what look knows already.
func (g *gallery) axe(name string) { g.t.Helper(); g.check(name) }

// crawl visits every page that a link leads to from the pages seen so far, and
// from those, until there is none left.
func (g *gallery) crawl() {
	g.t.Helper()
	for len(g.links) > 0 {
		link := g.links[0]
		g.links = g.links[1:]
		if notSeen.MatchString(link) || g.seen[shape(link)] {
			continue
		}
		if g.work {
			// A list by one filter and another is one page, and so is a rule and
			// another rule: two of them are enough.
			path, query, _ := strings.Cut(shape(link), "?")
			path = anyOne.ReplaceAllString(path, "/·")
			if g.queries[path]++; (query != "" || strings.Contains(path, "·")) && g.queries[path] > 2 || !g.isPage(link) {
				continue
			}
		}
		g.visit(link, 200)
	}
}

// isPage says that the link leads to a page and not to a file.
func (g *gallery) isPage(link string) bool {
	g.t.Helper()
	return g.still(`fetch(`+strconv.Quote(link)+`).then(r => (r.headers.get("Content-Type") || "").startsWith("text/html") ? "page" : "")`) == "page"
}
