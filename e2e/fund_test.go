package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// The fund's work with a case: an expert returns it, the hospital appeals, who
// returned it may not decide, another expert grants the appeal, and the month's
// act takes the case up and agrees with the card. The expert's own round through
// the cases is made by keyboard alone. Every page is looked at on a
// phone in Kyrgyz and on a desk in Russian.
func TestFundDecidesAppealsAndSettlesMonth(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	site := w.site["insurance"]
	today := clock.DateOf(time.Now())
	last := time.Date(today.Year, today.Month-1, 1, 0, 0, 0, 0, clock.Bishkek).Format("2006-01")
	month := "/cases?organisation=" + demo.SecondHospital + "&month=" + last

	first := fundDesk(w, "first", demo.Expert)
	// What the rules found stands beside the fields; a rule says why.
	first.goTo(site + "/cases?state=returned")
	first.leave(firstCase)
	first.see("замечани")
	first.both("case with findings")
	first.leave(`document.querySelector('main a[href*="/why/"]').click()`)
	first.both("why")
	first.casesByKeyboard(site + month + "&state=accepted")

	first.goTo(site + month + "&state=accepted")
	first.both("cases")
	first.leave(firstCase)
	number := first.caseNumber()
	path := strings.TrimPrefix(strings.Split(first.where(), "?")[0], site)
	first.press("Вернуть в больницу")
	first.fill("comment", "Нет протокола операции.")
	first.press("Вернуть в больницу")
	first.see("Случай возвращён")

	clerk := fundDesk(w, "clerk", demo.Clerk)
	clerk.look("ru", 1440, "entry")
	clerk.goTo(site + path)
	clerk.see("Нет протокола операции.")
	clerk.fill("comment", "Протокол подписан и приложен к истории болезни.")
	clerk.look("ru", 1440, "returned case")
	clerk.press("Возразить")
	clerk.see("Больница возразила")

	first.goTo(site + path)
	first.see("Возражение рассматривает другой эксперт")
	if strings.Contains(first.text(), "Удовлетворить возражение") {
		t.Error("who returned the case is offered to decide on the appeal")
	}
	first.look("ru", 1440, "other eyes")

	second := fundDesk(w, "second", demo.SecondExpert)
	second.goTo(site + path)
	second.look("ru", 1440, "appeal")
	second.fill("comment", "Протокол есть, случай оплачивается.")
	second.press("Удовлетворить возражение")
	second.see("Записано")
	second.see("Протокол есть, случай оплачивается.")
	second.both("granted")

	second.goTo(site + "/acts")
	second.both("acts")
	second.leave(fmt.Sprintf(`[...document.querySelectorAll('form[action="/acts"]')].find(f => f.organisation.value === %q && f.month.value === %q).requestSubmit()`, demo.SecondHospital, last))
	second.see("Акт составлен")
	second.see(number)
	second.both("act")
	second.press("Сверка с картой")
	second.see("Сверять нечего") // the hospital has no card: TestStory reconciles one that has
	second.both("reconciled")
	second.goTo(site + path)
	second.see("Включён в акт")
	// A draft of next year's table against the one in force, and what it makes of the month.
	second.goTo(site + "/prices/compare?a=ДЕМО-2026-2&b=ДЕМО-ПРОЕКТ-2027&month=" + last)
	second.see("006.2") // the draft's new group
	second.both("tables compared")
	second.goTo(site + "/rerun?table=ДЕМО-2025&month=" + last)
	second.see("Посчитано по состоянию на")
	second.both("month counted by another table")
	second.press("Посчитать заново")
	second.see("Посчитано по состоянию на")
	second.resize(360)
	for _, page := range []string{"/totals", "/rerun"} {
		second.goTo(inLang(site+page, "ky"))
		second.look("ky", 360, page)
	}
	clerk.resize(360)
	clerk.goTo(inLang(site+"/entry", "ky"))
	clerk.look("ky", 360, "/entry")
}

