package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// link is the last "this was not me" link sent to the address.
func (i *inbox) link(t *testing.T, address string) string {
	t.Helper()
	i.arrived()
	for range 1500 {
		i.mu.Lock()
		for n := len(i.messages) - 1; n >= 0; n-- {
			if m := i.messages[n]; m.Address == address && m.Link != "" {
				i.mu.Unlock()
				return m.Link
			}
		}
		i.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no link came to %s", address)
	return ""
}

// warned signs the person in in two browsers: of the second they are told.
func (h *house) warned(person demo.Person) (own, other *browser, link string) {
	h.t.Helper()
	own, other = h.browser(), h.browser()
	h.signIn(own, own.get(h.base+"/sign-in"), person).must(http.StatusOK, "Мой аккаунт")
	h.inbox.clear()
	h.signIn(other, other.get(h.base+"/sign-in"), person).must(http.StatusOK, "Мой аккаунт")
	return own, other, h.inbox.link(h.t, person.Email)
}

func TestThisWasNotMeStopsEverything(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own, other, link := h.warned(demo.Doctor)
		h.inbox.clear()
		tokens := h.redeem(h.code(h.browser(), demo.Doctor, "scope", "openid profile offline_access").Get("code"))
		if tokens.Refresh == "" {
			t.Fatalf("%+v", tokens)
		}
		stranger := h.browser() // the link speaks for itself: nobody is signed in
		p := stranger.get(h.base+"/not-me").must(http.StatusOK, "Это был не я")
		p = stranger.submit(p, "/not-me", "link", link)
		p.must(http.StatusOK, "вошли с нового браузера", "Chrome · Android", "127.0.0.1")
		own.get(h.base+"/").must(http.StatusOK, "Мой аккаунт") // looking ends nothing
		secret := link[strings.Index(link, "#")+1:]
		p = stranger.submit(p, "/not-me/confirm", "link", secret)
		p.must(http.StatusOK, "Аккаунт защищён", "ID-карта", "оператору")
		own.get(h.base+"/").must(http.StatusOK, "Единый вход")
		other.get(h.base+"/").must(http.StatusOK, "Единый вход")
		if status, _ := h.userInfo(tokens.Access); status != http.StatusUnauthorized {
			t.Error("the access token lives on")
		}
		if got := h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", tokens.Refresh); got.status == http.StatusOK {
			t.Error("the refresh token lives on")
		}
		// The password that somebody else may know opens nothing.
		b := h.browser()
		b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusUnprocessableEntity, "неверны")
		// Said again it is the same incident.
		again := stranger.post(h.base+"/not-me/confirm", url.Values{"link": {secret}}).must(http.StatusOK, "Аккаунт защищён")
		if number(again) != number(p) {
			t.Error("a second incident was opened")
		}
		d := h.db()
		defer d.Close()
		var incidents, frozen int
		if err := d.Read.QueryRow(`SELECT COUNT(*) FROM incident WHERE state = 'open' AND kind = 'disowned' AND about = 'new_browser'`).Scan(&incidents); err != nil || incidents != 1 {
			t.Fatal(incidents, err)
		}
		if err := d.Read.QueryRow(`SELECT COUNT(*) FROM account WHERE pin = $1 AND frozen_until > $2 AND frozen_until < $3`, demo.Doctor.PIN,
			h.clock.Now().Add(71*time.Hour).UnixMicro(), h.clock.Now().Add(72*time.Hour).UnixMicro()).Scan(&frozen); err != nil || frozen != 1 {
			t.Fatal(frozen, err)
		}
	})
}

func number(p shown) string {
	_, after, _ := strings.Cut(p.body, `class="sn-number">`)
	before, _, _ := strings.Cut(after, "<")
	return before
}

func TestALinkOfAMessageIsNotGuessedNorTakenLate(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	own, _, link := h.warned(demo.Doctor)
	secret := link[strings.Index(link, "#")+1:]
	forged := othertest.Than(secret)
	b := h.browser()
	for _, wrong := range []string{"", "x", forged, strings.Split(secret, ".")[0], "0." + strings.Split(secret, ".")[1]} {
		b.post(h.base+"/not-me/confirm", url.Values{"link": {wrong}}).must(http.StatusUnprocessableEntity)
	}
	for range 20 {
		b.post(h.base+"/not-me", url.Values{"link": {forged}})
	}
	b.post(h.base+"/not-me", url.Values{"link": {forged}}).must(http.StatusTooManyRequests, "Слишком много попыток")
	own.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
	h.clock.advance(31 * 24 * time.Hour)
	b.post(h.base+"/not-me/confirm", url.Values{"link": {secret}}).must(http.StatusUnprocessableEntity, "30 дн.")
}

