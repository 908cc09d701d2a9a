package e2e_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 names it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
)

// entersOn presses Enter on the element that Tab comes to and waits for the page that
// follows.
func (b *browser) entersOn(what, accepts string) {
	b.t.Helper()
	b.settled()
	b.focus(what, accepts)
	b.enters()
}

// enters presses Enter and waits for the page that follows.
func (b *browser) enters() {
	b.t.Helper()
	eval[bool](b, `(() => { window.__here = true; return true })()`)
	b.keys(kb.Enter)
	b.waitFor(`window.__here !== true && document.readyState === "complete"`)
}

// told waits until the page says what was done, where the focus is: a screen reader
// reads it, and Tab goes on from there.
func (b *browser) told(words string) {
	b.t.Helper()
	b.see(words)
	b.waitFor(`document.activeElement.matches(".sn-message") && document.activeElement.innerText.includes(` + "`" + words + "`" + `)`)
}

// types walks to the field and fills it in.
func (b *browser) types(name, value string) {
	b.t.Helper()
	b.settled()
	if !eval[bool](b, `document.activeElement.name === "`+name+`"`) {
		b.focus("the field "+name, `e.name === "`+name+`"`)
	}
	b.keys(value)
}

// totp is the code of an authenticator app now (RFC 6238).
func totp(t *testing.T, secret string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, time.Now().Unix()/30)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1e6)
}

// citizenByKeys signs in at ЕСИ itself without a mouse.
func (b *browser) citizenByKeys(w world, p demo.Person) {
	b.t.Helper()
	seen := len(w.codes(p))
	b.waitFor(`document.activeElement.name === "pin"`)
	b.keys(p.PIN)
	b.focus("the password", `e.name === "password"`)
	b.keys(demo.Password)
	b.enters()
	b.waitFor(`document.activeElement.name === "code"`)
	w.until("a code", func() bool { return len(w.codes(p)) > seen })
	b.keys(w.codes(p)[0])
	b.enters()
}

func to(path string) string { return `e.tagName === "A" && e.pathname === "` + path + `"` }

func does(action string) string {
	return `e.type === "submit" && e.form.getAttribute("action").split("?")[0] === "` + action + `"`
}

// ID-9: the whole cabinet without a mouse. Each thing is done from the page that
// leads to it; after each the focus is on what was said.
func TestTheCabinetByKeyboardAlone(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	site, me := w.site["identity"], demo.Manager
	b := open(t, "citizen", 1440, "ru")
	b.authenticator()
	b.offersNoKeys()
	other := open(t, "other", 360, "ru") // a session elsewhere, and a consent given there
	other.goTo(w.site["portal"] + "/sign-in")
	other.signIn(w, me)
	b.goTo(site + "/sign-in")
	b.citizenByKeys(w, me)
	b.entersOn("security", to("/security"))

	b.factorsByKeys(t)
	b.contactsByKeys(w, site)
	b.deviceByKeys(site)

	b.goTo(site + "/security")
	b.entersOn("the sessions", to("/security/sessions"))
	b.focus("the other session", does("/security/sessions/end"))
	if name := eval[string](b, `document.activeElement.getAttribute("aria-label") || ""`); !strings.Contains(name, "Chrome") {
		t.Errorf("a reader of the page hears %q, and not which session ends", name)
	}
	b.enters()
	b.told("Сеанс завершён")
	b.goTo(site + "/")
	b.entersOn("the consents", to("/security/consents"))
	b.entersOn("the consent", does("/security/consents/withdraw"))
	b.told("Согласие отозвано")
	b.goTo(site + "/")
	b.entersOn("the organisations", to("/security/organisations"))
	b.types("number", demo.Hospital)
	b.enters()
	b.told("Организация привязана")
	b.types("pin", demo.Nurse.PIN)
	b.enters()
	b.told("Приглашение отправлено")
	w.await(demo.Nurse, func(l letter) bool {
		return strings.Contains(l.Body, "чакырат") && strings.Contains(l.Body, me.FamilyName)
	})
	b.downloadsByKeys(t, site)

	b.goTo(site + "/security")
	b.entersOn("closing", to("/security/close"))
	b.entersOn("the button", does("/security/close")) // without the tick
	b.waitFor(`document.activeElement.matches("[data-error-summary]")`)
	b.focus("what is wrong", `e.hash === "#sure"`)
	// Going down alone, as a key does: what it types would reach the box that has the
	// focus by then, and send the form.
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13}); err != nil {
			t.Fatal(err)
		}
	}
	b.waitFor(`document.activeElement.name === "sure"`)
	b.keys(" ")
	b.focus("the button", does("/security/close"))
	b.enters()
	b.see("Аккаунт закрыт")
}

