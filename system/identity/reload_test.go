package identity_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// reload loads the page again as a browser does, by its address alone: an answer
// to a form would be sent anew.
func (b *browser) reload(p shown) shown {
	b.t.Helper()
	return b.get(p.url.String())
}

// What is shown after a form is a page of its own: loading it again sends no
// second SMS, makes no second set of codes, link or secret, and shows the same.
func TestAPageAfterAFormCanBeLoadedAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK)
		h.bare(demo.Nurse)
		b.submit(b.get(h.base+"/set-up"), "/set-up/password", "password", "Tuz-achuu-7-kepter").must(http.StatusOK)
		b.get(h.base+"/set-up/phone/code").must(http.StatusOK, "Мобильный телефон") // none was sent
		h.inbox.clear()
		p := b.submit(b.get(h.base+"/set-up/phone"), "/set-up/phone", "phone", "0555 12 34 56").must(http.StatusOK, "+996 555 123456")
		code := h.inbox.code(t, newPhone)
		b.reload(p).must(http.StatusOK, "+996 555 123456", "Код из 6 цифр")
		h.settle()
		if n := h.inbox.count(newPhone); n != 1 {
			t.Fatalf("%d messages went to the phone", n)
		}
		b.submit(p, "/set-up/phone/code", "code", othertest.Than(code)).must(http.StatusUnprocessableEntity)
		p = b.submit(p, "/set-up/phone/code", "code", code).must(http.StatusOK, "Способ подтверждения есть")

		// The codes are there as soon as the step is, and the same when loaded again.
		p = b.submit(p, "/set-up/factor").must(http.StatusOK, "Сохраните резервные коды", "только один раз")
		first := backupCode.FindAllString(p.body, -1)
		if again := backupCode.FindAllString(b.reload(p).body, -1); len(first) != 10 || strings.Join(again, "") != strings.Join(first, "") {
			t.Fatalf("%d codes, then others: %d", len(first), len(again))
		}
		// In another browser, another day, they are not shown: a new set is asked for.
		other := h.browser()
		h.inbox.clear()
		q := other.submit(other.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", "Tuz-achuu-7-kepter")
		q = other.submit(q, "/sign-in/code", "code", h.inbox.code(t, newPhone)).must(http.StatusOK, "Показать коды", "прежние перестанут действовать")
		if strings.Contains(q.body, first[0]) {
			t.Fatal("another session shows the codes")
		}
		h.clock.advance(11 * time.Minute)
		b.get(h.base+"/set-up/backup").must(http.StatusOK, "Вход") // not so fresh any more
		h.inbox.clear()
		q = b.submit(b.get(h.base+"/sign-in?next=/set-up/backup"), "/sign-in", "pin", demo.Nurse.PIN, "password", "Tuz-achuu-7-kepter")
		q = b.submit(q, "/sign-in/code", "code", h.inbox.code(t, newPhone)).must(http.StatusOK, "Показать коды")
		p = b.submit(q, "/set-up/backup").must(http.StatusOK, "только один раз")
		b.submit(p, "/set-up/done", "kept", "1").must(http.StatusOK, "Мой аккаунт")

		// Who has kept them is not shown them again.
		p = b.submit(b.get(h.base+"/security/backup").must(http.StatusOK, "Получить 10 новых кодов"), "/security/backup").must(http.StatusOK, "Ваши резервные коды")
		b.reload(p).must(http.StatusOK, backupCode.FindStringSubmatch(p.body)[1])
		b.submit(p, "/security/backup/kept").must(http.StatusOK, "Осталось 10 кодов")
		b.get(h.base+"/security/backup").must(http.StatusOK, "Получить 10 новых кодов")

		p = b.submit(b.get(h.base+"/systems/new"), "/systems/new", "name", "Аптека", "kind", "web", "alg", "ES256", "redirects", "http://127.0.0.1:9411/callback", "scope:profile", "1")
		secret := shownSecret.FindStringSubmatch(p.must(http.StatusOK, "Система подключена").body)[1]
		b.reload(p).must(http.StatusOK, secret)
		if list := b.get(h.base + "/systems"); strings.Count(list.body, "Аптека") != 1 {
			t.Fatal(list.words())
		}
		h.clock.advance(11 * time.Minute)
		h.inbox.clear()
		q = b.submit(b.reload(p).must(http.StatusOK, "Вход"), "/sign-in", "pin", demo.Nurse.PIN, "password", "Tuz-achuu-7-kepter")
		q = b.submit(q, "/sign-in/code", "code", h.inbox.code(t, newPhone)).must(http.StatusOK, "Аптека")
		if strings.Contains(q.body, secret) {
			t.Fatal("the secret is shown for ever")
		}
	})
}

// count is how many messages came to the address.
func (i *inbox) count(address string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for _, m := range i.messages {
		if m.Address == address {
			n++
		}
	}
	return n
}

// forgetful is a browser that keeps no cookies.
type forgetful struct{}

func (forgetful) SetCookies(*url.URL, []*http.Cookie) {}
func (forgetful) Cookies(*url.URL) []*http.Cookie     { return nil }

