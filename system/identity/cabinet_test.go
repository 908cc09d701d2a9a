package identity_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
)

func TestAllOtherSessionsEndAtOnce(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	here, there, third := h.browser(), h.browser(), h.browser()
	for _, b := range []*browser{there, third, here} {
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
	}
	p := here.get(h.base + "/security/sessions")
	here.submit(p, "/security/sessions/end-others").must(http.StatusOK, "Остальные сеансы завершены")
	here.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
	there.get(h.base+"/").must(http.StatusOK, "Единый вход")
	third.get(h.base+"/").must(http.StatusOK, "Единый вход")
}

func TestAnEventIsDisownedInTheCabinetByItsOwnerAlone(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	own, other, _ := h.warned(demo.Doctor)
	p := own.get(h.base+"/security/events").must(http.StatusOK, "вошли с нового браузера", "Chrome · Android")
	event := strings.Split(strings.Split(p.body, `name="event" value="`)[1], `"`)[0]
	stranger := h.browser()
	h.inbox.clear()
	h.signIn(stranger, stranger.get(h.base+"/sign-in"), demo.Surgeon)
	stranger.post(h.base+"/security/events/not-me", url.Values{"event": {event}}).must(http.StatusNotFound)
	p = own.submit(p, "/security/events", "event", event).must(http.StatusOK, "Что произошло")
	own.submit(p, "/security/events/not-me", "event", event).must(http.StatusOK, "Аккаунт защищён")
	own.get(h.base+"/").must(http.StatusOK, "Единый вход")
	other.get(h.base+"/").must(http.StatusOK, "Единый вход")
}

func TestAllOfOnesDataIsDownloaded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.enter(b, h.card, demo.Doctor, "remember", "1")
		b.get(h.base+"/security/data").must(http.StatusOK, "Скачать данные")
		p := b.post(h.base+"/security/data", url.Values{"format": {"json"}})
		var data struct {
			Account    []map[string]any `json:"account"`
			Agreements []map[string]any `json:"agreements"`
			Consents   []map[string]any `json:"consents"`
			Sessions   []map[string]any `json:"sessions"`
			SignIns    []map[string]any `json:"sign_ins"`
			Accesses   []map[string]any `json:"accesses"`
		}
		if err := json.Unmarshal([]byte(p.body), &data); err != nil || p.status != http.StatusOK {
			t.Fatal(err, p.body)
		}
		if len(data.Account) != 1 || data.Account[0]["pin"] != demo.Doctor.PIN || len(data.Agreements) != 1 || len(data.Consents) != 1 || data.Consents[0]["system"] != "card" ||
			len(data.Sessions) != 1 || len(data.SignIns) != 1 || len(data.Accesses) < 4 {
			t.Fatalf("%+v", data)
		}
		if !strings.Contains(p.header.Get("Content-Disposition"), "attachment") || strings.Contains(p.body, "argon2id") {
			t.Fatal(p.header, p.body)
		}
		recorded := false
		for _, a := range data.Accesses {
			recorded = recorded || a["action"] == "data.downloaded"
		}
		if !recorded {
			t.Error("the download is not among the accesses")
		}
		page := b.post(h.base+"/security/data", url.Values{"format": {"html"}}).must(http.StatusOK, "Асанова", "Кто видел Ваши данные", "Скачивание своих данных")
		if strings.Contains(page.body, "<script") || strings.Contains(page.body, "[identity.") {
			t.Error(page.body)
		}
		// An old sign-in is not enough.
		h.clock.advance(11 * time.Minute)
		if p := b.stay().post(h.base+"/security/data", url.Values{"format": {"json"}}); p.status != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), "/sign-in") {
			t.Fatal(p.status, p.body)
		}
	})
}

func TestAClosedAccountLetsNobodyInUntilItIsProofedAnew(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		claims := h.enter(b, h.card, demo.Doctor, "remember", "1")
		d := h.db()
		defer d.Close()
		h.exec(d, `INSERT INTO passkey (id, account_id, name, data, sign_count, created_at) SELECT 'key', id, 'Ключ', '{}', 0, 1 FROM account WHERE pin = $1`, demo.Doctor.PIN)
		h.exec(d, `INSERT INTO backup_code (account_id, hash, created_at) SELECT id, 'hash', 1 FROM account WHERE pin = $1`, demo.Doctor.PIN)
		p := b.get(h.base+"/security/close").must(http.StatusOK, "заново подтвердить личность")
		b.submit(p, "/security/close").must(http.StatusUnprocessableEntity, "отметьте согласие")
		h.inbox.clear()
		b.submit(p, "/security/close", "sure", "1").must(http.StatusOK, "Аккаунт закрыт")
		for _, address := range []string{demo.Doctor.Phone, demo.Doctor.Email} { // told where it was theirs before
			h.inbox.link(t, address)
		}
		b.get(h.base+"/").must(http.StatusOK, "Единый вход")
		h.eventually("the card's session lives on", func() bool { return b.stay().get(h.card.base+"/").status == http.StatusSeeOther })
		b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusUnprocessableEntity, "неверны")
		var left int
		if err := d.Read.QueryRow(`SELECT (SELECT COUNT(*) FROM consent) + (SELECT COUNT(*) FROM passkey) + (SELECT COUNT(*) FROM backup_code) + (SELECT COUNT(*) FROM account WHERE pin = $1 AND (phone <> '' OR email <> '' OR password <> '' OR state <> 'closed'))`,
			demo.Doctor.PIN).Scan(&left); err != nil || left != 0 {
			t.Fatal(left, err)
		}
		// Registered again, with the data of the new proofing, it is the same "sub".
		if err := h.esi.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.inbox.clear()
		if again := h.enter(h.browser(), h.card, demo.Doctor); again.Subject != claims.Subject {
			t.Fatalf("%s has become %s", claims.Subject, again.Subject)
		}
		// One that is open stays as it is.
		h.exec(d, `UPDATE account SET given_name = 'Айгүлчө' WHERE pin = $1`, demo.Doctor.PIN)
		if err := h.esi.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		var name string
		if err := d.Read.QueryRow(`SELECT given_name FROM account WHERE pin = $1`, demo.Doctor.PIN).Scan(&name); err != nil || name != "Айгүлчө" {
			t.Fatal(name, err)
		}
	})
}