func (b *browser) factorsByKeys(t *testing.T) {
	t.Helper()
	b.entersOn("the factors", to("/security/factors"))
	b.entersOn("the app", to("/security/totp"))
	b.focus("the key to type", `e.tagName === "SUMMARY"`)
	b.keys(kb.Enter)
	b.waitFor(`document.querySelector("#secret").checkVisibility()`)
	b.types("code", totp(t, eval[string](b, `document.querySelector("#secret").innerText`)))
	b.enters()
	b.told("Приложение")
	b.entersOn("the app", to("/security/totp"))
	b.entersOn("its end", does("/security/totp/remove"))
	b.told("удал")
	b.entersOn("backup codes", to("/security/backup"))
	b.entersOn("new codes", does("/security/backup"))
	if n := eval[int](b, `document.querySelectorAll("#codes li").length`); n != 10 {
		t.Errorf("%d backup codes", n)
	}
	b.entersOn("they are kept", does("/security/backup/kept"))
	b.entersOn("passkeys", to("/security/passkeys"))
	b.types("name", "Мой ключ")
	b.enters()
	b.told("Ключ добавлен")
	b.focus("the key's end", does("/security/passkeys/remove"))
	if name := eval[string](b, `document.activeElement.getAttribute("aria-label") || ""`); !strings.Contains(name, "Мой ключ") {
		t.Errorf("a reader of the page hears %q, and not which key", name)
	}
	b.enters()
	b.told("Ключ удалён")
}

func (b *browser) contactsByKeys(w world, site string) {
	b.t.Helper()
	b.goTo(site + "/security")
	b.entersOn("the contacts", to("/security/contacts"))
	for _, by := range []struct{ channel, field, address string }{{"sms", "phone", "0555 654 321"}, {"email", "email", "gulnara@example.kg"}} {
		_, seen := w.countCodes(by.channel)
		b.types(by.field, by.address)
		b.enters()
		b.see("Код отправлен")
		b.waitFor(`document.activeElement.name === "code"`) // which is what comes next
		b.keys(w.codeBy(by.channel, seen))
		b.enters()
		b.told("Контакт сохранён")
	}
}

// deviceByKeys sets, changes and removes the PIN of this device, and approves a
// sign-in on another screen with it and with a passkey (ID-11, ID-15).
func (b *browser) deviceByKeys(site string) {
	b.t.Helper()
	b.goTo(site + "/security")
	b.entersOn("the devices", to("/security/devices"))
	b.entersOn("this one", to("/app/device"))
	b.types("pin", "1234")
	b.types("again", "1234")
	b.enters()
	b.waitFor(`document.activeElement.matches("[data-error-summary]")`) // too easy
	b.types("pin", phonePIN)
	b.types("again", phonePIN)
	b.enters()
	b.told("Устройство добавлено")
	b.entersOn("its PIN", to("/security/devices/pin"))
	b.types("pin", "3691")
	b.types("again", "3691")
	b.enters()
	b.told("PIN-код изменён")

	approve := func(name string, by func()) {
		desk := open(b.t, name, 1440, "ru")
		desk.offersNoKeys()
		desk.goTo(site + "/sign-in")
		desk.entersOn("the QR code", to("/sign-in/qr"))
		said := func(selector string) string {
			return eval[string](desk, `document.querySelector("`+selector+`").textContent.trim()`)
		}
		b.goTo(site + "/security/devices")
		b.entersOn("the scan", to("/app/scan"))
		b.types("code", said(".sn-qr__typed"))
		b.enters()
		b.waitFor(`document.activeElement.name === "number"`)
		b.keys(said(".sn-qr__number"))
		by()
		b.told("Вход подтверждён")
		desk.waitFor(`location.pathname === "/"`) // by itself
		desk.see(demo.Manager.GivenName)
	}
	approve("desk by PIN", func() {
		b.types("pin", "3691")
		b.enters()
	})
	b.goTo(site + "/security/passkeys")
	b.types("name", "Ключ")
	b.enters()
	b.told("Ключ добавлен")
	approve("desk by key", func() {
		b.focus("the passkey", `e.type === "submit" && "passkey" in e.form.dataset`)
		b.enters()
	})
	b.goTo(site + "/security/devices")
	b.entersOn("its end", does("/security/devices/remove"))
	b.told("Устройство удалено")
}

func (b *browser) downloadsByKeys(t *testing.T, site string) {
	t.Helper()
	dir := t.TempDir()
	if _, err := chromedp.Call(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir}); err != nil {
		t.Fatal(err)
	}
	b.goTo(site + "/")
	b.entersOn("the data", to("/security/data"))
	b.focus("the file", `e.name === "format" && e.value === "json"`)
	b.keys(kb.Enter)
	deadline := time.Now().Add(patience)
	for {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 1 && strings.HasSuffix(files[0].Name(), ".json") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no file came: %v", files)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
