package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// story is one hospital stay through every system: the first journey. It runs
// as it stands with everything in one process and with systems apart.
type story struct {
	world
	t       *testing.T
	doctor  *browser
	fund    *browser
	citizen *browser
	keeper  *browser // of the systems: the operator
	stay    string   // address of the stay's pages
	left    string   // when the patient left, as the form takes it
	number  string   // of form 066/у, 17 digits
	verify  string   // address in the QR code
	docPath string
}

// first is the middle of the story's stay: the hospital admits the day before.
func ago(d time.Duration) string {
	return time.Now().Add(-d).In(clock.Bishkek).Format("2006-01-02T15:04")
}

func (s *story) whole() {
	s.doctorSignsIn()
	s.admission()
	s.caseHistory()
	s.discharge()
	s.returnedAndCorrected()
	s.expert()
	s.summary()
	s.patientOrders()
	s.clerkVerifies()
	s.whoLooked()
	s.operator()
}

func (s *story) doctorSignsIn() {
	s.demoWritten()
	b := open(s.t, "doctor", 1440, "ru")
	s.doctor = b
	b.goTo(s.site["start"] + "/")
	b.press("Врач")
	if !strings.HasPrefix(b.where(), s.site["identity"]) {
		s.t.Fatalf("the card has a sign-in of its own: %s", b.where())
	}
	b.signIn(s.world, demo.Doctor)
	if !strings.HasPrefix(b.where(), s.site["card"]) {
		s.t.Fatalf("not back at the card: %s\n%s", b.where(), tail(b.text(), 1000))
	}
	b.see("Асанова")
	b.check("ward board")
	b.picture("ward")
}

// findPatient looks a person up by ПИН and opens their page.
func (b *browser) findPatient(w world, p demo.Person) {
	b.t.Helper()
	b.goTo(w.site["card"] + "/patients")
	b.fill("q", p.PIN)
	b.submit("q")
	b.see(p.FamilyName)
}

// pick types into a combobox and takes the suggestion that says this.
func (b *browser) pick(name, typed, says string) {
	b.t.Helper()
	b.fill(name+"_text", typed)
	option := fmt.Sprintf(`[...document.querySelectorAll("[role=option]")].find(o => o.innerText.includes(%q) && o.checkVisibility())`, says)
	b.waitFor(`!!` + option)
	eval[bool](b, `(() => { const o = `+option+`; o.dispatchEvent(new MouseEvent("mousedown", {bubbles: true})); o.click(); return true })()`)
	b.waitFor(fmt.Sprintf(`[...document.querySelectorAll('[name=%q][data-combobox-value]')].some(v => v.value !== "")`, name))
}

func (s *story) admission() {
	b := s.doctor
	b.findPatient(s.world, demo.Patient)
	b.check("patient")
	b.picture("patient")
	b.leave(`[...document.querySelectorAll("main a")].find(a => a.getAttribute("href")?.endsWith("/admit")).click()`)
	b.check("admission")
	b.choice("kind", "emergency")
	b.set("at", ago(20*time.Hour))
	b.choice("brought_by", "ambulance")
	b.pick("admission", "стенокард", "I20")
	// A free bed of her own department; which one does not matter.
	b.bed(demo.Therapy)
	b.picture("admission")
	b.submit("place")
	if !strings.Contains(b.where(), "/stays/") {
		s.t.Fatalf("not admitted: %s\n%s", b.where(), tail(b.text(), 2500))
	}
	s.stay = strings.TrimSuffix(regexp.MustCompile(`^.*/stays/[^/?]+`).FindString(b.where()), "/")
	b.check("stay")
	// A second admission of the same person leads to the open stay.
	b.findPatient(s.world, demo.Patient)
	if eval[bool](b, `!!document.querySelector('main a[href$="/admit"]')`) {
		s.t.Error("an admitted patient can be admitted again")
	}
}

