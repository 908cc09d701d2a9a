package e2e_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// A reception admits a man whom nobody knows and recognises him, admits a
// foreigner, and brings together and apart again one man written down twice. The
// exchange card goes from the antenatal clinic through the maternity ward and
// back, and the woman reads it herself.
func TestReceptionAndExchangeCard(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	doctor := open(t, "doctor", 1440, "ru")
	doctor.goTo(w.site["card"] + "/sign-in")
	doctor.signIn(w, demo.Doctor)
	r := &counter{t: t, w: w, doctor: doctor, pages: map[string]string{}}
	r.nameless()
	r.foreigner()
	r.doubles()
	r.pregnancy()
	r.birth()
	r.tearOffs()
	r.herself()
	r.round()
}

// counter is the reception's and the maternity ward's part of the story.
type counter struct {
	t                       *testing.T
	w                       world
	doctor, keeper, midwife *browser
	woman, stay             string            // addresses
	pages                   map[string]string // to look at, by name
}

// Expecting in this story is the nurse of the demo: she has an account of her own.
var expecting = demo.Nurse

func (r *counter) admitTo(b *browser, department, diagnosis string) string {
	r.t.Helper()
	if !strings.Contains(b.where(), "/admit") {
		b.leave(`[...document.querySelectorAll("main a")].find(a => a.getAttribute("href")?.endsWith("/admit")).click()`)
	}
	b.check("admission")
	b.choice("kind", "emergency")
	b.set("at", ago(time.Minute))
	b.choice("brought_by", "ambulance")
	b.pick("admission", diagnosis, diagnosis)
	b.bed(department)
	b.submit("place")
	b.waitFor(`location.pathname.startsWith("/stays/")`)
	return regexp.MustCompile(`^.*/stays/[^/?]+`).FindString(b.where())
}

func (r *counter) nameless() {
	b := r.doctor
	b.goTo(r.w.site["card"] + "/patients")
	b.press("Зарегистрировать пациента без ПИН")
	b.check("registration")
	b.choose("kind", "unknown")
	b.choose("sex", "male")
	b.fill("age", "60")
	b.fill("description", "Без документов, доставлен с вокзала. Серое пальто.")
	b.submit("description")
	b.see("Пациент зарегистрирован")
	b.see("Неизвестный мужчина")
	person := regexp.MustCompile(`^.*/patients/[^/?]+`).FindString(b.where())
	stay := r.admitTo(b, demo.Surgery, "S06.0")
	b.goTo(r.w.site["card"] + "/ward?department=" + demo.Surgery)
	b.see("Личность не установлена")
	r.pages["board"] = "/ward?department=" + demo.Surgery

	// His daughter has brought the passport: all that was written stays with him.
	b.goTo(person + "/identify")
	b.check("recognition")
	b.fill("pin", demo.Patient.PIN)
	b.fill("ground", "Паспорт привезла дочь")
	b.submit("ground")
	b.see(demo.Patient.FamilyName)
	b.see("Паспорт привезла дочь")
	b.goTo(stay)
	b.see(demo.Patient.FamilyName)
	r.pages["recognised"] = strings.TrimPrefix(person, r.w.site["card"])
	r.pages["admission"] = strings.TrimPrefix(stay, r.w.site["card"]) + "/admission"
}

func (r *counter) foreigner() {
	b := r.doctor
	b.goTo(r.w.site["card"] + "/patients/new")
	b.choose("kind", "foreigner")
	b.choose("sex", "female")
	b.set("birth_date", "1991-05-17")
	b.fill("family_name", "Ахметова")
	// A name of one long part, and so beside it: 80 letters.
	b.fill("given_name", "Дана"+strings.Repeat("ңөүҢӨҮжылдыз", 6)+"ңөүҢ")
	b.pick("citizenship", "Казах", "Казахстан")
	b.fill("passport", "N11223344")
	b.submit("passport")
	b.see("Пациент зарегистрирован")
	r.pages["foreigner"] = strings.TrimPrefix(regexp.MustCompile(`^.*/patients/[^/?]+`).FindString(b.where()), r.w.site["card"])
	stay := r.admitTo(b, demo.Therapy, "J18.9")
	// What nobody asked at night is said in the morning.
	b.goTo(stay + "/admission")
	b.see("платно")
	b.set("payment", "other")
	b.set("transport", "chair")
	b.submit("payment")
	b.see("иное")
	b.see("на кресле-каталке")
	b.goTo(r.w.site["card"] + "/reception")
	b.see("Ахметова")
	b.see("Касымов")
	b.resize(360)
	for _, path := range []string{stay, stay + "/discharge", r.w.site["card"] + "/ward?department=" + demo.Therapy, r.w.site["card"] + "/ward/round?department=" + demo.Therapy} {
		b.goTo(path)
		b.check("a long name")
	}
	b.resize(1440)
}

