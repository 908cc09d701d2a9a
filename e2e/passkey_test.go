package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/sanarip/sanarip/demo"
)

// A key is made in the browser's own authenticator, opens ЕСИ alone, is the
// second step after a password, and is taken away again.
func TestAPasskeyInARealBrowser(t *testing.T) {
	needE2E(t)
	w, p := oneProcess(t, "")
	b := open(t, "passkey", 360, "ru")
	key := b.authenticator()
	site := w.site["identity"]

	b.goTo(site + "/security/passkeys") // ЕСИ asks who it is, and comes back
	b.check("sign-in with a passkey's button")
	b.picture("sign-in with a passkey's button")
	b.signIn(w, demo.Doctor)
	b.see("Ключи доступа")
	b.check("no passkeys")
	b.picture("no passkeys")
	b.fill("name", "Мой телефон")
	b.click(`form[data-passkey] button`)
	b.see("Ключ добавлен")
	b.see("Мой телефон")
	b.check("a passkey")
	b.picture("a passkey")
	b.goTo(site + "/security/factors")
	b.check("factors")
	b.picture("factors")

	// The key alone: chosen at the field of the ПИН, which this device does at once.
	b.signOut(site)
	b.goTo(site + "/sign-in?next=/security/factors")
	b.see("Способы подтверждения входа")

	// By the button, in a browser that offers no key at the field: else the one
	// that waits there might take the touch.
	offering := b.offersNoKeys()
	b.signOut(site)
	b.goTo(site + "/sign-in?next=/security/factors")
	b.press("Войти ключом доступа")
	b.see("Способы подтверждения входа")

	// After the password.
	b.signOut(site)
	b.goTo(site + "/sign-in")
	b.fill("pin", demo.Doctor.PIN)
	b.fill("password", demo.Password)
	b.click(`main form:not([data-passkey]) button[type=submit]`)
	b.see("Устройство попросит подтвердить")
	b.check("second step")
	b.picture("second step")
	b.press("Использовать ключ")
	b.see(demo.Doctor.GivenName)

	// Who does not pass the device's own check does not get in.
	b.signOut(site)
	b.goTo(site + "/sign-in")
	b.verified(key, false)
	b.press("Войти ключом доступа")
	b.see("Ключ не был использован")
	b.verified(key, true)
	b.press("Войти ключом доступа")
	b.see(demo.Doctor.GivenName)

	b.goTo(site + "/security/passkeys")
	b.click(`form[action="/security/passkeys/remove"] button`)
	b.see("Ключ удалён")
	b.signOut(site)
	b.offersKeys(offering)
	b.goTo(site + "/sign-in") // the device offers it still
	b.see("Ключ не подошёл")
	p.leaksNothing()
}

// authenticator gives the browser a device with a finger on it.
func (b *browser) authenticator() webauthn.AuthenticatorID {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	made, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return made.AuthenticatorID
}

// offersNoKeys takes the choice of a key at a field from the pages to come.
func (b *browser) offersNoKeys() page.ScriptIdentifier {
	b.t.Helper()
	made, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `PublicKeyCredential.isConditionalMediationAvailable = async () => false`,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return made.Identifier
}

// offersKeys gives it back.
func (b *browser) offersKeys(without page.ScriptIdentifier) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.RemoveScriptToEvaluateOnNewDocument, page.RemoveScriptToEvaluateOnNewDocumentParams{Identifier: without}); err != nil {
		b.t.Fatal(err)
	}
}

// verified says whether the finger on the device is the right one.
func (b *browser) verified(key webauthn.AuthenticatorID, right bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: key, IsUserVerified: right}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) signOut(site string) {
	b.t.Helper()
	b.goTo(site + "/sign-out")
	b.click(`form[action="/sign-out"] button`)
	if strings.Contains(b.where(), "/security") {
		b.t.Fatal(b.where())
	}
}
