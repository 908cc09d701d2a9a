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
// foreigner, and brings together and apart again one man written down twice; an
// antenatal clinic registers a pregnancy and gives the exchange card.
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
}

// counter is where people come first.
type counter struct {
	t      *testing.T
	w      world
	doctor *browser
	pages  map[string]string // addresses, by name
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
	b.fill("given_name", "Дана")
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
}

func (r *counter) doubles() {
	b := open(r.t, "keeper", 1440, "ru")
	b.goTo(r.w.site["card"] + "/sign-in")
	b.signIn(r.w, demo.Manager)
	b.goTo(r.w.site["card"] + "/merge")
	b.see("Касымов")
	b.leave(`[...document.querySelectorAll("main tr")].find(l => l.innerText.includes("Касымов")).querySelector("a[href*='/merge/compare']").click()`)
	b.see("Чокморов")
	r.pages["compare"] = strings.TrimPrefix(b.where(), r.w.site["card"])
	b.check("comparison")
	b.picture("comparison")
	b.leave(`document.querySelector("#merge").requestSubmit()`)
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
}
