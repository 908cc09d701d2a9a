package identity_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
)

const fresh = "Kerege-shyrdak_71"

func (h *house) recovering(b *browser, pin string) shown {
	h.t.Helper()
	return b.submit(b.get(h.base+"/sign-in/recover"), "/sign-in/recover", "pin", pin).must(http.StatusOK, "Подтвердите, что это Вы")
}

// ask has a code sent by the way and gives it.
func (h *house) sent(b *browser, way, address string) (shown, string) {
	h.t.Helper()
	h.inbox.clear()
	p := b.post(h.base+"/sign-in/recover/send", url.Values{"way": {way}}).must(http.StatusOK, "Если такой аккаунт есть")
	return p, h.inbox.code(h.t, address)
}

// ID-13
func TestRecoveryByTwoChannels(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.browser()
		h.enter(own, h.card, demo.Doctor)
		b := h.browser()
		p := b.get(h.base + "/sign-in")
		if !strings.Contains(p.body, `href="/sign-in/recover"`) {
			t.Fatal("no way from the sign-in")
		}
		h.recovering(b, demo.Doctor.PIN)
		p, code := h.sent(b, "sms", demo.Doctor.Phone)
		b.submit(p, "/sign-in/recover/code/sms", "code", code).must(http.StatusOK, "ещё одним способом", "Подтверждено")
		// One channel is half of it.
		b.get(h.base+"/sign-in/recover/password").must(http.StatusOK, "Подтвердите, что это Вы")
		b.post(h.base+"/sign-in/recover/password", url.Values{"password": {fresh}, "again": {fresh}}).must(http.StatusOK, "Подтвердите, что это Вы")
		b.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {code}}).must(http.StatusUnprocessableEntity, "больше не действует") // it served
		b.get(h.base+"/sign-in/recover/password").must(http.StatusOK, "Подтвердите, что это Вы")
		p, code = h.sent(b, "email", demo.Doctor.Email)
		if !h.inbox.has("Код восстановления доступа к ЕСИ") {
			t.Error("the letter does not say what its code is for")
		}
		p = b.submit(p, "/sign-in/recover/code/email", "code", code).must(http.StatusOK, "Новый пароль")
		if !strings.Contains(p.body, "data-rules-met") || !strings.Contains(p.body, `src="/set-up/password.js"`) || !strings.Contains(p.words(), "не меньше 10 знаков") {
			t.Errorf("the rules of a password are not shown as elsewhere:\n%s", p.words())
		}
		b.submit(p, "/sign-in/recover/password", "password", "short", "again", "short").must(http.StatusUnprocessableEntity, "10")
		b.submit(p, "/sign-in/recover/password", "password", fresh, "again", "Other-Password_7").must(http.StatusUnprocessableEntity, "не совпали")
		h.inbox.clear()
		last := b.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK, "Новый пароль сохранён")
		// Told everywhere; everything that was open has ended.
		for _, address := range []string{demo.Doctor.Phone, demo.Doctor.Email, ""} {
			h.inbox.link(t, address)
		}
		own.get(h.base+"/").must(http.StatusOK, "Единый вход")
		h.eventually("the card's session lives on", func() bool { return own.stay().get(h.card.base+"/").status == http.StatusSeeOther })
		b.submit(last, "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusUnprocessableEntity, "неверны")
		h.inbox.clear()
		p = b.submit(last, "/sign-in", "pin", demo.Doctor.PIN, "password", fresh).must(http.StatusOK, "Код подтверждения")
		b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone)).must(http.StatusOK, "Мой аккаунт")
		// It was used once.
		b.post(h.base+"/sign-in/recover/password", url.Values{"password": {demo.Password}, "again": {demo.Password}}).must(http.StatusOK, "Восстановление доступа")
	})
}

func TestRecoveryByOneChannelAndABoundApp(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.recovering(b, demo.Head.PIN)
	code, err := totp.GenerateCode(demo.Head.TOTP, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.post(h.base+"/sign-in/recover/code/totp", url.Values{"code": {code}}).must(http.StatusOK, "ещё одним способом")
	b.get(h.base+"/sign-in/recover/password").must(http.StatusOK, "Подтвердите, что это Вы") // a factor without a channel
	p, sms := h.sent(b, "sms", demo.Head.Phone)
	p = b.submit(p, "/sign-in/recover/code/sms", "code", sms).must(http.StatusOK, "Новый пароль")
	b.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK, "Новый пароль сохранён")
}

