package identity_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// The way of the story: a system without a sign-in of its own, ПИН and
// password, a code, the consent, and back (ID-1, ID-8, ID-10, ID-16); then a
// second system without a password; then out of both.
func TestOneSignInOpensTwoSystemsAndOneSignOutEndsBoth(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		claims := h.enter(b, h.card, demo.Doctor, "email", "1")
		if claims.PIN != demo.Doctor.PIN || claims.Name != demo.Doctor.Name() || claims.FamilyName != "Асанова" || claims.MiddleName != "Маратовна" ||
			claims.Gender != "female" || claims.BirthDate != "1985-03-15" || claims.ACR != "urn:sanarip:acr:substantial" || claims.SessionID == "" {
			t.Fatalf("%+v", claims)
		}
		if claims.Email != demo.Doctor.Email || !claims.EmailOK || claims.Phone != "" {
			t.Fatalf("e-mail was allowed and the phone was not: %+v", claims)
		}
		if strings.Contains(claims.Subject, demo.Doctor.PIN) || claims.Subject == "" {
			t.Fatalf("sub %q", claims.Subject)
		}
		// The second system: no password, only the consent; the agreement was accepted.
		p := b.get(h.portal.base + "/")
		p.must(http.StatusOK, "Передача данных в систему «Государственный портал электронных услуг»", "Асанова")
		if strings.Contains(p.body, `name="agreement"`) {
			t.Fatal("the agreement is asked for twice")
		}
		second := b.submit(p, "/consent", "decision", "allow", "remember", "1").claims()
		if second.Subject != claims.Subject || second.SessionID != claims.SessionID {
			t.Fatalf("%+v is somebody else than %+v", second, claims)
		}
		// The cabinet knows all of it.
		b.get(h.base+"/").must(http.StatusOK, "Мой аккаунт", "Асанова Айгүл Маратовна")
		b.get(h.base+"/security/sessions").must(http.StatusOK, "Этот сеанс", "Chrome · Android", "Пароль и код", "127.0.0.1")
		b.get(h.base+"/security/consents").must(http.StatusOK, "Государственный портал электронных услуг", "Ваш выбор запомнен", "Асанова Айгүл Маратовна", "1 •••••••• ••123", "Последний раз переданы")
		// Out: the portal leads to ЕСИ, and ЕСИ ends the card's session too.
		p = b.post(h.portal.base+"/sign-out", nil)
		if p.must(http.StatusOK, "Вход").url.Path != "/sign-in" { // the portal's "/" needs somebody
			t.Fatal(p.url)
		}
		h.eventually("the card's session lives on", func() bool {
			return b.stay().get(h.card.base+"/").status == http.StatusSeeOther
		})
		b.get(h.card.base+"/").must(http.StatusOK, "Вход")
		// In again: the portal's consent was remembered, the card's was not.
		p = h.signIn(b, b.get(h.portal.base+"/"), demo.Doctor)
		if p.claims().SessionID == claims.SessionID {
			t.Fatal("the old session has come back")
		}
		b.get(h.card.base+"/").must(http.StatusOK, "Передача данных")
	})
}

func TestDeclinedConsentAndCancelledSignInAreTold(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	p := h.signIn(b, b.get(h.card.base+"/"), demo.Surgeon)
	p = b.submit(p, "/consent", "decision", "deny")
	p.must(http.StatusForbidden)
	if p.url.Query().Get("error") != "access_denied" || p.url.Query().Get("state") == "" || p.url.Query().Get("iss") != h.base {
		t.Fatal(p.url)
	}
	other := h.browser()
	p = other.submit(other.get(h.card.base+"/"), "/sign-in/cancel")
	if p.must(http.StatusForbidden).url.Query().Get("error") != "access_denied" {
		t.Fatal(p.url)
	}
}

