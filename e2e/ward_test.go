package e2e_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// The working day of a ward in the browser: a doctor writes with templates and
// what was begun survives, a nurse gives what is due and measures the ward in
// lines. Every page is looked at wide and narrow, in three languages.
func TestWorkingDayOfAWard(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "doctor", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	b.signIn(w, demo.Doctor)
	b.seeAfterReload("Кадырова")
	b.leave(`[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes("Кадырова")).click()`)
	b.see("копия")
	stay := strings.TrimSuffix(b.where(), "/")
	b.check("history")

	// Begun, kept by the server, gone on with after the page was closed.
	b.fill("body", "Начатая запись.")
	b.see("Черновик сохранён")
	b.goTo(w.site["card"] + "/ward")
	b.goTo(stay)
	b.see("Неподписанный черновик")
	// A field that is left because its form is being sent is no draft again.
	if !eval[bool](b, `(async () => { const f = document.querySelector("[name=body]").form;
		f.elements.body.value += " "; f.elements.body.dispatchEvent(new Event("input", {bubbles: true}));
		f.addEventListener("submit", (e) => e.preventDefault()); f.requestSubmit();
		f.elements.body.dispatchEvent(new Event("change", {bubbles: true}));
		await new Promise((done) => setTimeout(done, 700));
		return JSON.parse(localStorage.getItem("draft:" + location.pathname + "#" + f.id)).sent === true })()`) {
		t.Error("what was sent is a draft again")
	}
	b.goTo(stay)
	b.see("Неподписанный черновик")
	b.press("Обход терапевта")
	b.waitFor(`document.querySelector("[name=body]").value.includes("Начатая запись.") && /[56]-й день/.test(document.querySelector("[name=body]").value)`) // the sixth between midnight and three
	b.press("Составить из истории болезни")
	b.waitFor(`document.querySelector("[name=body]").value.includes("Лейкоциты 13,4")`)
	b.picture("history draft")
	b.submit("body")
	b.see("Запись подписана")
	if eval[string](b, `document.querySelector("[name=body]").value`) != "" {
		t.Error("a signed entry is still a draft")
	}
	// Who signed is named by their post in the reader's language.
	b.goTo(stay + "?lang=ky")
	b.see("Асанова Айгүл Маратовна, Дарыгер-терапевт")
	b.goTo(stay + "?lang=ru")
	b.see("Асанова Айгүл Маратовна, Врач-терапевт")
	b.fill("words", "хрипы")
	b.submit("words")
	b.waitFor(`location.search.startsWith("?find=") && document.querySelector("[name=words]").value === "хрипы"`)
	b.check("filtered history")

	b.goTo(stay + "/requests")
	b.see("13,4 ↑")
	b.leave(`[...document.querySelectorAll("main a[href*='?answer=']")].find(a => a.textContent.includes("Кардиолог")).click()`)
	b.fill("conclusion", "Данных за сердечную недостаточность нет.")
	b.check("answer")
	b.submit("conclusion")
	b.see("Данных за сердечную недостаточность нет.")

	// What the doctor marked is offered before anything is typed.
	b.goTo(stay + "/diagnoses")
	b.press("В избранное")
	b.waitFor(`location.search.includes("stage=") && document.querySelector("#icd[role=combobox]") !== null`)
	eval[bool](b, `(i => { i.focus(); i.click(); return true })(document.querySelector("#icd"))`)
	b.waitFor(`document.querySelector("[role=option]")?.innerText.includes("избранный")`)
	b.picture("own diagnoses")

	n := open(t, "nurse", 1440, "ru")
	n.goTo(w.site["card"] + "/sign-in")
	n.signIn(w, demo.Nurse)
	n.goTo(w.site["card"] + "/ward/round?all=1")
	n.see("Левофлоксацин")
	// What another has begun in this browser, whose session ended without a
	// sign-out, is nobody else's to see; one's own stays.
	eval[bool](n, `(() => { const own = document.body.dataset.draftOf;
		for (const [form, who] of [["others", "00000000"], ["nobodys", undefined], ["own", own]])
			localStorage.setItem("draft:/stays/x#" + form, JSON.stringify({ at: Date.now(), who, values: { body: "Начатое" } }));
		return /^[0-9a-f]{8}$/.test(own) })()`)
	n.goTo(stay + "/vitals")
	n.waitFor(`Object.keys(localStorage).filter((key) => key.startsWith("draft:")).join() === "draft:/stays/x#own"`)
	n.fill("line", "36,5 74 118/78 16 98")
	n.submit("line")
	n.see("118/78")
	n.goTo(w.site["card"] + "/ward/vitals")
	n.leave(`const f = document.querySelector("[name^=line-]"); f.value = "36,6 72"; f.form.requestSubmit()`)
	n.see("36,6")
	n.goTo(w.site["card"] + "/ward/handover")
	n.fill("body", "Наблюдать давление вечером")
	n.submit("body")
	n.see("Наблюдать давление вечером")

	for _, v := range views() {
		n.resize(v.width)
		b.resize(v.width)
		for _, path := range []string{"/ward/round?all=1", "/ward/vitals?department=18", "/ward/handover?department=18", "/ward?department=21"} {
			n.goTo(w.site["card"] + path + "&lang=" + v.lang)
			n.look(v.lang, v.width, path)
		}
		for _, tab := range []string{"", "/diagnoses", "/orders", "/vitals", "/requests", "/operations", "/consents", "/moves"} {
			b.goTo(stay + tab + "?lang=" + v.lang)
			b.look(v.lang, v.width, "stay"+tab)
		}
		b.goTo(w.site["card"] + "/templates?lang=" + v.lang)
		b.look(v.lang, v.width, "templates")
	}
}

// view is how a page is looked at.
type view struct {
	lang  string
	width int // px
}

// views are how a journey looks at its pages once its work is done. Kyrgyz is
// seen by TestGalleryOfWork; with SANARIP_TEST_PICTURES every view is.
func views() []view {
	if pictures() == "artifacts" {
		return []view{{"ky", 1440}, {"ru", 1440}, {"en", 1440}, {"ky", 360}, {"ru", 360}, {"en", 360}}
	}
	return []view{{"ru", 1440}, {"en", 360}}
}

// look holds a page against what check asks; its picture is named after all three.
func (b *browser) look(lang string, width int, path string) {
	b.t.Helper()
	what := strings.NewReplacer("?", "_", "=", "_", "&", "_").Replace(path)
	b.check(what + " " + lang)
	if width == 360 {
		what += "-narrow"
	}
	b.picture(what + "-" + lang)
}