// ID-13: a passkey is a bound factor like the app. Another's, one answered in
// another recovery, and one that answers twice prove nothing; the question is the
// same for a ПИН that has no account.
func TestRecoveryByOneChannelAndAPasskey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		home := h.atHome(demo.Doctor)
		key := h.passkey(home)
		other := h.passkey(h.atHome(demo.Surgeon))
		const ask = "/sign-in/recover/question"
		path := h.base + "/sign-in/recover/code/passkey"
		b, elsewhere, nobody := h.browser(), h.browser(), h.browser()
		h.recovering(elsewhere, demo.Doctor.PIN)
		h.recovering(nobody, "20101199900999")
		h.recovering(b, demo.Doctor.PIN)
		b.get(path).must(http.StatusOK, "Ключ доступа", "Использовать ключ")
		mine, theirs := b.question(h.base+ask, nil), nobody.question(h.base+ask, nil)
		if len(mine.Options.AllowCredentials) != 0 || len(theirs.Options.AllowCredentials) != 0 {
			t.Error("the question names keys")
		}
		answer := func(on *browser, q question, k *passkey) shown {
			return on.post(path, url.Values{"ticket": {q.Ticket}, "answer": {k.any(t, q)}})
		}
		answer(nobody, theirs, key).must(http.StatusUnprocessableEntity, "Ключ не подошёл")
		q := b.question(h.base+ask, nil)
		answer(elsewhere, q, key).must(http.StatusUnprocessableEntity, "Ключ не подошёл")
		answer(b, b.question(h.base+ask, nil), other).must(http.StatusUnprocessableEntity, "Ключ не подошёл")
		b.post(path, url.Values{"ticket": {""}, "answer": {"{}"}}).must(http.StatusUnprocessableEntity, "Ключ не подошёл")
		b.get(h.base+"/sign-in/recover/password").must(http.StatusOK, "Подтвердите, что это Вы")
		answer(b, mine, key).must(http.StatusOK, "ещё одним способом")
		answer(b, mine, key).must(http.StatusUnprocessableEntity)
		b.get(h.base+"/sign-in/recover/password").must(http.StatusOK, "Подтвердите, что это Вы") // a factor without a channel
		p, sms := h.sent(b, "sms", demo.Doctor.Phone)
		p = b.submit(p, "/sign-in/recover/code/sms", "code", sms).must(http.StatusOK, "Новый пароль")
		b.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK, "Новый пароль сохранён")
	})
}

// A ПИН without an account walks the same pages, hears the same words and costs
// the same writes, whatever is tried.
func TestRecoveryTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const nobody = "20101199900999"
		closed := demo.Nurse.PIN
		d := h.db()
		defer d.Close()
		h.exec(d, `UPDATE account SET state = 'closed' WHERE pin = $1`, closed)
		said := map[string][]string{}
		for _, pin := range []string{demo.Doctor.PIN, nobody, closed} {
			b := h.browser()
			see := func(p shown) {
				said[pin] = append(said[pin], b.seen(p, pin))
			}
			see(h.recovering(b, pin))
			see(b.get(h.base + "/sign-in/recover/ways"))
			for _, way := range []string{"sms", "email"} {
				see(b.post(h.base+"/sign-in/recover/send", url.Values{"way": {way}}))
				time.Sleep(200 * time.Millisecond) // a code is on its way, or is not
				for range 2 {
					see(b.post(h.base+"/sign-in/recover/code/"+way, url.Values{"code": {"000000"}}))
				}
			}
			see(b.post(h.base+"/sign-in/recover/code/totp", url.Values{"code": {"000000"}}))
			see(b.post(h.base+"/sign-in/recover/code/passkey", url.Values{"ticket": {"x"}, "answer": {"{}"}}))
			see(b.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {"x"}}))
			see(b.get(h.base + "/sign-in/recover/password"))
			see(b.post(h.base+"/sign-in/recover/password", url.Values{"password": {fresh}, "again": {fresh}}))
			for range 7 {
				see(b.post(h.base+"/sign-in/recover/send", url.Values{"way": {"sms"}}))
				see(b.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {"000000"}}))
			}
		}
		for _, pin := range []string{nobody, closed} {
			sameSeen(t, said[pin], said[demo.Doctor.PIN])
		}
		h.inbox.mu.Lock()
		defer h.inbox.mu.Unlock()
		for _, m := range h.inbox.messages {
			if m.Address == demo.Nurse.Phone || m.Address == demo.Nurse.Email {
				t.Error("a code went to a closed account")
			}
		}
	})
}