// Closed by a thief and reported: it does not open again before an operator, or
// time, has passed.
func TestAClosingThatIsReportedWaits(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor)
	h.inbox.clear()
	b.post(h.base+"/security/close", url.Values{"sure": {"1"}}).must(http.StatusOK, "Аккаунт закрыт")
	link := h.inbox.link(t, demo.Doctor.Email)
	h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK, "Аккаунт защищён")
	if err := h.esi.Demo(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := h.db()
	defer d.Close()
	var state string
	if err := d.Read.QueryRow(`SELECT state FROM account WHERE pin = $1`, demo.Doctor.PIN).Scan(&state); err != nil || state != "closed" {
		t.Fatal(state, err)
	}
}

// ID-16: a new version is asked for in ЕСИ's own cabinet too.
func TestTheAgreementIsAcceptedInTheCabinet(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Примите действующую редакцию")
	p := b.get(h.base + "/agreement")
	b.submit(p, "/agreement").must(http.StatusOK, "Соглашение принято")
	if p := b.get(h.base + "/"); strings.Contains(p.words(), "Примите действующую") {
		t.Fatal(p.words())
	}
	if p := b.get(h.base + "/agreement"); strings.Contains(p.body, `action="/agreement"`) {
		t.Fatal("asked again")
	}
	p = b.get(h.card.base+"/").must(http.StatusOK, "Передача данных")
	if strings.Contains(p.body, `name="agreement"`) {
		t.Fatal("asked again at the consent")
	}
	h.browser().post(h.base+"/agreement", nil).must(http.StatusUnauthorized)
}

func TestAContactIsConfirmedAndTheOldOneIsTold(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor)
	path := h.base + "/security/contacts"
	b.post(path, url.Values{"channel": {"sms"}, "step": {"ask"}, "phone": {"12"}}).must(http.StatusUnprocessableEntity)
	b.post(path, url.Values{"channel": {"sms"}, "step": {"ask"}, "phone": {"0700 555 777"}}).must(http.StatusOK, "Код отправлен", "+996 700 555777")
	code := h.inbox.code(t, "+996700555777")
	b.post(path, url.Values{"channel": {"sms"}, "step": {"confirm"}, "code": {othertest.Than(code)}}).must(http.StatusUnprocessableEntity, "Код неверен")
	h.inbox.clear()
	b.post(path, url.Values{"channel": {"sms"}, "step": {"confirm"}, "code": {code}}).must(http.StatusOK, "Контакт сохранён")
	link := h.inbox.link(t, demo.Doctor.Phone) // the old one
	b.get(h.base+"/security").must(http.StatusOK, "+996 700 555777")
	h.browser().post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK, "Аккаунт защищён")
	b.get(h.base+"/").must(http.StatusOK, "Единый вход")
}

// Of two invitations each button says whose it takes or declines, and does it to that
// one.
func TestAnInvitationIsAnsweredByName(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	d := h.db()
	defer d.Close()
	for i, name := range []string{"Биринчи", "Экинчи"} {
		id := name + "-id"
		h.exec(d, `INSERT INTO organisation_member (id, pin, code, inn, name, role, state, granted_by, granted_name, since, checked_at, ended_at)
			VALUES ($1, $2, $3, '00101202010001', $4, 'representative', 'invited', $5, 'Башчы', 1, 0, 0)`,
			id, demo.Nurse.PIN, []string{"950101", "950102"}[i], `{"ky":"`+name+`","ru":"`+name+`","en":"`+name+`"}`, demo.Manager.PIN)
	}
	b := h.atHome(demo.Nurse)
	p := b.get(h.base+"/security/organisations").must(http.StatusOK, "Биринчи", "Экинчи")
	for _, label := range []string{"Принять: Биринчи", "Принять: Экинчи", "Отказаться: Биринчи", "Отказаться: Экинчи"} {
		if !strings.Contains(p.body, `aria-label="`+label+`"`) {
			t.Errorf("no button is heard as %q", label)
		}
	}
	_, second, _ := strings.Cut(p.body, `aria-label="Отказаться: Биринчи"`)
	form, _, _ := strings.Cut(second, `aria-label="Принять: Экинчи"`)
	if !strings.Contains(form, `name="member" value="Экинчи-id"`) || !strings.Contains(form, `name="answer" value="take"`) {
		t.Errorf("the button takes something else: %s", form)
	}
	p = b.post(h.base+"/security/organisations/answer", url.Values{"member": {"Экинчи-id"}, "answer": {"take"}}).must(http.StatusOK)
	if strings.Contains(p.body, `aria-label="Принять: Экинчи"`) || !strings.Contains(p.body, `aria-label="Принять: Биринчи"`) {
		t.Errorf("the other was taken:\n%s", p.words())
	}
}