func (r *counter) doubles() {
	b := open(r.t, "keeper", 1440, "ru")
	r.keeper = b
	b.goTo(r.w.site["card"] + "/sign-in")
	b.signIn(r.w, demo.Chief)
	b.goTo(r.w.site["card"] + "/merge")
	b.see("Касымов")
	b.leave(`[...document.querySelectorAll("main tr")].find(l => l.innerText.includes("Касымов")).querySelector("a[href*='/merge/compare']").click()`)
	b.see("Чокморов")
	r.pages["compare"] = strings.TrimPrefix(b.where(), r.w.site["card"])
	b.check("comparison")
	b.picture("comparison")
	b.leave(`document.querySelector("form[action='/merge']").requestSubmit()`)
	b.waitFor(`!location.pathname.startsWith("/merge/compare") && location.pathname !== "/merge"`)
	b.goTo(r.w.site["card"] + "/merge")
	b.leave(`[...document.querySelectorAll("main a")].find(a => /\/merge\/[0-9a-f-]{20,}/.test(a.getAttribute("href"))).click()`)
	b.fill("reason", "Это два брата")
	r.pages["merged"] = strings.TrimPrefix(strings.SplitN(b.where(), "?", 2)[0], r.w.site["card"])
	b.check("merge")
	b.submit("reason")
	b.see("Это два брата")
	b.goTo(r.w.site["card"] + r.pages["compare"])
	b.see("Чокморов")
}

func (r *counter) pregnancy() {
	b := open(r.t, "midwife", 1440, "ru")
	r.midwife = b
	b.goTo(r.w.site["card"] + "/sign-in")
	b.signIn(r.w, demo.Obstetrician)
	b.goTo(r.w.site["card"] + "/antenatal")
	b.seeAfterReload(demo.Expecting.FamilyName)
	b.findPatient(r.w, expecting)
	b.leave(`[...document.querySelectorAll("main a")].find(a => a.getAttribute("href")?.endsWith("/pregnancy")).click()`)
	b.check("registration of a pregnancy")
	today := time.Now().In(clock.Bishkek)
	b.set("last_period", today.AddDate(0, 0, -266).Format(time.DateOnly))
	b.fill("gravida", "1")
	b.fill("para", "0")
	b.fill("height", "165")
	b.fill("weight_before", "58,5")
	b.picture("registration")
	b.submit("gravida")
	b.waitFor(`location.pathname.startsWith("/antenatal/")`)
	record := strings.SplitN(b.where(), "?", 2)[0]
	b.fill("weight", "70,2")
	b.fill("pressure", "120/75")
	b.fill("fundal", "35")
	b.submit("weight")
	b.see("120/75")
	b.goTo(record + "/card")
	b.press("Выдать карту на руки")
	b.see("Карта выдана")
	r.woman = strings.TrimPrefix(record, r.w.site["card"])
}

func (r *counter) birth() {
	b := r.doctor
	b.findPatient(r.w, expecting)
	r.stay = r.admitTo(b, demo.Maternity, "O80.0")
	b.goTo(r.stay + "/birth")
	b.press("Открыть по факту поступления")
	b.see("Центр семейной медицины")
	b.see("38 нед.")
	b.goTo(r.stay + "/newborns")
	b.choose("sex", "male")
	b.fill("weight", "3280")
	b.fill("length", "51")
	b.fill("apgar1", "8")
	b.fill("apgar5", "9")
	b.submit("weight")
	b.waitFor(`location.pathname.startsWith("/patients/")`)
	b.check("child")
	r.pages["child"] = strings.TrimPrefix(strings.SplitN(b.where(), "?", 2)[0], r.w.site["card"])
	b.goTo(r.stay + "/newborns")
	if eval[bool](b, `document.querySelector("[name=plurality]") !== null`) {
		r.t.Error("after a single birth the form offers a second child")
	}
}

