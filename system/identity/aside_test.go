package identity_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

const thiefsPhone = "+996555123456"

// robbed is an account in which a thief has sat: with the person's browser, a
// phone, an authenticator, a key, backup codes and a device of the thief's own.
// link is the person's: of the message that the phone was changed.
func (h *house) robbed(p demo.Person) (own, thief *browser, key *passkey, secret string, codes []string, link string) {
	h.t.Helper()
	own, thief = h.browser(), h.browser()
	h.signInBySMS(own, p)
	h.signInBySMS(thief, p)
	h.inbox.link(h.t, p.Email)
	key = h.passkey(thief)
	page := thief.get(h.base + "/security/totp")
	secret = strings.ReplaceAll(totpSecret.FindStringSubmatch(page.body)[1], " ", "")
	code, err := totp.GenerateCode(secret, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	thief.submit(page, "/security/totp", "code", code).must(http.StatusOK)
	page = thief.submit(thief.get(h.base+"/security/backup"), "/security/backup").must(http.StatusOK)
	for _, found := range backupCode.FindAllStringSubmatch(page.body, -1) {
		codes = append(codes, found[1])
	}
	thief.submit(thief.get(h.base+"/app/device"), "/app/device", "name", "Чужой телефон", "pin", "7302", "again", "7302").must(http.StatusOK)
	path := h.base + "/security/contacts"
	thief.post(path, url.Values{"channel": {"sms"}, "step": {"ask"}, "phone": {thiefsPhone}}).must(http.StatusOK)
	code = h.inbox.code(h.t, thiefsPhone)
	h.inbox.clear()
	thief.post(path, url.Values{"channel": {"sms"}, "step": {"confirm"}, "code": {code}}).must(http.StatusOK)
	return own, thief, key, secret, codes, h.inbox.link(h.t, p.Phone)
}

// signInBySMS is signIn where another factor would be asked for first.
func (h *house) signInBySMS(b *browser, p demo.Person) {
	h.t.Helper()
	h.inbox.clear()
	page := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", p.PIN, "password", demo.Password)
	if !strings.Contains(page.body, "Код отправлен по SMS") {
		page = b.submit(page, "/sign-in/code/send", "channel", "sms").must(http.StatusOK)
	}
	b.submit(page, "/sign-in/code", "code", h.inbox.code(h.t, p.Phone)).must(http.StatusOK, "Мой аккаунт")
}

// linkUnder is the link of the message with the subject: others may still come.
func (i *inbox) linkUnder(subject, address string, h *house) (link string) {
	h.t.Helper()
	h.eventually(subject+" did not come", func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		for _, m := range i.messages {
			if m.Address == address && m.Subject.RU == subject {
				link = m.Link
			}
		}
		return link != ""
	})
	return link
}

// bound counts what opens the account or reaches its owner, by kind.
func (h *house) bound(p demo.Person) map[string]int {
	h.t.Helper()
	d := h.db()
	defer d.Close()
	found := map[string]int{}
	for kind, query := range map[string]string{
		"phone":   `SELECT COUNT(*) FROM account WHERE pin = $1 AND phone <> ''`,
		"email":   `SELECT COUNT(*) FROM account WHERE pin = $1 AND email <> ''`,
		"totp":    `SELECT COUNT(*) FROM account WHERE pin = $1 AND totp <> ''`,
		"passkey": `SELECT COUNT(*) FROM passkey k JOIN account a ON a.id = k.account_id WHERE a.pin = $1 AND k.suspended_at = 0`,
		"backup":  `SELECT COUNT(*) FROM backup_code k JOIN account a ON a.id = k.account_id WHERE a.pin = $1 AND k.suspended_at = 0`,
		"device":  `SELECT COUNT(*) FROM device k JOIN account a ON a.id = k.account_id WHERE a.pin = $1`,
		"waiting": `SELECT COUNT(*) FROM suspended k JOIN account a ON a.id = k.account_id WHERE a.pin = $1 AND k.state = 'waiting'`,
		"values":  `SELECT COUNT(*) FROM suspended k JOIN account a ON a.id = k.account_id WHERE a.pin = $1 AND k.state <> 'waiting' AND k.value <> ''`,
	} {
		var n int
		if err := d.Read.QueryRowContext(h.t.Context(), query, p.PIN).Scan(&n); err != nil {
			h.t.Fatal(err)
		}
		found[kind] = n
	}
	return found
}

