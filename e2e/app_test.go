package e2e_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// ID-2: the app in the phone shows the documents that the portal has issued to
// the person; one that was opened opens without a network as well, one that was
// not says so, and after signing out neither is there.
func TestDocumentsOfThePortalInTheApp(t *testing.T) {
	needE2E(t)
	w, program := oneProcess(t, "")
	b := open(t, "app", 360, "ky")
	b.goTo(w.site["portal"] + "/my")
	b.signIn(w, demo.Patient)
	b.goTo(w.site["portal"] + "/services/person-data/order")
	b.leave(`document.querySelector('main form[action$="/order"]').requestSubmit()`)
	application := b.where()
	for _, lang := range []string{"ru", "ky"} {
		b.goTo(application)
		b.click(`main form[action$="/document"] [name=lang][value=` + lang + `]`)
		b.leave(`document.querySelector('main form[action$="/document"]').requestSubmit()`)
	}

	b.goTo(w.site["identity"] + "/app/")
	b.see("Госпорталдагы документтер")
	b.see("кыргызча")
	b.see("орусча")
	b.check("app with documents")
	b.picture("app_with_documents")
	b.waitFor(`navigator.serviceWorker.controller !== null`)
	first := eval[string](b, `document.querySelectorAll("[data-paper]")[0].getAttribute("href")`)
	second := eval[string](b, `document.querySelectorAll("[data-paper]")[1].getAttribute("href")`)
	b.leave(`document.querySelector("[data-paper]").click()`)
	b.see("Текшерүү коду:")
	b.see(demo.Patient.FamilyName)
	b.check("document in the app")
	b.picture("document_in_the_app")
	b.resize(1440)
	b.check("document in the app, wide")
	b.picture("document_in_the_app_wide")
	b.resize(360)
	b.eventually(`caches.match("` + first + `").then(found => found !== undefined)`)
	b.goTo(w.site["identity"] + "/app/")
	b.eventually(`caches.match("/app/").then(found => found ? found.text() : "").then(text => text.includes("` + first + `"))`)

	program.kill()
	b.goTo(w.site["identity"] + "/app/")
	b.see("Тармакка байланыш жок")
	b.see("Бул түзмөктө сакталган эмес")
	if away := eval[string](b, `[...document.querySelectorAll("[data-paper]")].map(a => a.querySelector("[data-paper-away]").hidden).join()`); away != "true,false" {
		t.Errorf("which documents need a network: %s", away)
	}
	b.check("documents without a network")
	b.picture("documents_without_a_network")
	b.leave(`document.querySelector("[data-paper]").click()`)
	b.see("Тармакка байланыш жок")
	b.see(demo.Patient.FamilyName)
	b.picture("document_without_a_network")
	b.goTo(w.site["identity"] + second)
	b.see("Документтер бул түзмөктө сакталган эмес")

	// Signed out, neither the list nor the document is left.
	program = program.again(port(t, w))
	b.goTo(w.site["identity"] + "/app/")
	b.see(demo.Patient.FamilyName)
	b.leave(`document.querySelector('form[action="/sign-out"]').requestSubmit()`)
	b.eventually(`caches.has("tunduk-documents").then(has => !has)`)
	program.kill()
	for _, path := range []string{first, "/app/"} {
		_ = chromedp.Do(b.ctx, chromedp.Navigate(w.site["identity"]+path)) // may well fail: there is no network
		if strings.Contains(b.text(), demo.Patient.FamilyName) {
			t.Errorf("%s is still shown after signing out:\n%s", path, b.text())
		}
	}
}

// port is the port at which everything of the world answers.
func port(t *testing.T, w world) int {
	t.Helper()
	address, err := url.Parse(w.site["start"])
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	return number
}