func (r *counter) tearOffs() {
	b := r.doctor
	b.goTo(r.stay + "/birth")
	b.set("mode", "spontaneous")
	b.fill("blood_loss", "250")
	b.submit("blood_loss")
	b.waitFor(`document.querySelector("main a[href*='?child=']") !== null && document.querySelector("[name=blood_loss]") === null`)
	b.leave(`document.querySelector("main a[href*='?child=']").click()`)
	b.fill("head", "35")
	b.submit("head")
	b.waitFor(`!location.search.includes("child=")`)
	for _, kind := range []string{"mother", "newborn"} {
		b.leave(`const f = [...document.querySelectorAll("form[action$='/tear-off']")].find(f => f.elements.kind.value === "` + kind + `" && !f.elements.reason); f.elements.to.value = "` + demo.Clinic + `"; f.requestSubmit()`)
	}
	m := r.midwife
	m.goTo(r.w.site["card"] + "/tear-offs")
	m.seeAfterReload(expecting.FamilyName)
	m.leave(`[...document.querySelectorAll("main a[href^='/tear-offs/']")].at(-1).click()`)
	r.pages["tear-off"] = strings.TrimPrefix(strings.SplitN(m.where(), "?", 2)[0], r.w.site["card"])
	m.check("tear-off")
	m.press("Прочитано, принято к сведению")
	b.goTo(r.stay + "/birth")
	b.seeAfterReload("Турдалиева")
}

// herself: the woman finds at the portal what the hospital wrote and who opened
// her card, and takes the form home.
func (r *counter) herself() {
	b := open(r.t, "woman", 360, "ru")
	b.goTo(r.w.site["portal"] + "/my/card")
	b.signIn(r.w, expecting)
	b.waitFor(`location.pathname === "/my/card"`)
	b.see("Что написал роддом")
	b.see("мальчик")
	b.see("давление 120/75")
	b.see("Вы поступили в эту больницу")
	b.check("own exchange card")
	if form := b.download(eval[string](b, `document.querySelector("main a[href*='/pdf?form=ru']").href`)); !strings.HasPrefix(string(form), "%PDF-") {
		r.t.Errorf("her form is %.40q", form)
	}
	for _, v := range views() {
		if pictures() == "artifacts" {
			b.resize(v.width)
			b.goTo(r.w.site["portal"] + "/my/card?lang=" + v.lang)
			b.look(v.lang, v.width, "own exchange card")
		}
	}
}

// round looks at every page of the journey, wide and narrow, in three languages,
// where pictures are asked for; otherwise the walk of work has seen them.
func (r *counter) round() {
	if pictures() != "artifacts" {
		return
	}
	stay := strings.TrimPrefix(r.stay, r.w.site["card"])
	for _, v := range views() {
		r.tour(r.doctor, v, map[string]string{
			"board": r.pages["board"], "recognised": r.pages["recognised"], "admission": r.pages["admission"], "new person": "/patients/new", "new foreigner": "/patients/new?kind=foreigner",
			"foreigner": r.pages["foreigner"], "child": r.pages["child"], "journal": "/reception", "refuse": r.pages["recognised"] + "/refuse", "details": r.pages["recognised"] + "/details",
			"newborns": stay + "/newborns", "birth": stay + "/birth", "birth correct": stay + "/birth?write=birth", "maternity": "/maternity",
		})
		r.tour(r.keeper, v, map[string]string{"doubles": "/merge", "compare": r.pages["compare"], "undone": r.pages["merged"]})
		r.tour(r.midwife, v, map[string]string{
			"antenatal": "/antenatal", "rules": "/antenatal/rules", "tear-offs": "/tear-offs", "tear-off": r.pages["tear-off"], "visits": r.woman,
			"pregnancy": r.woman + "/registration", "pregnancy correct": r.woman + "/registration?correct=1", "results": r.woman + "/results", "exchange card": r.woman + "/card",
		})
	}
}

func (r *counter) tour(b *browser, v view, pages map[string]string) {
	if b.width != v.width {
		b.resize(v.width)
	}
	for name, path := range pages {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		b.goTo(r.w.site["card"] + path + sep + "lang=" + v.lang)
		b.look(v.lang, v.width, name)
	}
}
