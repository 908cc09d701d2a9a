package e2e_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/facetest"
)

// camera is a film for Chromium's camera: a drawn face that nobody has.
func camera(t *testing.T) string {
	t.Helper()
	film := filepath.Join(t.TempDir(), "face.mjpeg")
	stands(t, film, facetest.Head{X: 320, Y: 220, R: 100})
	return film
}

// stands puts the head before the camera: a Motion JPEG of a few frames.
func stands(t *testing.T, film string, head facetest.Head) {
	t.Helper()
	var frame bytes.Buffer
	if err := jpeg.Encode(&frame, facetest.Drawn(640, 480, 1, head), &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(film, bytes.Repeat(frame.Bytes(), 5), 0o600); err != nil {
		t.Fatal(err)
	}
}

// countCodes is how many codes came by the channel, and the newest.
func (w world) countCodes(channel string) (newest string, count int) {
	w.t.Helper()
	for _, l := range w.inbox() {
		if l.Channel != channel || l.Code == "" {
			continue
		}
		if count == 0 {
			newest = l.Code
		}
		count++
	}
	return newest, count
}

// codeBy waits for a code that has not been seen yet.
func (w world) codeBy(channel string, seen int) string {
	w.t.Helper()
	code := ""
	w.until("a code by "+channel, func() bool {
		var count int
		code, count = w.countCodes(channel)
		return count > seen
	})
	return code
}

// setUp walks the set-up of a new account: password, the phone that is there,
// backup codes.
func (b *browser) setUp() {
	b.t.Helper()
	b.waitFor(`location.pathname === "/set-up/password"`)
	b.fill("password", demo.Password)
	b.submit("password")
	b.waitFor(`location.pathname === "/set-up/factor"`)
	b.leave(`document.querySelector('form[action="/set-up/factor"]').requestSubmit()`)
	b.waitFor(`location.pathname === "/set-up/backup"`)
	b.waitFor(`!!document.querySelector("[name=kept]")`)
	b.click(`[name=kept][type=checkbox]`)
	b.submit("kept")
}

// eventually waits until the promise comes true.
func (b *browser) eventually(promise string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for !eval[bool](b, promise) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: never so: %s at %s\n%s", b.name, promise, b.where(), tail(b.text(), 1500))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// again starts the program anew after it was killed, on the same data.
func (p *process) again(port int) *process {
	p.t.Helper()
	return launch(p.t, port, nil, p.command.Args[4:]...)
}

// takesPhoto opens the page's camera, takes the photo and confirms it.
func (b *browser) takesPhoto() {
	b.t.Helper()
	b.press("Камераны ачуу")
	b.waitFor(`document.querySelector("video").videoWidth > 0`)
	b.press("Сүрөткө тартуу")
	b.see("Кайра тартуу")
	b.press("Ырастоо")
}

// ID-2, ID-4, ID-5, ID-16, as somebody does it on a phone, in Kyrgyz: from the
// sign-in page to an account of their own, with the phone's camera; then the
// documents in the app, also when there is no network, and nothing of them after
// signing out.
func TestRegistrationOnAPhoneAndTheAppWithoutANetwork(t *testing.T) {
	needE2E(t)
	w, program := oneProcess(t, "")
	person := demo.Residents[0]
	film := camera(t)
	b := open(t, "newcomer", 360, "ky", chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	b.goTo(w.site["identity"] + "/register?lang=ky")
	b.check("start")
	b.picture("start")
	b.press("Баштоо")
	b.fill("pin", person.PIN)
	b.fill("passport", "ID 9999999")
	b.check("passport")
	b.submit("pin")
	b.see("каттоого болбойт")
	b.check("data that do not fit")
	b.picture("unfit")
	b.fill("pin", person.PIN)
	b.fill("passport", "id "+person.Passport[2:])
	b.submit("pin")
	b.see("Келишим жана купуялык")
	b.check("agreement")
	b.picture("agreement")
	b.click(`[name=agreement][type=checkbox]`)
	b.click(`[name=privacy][type=checkbox]`)
	b.submit("agreement")
	_, before := w.countCodes("sms")
	b.fill("phone", "0555 123 456")
	b.check("phone")
	b.submit("phone")
	code := w.codeBy("sms", before)
	b.fill("code", code)
	b.check("code")
	b.picture("code")
	b.submit("code")
	_, before = w.countCodes("email")
	b.fill("email", "janyrak@example.kg")
	b.check("e-mail")
	b.submit("email")
	code = w.codeBy("email", before)
	b.fill("code", code)
	b.submit("code")
	b.see("Сүрөтүңүз")
	b.check("photo")
	b.picture("photo")
	b.press("Камераны ачуу")
	b.waitFor(`document.querySelector("video").videoWidth > 0`)
	b.press("Сүрөткө тартуу")
	b.see("Кайра тартуу")
	b.check("photo taken")
	b.picture("photo_taken")
	b.press("Ырастоо")
	b.see("Дагы бир сүрөт")
	b.check("task before the camera")
	b.picture("task")
	b.takesPhoto() // the person has not moved: it is not taken
	b.waitFor(`document.querySelector(".govuk-error-summary") !== null`)
	b.check("task not done")
	b.picture("task_not_done")
	stands(t, film, map[string]facetest.Head{
		"closer": {X: 310, Y: 225, R: 145, Turn: 0.12}, "left": {X: 200, Y: 215, R: 103, Turn: -0.12}, "right": {X: 440, Y: 225, R: 98, Turn: 0.12},
	}[eval[string](b, `document.querySelector("[data-task]").dataset.task`)])
	b.takesPhoto()
	b.see("Маалыматты текшериңиз")
	b.check("review")
	b.picture("review")
	b.press("Катталуу")
	b.setUp()

	// With password and code, as on any other day.
	b.goTo(w.site["identity"] + "/sign-out")
	b.leave(`document.querySelector('main form[action="/sign-out"]').requestSubmit()`)
	b.goTo(w.site["identity"] + "/sign-in?next=/app/")
	_, before = w.countCodes("sms")
	b.fill("pin", person.PIN)
	b.fill("password", demo.Password)
	b.submit("pin")
	code = w.codeBy("sms", before)
	b.fill("code", code)
	b.submit("code")
	b.see(person.FamilyName)
	b.see("Санарип инсандык карта")
	b.check("app")
	b.picture("app")

	// The app can be installed and keeps the documents.
	b.waitFor(`!!document.head.querySelector("link[rel=manifest]")`)
	if fault := eval[string](b, `fetch("/app/manifest.webmanifest").then(r => r.json()).then(async m => {
		if (m.start_url !== "/app/" || m.scope !== "/app/" || m.display !== "standalone" || !m.name.includes("санарип") || m.lang !== "ky") return JSON.stringify(m)
		for (const i of m.icons) {
			const b = await createImageBitmap(await (await fetch(i.src)).blob())
			if (i.sizes !== b.width + "x" + b.height) return i.src + " is " + b.width
		}
		return ""
	})`); fault != "" {
		t.Errorf("the manifest: %s", fault)
	}
	b.waitFor(`navigator.serviceWorker.controller !== null`)
	kept := fmt.Sprintf(`caches.match("/app/").then(r => r ? r.text() : "").then(t => t.includes(%q))`, person.FamilyName)
	b.eventually(kept)

	// Without a network: the same documents, and since when they are.
	address, err := url.Parse(w.site["start"])
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	program.kill()
	b.goTo(w.site["identity"] + "/app/")
	b.see(person.FamilyName)
	b.see("Тармакка байланыш жок")
	b.see("карата маалымат")
	b.check("app without a network")
	b.picture("app_offline")
	b.goTo(w.site["identity"] + "/app/scan")
	b.see("Тармакка байланыш жок")

	// Signed out, nothing is left on the phone.
	program = program.again(port)
	b.goTo(w.site["identity"] + "/app/")
	b.see(person.FamilyName)
	b.leave(`document.querySelector('form[action="/sign-out"], a[href="/sign-out"]') ? document.querySelector('form[action="/sign-out"]').requestSubmit() : location.assign("/sign-out")`)
	b.eventually(`caches.has("tunduk-documents").then(has => !has)`)
	program.kill()
	_ = chromedp.Do(b.ctx, chromedp.Navigate(w.site["identity"]+"/app/")) // may well fail: there is no network
	if text := b.text(); strings.Contains(text, person.FamilyName) || strings.Contains(text, person.PIN[9:]) {
		t.Errorf("after signing out the phone still shows:\n%s", text)
	}
}