// enterByKey answers the sign-in page with the key.
func (k *passkey) enter(h *house, b *browser) shown {
	h.t.Helper()
	q := b.question(h.base+"/sign-in/passkey/question", nil)
	return b.post(h.base+"/sign-in/passkey", url.Values{"ticket": {q.Ticket}, "answer": {k.any(h.t, q)}})
}

// any is answers for a question that names no key.
func (k *passkey) any(t *testing.T, q question) string {
	t.Helper()
	q.Options.AllowCredentials = []struct{ ID string }{{b64(k.id)}}
	return k.answers(t, q)
}

var thingID = regexp.MustCompile(`name="thing" value="([^"]+)"`)

// thing is the id of the one of the words on the page.
func (p shown) thing(t *testing.T, words string) string {
	t.Helper()
	_, after, found := strings.Cut(p.body, words)
	id := thingID.FindStringSubmatch(after)
	if !found || id == nil {
		t.Fatalf("%s does not wait: %s", words, p.words())
	}
	return id[1]
}

// "This was not me" takes the thief's hands off: nothing that was added since
// the window before the event serves any more, what was there before does.
func TestNotMePutsAsideWhatWasAddedLately(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		person := demo.Doctor
		_, _, key, _, _, link := h.robbed(person)
		if got := h.bound(person); got["totp"] != 1 || got["passkey"] != 1 || got["backup"] != 10 || got["device"] != 1 || got["waiting"] != 0 {
			t.Fatalf("the thief has not come in: %v", got)
		}
		enters := h.browser()
		if key.enter(h, enters); !h.signedIn(enters, person) {
			t.Fatal("the key is none")
		}
		// A sign-in under way, whose password was right, ends too.
		h.inbox.clear()
		half := h.browser()
		halfway := half.submit(half.get(h.base+"/sign-in"), "/sign-in", "pin", person.PIN, "password", demo.Password)
		halfway = half.submit(halfway, "/sign-in/code/send", "channel", "email").must(http.StatusOK)
		halfCode := h.inbox.code(t, person.Email)
		h.inbox.clear()
		b := h.browser()
		p := b.submit(b.get(h.base+"/not-me"), "/not-me", "link", link)
		p.must(http.StatusOK, "способы подтверждения, добавленные с "+h.clock.Now().Add(-72*time.Hour).In(clock.Bishkek).Format("02.01.2006"))
		b.submit(p, "/not-me/confirm", "link", link).must(http.StatusOK, "Аккаунт защищён", "приостановлены")
		if got := h.bound(person); got["phone"] != 0 || got["totp"] != 0 || got["passkey"] != 0 || got["backup"] != 0 || got["device"] != 0 || got["email"] != 1 || got["waiting"] != 5 {
			t.Fatalf("%v", got)
		}
		// Told where the person was reached before, and not where the thief is.
		h.eventually("the person was not told", func() bool {
			return h.inbox.has("Недавно добавленные контакты и способы подтверждения приостановлены")
		})
		h.inbox.link(t, person.Phone)
		h.inbox.mu.Lock()
		for _, m := range h.inbox.messages {
			if m.Address == thiefsPhone {
				t.Errorf("the thief was told: %+v", m)
			}
		}
		h.inbox.mu.Unlock()
		half.submit(halfway, "/sign-in/code", "code", halfCode).must(http.StatusOK, "Время на вход истекло")
		// The key opens nothing.
		enters = h.browser()
		if key.enter(h, enters).must(http.StatusUnprocessableEntity); h.signedIn(enters, person) {
			t.Fatal("the thief's key opens the account")
		}
	})
}

// What the account had before the window stays, also what it had from its
// beginning; the window is configuration.
func TestWhatWasAddedBeforeTheWindowStays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		person := demo.Doctor
		own := h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), person)
		key := h.passkey(own)
		h.clock.advance(73 * time.Hour)
		other := h.browser()
		h.signInBySMS(other, person)
		link := h.inbox.linkUnder("В Ваш аккаунт вошли с нового браузера", person.Email, h)
		h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK, "Аккаунт защищён")
		if got := h.bound(person); got["passkey"] != 1 || got["phone"] != 1 || got["email"] != 1 || got["waiting"] != 0 {
			t.Fatalf("%v", got)
		}
		if key.enter(h, own); !h.signedIn(own, person) {
			t.Error("the person's own key opens nothing")
		}
	})
}

