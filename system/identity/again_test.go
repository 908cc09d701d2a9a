package identity_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// Two systems opened in two tabs: the person signs in to both, one after the other,
// and neither forgets where it leads (ID-10).
func TestTwoSignInsInOneBrowserAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		first, second := b.get(h.card.base+"/"), b.get(h.portal.base+"/")
		begin := func(p shown) (shown, string) {
			h.inbox.clear()
			p = b.submit(p, "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
			return p, h.inbox.code(t, demo.Nurse.Phone)
		}
		first, codeOfFirst := begin(first)
		second, codeOfSecond := begin(second)
		b.submit(second, "/sign-in/code", "code", codeOfSecond).must(http.StatusOK, "Передача данных в систему «Государственный портал")
		b.submit(first, "/sign-in/code", "code", codeOfFirst).must(http.StatusOK, "Передача данных в систему «Цифровая медицинская карта")

		// Gone back to, the sign-in says that it is done; what comes too late begins anew.
		back := b.get(h.base+"/sign-in/code?next=/security").must(http.StatusOK, "Вы уже вошли", "Продолжить")
		if strings.Contains(back.words(), "Время на вход истекло") {
			t.Errorf("who is in is told that the time has run out:\n%s", back.words())
		}
		b.submit(first, "/sign-in/code", "code", codeOfFirst).must(http.StatusOK, "Время на вход истекло")
		b.post(h.base+"/sign-in/code/send", nil).must(http.StatusOK)
	})
}

var goesOn = regexp.MustCompile(`href="(/connect/authorize/[^"]+)"`)

// Who has signed in for a system and goes back in the browser is shown the way on,
// and need not sign in again; not where the system wants just that.
func TestGoneBackToTheSignInLeadsOn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		first := b.get(h.request()).must(http.StatusOK, "Вход")
		if strings.Contains(first.words(), "Вы уже вошли") {
			t.Fatal(first.words())
		}
		h.inbox.clear()
		p := b.submit(first, "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
		b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Nurse.Phone)).must(http.StatusOK, "Передача данных")
		back := b.reload(first).must(http.StatusOK, "Вы уже вошли", "Продолжить")
		found := goesOn.FindStringSubmatch(back.body)
		if found == nil {
			t.Fatal(back.body)
		}
		b.get(h.base+html.UnescapeString(found[1])).must(http.StatusOK, "Передача данных")
		h.clock.advance(time.Second)
		for _, wish := range [][]string{{"prompt", "login"}, {"prompt", "login", "acr_values", "high"}} {
			if again := b.get(h.request(wish...)).must(http.StatusOK, "Вход"); strings.Contains(again.words(), "Вы уже вошли") {
				t.Errorf("%v: %s", wish, again.words())
			}
		}
	})
}

// A system that the person has left, and come back to by the browser's button.
func TestWhatIsOverSaysSo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		p := h.browser().get(h.base+"/sign-in?flow=over").must(http.StatusGone, "Эта страница больше не действует", "начните вход снова")
		for _, wrong := range []string{"не найдена", "скопировали адрес", "кнопкой «Назад»"} {
			if strings.Contains(p.words(), wrong) {
				t.Errorf("a sign-in that is over says %q:\n%s", wrong, p.words())
			}
		}
	})
}

var (
	wrongField = regexp.MustCompile(`aria-invalid="true"|govuk-form-group--error`)
	ticked     = regexp.MustCompile(`<input[^>]*\schecked[^>]*\sname="(email|phone)"`)
)

// Too many tries are nobody's wrong answer: it is said above the fields, and beside
// none of them.
func TestTooOftenIsSaidAboveTheFields(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		above := func(what string, p shown) {
			t.Helper()
			p.must(http.StatusTooManyRequests, "Не получилось", "Слишком много попыток")
			if found := wrongField.FindString(p.body); found != "" || strings.Contains(p.words(), "Исправьте ошибки") {
				t.Errorf("%s: too often is said as if an answer were wrong (%s):\n%s", what, found, p.words())
			}
		}
		b := h.browser()
		for _, form := range []struct {
			path  string
			pairs []string
		}{
			{"/sign-in", []string{"pin", demo.Doctor.PIN, "password", "Wrong-pass-1"}},
			{"/register/passport", []string{"pin", demo.Residents[1].PIN, "passport", "ID9999999"}},
			{"/sign-in/recover", []string{"pin", demo.Nurse.PIN}},
		} {
			p := b.get(h.base + form.path)
			for range 40 {
				if got := b.submit(p, form.path, form.pairs...); got.status == http.StatusTooManyRequests {
					p = got
					break
				}
				p = b.get(h.base + form.path)
			}
			above(form.path, p)
		}
	})
}

// E-mail and phone are the person's to give (ID-8): nothing is ticked for them, but
// what they gave to the system before.
func TestConsentTicksWhatWasGivenBefore(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		p := h.signIn(b, b.get(h.card.base+"/"), demo.Doctor)
		if found := ticked.FindAllString(p.body, -1); len(found) > 0 || !strings.Contains(p.body, `name="email"`) {
			t.Errorf("ticked at first: %q", found)
		}
		b.submit(p, "/consent", "decision", "allow", "agreement", "1", "email", "1").claims()
		b.post(h.card.base+"/sign-out", nil)
		p = h.signIn(b, b.get(h.card.base+"/"), demo.Doctor).must(http.StatusOK, "Передача данных")
		if found := ticked.FindAllStringSubmatch(p.body, -1); len(found) != 1 || found[0][1] != "email" {
			t.Errorf("ticked the second time: %q", found)
		}
	})
}

// A register that does not answer takes nothing from the person that they typed.
func TestARegisterThatDoesNotAnswerKeepsTheForm(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.signIn(b, b.get(h.base+"/sign-in"), demo.Doctor)
		const list = "/security/organisations"
		p := b.submit(b.get(h.base+list), list, "number", "950174").must(http.StatusServiceUnavailable, "Не получилось", "реестр сейчас не отвечает")
		if !strings.Contains(p.body, `value="950174"`) {
			t.Errorf("what was typed is gone:\n%s", p.words())
		}
		b.get(h.base+"/signature/cloud").must(http.StatusServiceUnavailable, "Сервис временно недоступен", "через несколько минут")
	})
}
