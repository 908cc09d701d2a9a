package e2e_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

const phonePIN = "2580"

// ID-9, ID-11, ID-15: the patient's phone becomes a device; a desk shows a QR
// code; the phone reads it with its camera, shows who asks, takes the number and
// the PIN; the desk goes on by itself.
func TestThePhoneOpensTheDesk(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	film := filepath.Join(t.TempDir(), "camera.y4m")
	phone := open(t, "phone", 360, "ky",
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
	phone.goTo(w.site["identity"] + "/app/device")
	phone.signIn(w, demo.Patient)
	phone.see("Бул түзмөктү кошуу")
	phone.check("a new device")
	phone.picture("device-new")
	phone.fill("name", "Менин телефонум")
	phone.fill("pin", "1234")
	phone.fill("again", "1234")
	phone.submit("pin")
	phone.see("Бул PIN-кодду табуу оңой")
	phone.fill("pin", phonePIN)
	phone.fill("again", phonePIN)
	phone.submit("pin")
	phone.see("Менин телефонум")
	phone.check("devices")
	phone.picture("devices")

	desk := open(t, "desk", 1440, "ru")
	desk.goTo(w.site["portal"] + "/my")
	desk.click(`a[href^="/sign-in/qr"]`)
	desk.see("Ждём подтверждения")
	desk.check("QR code")
	desk.picture("qr")
	picture := desk.qr()
	address := scanned(t, picture)
	if !strings.HasPrefix(address, w.site["identity"]+"/app/scan#") {
		t.Fatalf("the QR code says %q", address)
	}
	number := eval[string](desk, `document.querySelector(".sn-qr__number").textContent.trim()`)

	phone.goTo(w.site["identity"] + "/app/scan")
	phone.check("scan")
	phone.picture("scan")
	films(t, film, picture)
	phone.do(chromedp.Click(chromedp.CSS("[data-scan-start]")))
	phone.waitFor(`document.querySelector("[name=number]") !== null`)
	phone.see("Chrome")
	phone.check("approve")
	phone.picture("approve")
	if strings.Contains(phone.where(), strings.TrimPrefix(address, w.site["identity"]+"/app/scan#")) {
		t.Error("the token stands in the phone's address")
	}
	phone.fill("number", number)
	phone.fill("pin", phonePIN)
	phone.click(`button[name=decision][value=approve]`)
	phone.see("Кирүү ырасталды")

	desk.waitFor(`location.pathname === "/consent"`) // by itself
	desk.see("Жумабеков")
	desk.consent()

	// The camera app of the phone opens the address by itself as well.
	desk2 := open(t, "desk2", 360, "en")
	desk2.goTo(w.site["identity"] + "/sign-in/qr")
	desk2.check("QR code")
	desk2.picture("qr")
	phone.goTo("about:blank")
	phone.goTo(scanned(t, desk2.qr()))
	phone.waitFor(`document.querySelector("[name=number]") !== null`)
	phone.click(`button[name=decision][value=refuse]`)
	desk2.waitFor(`document.body.innerText.includes("refused on the phone")`)

	// A passkey in place of the PIN: on the device, and on a phone that is none.
	key := phone.authenticator()
	phone.goTo(w.site["identity"] + "/security/passkeys")
	phone.fill("name", "Ачкыч")
	phone.click(`form[data-passkey] button`)
	phone.see("Ачкыч кошулду")
	phone.approvesByKey(t, w, key, "approve with a PIN or a passkey")
	phone.goTo(w.site["identity"] + "/security/devices")
	phone.click(`form[action="/security/devices/remove"] button`)
	phone.see("Түзмөк өчүрүлдү")
	phone.approvesByKey(t, w, key, "approve with a passkey alone")
	phone.goTo(w.site["identity"] + "/app/device")
	phone.fill("pin", phonePIN)
	phone.fill("again", phonePIN)
	phone.submit("pin")
	phone.see("Түзмөк кошулду")

	// ID-15: signed out, the phone opens by its PIN.
	phone.goTo(w.site["identity"] + "/sign-out")
	phone.click(`form[action="/sign-out"] button`)
	phone.goTo(w.site["identity"] + "/app/unlock")
	phone.check("unlock")
	phone.picture("unlock")
	phone.fill("pin", phonePIN)
	phone.submit("pin")
	phone.goTo(w.site["identity"] + "/security/devices")
	phone.see("Ушул түзмөк")
}

// approvesByKey lets a new desk in by the passkey: without the number it is not
// asked, with a finger that is not the owner's it does not answer.
func (b *browser) approvesByKey(t *testing.T, w world, key webauthn.AuthenticatorID, name string) {
	t.Helper()
	desk := open(t, "desk of "+name, 1440, "ru")
	desk.goTo(w.site["identity"] + "/sign-in/qr")
	number := eval[string](desk, `document.querySelector(".sn-qr__number").textContent.trim()`)
	b.goTo("about:blank")
	b.goTo(scanned(t, desk.qr()))
	b.waitFor(`document.querySelector("[name=number]") !== null`)
	b.check(name)
	b.picture(name)
	b.click(`form[data-passkey] button`)
	b.see("Экрандагы сан")
	b.waitFor(`document.querySelector(".govuk-error-summary") !== null`)
	b.fill("number", number)
	b.verified(key, false)
	b.click(`form[data-passkey] button`)
	b.see("Ачкыч колдонулган жок")
	b.verified(key, true)
	b.click(`form[data-passkey] button`)
	b.see("Кирүү ырасталды")
	desk.waitFor(`location.pathname !== "/sign-in/qr"`) // by itself
}

// qr is the picture of the code that the page shows.
func (b *browser) qr() []byte {
	b.t.Helper()
	source := eval[string](b, `document.querySelector(".sn-qr__code").src`)
	data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(source, "data:image/png;base64,"))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// scanned is what a reader that is not ours finds in the picture.
func scanned(t *testing.T, picture []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "qr.png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if err != nil {
		t.Fatalf("zbarimg: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// films makes a film of the picture for the browser's camera (YUV4MPEG2).
func films(t *testing.T, file string, picture []byte) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	const width, height = 640, 480
	luma := bytes.Repeat([]byte{180}, width*height)
	bounds := img.Bounds()
	for y := range min(bounds.Dy(), height) {
		for x := range min(bounds.Dx(), width) {
			r, _, _, _ := img.At(x, y).RGBA()
			luma[(y+20)*width+x+40] = byte(16 + r>>8*219/255)
		}
	}
	chroma := bytes.Repeat([]byte{128}, width*height/2)
	var film bytes.Buffer
	_, _ = fmt.Fprintf(&film, "YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height)
	for range 10 {
		_, _ = film.WriteString("FRAME\n")
		_, _ = film.Write(luma)
		_, _ = film.Write(chroma)
	}
	if err := os.WriteFile(file, film.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