// Signed in by the card the person keeps what is theirs and removes the rest;
// by a key that may be a thief's nothing is kept while changes are stopped.
func TestThePersonReviewsWhatWasPutAside(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		person := demo.Doctor
		old := h.browser()
		h.signIn(old, old.get(h.base+"/sign-in"), person)
		oldKey := h.passkey(old)
		h.clock.advance(80 * time.Hour)
		_, _, _, _, _, link := h.robbed(person)
		h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK)
		page := h.base + "/security/suspended"
		h.browser().get(page).must(http.StatusOK, "Вход", "Запомнить меня")
		// By the old key: may be looked at and removed, not kept.
		if oldKey.enter(h, old); !h.signedIn(old, person) {
			t.Fatal("the old key opens nothing")
		}
		p := old.get(page).must(http.StatusOK, "+996 ••• •••456", "Приложение-аутентификатор", "Резервные коды", "Чужой телефон", "Чтобы оставить, войдите надёжнее")
		if strings.Contains(p.body, thiefsPhone) || strings.Contains(p.body, `value="keep"`) {
			t.Error(p.words())
		}
		old.post(page, url.Values{"thing": {p.thing(t, "TOTP")}, "do": {"keep"}}).must(http.StatusForbidden)
		old.post(page, url.Values{"thing": {p.thing(t, "TOTP")}, "do": {"remove"}}).must(http.StatusOK, "Удалено")
		// By the card.
		b := h.browser()
		b.read(h.cardTab(), o.card(person, nil)).must(http.StatusOK)
		p = b.get(page).must(http.StatusOK, "Это моё, оставить")
		codes, phone := p.thing(t, "Резервные коды"), p.thing(t, "•••456")
		// Another's things are not the person's to decide.
		stranger := h.browser()
		stranger.read(h.cardTab(), o.card(demo.Surgeon, nil)).must(http.StatusOK)
		stranger.post(page, url.Values{"thing": {phone}, "do": {"keep"}}).must(http.StatusConflict)
		// Of several who decide at once one does.
		var once sync.WaitGroup
		kept := make(chan int, 8)
		for range 8 {
			once.Go(func() {
				kept <- b.stay().post(page, url.Values{"thing": {phone}, "do": {"keep"}}).status
			})
		}
		once.Wait()
		close(kept)
		first := 0
		for status := range kept {
			if status == http.StatusSeeOther {
				first++
			}
		}
		if first != 1 {
			t.Errorf("kept %d times", first)
		}
		b.post(page, url.Values{"thing": {codes}, "do": {"keep"}}).must(http.StatusOK)
		p = b.get(page).must(http.StatusOK, "Вы оставили", "Вы удалили")
		b.post(page, url.Values{"thing": {p.thing(t, "Ключ")}, "do": {"remove"}}).must(http.StatusOK)
		b.post(page, url.Values{"thing": {p.thing(t, "Чужой телефон")}, "do": {"keep"}}).must(http.StatusConflict) // a device does not come back
		b.post(page, url.Values{"thing": {p.thing(t, "Чужой телефон")}, "do": {"remove"}}).must(http.StatusOK, "Ничего не приостановлено")
		if got := h.bound(person); got["phone"] != 1 || got["totp"] != 0 || got["passkey"] != 1 || got["backup"] != 10 || got["waiting"] != 0 || got["values"] != 0 {
			t.Errorf("%v", got)
		}
		var kinds []string
		for _, r := range h.records(h.db(), person.PIN) {
			kinds = append(kinds, r.Action)
		}
		if !slices.Contains(kinds, "account.aside_kept") || !slices.Contains(kinds, "account.aside_removed") {
			t.Errorf("%v", kinds)
		}
		// Of what one keeps the file tells, without its values.
		var data struct {
			Suspended []map[string]any `json:"suspended"`
		}
		file := b.post(h.base+"/security/data", url.Values{"format": {"json"}})
		if err := json.Unmarshal([]byte(file.body), &data); err != nil || len(data.Suspended) != 5 {
			t.Errorf("%v %+v", err, data)
		}
	})
}