// A browser that keeps no cookies is told so at the first form, before anything is
// done for it, and on every way in; it is never sent in a circle.
func TestABrowserWithoutCookiesIsToldSo(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	const says = "не сохраняет файлы cookie"
	off := h.browser()
	off.client.Jar = forgetful{}
	send := func(path string, pairs ...string) shown {
		t.Helper()
		values := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		off.get(h.base + path)
		r, _ := http.NewRequest(http.MethodPost, h.base+path, strings.NewReader(values.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		return off.do(r)
	}
	h.inbox.clear()
	for path, pairs := range map[string][]string{
		"/sign-in": {"pin", demo.Doctor.PIN, "password", demo.Password}, "/sign-in/passkey": {}, "/sign-in/passkey/question": {},
		"/sign-in/qr": {}, "/sign-in/recover": {"pin", demo.Doctor.PIN}, "/register/passport": {"pin", newcomer.PIN, "passport", newcomer.Passport},
		"/register/phone": {"phone", newPhone}, "/sign-in/recover/send": {"way", "sms"}, "/sign-in/code": {"code", "123456"}, "/app/unlock": {"pin", "1234"},
	} {
		p := send(path, pairs...)
		if p.status != http.StatusForbidden || !strings.Contains(p.words(), says) || !strings.Contains(p.words(), "Cookie разрешены, начать снова") ||
			!strings.Contains(p.body, "Для входа нужны файлы cookie</h1>") || strings.Contains(p.words(), "Нет доступа") {
			t.Errorf("%s: %d %s", path, p.status, p.words())
		}
	}
	h.settle()
	if n := h.inbox.count(demo.Doctor.Phone); n != 0 {
		t.Errorf("%d codes were sent to nobody's use", n)
	}
	off.get(h.base+"/sign-in/code").must(http.StatusForbidden, says)
	off.get(h.base+"/register/phone").must(http.StatusForbidden, says)
	off.get(h.base+"/sign-in/recover/ways").must(http.StatusForbidden, says)
	if p := off.get(h.base + "/sign-in/qr/state"); !strings.Contains(p.body, "no-cookies") {
		t.Error(p.body)
	}
	// From a system: the way back is the system's own.
	p := off.get(h.portal.base+"/").must(http.StatusForbidden, says)
	if !strings.Contains(p.body, `href="`+h.portal.base+`"`) {
		t.Error(p.words())
	}
	// Allowed meanwhile, the same page goes on.
	off.client.Jar, _ = cookiejar.New(nil)
	h.signIn(off, off.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
	// Another program than a browser, which says nothing of where it comes from, is
	// let try.
	r, _ := http.NewRequest(http.MethodPost, h.base+"/sign-in", strings.NewReader(url.Values{"pin": {demo.Doctor.PIN}, "password": {"wrong"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.browser().do(r).must(http.StatusUnprocessableEntity, "неверны")
}

// A sign-in that has run out, or was gone through, leads back to the system that
// had asked, at its registered address, and nowhere else.
func TestASignInThatIsOverLeadsBackToItsSystem(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		p := b.get(h.portal.base+"/").must(http.StatusOK, "Вход")
		back := `href="` + h.portal.base + `"`
		over := func(address string) {
			t.Helper()
			p := b.get(address).must(http.StatusGone, "Вернуться: Государственный портал")
			if !strings.Contains(p.body, back) {
				t.Fatal(p.body)
			}
		}
		flow := p.url.Query().Get("flow")
		p = h.signIn(b, p, demo.Doctor).must(http.StatusOK, "Передача данных")
		b.submit(p, "/consent", "decision", "allow", "agreement", "1").claims()
		for _, path := range []string{"/sign-in?flow=", "/sign-in/code?flow=", "/consent?flow=", "/connect/authorize/", "/register?flow="} { // spent
			over(h.base + path + flow)
		}
		b.get(h.base + "/sign-in?flow=nobodys&client_id=portal&redirect_uri=http://evil.example").must(http.StatusGone)
		other := h.browser()
		flow = other.get(h.card.base + "/").url.Query().Get("flow")
		back = `href="` + h.card.base + `"`
		if p := b.get(h.base+"/sign-in?flow="+flow).must(http.StatusForbidden, "в другом браузере", "Вернуться"); !strings.Contains(p.body, back) {
			t.Fatal(p.words())
		}
		h.clock.advance(sso.Lifetime) // run out
		for _, path := range []string{"/sign-in?flow=", "/connect/authorize/"} {
			p := b.get(h.base+path+flow).must(http.StatusGone, "Вернуться")
			if !strings.Contains(p.body, back) {
				t.Fatal(p.words())
			}
		}
	})
}

// While the population register is away nobody is told that they were wrong: it is
// not their fault (503), what to do stands there, and what was typed.
func TestRegistrationWhileTheRegisterIsAway(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	register := &residents{away: true}
	h.populate(register)
	b := h.browser()
	p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport)
	p.must(http.StatusServiceUnavailable, "Реестр населения сейчас не отвечает. Повторите через несколько минут.")
	if !strings.Contains(p.body, newcomer.PIN) || !strings.Contains(p.body, newcomer.Passport) {
		t.Fatal("what was typed is lost")
	}
	register.away = false
	b.submit(p, "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport).must(http.StatusOK, "Соглашение")
}
