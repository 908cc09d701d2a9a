package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// endOthers is the owner, who ends all other sessions from their own browser.
func (h *house) endOthers(own *browser) {
	own.post(h.base+"/security/sessions/end-others", nil).must(http.StatusOK, "Остальные сеансы завершены")
}

// A recovery that somebody had proved, wholly or half, before the owner ended all
// sessions comes to nothing, also where changes are open again: a new one may begin.
func TestARecoveryUnderWayComesToNothingWhenAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
		h.clock.advance(11 * time.Minute) // codes are sent so often and no more
		whole, half := h.browser(), h.browser()
		for _, b := range []*browser{whole, half} {
			h.recovering(b, demo.Doctor.PIN)
		}
		proving := func(b *browser, way, address, says string) shown {
			p, code := h.sent(b, way, address)
			return b.submit(p, "/sign-in/recover/code/"+way, "code", code).must(http.StatusOK, says)
		}
		proving(whole, "sms", demo.Doctor.Phone, "ещё одним способом")
		last := proving(whole, "email", demo.Doctor.Email, "Новый пароль")
		proving(half, "email", demo.Doctor.Email, "ещё одним способом")
		p, code := h.sent(half, "sms", demo.Doctor.Phone)

		h.endOthers(own)
		whole.submit(last, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusGone)
		last = half.submit(p, "/sign-in/recover/code/sms", "code", code).must(http.StatusOK, "Новый пароль")
		half.submit(last, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusGone)
		// Whoever only waits hears nothing of what happened to the account: no code comes.
		h.clock.advance(20 * time.Minute)
		waits := h.browser()
		h.recovering(waits, demo.Doctor.PIN)
		h.endOthers(own)
		waits.post(h.base+"/sign-in/recover/send", url.Values{"way": {"sms"}}).must(http.StatusOK, "Если такой аккаунт есть")
		d := h.db()
		h.eventually("the order was not looked at", func() bool {
			var waiting int
			err := d.Read.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = 'recovery-send' AND state <> 'done'`).Scan(&waiting)
			return err == nil && waiting == 0
		})
		var codes int
		if err := d.Read.QueryRow(`SELECT COUNT(*) FROM one_time_code WHERE purpose = 'recovery' AND expires_at > $1`, db.Micros(h.clock.Now())).Scan(&codes); err != nil || codes != 0 {
			t.Errorf("%d codes for a recovery from before, %v", codes, err)
		}

		anew := h.browser()
		h.recovering(anew, demo.Doctor.PIN)
		proving(anew, "sms", demo.Doctor.Phone, "ещё одним способом")
		last = proving(anew, "email", demo.Doctor.Email, "Новый пароль")
		anew.submit(last, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK, "Новый пароль сохранён")
	})
}

// Another password ends the sign-ins that are under way with the old one, as it
// ends the sessions.
func TestASignInByTheOldPasswordComesToNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own := h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
		b := h.browser()
		h.inbox.clear()
		p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
		code := h.inbox.code(t, demo.Doctor.Phone)
		own.submit(own.get(h.base+"/security/password"), "/security/password", "password", fresh).must(http.StatusOK, "Пароль изменён")
		b.submit(p, "/sign-in/code", "code", code).must(http.StatusUnprocessableEntity)
		b.get(h.base+"/").must(http.StatusOK, "Единый вход")
		own.get(h.base+"/").must(http.StatusOK, "Мой аккаунт")
		if n := h.livingSessions(demo.Doctor); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// A device whose person was signed out at the moment of allowing is told so, and
// does not ask until its code runs out.
func TestADeviceIsToldThatWhoAllowedItWasSignedOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, public)
		d := c.device()
		b := h.browser()
		p := h.signIn(b, b.submit(b.get(d.address), "/device/answer", "user_code", d.user, "decision", "mine"), demo.Doctor)
		b.submit(p, "/consent", "decision", "allow", "agreement", "1").must(http.StatusOK, "Устройство подключено")
		// As between the two writes of the library: the flow is over, its grant is
		// not written yet.
		h.exec(h.db(), `DELETE FROM permission`)
		h.clock.advance(5 * time.Second)
		if got := c.poll(d); got.Error != "authorization_pending" {
			t.Fatalf("%+v", got)
		}
		b.submit(b.get(h.base+"/"), "/sign-out")
		h.clock.advance(5 * time.Second)
		if got := c.poll(d); got.Error != "access_denied" || got.status != http.StatusBadRequest {
			t.Fatalf("%+v", got)
		}
	})
}

// slowStamp is a signature service during whose work something happens.
type slowStamp struct {
	stamp

	meanwhile func()
}

func (s slowStamp) Seal(ctx context.Context, r signatureapi.Request) (signatureapi.Seal, error) {
	s.meanwhile()
	return s.stamp.Seal(ctx, r)
}

// While the seal is made, the owner ends all other sessions: nothing is signed in
// their name, and they may still sign themselves.
func TestASignatureUnderWayComesToNothingWhenAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		own, thief := h.browser(), h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), demo.Patient).must(http.StatusOK, "Мой аккаунт")
		var once sync.Once
		h.serve(exchangeapi.Signature, func(p *exchangeapi.Provider) {
			signatureapi.Serve(p, slowStamp{meanwhile: func() { once.Do(func() { h.endOthers(own) }) }})
		})
		portal := identityapi.SigningClient{Exchange: h.from(exchangeapi.Portal)}
		sum := sha256.Sum256([]byte("заявление"))
		asked, err := portal.Ask(t.Context(), identityapi.SigningRequest{
			Reference: "application-2", PIN: demo.Patient.PIN, Title: text.Words{KY: "Арыз", RU: "Заявление", EN: "Application"},
			SHA256: hex.EncodeToString(sum[:]), Document: h.portal.base + "/document", ReturnTo: h.portal.base + "/",
		})
		if err != nil {
			t.Fatal(err)
		}
		p := h.signIn(thief, thief.get(asked.Address), demo.Patient).must(http.StatusOK, "Подписание документа")
		thief.submit(p, "/sign/"+asked.ID, "decision", "sign").must(http.StatusForbidden, "все сеансы аккаунта были завершены")
		if s, err := portal.Signing(t.Context(), asked.ID); err != nil || s.State != "asked" || s.Signature != nil {
			t.Fatalf("%+v, %v", s, err)
		}
		own.stay().post(asked.Address, url.Values{"decision": {"sign"}})
		if s, err := portal.Signing(t.Context(), asked.ID); err != nil || s.State != "signed" {
			t.Fatalf("the owner's: %+v, %v", s, err)
		}
	})
}