// casesByKeyboard is the expert's round without a mouse: the list, a case, why a
// rule says what it says, a comment, a decision with a comment, the next case.
func (b *browser) casesByKeyboard(list string) {
	b.t.Helper()
	b.goTo(list)
	on := `(document.activeElement.closest("tr") || {}).id`
	b.waitFor(`!!` + on) // the first case of the filtered list has the focus
	first := eval[string](b, on)
	b.keys(kb.ArrowDown)
	b.waitFor(on + ` && ` + on + ` !== "` + first + `"`)
	second := eval[string](b, on)
	b.keys(kb.ArrowUp)
	b.waitFor(on + ` === "` + first + `"`)
	b.shortcut("/", "Slash") // to the filter, from which Tab goes on to its fields
	b.focus("the filter", `e.name === "organisation"`)
	b.focus("the first case", `(e.closest("tr") || {}).id === "`+first+`"`)
	b.keys(kb.Enter)
	b.arrive("/cases/" + strings.TrimPrefix(first, "case-"))

	b.shortcut("n", "KeyN") // what the side panel is for: the comment
	b.waitFor(`document.activeElement.name === "comment"`)
	b.keysBack("the rules replayed", `/\/why$/.test(e.pathname || "")`)
	b.keys(kb.Enter)
	b.arrive("/why")
	b.focus("a rule", `/\/why\/[A-Z]/.test(e.pathname || "")`)
	b.keys(kb.Enter)
	b.waitFor(`/\/why\/[A-Z]/.test(location.pathname) && document.readyState === "complete"`)
	b.waitFor(`/^\/cases\/[^/]+$/.test(document.activeElement.pathname || "")`) // the way back has the focus
	b.keys(kb.Enter)
	b.arrive("/cases/" + strings.TrimPrefix(first, "case-"))

	b.shortcut("n", "KeyN")
	b.waitFor(`document.activeElement.name === "comment"`)
	b.keys("Сверено.")
	b.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))) // leaves it, decides nothing
	b.waitFor(`document.activeElement.rel === "next"`)
	b.see("Сверено.")
	if title := eval[string](b, `document.querySelector(".sn-timeline__item").innerText`); !strings.Contains(title, "Комментарий") {
		b.t.Errorf("%s: Ctrl+Enter in the comment did %q", b.name, title)
	}
	b.settled()
	b.shortcut("n", "KeyN")
	b.waitFor(`document.activeElement.name === "comment"`)
	b.keys("Нет выписки.")
	b.focus("the return", `e.name === "do" && e.value === "return"`)
	b.keys(kb.Enter)
	b.see("Случай возвращён")
	b.waitFor(`document.activeElement.rel === "next"`) // the work goes on with the next case
	b.look("ru", 1440, "decided by keyboard")
	b.keys(kb.Enter)
	b.arrive("/cases/" + strings.TrimPrefix(second, "case-"))
	b.see("К списку случаев")
}

// shortcut presses one key as a keyboard does. Typed text comes as events of its
// own, which a page that takes the key for itself cannot hold back.
func (b *browser) shortcut(key, code string) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Code: code}); err != nil {
			b.t.Fatalf("%s: key %s: %v", b.name, key, err)
		}
	}
}

// arrive waits until the page whose path ends so is there.
func (b *browser) arrive(path string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf(`location.pathname.endsWith(%q) && document.readyState === "complete"`, path))
	b.settled()
}

// keysBack walks with Shift+Tab until the element that the script accepts has the focus.
func (b *browser) keysBack(what, accepts string) {
	b.t.Helper()
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
		if eval[bool](b, `(e => `+accepts+`)(document.activeElement)`) {
			return
		}
	}
	b.t.Fatalf("%s: Shift+Tab never comes to %s at %s", b.name, what, b.where())
}

const firstCase = `document.querySelector('main td a[href^="/cases/"]').click()`

// fundDesk signs somebody in at the fund.
func fundDesk(w world, name string, p demo.Person) *browser {
	w.t.Helper()
	b := open(w.t, name, 1440, "ru")
	b.goTo(w.site["insurance"] + "/sign-in")
	b.signIn(w, p)
	return b
}

// caseNumber is the number of the case that the page shows, as it shows it.
func (b *browser) caseNumber() string {
	b.t.Helper()
	return eval[string](b, `document.querySelector("h1 .sn-number").innerText.trim()`)
}

// both looks at the page on a desk in Russian, then on a phone in Kyrgyz, and
// comes back.
func (b *browser) both(what string) {
	b.t.Helper()
	b.look("ru", 1440, what)
	at := b.where()
	b.resize(360)
	b.goTo(inLang(at, "ky"))
	b.look("ky", 360, what)
	b.resize(1440)
	b.goTo(inLang(at, "ru"))
}
