package identity_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/system/identity/facetest"
)

var portrait = jpegOf(facetest.Drawn(720, 960, 1, facetest.Head{X: 360, Y: 440, R: 190}))

// caseOf is the only case of the queue, as the operator sees it.
func (h *house) caseOf(b *browser) shown {
	h.t.Helper()
	p := b.get(h.base+"/console/proofing").must(http.StatusOK, "Проверка личности")
	_, rest, ok := strings.Cut(p.body, `href="/console/proofing/`)
	if !ok {
		h.t.Fatalf("nobody waits:\n%s", p.words())
	}
	id, _, _ := strings.Cut(rest, `"`)
	return b.get(h.base + "/console/proofing/" + id)
}

// decide sends the form of the case's page.
func (b *browser) decide(p shown, verdict, reason string) shown {
	b.t.Helper()
	_, rest, _ := strings.Cut(p.body, `name="version" value="`)
	version, _, _ := strings.Cut(rest, `"`)
	return b.submit(p, p.url.Path, "version", version, "verdict", verdict, "reason", reason)
}

// registered is a browser of somebody who has just registered.
func (h *house) registered() *browser {
	h.t.Helper()
	b := h.browser()
	p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport)
	b.submit(h.toReview(b, p), "/register/review")
	return b
}

// doubted is a browser of somebody whose data do not fit, and who has sent them.
func (h *house) doubted() *browser {
	h.t.Helper()
	b := h.browser()
	p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", "ID7654321", "doubt", "1")
	p = b.submit(p.must(http.StatusOK, "Почему данные могут не совпадать"), "/register/doubt", "doubt", "name",
		"family_name", "Кадыр кызы", "given_name", "Мээрим", "birth_date", "1992-04-03", "words", "сменила фамилию")
	h.toPhoto(b, p)
	b.send(h.base+"/register/photo", portrait, "1").must(http.StatusOK, "Снимок паспорта")
	p = b.send(h.base+"/register/document", portrait, "").must(http.StatusOK, "Проверьте данные")
	b.submit(p, "/register/review").must(http.StatusOK, "Заявление принято")
	return b
}

// link is where the message of that kind to the address leads.
func (h *house) link(address, words string) string {
	h.t.Helper()
	found := ""
	h.eventually("no message says "+words, func() bool {
		h.inbox.mu.Lock()
		defer h.inbox.mu.Unlock()
		for _, m := range h.inbox.messages {
			if m.Address == address && strings.Contains(m.Body.RU, words) {
				found = m.Link
			}
		}
		return found != ""
	})
	return found
}

func TestAnOperatorRaisesTheLevel(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		h.registered()
		b, _ := h.atConsole()
		p := h.caseOf(b).must(http.StatusOK, "Сверить фотографию с данными", "ПИН и паспорт совпадают с реестром", "Кадырова")
		if !strings.Contains(p.body, `src="data:image/jpeg;base64,`) {
			t.Error("the photo is not shown")
		}
		b.decide(p, "approved", "").must(http.StatusOK, "Решение сохранено", "Никто не ждёт проверки")
		d := h.db()
		var level string
		_ = d.Read.QueryRow(`SELECT level FROM account WHERE pin = $1`, newcomer.PIN).Scan(&level)
		if level != "substantial" {
			t.Error(level)
		}
		var looked, decided bool
		for _, r := range h.records(d, newcomer.PIN) {
			looked = looked || r.Action == "proofing.looked" && r.ActorPIN == demo.Operator.PIN && r.Purpose == "proofing"
			decided = decided || r.Action == "proofing.approved" && r.ActorPIN == demo.Operator.PIN
		}
		if !looked || !decided {
			t.Errorf("looked %v, decided %v: not on record", looked, decided)
		}
		h.link(newPhone, "Ваши данные подтверждены")
	})
}

func TestADoubtIsDecidedByAnOperatorAndThePersonComesBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		h.doubted()
		b, _ := h.atConsole()
		p := h.caseOf(b).must(http.StatusOK, "Имя написано иначе", "Паспорт не совпадает с реестром", "Кадыр кызы", "отличается", "сменила фамилию")
		b.decide(p, "refused", "").must(http.StatusUnprocessableEntity, "Укажите причину")
		b.decide(p, "again", "Снимите очки.").must(http.StatusOK, "Решение сохранено")
		// Back by the message, in another browser, with a code to the phone.
		phone := h.browser()
		link := h.link(newPhone, "Снимите очки.")
		h.clock.advance(30 * 60e9) // codes to one phone are limited
		p = phone.get(link).must(http.StatusOK, "Вернуться к регистрации")
		if strings.Contains(p.words(), "Кадыр") || strings.Contains(p.words(), newPhone) {
			t.Error("the link alone shows whose it is")
		}
		path := p.url.Path
		p = phone.submit(p, path).must(http.StatusOK)
		code := h.inbox.code(t, newPhone)
		phone.submit(p, path+"/code", "code", othertest.Than(code)).must(http.StatusUnprocessableEntity)
		phone.submit(p, path+"/code", "code", code).must(http.StatusOK, "Ваша фотография")
		p = phone.send(h.base+"/register/photo", portrait, "1").must(http.StatusOK, "Проверьте данные")
		phone.submit(p, "/register/review").must(http.StatusOK, "Заявление принято")
		b2, _ := h.atConsole()
		p = h.caseOf(b2)
		b2.decide(p, "approved", "").must(http.StatusOK, "Решение сохранено")
		p = phone.get(h.base+"/register/sent").must(http.StatusOK, "Аккаунт создан")
		phone.submit(p, "/register/enter")
		phone.get(h.base+"/").must(http.StatusOK, "Кадыр кызы Мээрим")
		var level string
		_ = h.db().Read.QueryRow(`SELECT level FROM account WHERE pin = $1`, newcomer.PIN).Scan(&level)
		if level != "substantial" {
			t.Error(level)
		}
	})
}