// bed takes the first free bed of the department.
func (b *browser) bed(department string) {
	b.t.Helper()
	place := eval[string](b, fmt.Sprintf(`(() => { const o = [...document.querySelectorAll('select[name=place] option')].find(o => !o.disabled && o.value.startsWith("%s/") && o.value.length > 3); return o ? o.value : "" })()`, department))
	if place == "" {
		b.t.Fatalf("no free bed in department %s at %s", department, b.where())
	}
	b.set("place", place)
}

func (s *story) caseHistory() {
	b := s.doctor
	write := func(kind, text string) {
		b.goTo(s.stay)
		b.set("kind", kind)
		b.fill("body", text)
		b.submit("body")
		b.see(text)
	}
	write("examination", "Жалобы на давящие боли за грудиной. Тоны сердца приглушены.")
	write("diary", "Состояние средней тяжести, болей нет. АД 130/80.")
	b.check("case history")
	b.picture("history")

	b.goTo(s.stay + "/orders")
	b.set("kind", "drug")
	b.fill("text", "Аспирин")
	b.fill("dose", "75 мг")
	b.fill("times", "1 раз в день")
	b.submit("dose")
	b.see("Аспирин")
	b.check("orders")
	b.picture("orders")

	b.goTo(s.stay + "/operations")
	b.fill("operation_text", "Коронарография")
	b.set("at", ago(10*time.Hour))
	b.choice("anaesthesia", "local")
	b.fill("protocol", "Доступ лучевой. Стеноз ПМЖВ 40 %. Без осложнений.")
	b.submit("protocol")
	b.see("оронарография")
	b.check("operations")
	b.picture("operations")

	// To another department: cardiology.
	b.goTo(s.stay + "/moves")
	b.bed(demo.Cardiology)
	b.set("at", ago(8*time.Hour))
	b.submit("place")
	b.see("ардиолог")
	b.check("moves")
	b.picture("moves")

	// A signed entry is corrected, never changed.
	b.goTo(s.stay)
	b.leave(`[...document.querySelectorAll('main a[href*="/entries/correct"], main a[href*="correct"]')][0].click()`)
	b.fill("body", "Состояние удовлетворительное, болей нет. АД 130/80.")
	b.fill("reason", "Описка в оценке состояния")
	b.check("correction of an entry")
	b.submit("body")
	b.see("Описка в оценке состояния")
}

// choice sets a radio group or a select, whichever the page has.
func (b *browser) choice(name, value string) {
	b.t.Helper()
	if eval[bool](b, fmt.Sprintf(`!!document.querySelector('select[name=%q]')`, name)) {
		b.set(name, value)
		return
	}
	b.choose(name, value)
}

func (s *story) discharge() {
	b := s.doctor
	b.goTo(s.stay + "/discharge")
	b.check("discharge with gaps")
	b.picture("gaps")
	b.leave(`document.querySelector('button[name=do][value=discharge]').click()`)
	b.see("066/у")
	if strings.Contains(b.where(), "/form") {
		s.t.Fatal("discharged with gaps")
	}
	b.picture("gaps-told")
	// Each gap links to where it is mended.
	b.goTo(s.stay + "/diagnoses")
	for _, stage := range []string{"clinical", "final"} {
		b.choice("stage", stage)
		b.choice("rank", "main")
		b.pick("icd", "I20.0", "I20.0")
		b.submit("icd_text")
		b.see("I20.0")
	}
	b.check("diagnoses")
	b.picture("diagnoses")
	b.goTo(s.stay)
	b.set("kind", "discharge_epicrisis")
	b.fill("body", "Поступил с нестабильной стенокардией, на фоне терапии боли не повторялись. Выписан с улучшением.")
	b.submit("body")
	b.goTo(s.stay + "/discharge")
	s.left = ago(time.Hour)
	b.set("at", s.left)
	// Who has died was neither cured nor sent on: nobody is asked for it.
	b.choice("outcome", "died")
	b.waitFor(`!document.querySelector('[name=result]').checkVisibility() && !document.querySelector('[name=transferred_to]').checkVisibility()`)
	b.picture("death")
	b.choice("outcome", "discharged")
	b.waitFor(`document.querySelector('[name=result]').checkVisibility()`)
	b.choice("result", "improved")
	b.fill("recommendations", "Аспирин 75 мг ежедневно. Наблюдение кардиолога.")
	b.leave(`document.querySelector('button[name=do][value=discharge]').click()`)
	b.goTo(s.stay + "/form")
	b.see("066/у")
	digits := regexp.MustCompile(`\b(\d{7}) ?(\d{2}) ?(\d{6}) ?(\d{2})\b`).FindStringSubmatch(strings.ReplaceAll(b.text(), "\u00a0", " "))
	if digits == nil {
		s.t.Fatalf("no number on the form\n%s", tail(b.text(), 3000))
	}
	s.number = strings.Join(digits[1:], "")
	if want := "0000001" + demo.Cardiology + demo.Hospital + s.left[2:4]; s.number != want {
		// The demo's own patients may have been discharged from cardiology before.
		if s.number[7:] != want[7:] {
			s.t.Errorf("number %s, want %s", s.number, want)
		}
	}
	b.check("form 066/у")
	b.picture("form")
	for _, lang := range []string{"ky", "ru"} {
		s.pdf(b, s.stay+"/form.pdf?lang="+lang, s.number)
	}
}

