package e2e_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// A patient goes from one hospital to another: a doctor refers, the other accepts
// for a day and then admits, which closes the referral, and the patient is told of
// each step. The pages are looked at wide and narrow, in three languages.
func TestReferralBetweenTwoHospitals(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	sender := open(t, "sender", 1440, "ru")
	sender.goTo(w.site["card"] + "/sign-in")
	sender.signIn(w, demo.Colleague)
	sender.findPatient(w, demo.Patient)
	sender.press("Новое направление")
	sender.set("profile", "therapy")
	sender.press("Найти места")
	sender.see("Нацгоспиталь")
	sender.choose("to", demo.Hospital+"/"+demo.Therapy)
	sender.pick("code", "стенокард", "I20")
	sender.fill("reason", "Нарастающие боли за грудиной, нужен стационар.")
	sender.check("new referral")
	sender.picture("new")
	sender.submit("reason")
	sender.see("Направление подписано и отправлено")
	referral := regexp.MustCompile(`/referrals/[^/?]+`).FindString(sender.where())
	if referral == "" {
		t.Fatalf("not sent: %s", sender.where())
	}

	receiver := open(t, "receiver", 1440, "ru")
	receiver.goTo(w.site["card"] + "/sign-in")
	receiver.signIn(w, demo.Doctor)
	receiver.goTo(w.site["card"] + "/referrals")
	receiver.see("Горбольница № 2")
	receiver.check("journal")
	receiver.picture("journal")
	receiver.leave(`document.querySelector("main a[href='` + referral + `']").click()`)
	receiver.see("Нарастающие боли")
	receiver.set("at", time.Now().In(clock.Bishkek).AddDate(0, 0, 1).Format("2006-01-02T15:04"))
	receiver.check("received")
	receiver.submit("at")
	receiver.see("Направление принято")

	// Who withdraws on a page from before the answer is told that it is outdated.
	sender.leave(`document.querySelector("[name=note_withdrawn]").closest("details").open = true; document.querySelector("[name=note_withdrawn]").value = "Передумали"; document.querySelector("[name=note_withdrawn]").form.requestSubmit()`)
	sender.see("Вас опередили")
	sender.check("too late")

	receiver.press("Госпитализировать")
	receiver.see("Стенокардия")
	receiver.choice("kind", "planned")
	receiver.set("at", ago(time.Minute))
	receiver.bed(demo.Therapy)
	receiver.picture("admission by referral")
	receiver.submit("place")
	if !strings.Contains(receiver.where(), "/stays/") {
		t.Fatalf("not admitted: %s\n%s", receiver.where(), tail(receiver.text(), 2500))
	}
	sender.goTo(w.site["card"] + referral)
	sender.see("Госпитализирован")
	patient := open(t, "patient", 360, "ru")
	patient.goTo(w.site["message"] + "/sign-in")
	patient.signIn(w, demo.Patient)
	patient.goTo(w.site["message"] + "/")
	for _, told := range []string{"Вам выписано направление", "Направление принято", "Направление закрыто"} {
		patient.seeAfterReload(told)
	}
	patient.check("mailbox")
	patient.leave(`[...document.querySelectorAll("main a")].find(a => a.innerText.includes("Направление принято")).click()`)
	patient.see("Вас ждут")
	if said := patient.text(); strings.Contains(said, "I20") || strings.Contains(said, "тенокард") {
		t.Errorf("a message tells of the illness: %q", said)
	}
	patient.check("message")
	patient.picture("message")

	for _, width := range []int{1440, 360} {
		sender.resize(width)
		receiver.resize(width)
		langs := []string{"ky", "ru", "en"}
		if width == 360 {
			langs = langs[:1] // Kyrgyz words are the longest
		}
		for _, lang := range langs {
			for _, path := range []string{"/referrals", "/referrals?side=sent"} {
				receiver.goTo(w.site["card"] + path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "lang=" + lang)
				receiver.look(lang, width, path)
			}
			receiver.goTo(w.site["card"] + referral + "?lang=" + lang)
			receiver.look(lang, width, "referral closed")
			sender.goTo(w.site["card"] + "/referrals?lang=" + lang)
			sender.look(lang, width, "inbox")
			sender.leave(`document.querySelector("main table a").click()`)
			sender.look(lang, width, "referral open")
			here := sender.where()
			sender.goTo(strings.SplitN(here, "?", 2)[0] + "/results")
			sender.look(lang, width, "results")
			sender.goTo(strings.SplitN(here, "?", 2)[0] + "/redirect")
			sender.look(lang, width, "redirect")
		}
	}
}