// What a message leads to is ЕСИ's own address, whatever the request said.
func TestLinksAndMessagesIgnoreHost(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	own := h.browser()
	h.signIn(own, own.get(h.base+"/sign-in"), demo.Doctor)
	h.inbox.clear()
	evil := h.browser()
	for _, path := range []string{"/sign-in", "/sign-in/recover"} {
		r, _ := http.NewRequest(http.MethodPost, h.base+path, strings.NewReader(url.Values{"pin": {demo.Doctor.PIN}, "password": {demo.Password}}.Encode()))
		mislead(r)
		p := evil.stay().do(r)
		if location := p.header.Get("Location"); p.status != http.StatusSeeOther || !strings.HasPrefix(location, "/sign-in/") {
			t.Fatal(p.status, location)
		}
		if path == "/sign-in" {
			r, _ = http.NewRequest(http.MethodPost, h.base+"/sign-in/code", strings.NewReader(url.Values{"code": {h.inbox.code(t, demo.Doctor.Phone)}}.Encode()))
		} else {
			h.inbox.clear()
			r, _ = http.NewRequest(http.MethodPost, h.base+"/sign-in/recover/send", strings.NewReader(url.Values{"way": {"email"}}.Encode()))
		}
		mislead(r)
		p = evil.stay().do(r)
		if strings.Contains(p.header.Get("Location")+p.body, "evil") {
			t.Fatal(p.header.Get("Location"), p.words())
		}
	}
	h.inbox.code(t, demo.Doctor.Email)
	h.inbox.mu.Lock()
	defer h.inbox.mu.Unlock()
	for _, m := range h.inbox.messages {
		if said := m.Link + m.Body.KY + m.Body.RU + m.Body.EN + m.Subject.RU; strings.Contains(said, "evil") || m.Link != "" && !strings.HasPrefix(m.Link, h.base+"/") {
			t.Errorf("%+v", m)
		}
	}
}

func mislead(r *http.Request) {
	r.Host = "evil.example"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "none") // of no page of ours: its cookies are another host's
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("Forwarded", "host=evil.example")
	r.Header.Set("X-Original-URL", "https://evil.example/")
}

// While it is in doubt whose hand is in an account, nobody is let in to act in the
// person's name either: no organisation, no system, no signature; and what only
// takes away goes on.
func TestWhileFrozenNothingIsDoneInThePersonsName(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	sum := sha256.Sum256([]byte("заявление"))
	asked, err := identityapi.SigningClient{Exchange: h.from(exchangeapi.Portal)}.Ask(t.Context(), identityapi.SigningRequest{
		Reference: "application-1", PIN: demo.Patient.PIN, Title: text.Words{KY: "Арыз", RU: "Заявление", EN: "Application"},
		SHA256: hex.EncodeToString(sum[:]), Document: h.portal.base + "/document", ReturnTo: h.portal.base + "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	b := h.atHome(demo.Patient)
	d := h.db()
	defer d.Close()
	h.exec(d, `UPDATE account SET frozen_until = $2 WHERE pin = $1`, demo.Patient.PIN, h.clock.Now().Add(time.Hour).UnixMicro())
	for path, form := range map[string]url.Values{
		"/security/organisations":        {"number": {"01203201810014"}},
		"/security/organisations/invite": {"code": {"950174"}, "pin": {demo.Doctor.PIN}},
		"/security/organisations/answer": {"member": {"x"}, "answer": {"take"}},
		"/security/organisations/remove": {"code": {"950174"}, "member": {"x"}},
		"/systems/new":                   {"name_ru": {"Система"}},
		"/systems/x/change":              {"name_ru": {"Система"}},
		"/systems/x/submit":              {},
		"/systems/x/secret":              {},
		"/sign/" + asked.ID:              {"decision": {"sign"}},
		"/security/backup":               {},
	} {
		if p := b.post(h.base+path, form); p.status != http.StatusForbidden || !strings.Contains(p.words(), "нельзя менять до") {
			t.Errorf("POST %s while frozen: %d %s", path, p.status, p.words())
		}
	}
	// Nor is anything asked for that would be refused: what stands still is said, and
	// what ends it.
	for _, path := range []string{
		"/security/password", "/security/totp", "/security/totp?replace=1", "/security/backup", "/security/contacts", "/security/close", "/app/device",
	} {
		p := b.get(h.base+path).must(http.StatusOK, "Изменения приостановлены", "нельзя менять до", "восстановить доступ по ID-карте")
		if strings.Contains(p.body, `action="`+strings.Split(path, "?")[0]) {
			t.Errorf("%s asks for what would be refused", path)
		}
	}
	if p := b.get(h.base+"/security").must(http.StatusOK, "восстановить доступ по ID-карте"); strings.Contains(p.words(), "Следующий шаг") {
		t.Error("a step is advised that cannot be taken")
	}
	if p := b.post(h.base+"/security/sessions/end-others", nil); p.status != http.StatusOK {
		t.Errorf("sessions cannot be ended: %d %s", p.status, p.words())
	}
	h.exec(d, `UPDATE account SET frozen_until = 0 WHERE pin = $1`, demo.Patient.PIN)
	if p := b.get(h.base+"/security/contacts").must(http.StatusOK, "Новый телефон"); strings.Contains(p.words(), "Изменения приостановлены") {
		t.Error("what may be changed again is told as frozen")
	}
}
