package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// The fund's work with a case: an expert returns it, the hospital appeals, who
// returned it may not decide, another expert grants the appeal, and the month's
// act takes the case up and agrees with the card. Every page is looked at on a
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
	first.fill("comment", "Возражение рассмотрено.")
	first.press("Удовлетворить возражение")
	first.see("Возражение рассматривает другой эксперт")
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
	second.resize(360)
	for _, page := range []string{"/totals", "/rerun"} {
		second.goTo(inLang(site+page, "ky"))
		second.look("ky", 360, page)
	}
	clerk.resize(360)
	clerk.goTo(inLang(site+"/entry", "ky"))
	clerk.look("ky", 360, "/entry")
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