// Who has an account already reads in it how the operator's look stands, and why; the
// page that the message leads to says the same, in its title too; and the operator
// finds what was decided.
func TestAPersonReadsHowTheLookStands(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		b := h.registered()
		b.get(h.base+"/").must(http.StatusOK, "когда оператор сверит")
		desk, _ := h.atConsole()
		p := h.caseOf(desk)
		if !strings.Contains(p.words(), "+996 555") || strings.Contains(p.words(), "Действия") {
			t.Errorf("the table compares no details:\n%s", p.words())
		}
		desk.decide(p, "again", "Снимите очки.").must(http.StatusOK, "Решение сохранено")
		desk.get(p.url.String()).must(http.StatusOK, "Запрошена новая фотография", "Снимите очки.")
		home := b.get(h.base+"/").must(http.StatusOK, "Оператор просит новую фотографию", "Снимите очки.")
		h.settle()
		if link := h.link(newPhone, "Снимите очки."); !strings.Contains(home.body, `href="`+strings.TrimPrefix(link, h.base)+`"`) {
			t.Errorf("the account does not lead to %s", link)
		}

		p = b.send(h.base+"/register/photo", portrait, "1").must(http.StatusOK, "Ещё один снимок")
		b.send(h.base+"/register/alive", taskDone(p), "1").must(http.StatusOK, "Проверьте данные")
		b.submit(b.get(h.base+"/set-up/password"), "/set-up/password", "password", demo.Password).must(http.StatusOK, "Способ подтверждения есть")
		p = b.submit(b.get(h.base+"/register/review"), "/register/review").must(http.StatusOK, "Заявление принято", "Данные посмотрит оператор")
		if strings.Contains(p.words(), "Аккаунт создан") {
			t.Errorf("what was sent anew is told as a new account:\n%s", p.words())
		}
		b.get(h.base+"/").must(http.StatusOK, "когда оператор сверит")
		p = h.caseOf(desk)
		desk.decide(p, "refused", "На фото другой человек.").must(http.StatusOK, "Решение сохранено")
		desk.get(p.url.String()).must(http.StatusOK, "Заявление отклонено")
		b.get(h.base+"/").must(http.StatusOK, "не смог подтвердить Ваши данные", "На фото другой человек.")
		p = b.get(h.base+"/register/sent").must(http.StatusOK, "На фото другой человек.", "уровень остаётся низким")
		if !strings.Contains(p.body, "<title>Подтвердить данные не удалось") || strings.Contains(p.words(), "Аккаунт создан") {
			t.Errorf("a refusal is told as a success:\n%s", p.words())
		}
	})
}

func TestTwoOperatorsDoNotDecideOneCase(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		h.doubted()
		b, _ := h.atConsole()
		p := h.caseOf(b)
		answers := make([]int, 6)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				verdict := "approved"
				if i%2 == 1 {
					verdict = "refused"
				}
				answers[i] = b.stay().decide(p, verdict, "не тот человек").status
			})
		}
		all.Wait()
		taken := 0
		for _, status := range answers {
			switch status {
			case http.StatusSeeOther:
				taken++
			case http.StatusConflict:
			default:
				t.Errorf("answered %d", status)
			}
		}
		if taken != 1 {
			t.Errorf("%d verdicts were taken: %v", taken, answers)
		}
	})
}

func TestTheQueueIsOperatorsAlone(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	h.registered()
	h.staffed()
	h.browser().get(h.base+"/console/proofing").must(http.StatusOK, "Вход")
	b := h.browser()
	h.inbox.clear()
	h.signIn(b, b.get(h.base+"/console/proofing"), demo.Doctor)
	for _, path := range []string{"/console/proofing", "/console/proofing/x"} {
		b.get(h.base + path).must(http.StatusForbidden)
	}
	b.post(h.base+"/console/proofing/x", nil).must(http.StatusForbidden)
}
