package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/facetest"
)

// Every page of ЕСИ that a link leads to, and those that need a state, in three
// languages, on a phone and on a desk.
func TestGalleryOfIdentity(t *testing.T) {
	needE2E(t)
	w, agentPort := withAgent(t)
	t.Run("errors", errorPages)
	t.Run("stranger", func(t *testing.T) { strangersPages(t, w) })
	t.Run("newcomer", func(t *testing.T) { newcomersPages(t, w) })
	t.Run("card", func(t *testing.T) { cardsPages(t, w, agentPort) })
	t.Run("citizen", func(t *testing.T) { citizensPages(t, w) })
	t.Run("operator", func(t *testing.T) { operatorsPages(t, w) })
	t.Run("engineer", func(t *testing.T) { engineersPages(t, w) })
}

// strangersPages are those that ask nobody who they are, the errors, and the
// way back to a lost account.
func strangersPages(t *testing.T, w world) {
	g := open(t, "stranger", 360, "ky").gallery(w.site["identity"])
	for _, path := range []string{"/", "/sign-in", "/register", "/not-me", "/privacy", "/app/offline", "/app/unlock", "/device"} {
		g.visit(path, 200)
	}
	g.crawl()
	g.visit("/nothing-here", 404)
	g.visit("/connect/authorize?client_id=nobody", 400)
	g.goTo(g.site + "/sign-in?lang=ky")
	g.leave(`const field = document.querySelector("[name=password]"); field.type = "text"; field.removeAttribute("maxlength"); field.value = "x".repeat(3 << 20); field.form.noValidate = true; field.form.submit()`)
	g.showHere("too_large", "ky", 413)

	g.goTo(g.site + "/sign-in/recover")
	g.fill("pin", demo.Nurse.PIN)
	g.submit("pin")
	g.show("", 200) // the ways
	for _, way := range []string{"code/totp", "code/backup", "code/passkey", "card"} {
		g.visit("/sign-in/recover/"+way, 200)
	}
	g.goTo(g.site + "/sign-in/recover/ways?lang=ky")
	for range 2 {
		seen := len(w.codes(demo.Nurse))
		g.leave(`document.querySelector('form[action^="/sign-in/recover/send"]').requestSubmit()`)
		g.waitFor(`location.pathname.startsWith("/sign-in/recover/code/")`)
		g.show("", 200)
		g.enterCode(w, demo.Nurse, seen)
		g.waitFor(`!location.pathname.startsWith("/sign-in/recover/code/")`)
	}
	g.goTo(g.site + "/sign-in/recover/password")
	g.show("", 200)
	g.fill("password", "123")
	g.submit("password")
	g.showHere("refused_password", "ky", 422)
	g.fill("password", "Jangy-Syrsoz-77")
	g.fill("again", "Jangy-Syrsoz-77")
	g.submit("password")
	g.showHere("recovered", "ky", 200)
}