// The same work for a ПИН with an account and without one, to send a code and to
// look at one.
func TestRecoveryTakesTheSameTime(t *testing.T) {
	var guesses, codes stopwatch
	h := open(t, peopled.SQLite(t))
	d := h.db()
	defer d.Close()
	begin := func(pin string) *browser {
		h.exec(d, `DELETE FROM attempt`)
		b := h.browser()
		h.recovering(b, pin)
		return b
	}
	guess := func(pin string) func() {
		b := begin(pin)
		b.post(h.base+"/sign-in/recover/send", url.Values{"way": {"sms"}})
		return func() { b.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {"000000"}}) }
	}
	guesses.alike(t, func() {
		for range 10 { // a code takes few guesses
			known, unknown := guess(demo.Doctor.PIN), guess(nobodysPIN)
			time.Sleep(60 * time.Millisecond) // a code is on its way, or is not
			guesses.turns(4, way{"guess at a known ПИН", known}, way{"guess at an unknown ПИН", unknown})
		}
	})
	asks := func(pin string) func() {
		b := begin(pin)
		return func() { b.post(h.base+"/sign-in/recover/send", url.Values{"way": {"sms"}}) }
	}
	codes.alike(t, func() {
		for range 20 {
			codes.turns(1, way{"code for a known ПИН", asks(demo.Doctor.PIN)}, way{"code for an unknown ПИН", asks(nobodysPIN)})
		}
	})
}

func TestARecoveryCodeIsBoundToItsRequestAndTriesAreFew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		mine, thief := h.browser(), h.browser()
		h.recovering(mine, demo.Doctor.PIN)
		h.recovering(thief, demo.Doctor.PIN)
		_, code := h.sent(mine, "sms", demo.Doctor.Phone)
		thief.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {code}}).must(http.StatusUnprocessableEntity, "неверен")
		mine.post(h.base+"/sign-in/recover/code/email", url.Values{"code": {code}}).must(http.StatusUnprocessableEntity, "неверен") // nor to another channel
		// A recovery's code signs nobody in.
		h.inbox.clear()
		entry := h.browser()
		p := entry.submit(entry.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password)
		if own := h.inbox.code(t, demo.Doctor.Phone); own != code {
			entry.submit(p, "/sign-in/code", "code", code).must(http.StatusUnprocessableEntity, "неверен")
		}
		wrong := othertest.Than(code)
		for range 5 {
			mine.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {wrong}}).must(http.StatusUnprocessableEntity)
		}
		mine.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {code}}).must(http.StatusUnprocessableEntity, "больше не действует")
		_, code = h.sent(mine, "sms", demo.Doctor.Phone)
		h.clock.advance(3*time.Minute + time.Second)
		mine.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {code}}).must(http.StatusUnprocessableEntity, "больше не действует")
		for range 2 {
			mine.post(h.base+"/sign-in/recover/code/sms", url.Values{"code": {wrong}})
		}
		_, code = h.sent(mine, "email", demo.Doctor.Email)
		mine.post(h.base+"/sign-in/recover/code/email", url.Values{"code": {code}}).must(http.StatusOK, "Восстановление доступа", "Слишком много неверных кодов") // ten were too many: it is begun anew
		h.recovering(mine, demo.Doctor.PIN)
		h.clock.advance(31 * time.Minute)
		mine.get(h.base+"/sign-in/recover/ways").must(http.StatusOK, "Восстановление доступа", "истекло")
	})
}