func TestConsentWithdrawnEndsTheSystemsSession(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.enter(b, h.card, demo.Doctor, "remember", "1")
		p := b.get(h.base+"/security/consents").must(http.StatusOK, "Цифровая медицинская карта пациента")
		b.submit(p, "/security/consents/withdraw", "client", "card").must(http.StatusOK, "Согласие отозвано", "Согласий пока нет")
		h.eventually("the card's session lives on", func() bool { return b.stay().get(h.card.base+"/").status == http.StatusSeeOther })
		b.get(h.card.base+"/").must(http.StatusOK, "Передача данных") // asked anew
	})
}

func TestSessionEndedFromAnotherBrowser(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	phone, desk := h.browser(), h.browser()
	desk.agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
	h.enter(phone, h.card, demo.Doctor)
	h.inbox.clear()
	p := h.signIn(desk, desk.get(h.base+"/sign-in"), demo.Doctor)
	p.must(http.StatusOK, "Мой аккаунт")
	p = desk.get(h.base+"/security/sessions").must(http.StatusOK, "Firefox · Windows", "Chrome · Android")
	sid := strings.Split(strings.Split(p.body, `name="session" value="`)[1], `"`)[0]
	desk.submit(p, "/security/sessions/end", "session", sid).must(http.StatusOK, "Сеанс завершён")
	phone.get(h.base+"/").must(http.StatusOK, "Единый вход")
	h.eventually("the card's session lives on", func() bool { return phone.stay().get(h.card.base+"/").status == http.StatusSeeOther })
	// Nobody ends a session of another person.
	stranger := h.browser()
	h.inbox.clear()
	h.signIn(stranger, stranger.get(h.base+"/sign-in"), demo.Surgeon)
	own := strings.Split(strings.Split(desk.get(h.base+"/security/sessions").body+`name="session" value="x"`, `name="session" value="`)[1], `"`)[0]
	stranger.post(h.base+"/security/sessions/end", map[string][]string{"session": {own}})
	desk.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
}

func TestPagesSpeakThreeLanguages(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	for _, lang := range []string{"ky", "ru", "en"} {
		b := h.browser()
		var seen []string
		look := func(p shown) shown {
			t.Helper()
			seen = append(seen, p.url.Path)
			if i := strings.Index(p.words(), "[identity."); i >= 0 || strings.Contains(p.words(), "[design.") || strings.Contains(p.words(), "[kit.") {
				t.Errorf("%s in %s: a word is missing:\n%s", p.url, lang, p.words())
			}
			if !strings.Contains(p.body, `lang="`+lang+`"`) {
				t.Errorf("%s is not in %s", p.url, lang)
			}
			return p
		}
		look(b.get(h.base + "/?lang=" + lang))
		look(b.get(h.base + "/agreement"))
		p := look(b.get(h.card.base + "/"))
		look(b.submit(p, "/sign-in", "pin", "123", "password", ""))
		look(b.submit(p, "/sign-in", "pin", demo.Nurse.PIN, "password", "wrong"))
		h.inbox.clear()
		p = look(b.submit(p, "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password))
		look(b.submit(p, "/sign-in/code", "code", "12"))
		p = look(b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Nurse.Phone)))
		if lang == "ky" {
			look(b.submit(p, "/consent", "decision", "allow"))
		}
		b.submit(p, "/consent", "decision", "allow", "agreement", "1").claims()
		look(b.get(h.base + "/"))
		for _, path := range []string{
			"/security", "/security/sessions", "/security/events", "/security/consents", "/security/data", "/security/close", "/privacy", "/not-me", "/sign-in/recover",
		} {
			look(b.get(h.base + path))
		}
		p = look(b.submit(b.get(h.base+"/sign-in/recover"), "/sign-in/recover", "pin", demo.Nurse.PIN))
		p = look(b.submit(p, "/sign-in/recover/send", "way", "sms"))
		look(b.submit(p, "/sign-in/recover/code/sms", "code", "12"))
		look(b.get(h.base + "/sign-out"))
		look(b.get(h.base + "/nowhere"))
		if len(slices.Compact(seen)) < 8 {
			t.Fatal(seen)
		}
	}
}
