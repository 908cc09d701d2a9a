package e2e_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// A person looks after their account: what is set up, where they are signed in,
// what happened, what they allowed; and recovers it when the password is gone.
func TestAPersonStaysInControl(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "owner", 360, "ru")
	b.goTo(w.site["identity"] + "/sign-in")
	b.signIn(w, demo.Doctor)
	b.see("Мой аккаунт")
	b.check("cabinet")
	for _, page := range []string{"", "/sessions", "/events", "/consents", "/organisations", "/data", "/contacts", "/close"} {
		b.goTo(w.site["identity"] + "/security" + page)
		b.check("security" + page)
	}
	// Codes are copied, and a browser that does not let them be is not silent.
	b.goTo(w.site["identity"] + "/security/backup")
	b.press("Получить 10 новых кодов")
	for script, says := range map[string]string{
		`window.copied = ""; navigator.clipboard.writeText = async text => { window.copied = text }`: "Скопировано",
		`window.copied = ""; navigator.clipboard.writeText = () => Promise.reject(new Error("no"))`:  "Браузер не дал скопировать",
	} {
		b.waitFor(`document.querySelector("[data-copy]").innerText === "Скопировать"`)
		eval[bool](b, `(() => { `+script+`; document.querySelector("[data-copy]").click(); return true })()`)
		b.waitFor(`document.querySelector("[data-copy] + [role=status]").textContent === "` + says + `" && document.querySelector("[data-copy]").innerText === "` + says + `"`)
		if lines := eval[int](b, `window.copied.split("\n").length`); says == "Скопировано" && lines != 10 {
			t.Errorf("%d lines were copied", lines)
		}
	}

	thief := open(t, "stranger", 1440, "ky")
	thief.goTo(w.site["identity"] + "/not-me")
	thief.check("not me")
	thief.goTo(w.site["identity"] + "/sign-in/recover")
	thief.check("recover")
	thief.fill("pin", demo.Patient.PIN)
	thief.click(`main form button[type=submit]`)
	thief.waitFor(`location.pathname === "/sign-in/recover/ways"`)
	thief.check("ways")

	// What the page before had to say is heard also where a field has the focus, and
	// does not look as if something had been done.
	b.goTo(w.site["identity"] + "/sign-in/recover/ways")
	b.see("Начните снова")
	b.waitFor(`document.activeElement.name === "pin"`)
	b.check("a recovery that is over")
	if said := eval[string](b, `document.activeElement.getAttribute("aria-describedby").split(" ").map(id => document.getElementById(id).innerText).join(" ")`); !strings.Contains(said, "Начните снова") || !strings.Contains(said, "14 цифр") {
		t.Errorf("a reader of the page hears of the field: %q", said)
	}
	if !eval[bool](b, `document.querySelector(".sn-message").matches(".sn-notice--attention")`) {
		t.Error("what has run out looks as if it were done")
	}
}

// What was not one's own doing is stopped from the cabinet without a mouse.
func TestThisWasNotMeByKeyboardAlone(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	site := w.site["identity"]
	n := open(t, "nurse", 1440, "ky")
	n.offersNoKeys()
	second := open(t, "second", 360, "ky")
	n.goTo(site + "/sign-in")
	n.citizenByKeys(w, demo.Nurse)
	second.goTo(site + "/sign-in")
	second.signIn(w, demo.Nurse)
	n.goTo(site + "/security")
	n.entersOn("the events", to("/security/events"))
	n.entersOn("the event", does("/security/events"))
	n.see("Баскычты баскандан кийин")
	n.entersOn("the button", does("/security/events/not-me"))
	n.see("Аккаунт корголду")
	second.goTo(site + "/security")
	second.waitFor(`location.pathname === "/sign-in"`)
}