// What a code's page says: that another was asked for, or that none is on its way;
// and of what was wrong, what to do with this way.
func TestARecoverysPagesSayWhatToDo(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.recovering(b, demo.Doctor.PIN)
	for way, words := range map[string]string{"totp": "приложение показывает сейчас", "backup": "другой код из списка", "sms": "запросите новый"} {
		b.post(h.base+"/sign-in/recover/code/"+way, url.Values{"code": {"123456"}}).must(http.StatusUnprocessableEntity, words)
	}
	send := func(pairs ...string) shown {
		return b.submit(b.get(h.base+"/sign-in/recover/ways"), "/sign-in/recover/send", append([]string{"way", "sms"}, pairs...)...)
	}
	p := send().must(http.StatusOK, "код отправлен на этот телефон")
	if strings.Contains(p.words(), "новый код отправлен") {
		t.Error("the first code is told as another")
	}
	if !strings.Contains(p.body, `name="again"`) {
		t.Error("the page's button asks for no other code")
	}
	send("again", "1").must(http.StatusOK, "новый код отправлен")
	for range 3 {
		p = send("again", "1")
	}
	if p.must(http.StatusTooManyRequests); strings.Contains(p.words(), "код отправлен") {
		t.Errorf("a code that was refused is told as sent:\n%s", p.words())
	}
}

// After "this was not me" codes recover nothing: the thief may hold the phone.
func TestAReportedAccountIsNotRecoveredByCodes(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	_, _, link := h.warned(demo.Doctor)
	begun := h.browser() // a thief is half through
	h.recovering(begun, demo.Doctor.PIN)
	p, code := h.sent(begun, "sms", demo.Doctor.Phone)
	begun.submit(p, "/sign-in/recover/code/sms", "code", code).must(http.StatusOK, "Подтверждено")
	p, code = h.sent(begun, "email", demo.Doctor.Email)
	p = begun.submit(p, "/sign-in/recover/code/email", "code", code).must(http.StatusOK, "Новый пароль")
	h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK, "Аккаунт защищён")
	begun.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusForbidden, "ID-картой")
	b := h.browser()
	h.recovering(b, demo.Doctor.PIN)
	h.inbox.clear()
	for _, way := range []string{"sms", "email"} {
		b.post(h.base+"/sign-in/recover/send", url.Values{"way": {way}}).must(http.StatusOK, "Если такой аккаунт есть")
	}
	time.Sleep(400 * time.Millisecond)
	h.inbox.mu.Lock()
	if len(h.inbox.messages) != 0 {
		t.Errorf("%+v", h.inbox.messages)
	}
	h.inbox.mu.Unlock()
	// The three days pass, and the incident still waits for an operator.
	h.clock.advance(73 * time.Hour)
	b = h.browser()
	h.recovering(b, demo.Doctor.PIN)
	b.post(h.base+"/sign-in/recover/send", url.Values{"way": {"sms"}})
	time.Sleep(400 * time.Millisecond)
	h.inbox.mu.Lock()
	if len(h.inbox.messages) != 0 {
		t.Errorf("%+v", h.inbox.messages)
	}
	h.inbox.mu.Unlock()
	d := h.db()
	defer d.Close()
	// Nor does an authenticator, whoever holds it.
	h.exec(d, `UPDATE account SET frozen_until = $2 WHERE pin = $1`, demo.Head.PIN, h.clock.Now().Add(time.Hour).UnixMicro())
	app := h.browser()
	h.recovering(app, demo.Head.PIN)
	right, _ := totp.GenerateCode(demo.Head.TOTP, h.clock.Now())
	app.post(h.base+"/sign-in/recover/code/totp", url.Values{"code": {right}}).must(http.StatusUnprocessableEntity)
	h.exec(d, `UPDATE incident SET state = 'closed'`)
	h.sent(b, "email", demo.Doctor.Email)
	// No secret of it lies in the database.
	h.inNoJob(h.inbox.code(t, demo.Doctor.Email))
}

// inNoJob holds that no job tells the code, as a word: digits within an id or a
// moment may be any.
func (h *house) inNoJob(code string) {
	h.t.Helper()
	rows, err := h.db().Read.QueryContext(context.Background(), `SELECT body FROM job`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for ; rows.Next(); n++ {
		var body string
		if err := rows.Scan(&body); err != nil {
			h.t.Fatal(err)
		}
		if slices.Contains(sixDigits.FindAllString(body, -1), code) {
			h.t.Fatalf("a job tells the code: %s", body)
		}
	}
	if err := rows.Err(); err != nil || n == 0 {
		h.t.Fatal(err, n)
	}
}
