package e2e_test

import (
	"fmt"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// The management of a hospital renames a department, takes somebody on and lets
// a surgeon go, whose open session in the card is over at once; ЦЭЗ
// reads the register, its history and the report on equipment.
func TestManagementKeepsItsOrganisation(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	surgeon := open(t, "surgeon", 1440, "ru")
	surgeon.goTo(w.site["card"] + "/sign-in")
	surgeon.signIn(w, demo.Surgeon)
	surgeon.see("Хирургическое отделение")

	m := open(t, "manager", 1440, "ru")
	own := w.site["workforce"] + "/organisations/" + demo.Hospital
	m.goTo(w.site["workforce"] + "/sign-in")
	m.signIn(w, demo.Manager)
	m.goTo(own + "/staff")
	m.leave(`[...document.querySelectorAll("tr")].find(r => r.innerText.includes("Исаков")).querySelector("a[href$='/end']").click()`)
	m.check("end of a post")
	m.submit("until")
	m.see("Освобождение от должности записано")

	m.goTo(own + "/departments")
	m.check("departments")
	m.leave(`[...document.querySelectorAll("main table a")].find(a => a.innerText.includes("Кардиологическое")).click()`)
	m.fill("name_ru", "Отделение кардиологии")
	m.check("department")
	m.submit("name_ru")
	m.see("Отделение кардиологии")

	m.goTo(own + "/posts/add")
	m.fill("pin", demo.Residents[2].PIN)
	m.set("title", "nurse")
	m.set("department", demo.Cardiology)
	m.submit("pin")
	m.see(demo.Residents[2].FamilyName)
	m.press("Назначить")
	m.see("Сотрудник назначен")
	m.see("Отделение кардиологии")

	m.goTo(own + "/equipment/count")
	m.check("count")
	m.submit("day")
	m.see("Отчёт отправлен")
	m.tour(own, "/changes", "/responsible", "/equipment", "/edit")

	o := open(t, "operator", 1440, "ru")
	o.goTo(w.site["workforce"] + "/sign-in")
	o.signIn(w, demo.Operator)
	o.goTo(w.site["workforce"] + "/organisations?q=перинатальный&state=closed")
	o.see("950175")
	o.tour(w.site["workforce"], "/organisations", "/organisations/950175?on=2015-01-01", "/equipment", "/responsible")

	surgeon.goTo(w.site["card"] + "/ward")
	surgeon.see("не записана должность")
}

// tour looks at the pages on a desk in Russian and on a phone in Kyrgyz.
func (b *browser) tour(site string, pages ...string) {
	b.t.Helper()
	for i, page := range pages {
		b.resize(1440)
		b.goTo(site + page)
		b.check(page)
		b.picture(fmt.Sprintf("%d desk %s", i, page))
		b.resize(360)
		b.goTo(inLang(site+page, "ky"))
		b.check(page + ", phone")
		b.picture(fmt.Sprintf("%d phone %s", i, page))
		b.goTo(inLang(site+page, "ru"))
	}
	b.resize(1440)
}
