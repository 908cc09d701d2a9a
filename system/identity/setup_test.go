package identity_test

import (
	"context"
	"database/sql"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
)

var (
	backupCode = regexp.MustCompile(`<li class="sn-number">([0-9a-z]{5}-[0-9a-z]{5})</li>`)
	totpSecret = regexp.MustCompile(`<strong id="secret">([A-Z2-7 ]+)</strong>`)
)

// bare takes password and factors from the person's account: as an account is
// that was made by card or in the app.
func (h *house) bare(p demo.Person) {
	h.t.Helper()
	err := h.db().Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE account SET password = '', totp = '', phone_verified = 0, email_verified = 0 WHERE pin = $1`, p.PIN)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// The set-up of a new account (ID-4): password, factor, backup codes, and on to
// where the person wanted to go; left half-way, it goes on where it was left.
func TestSetUpLeadsThroughPasswordFactorAndBackupCodes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		b.get(h.base + "/")
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK)
		h.bare(demo.Nurse)
		const next = "?next=%2Fsecurity%2Ffactors"
		p := b.get(h.base+"/set-up"+next).must(http.StatusOK, "Придумайте пароль", "не меньше 10 знаков")
		for password, says := range map[string]string{
			"short":            "не меньше 10 знаков",
			"Password-2026":    "угадывают первым",
			"Mamytova-x7Kq":    "не должно быть Вашего имени",
			"x7Kq-" + "100264": "не должно быть Вашего имени", // the end of her phone
		} {
			p = b.submit(p, "/set-up/password", "password", password).must(http.StatusUnprocessableEntity, says)
			if strings.Contains(p.body, `value="`+html.EscapeString(password)) {
				t.Fatal("the password stands on the page")
			}
		}
		// Later steps wait for the first.
		b.get(h.base+"/set-up/backup"+next).must(http.StatusOK, "Придумайте пароль")
		long := "Tuz-achuu 7 kepter; " + strings.Repeat("jaz kelet ", 6) // 80 characters, pasted
		p = b.submit(p, "/set-up/password", "password", long).must(http.StatusOK, "Как Вы будете подтверждать вход")
		if strings.Contains(p.body, `action="/set-up/factor`) {
			t.Fatal("it goes on without a factor")
		}
		// Left here, it goes on here.
		b.get(h.base+"/set-up"+next).must(http.StatusOK, "Как Вы будете подтверждать вход")
		p = b.get(h.base+"/set-up/phone"+next).must(http.StatusOK, "Добавьте телефон")
		p = b.submit(p, "/set-up/phone", "phone", "+7 701 1234567").must(http.StatusUnprocessableEntity, "начинается с +996")
		h.inbox.clear()
		p = b.submit(p, "/set-up/phone", "phone", "0555 12 34 56").must(http.StatusOK, "+996 555 123456")
		if !strings.Contains(p.body, "<title>Код подтверждения") || !strings.Contains(p.body, "autofocus") {
			t.Error("the page of the code does not say so, or does not begin with it")
		}
		b.submit(p, "/set-up/phone/code", "code", h.inbox.code(t, "+996555123456")).must(http.StatusOK, "Способ подтверждения есть", "Контакт сохранён")
		p = b.get(h.base+"/security/totp"+next+"&from=set-up").must(http.StatusOK, "отсканируйте")
		if !strings.Contains(p.body, `<img src="data:image/png;base64,`) {
			t.Fatal("no QR code")
		}
		secret := strings.ReplaceAll(totpSecret.FindStringSubmatch(p.body)[1], " ", "")
		code, err := totp.GenerateCode(secret, h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		p = b.submit(p, "/security/totp", "code", code).must(http.StatusOK, "Способ подтверждения есть")
		p = b.submit(p, "/set-up/factor").must(http.StatusOK, "Сохраните резервные коды", "только один раз") // at once, by a page that makes none
		codes := backupCode.FindAllStringSubmatch(p.body, -1)
		if len(codes) != 10 {
			t.Fatal(codes)
		}
		var all []string
		for _, each := range codes {
			all = append(all, each[1])
		}
		hidden := strings.Join(all, " ")
		if strings.Count(p.body, `name="codes" value="`+hidden) != 1 {
			t.Fatal("the form of the file does not take the codes along")
		}
		file := b.submit(p, "/security/backup/file", "codes", hidden).must(http.StatusOK, codes[0][1], codes[9][1])
		if got := file.header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") || !strings.HasPrefix(file.header.Get("Content-Type"), "text/plain") {
			t.Fatal(got)
		}
		b.post(h.base+"/security/backup/file", url.Values{"codes": {"<script>alert(1)</script>"}}).must(http.StatusBadRequest)
		p = b.submit(p, "/set-up/done").must(http.StatusUnprocessableEntity, "Сохраните коды", codes[0][1]) // they are not lost
		b.submit(p, "/set-up/done", "kept", "1").must(http.StatusOK, "Способы подтверждения входа", "Осталось 10 кодов")
		b.get(h.base+"/set-up").must(http.StatusOK, "Мой аккаунт")

		// The new password and a backup code, each once.
		b.post(h.base+"/sign-out", nil)
		enter := func() shown {
			p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", long).must(http.StatusOK, "приложения-аутентификатора", "Использовать резервный код")
			return b.submit(p, "/sign-in/code/send", "channel", "backup").must(http.StatusOK, "из сохранённого списка")
		}
		b.submit(enter(), "/sign-in/code", "code", strings.ToUpper(codes[3][1])).must(http.StatusOK, "Мой аккаунт")
		b.post(h.base+"/sign-out", nil)
		b.submit(enter(), "/sign-in/code", "code", codes[3][1]).must(http.StatusUnprocessableEntity, "уже использован")
	})
}