func (s *story) returnedAndCorrected() {
	b := s.doctor
	b.goTo(s.site["card"] + "/worklist")
	b.seeAfterReload("ADM-002")
	b.check("work list")
	b.picture("worklist")
	b.goTo(s.stay + "/correct")
	b.see("ADM-002")
	b.check("correction")
	b.picture("correction")
	b.fill("hours", "6")
	b.fill("reason", "Часы от начала заболевания")
	b.submit("hours")
	b.goTo(s.stay + "/form")
	b.seeAfterReload("Принят")
	b.picture("accepted")
}

// expertSignsIn leads the fund's expert to the list of cases.
func (s *story) expertSignsIn() {
	b := open(s.t, "expert", 1440, "ru")
	s.fund = b
	b.goTo(s.site["insurance"] + "/")
	if !strings.HasPrefix(b.where(), s.site["identity"]) {
		b.leave(`[...document.querySelectorAll('a[href^="/sign-in"]')][0].click()`)
	}
	b.signIn(s.world, demo.Expert)
	b.goTo(s.site["insurance"] + "/cases")
}

// summary is the month as the management of the hospital reads it: the form of
// the story is counted where the patient left.
func (s *story) summary() {
	b := open(s.t, "manager", 1440, "ru")
	b.goTo(s.site["card"] + "/sign-in")
	b.signIn(s.world, demo.Manager)
	b.goTo(s.site["card"] + "/forms/summary?month=" + s.left[:7])
	b.see("Болезни системы кровообращения") // counted by its class
	b.check("summary of forms")
	b.picture("summary")
}

func (s *story) expert() {
	s.expertSignsIn()
	b := s.fund
	b.check("cases")
	b.picture("cases")
	b.see(s.number[:7])
	b.leave(fmt.Sprintf(`[...document.querySelectorAll('main a[href*="/cases/"]')].find(a => a.closest("tr")?.innerText.replace(/[\s\u00a0]/g, "").includes(%q) || a.innerText.replace(/[\s\u00a0]/g, "").includes(%q)).click()`, s.number, s.number))
	b.see("принят")
	b.check("case")
	b.picture("case")
	b.press("1") // the first revision, which was returned
	b.see("ADM-002")
	b.goTo(s.site["insurance"] + "/totals")
	b.see("Нацгоспиталь")
	b.check("totals")
	b.picture("totals")
	// What was returned, corrected and accepted stands the same in the card.
	b.goTo(s.site["insurance"] + "/acts/reconcile?organisation=" + demo.Hospital + "&month=" + s.left[:7])
	b.see("Расхождений нет")
	if strings.Contains(b.text(), "Сверено 0") {
		s.t.Error("no case was compared with the card")
	}
}