// A recovery takes away for good what was put aside.
func TestARecoveryClearsWhatWasPutAside(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		person := demo.Doctor
		_, _, key, secret, codes, link := h.robbed(person)
		h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK)
		// Nothing of the thief's recovers it.
		thief := h.browser()
		h.recovering(thief, person.PIN)
		code, err := totp.GenerateCode(secret, h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		thief.post(h.base+"/sign-in/recover/code/totp", url.Values{"code": {code}}).must(http.StatusUnprocessableEntity)
		thief.post(h.base+"/sign-in/recover/code/backup", url.Values{"code": {codes[0]}}).must(http.StatusUnprocessableEntity)
		b := h.browser()
		b.post(h.base+"/sign-in/recover", url.Values{"pin": {person.PIN}}).must(http.StatusOK)
		p := b.read(h.base+"/sign-in/recover/card", o.card(person, nil)).must(http.StatusOK)
		h.inbox.clear()
		b.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK, "Новый пароль сохранён")
		if got := h.bound(person); got["phone"] != 0 || got["totp"] != 0 || got["passkey"] != 0 || got["backup"] != 0 || got["waiting"] != 0 || got["values"] != 0 {
			t.Errorf("%v", got)
		}
		h.inbox.link(t, person.Email)
		h.inbox.mu.Lock()
		if told := h.inbox.messages[0].Body.RU; !strings.Contains(told, "TOTP") || !strings.Contains(told, "+996 ••• •••456") {
			t.Errorf("the person was not told what is gone: %s", told)
		}
		h.inbox.mu.Unlock()
		if key.enter(h, thief).must(http.StatusUnprocessableEntity); h.signedIn(thief, person) {
			t.Error("the thief's key opens the account")
		}
		b.read(h.cardTab(), o.card(person, nil)).must(http.StatusOK)
		b.get(h.base+"/security/suspended").must(http.StatusOK, "Ничего не приостановлено", "Удалено при восстановлении доступа")
	})
}

// At the end of an incident the operator may open changes again and give back
// what the person knows to be theirs: with a reason, recorded, and told.
func TestAnOperatorThawsAndGivesBackAtTheEndOfAnIncident(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk, _ := h.atConsole()
		person := demo.Doctor
		_, _, _, _, _, link := h.robbed(person)
		done := h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK)
		p := desk.get(h.base+"/console/incidents?number="+number(done)).must(http.StatusOK, "Человек сообщил")
		path := regexp.MustCompile(`/console/incidents/[0-9a-f-]{36}`).FindString(p.body)
		p = desk.get(h.base+path).must(http.StatusOK, "При закрытии снять заморозку", "Вернуть человеку из приостановленного", "+996 ••• •••456")
		if strings.Contains(p.words(), "Чужой телефон") || strings.Contains(p.body, thiefsPhone) {
			t.Error(p.words())
		}
		phone := regexp.MustCompile(`name="back"[^>]*value="([^"]+)"[^>]*>\s*<label[^>]*>[^<]*•••456`).FindStringSubmatch(p.body)
		if phone == nil {
			t.Fatal(p.words())
		}
		send := func(pairs ...string) shown {
			values := url.Values{"version": {"0"}}
			for i := 0; i < len(pairs); i += 2 {
				values.Add(pairs[i], pairs[i+1])
			}
			return desk.post(h.base+path, values)
		}
		send("to", "working", "reason", "звоню человеку", "thaw", "1").must(http.StatusUnprocessableEntity, "только при закрытии")
		send("to", "closed", "thaw", "1").must(http.StatusUnprocessableEntity)
		if got := h.bound(person); got["waiting"] != 5 {
			t.Fatalf("%v", got)
		}
		h.inbox.clear()
		send("to", "closed", "reason", "паспорт проверен", "thaw", "1", "back", phone[1]).must(http.StatusOK, "Закрыт")
		if got := h.bound(person); got["waiting"] != 4 || got["phone"] != 1 {
			t.Errorf("%v", got)
		}
		d := h.db()
		defer d.Close()
		var frozen int64
		if err := d.Read.QueryRowContext(t.Context(), `SELECT frozen_until FROM account WHERE pin = $1`, person.PIN).Scan(&frozen); err != nil || frozen > h.clock.Now().UnixMicro() {
			t.Errorf("still frozen: %d %v", frozen, err)
		}
		var actions []string
		for _, r := range h.records(d, person.PIN) {
			if strings.HasPrefix(r.Action, "console.") && r.Purpose == "паспорт проверен" {
				actions = append(actions, r.Action)
			}
		}
		slices.Sort(actions)
		if !slices.Equal(actions, []string{"console.incident", "console.return", "console.thaw"}) {
			t.Errorf("%v", actions)
		}
		h.eventually("the person was not told", func() bool {
			return h.inbox.has("Оператор вернул приостановленное") && h.inbox.has("Ваш аккаунт снова можно изменять")
		})
		send("to", "closed", "reason", "ещё раз", "thaw", "1").must(http.StatusConflict)
	})
}