// A contact where there was none is not told to one before it; the last way to confirm
// is kept, and the page says why.
func TestAFirstContactAndTheLastOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK)
		d := h.db()
		defer d.Close()
		h.exec(d, `UPDATE account SET email = '', email_verified = 0, totp = '', telegram = '' WHERE pin = $1`, demo.Nurse.PIN)
		p := b.post(h.base+"/security/contacts", url.Values{"channel": {"sms"}, "step": {"remove"}})
		if p.status != http.StatusUnprocessableEntity && p.status != http.StatusConflict || !strings.Contains(p.words(), "единственный способ подтвердить вход") || !strings.Contains(p.words(), "Новый телефон") {
			t.Errorf("the last way to confirm: %d %s", p.status, p.words())
		}
		h.inbox.clear()
		b.post(h.base+"/security/contacts", url.Values{"channel": {"email"}, "step": {"ask"}, "email": {"mamytova@example.kg"}}).must(http.StatusOK, "Код отправлен")
		confirm := url.Values{"channel": {"email"}, "step": {"confirm"}, "code": {h.inbox.code(t, "mamytova@example.kg")}}
		if p := b.post(h.base+"/security/contacts", confirm).must(http.StatusOK, "Контакт сохранён"); strings.Contains(p.words(), "На прежний") {
			t.Error("a contact is said to have been told that was not there")
		}
	})
}

// Left half-way, the set-up is gone on with from the account, which says so; its steps
// lead nowhere else and say what was done; who comes back with the password alone is
// told how to go on.
func TestASetUpLeftHalfWayIsFoundAgain(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		p := h.signIn(b, b.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK, "Мой аккаунт")
		if strings.Contains(p.body, `href="/set-up"`) {
			t.Error("what is done is to be gone on with")
		}
		h.bare(demo.Nurse)
		p = b.get(h.base + "/set-up")
		b.submit(p, "/set-up/password", "password", demo.Password).must(http.StatusOK, "Как Вы будете подтверждать вход")
		p = b.get(h.base+"/").must(http.StatusOK, "Аккаунт настроен не до конца")
		if !strings.Contains(p.body, `href="/set-up"`) {
			t.Error("the account does not lead back to the set-up")
		}

		other := h.browser()
		p = other.submit(other.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password).must(http.StatusForbidden, "настроен не до конца", "В нём нет способа подтвердить вход", "Войти другим способом")
		if !strings.Contains(p.body, `href="/sign-in/card"`) {
			t.Error("nothing leads to another way in")
		}

		for _, path := range []string{"/security/totp", "/security/passkeys"} {
			if strings.Contains(b.get(h.base+path+"?from=set-up").must(http.StatusOK).body, `href="/security/consents"`) {
				t.Errorf("%s leads out of the set-up", path)
			}
			if !strings.Contains(b.get(h.base+path).must(http.StatusOK).body, `href="/security/consents"`) {
				t.Errorf("%s has no way to the account's other pages", path)
			}
		}
		p = b.get(h.base + "/security/totp?from=set-up")
		code, err := totp.GenerateCode(strings.ReplaceAll(totpSecret.FindStringSubmatch(p.body)[1], " ", ""), h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		b.submit(p, "/security/totp", "code", code).must(http.StatusOK, "Способ подтверждения есть", "Приложение-аутентификатор добавлено")
	})
}

// A new password ends the sessions elsewhere, and the person is told.
func TestAChangedPasswordEndsOtherSessions(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	here, there := h.browser(), h.browser()
	h.signIn(here, here.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK)
	h.signIn(there, there.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK)
	p := here.get(h.base+"/security/password").must(http.StatusOK, "Сменить пароль")
	here.submit(p, "/security/password", "password", "weak").must(http.StatusUnprocessableEntity)
	there.get(h.base+"/security/factors").must(http.StatusOK, "Способы подтверждения")
	here.submit(p, "/security/password", "password", "Tuz-achuu-7-kepter").must(http.StatusOK, "Пароль изменён")
	here.get(h.base+"/security/factors").must(http.StatusOK, "Способы подтверждения")
	there.get(h.base+"/security/factors").must(http.StatusOK, "Войти")
	h.eventually("nobody was told", func() bool {
		h.inbox.mu.Lock()
		defer h.inbox.mu.Unlock()
		for _, m := range h.inbox.messages {
			if m.Subject.RU == "Пароль изменён" {
				return true
			}
		}
		return false
	})
}

// Somebody who knows the password and guesses at one factor locks neither the
// person's own browser nor their other factors.
func TestGuessingAtAFactorDoesNotLockThePersonOut(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	own := h.browser()
	h.signIn(own, own.get(h.base+"/sign-in"), demo.Nurse).must(http.StatusOK) // a browser that is known
	thief := h.browser()
	locked := false
	for range 4 {
		h.inbox.clear()
		p := thief.submit(thief.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password)
		for range 5 {
			wrong := thief.submit(p, "/sign-in/code", "code", "000000")
			locked = locked || strings.Contains(wrong.words(), "Слишком много попыток")
		}
	}
	if !locked {
		t.Fatal("one may guess without end")
	}
	own.post(h.base+"/sign-out", nil)
	h.inbox.clear()
	p := own.submit(own.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password)
	own.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Nurse.Phone)).must(http.StatusOK, "Мой аккаунт")
}