// newcomersPages are the registration and the set-up of a new account.
func newcomersPages(t *testing.T, w world) {
	person := demo.Residents[3]
	film := camera(t)
	b := open(t, "newcomer", 360, "ky", chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	g := b.gallery(w.site["identity"])
	g.goTo(g.site + "/register/passport?lang=ky")
	g.submit("pin")
	g.showHere("nothing_entered", "ky", 422)
	g.fill("pin", person.PIN)
	g.fill("passport", person.Passport)
	g.submit("pin")
	g.show("", 200)
	g.click(`[name=agreement][type=checkbox]`)
	g.click(`[name=privacy][type=checkbox]`)
	g.submit("agreement")
	for _, by := range []struct{ channel, field, address string }{{"sms", "phone", "0555 654 321"}, {"email", "email", "nurlan@example.kg"}} {
		_, before := w.countCodes(by.channel)
		g.show("", 200)
		g.fill(by.field, by.address)
		g.submit(by.field)
		g.waitFor(`!!document.querySelector("[name=code]")`)
		g.show("", 200)
		g.fill("code", w.codeBy(by.channel, before))
		g.submit("code")
	}
	g.show("", 200)
	g.takesPhoto()
	g.see("Дагы бир сүрөт")
	g.show("", 200)
	stands(t, film, map[string]facetest.Head{
		"closer": {X: 310, Y: 225, R: 145, Turn: 0.12}, "left": {X: 200, Y: 215, R: 103, Turn: -0.12}, "right": {X: 440, Y: 225, R: 98, Turn: 0.12},
	}[eval[string](b, `document.querySelector("[data-task]").dataset.task`)])
	g.takesPhoto()
	g.see("Маалыматты текшериңиз")
	g.show("", 200)
	g.press("Катталуу")
	g.waitFor(`location.pathname === "/set-up/password"`)
	g.show("", 200)
	g.fill("password", demo.Password)
	g.submit("password")
	g.waitFor(`location.pathname === "/set-up/factor"`)
	g.show("", 200)
	g.leave(`document.querySelector('form[action="/set-up/factor"]').requestSubmit()`)
	g.waitFor(`location.pathname === "/set-up/backup"`)
	g.show("", 200)
	g.waitFor(`!!document.querySelector("[name=kept]")`)
	g.showHere("codes", "ky", 200)
}

// citizensPages are the account of somebody who has one: the second step, the
// consent, the cabinet.
func citizensPages(t *testing.T, w world) {
	g := open(t, "citizen", 360, "ky").gallery(w.site["identity"])
	g.goTo(w.site["portal"] + "/sign-in?lang=ky")
	seen := len(w.codes(demo.Patient))
	g.fill("pin", demo.Patient.PIN)
	g.fill("password", "wrong")
	g.submit("pin")
	g.showHere("refused", "ky", 422)
	g.fill("password", demo.Password)
	g.submit("pin")
	g.waitFor(`location.pathname === "/sign-in/code"`)
	g.show("", 200)
	g.enterCode(w, demo.Patient, seen)
	g.waitFor(`location.pathname === "/consent"`)
	g.show("", 200)
	g.consent()
	g.links = nil // they belong to a sign-in that is over
	for _, path := range []string{"/", "/app/", "/not-me"} {
		g.visit(path, 200)
	}
	g.visit("/console", 403)
	signPages(g, w)
	g.crawl()
	g.goTo(g.site + "/app/device?lang=ky")
	g.fill("pin", phonePIN)
	g.fill("again", phonePIN)
	g.submit("pin")
	g.waitFor(`location.pathname === "/security/devices"`)
	g.show("a_device", 200)
	g.crawl()
	g.goTo(g.site + "/security/events")
	g.show("events", 200)
	g.leave(`document.querySelector('main form').requestSubmit()`)
	g.showHere("disowned", "ky", 200)
	disownedPages(g)
}

// operatorsPages are the console with a person looked up in it.
func operatorsPages(t *testing.T, w world) {
	g := open(t, "operator", 360, "ky").gallery(w.site["identity"])
	g.goTo(g.site + "/sign-in")
	g.signIn(w, demo.Operator)
	g.goTo(g.site + "/console?lang=ky")
	g.fill("pin", demo.Patient.PIN)
	g.fill("reason", "обращение № 17")
	g.submit("pin")
	g.waitFor(`location.pathname.startsWith("/console/people/")`)
	g.visit(strings.TrimPrefix(g.where(), g.site), 200)
	g.visit("/console", 200)
	g.visit("/console/keys", 200)
	incidentPages(g)
	g.crawl()
}

// engineersPages are those for the engineers of connected systems.
func engineersPages(t *testing.T, w world) {
	g := open(t, "engineer", 360, "ky").gallery(w.site["identity"])
	g.goTo(g.site + "/sign-in?next=/systems")
	g.signIn(w, demo.Doctor)
	g.visit("/systems", 200)
	g.visit("/systems/new", 200)
	g.submit("name_ky")
	g.showHere("nothing_entered", "ky", 422)
	g.fill("name", "Сыноо системасы")
	g.fill("redirects", "http://127.0.0.1:9400/callback")
	g.submit("name")
	g.see("Сыноо системасы")
	g.showHere("a_system_with_its_secret", "ky", 200)
	devicePages(g)
	g.crawl()
}
