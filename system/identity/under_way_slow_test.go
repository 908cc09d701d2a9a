package identity_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
)

const tooLate = "все сеансы аккаунта были завершены"

// While the authority is asked about the card, the owner ends all sessions, or says
// that it was not they: whoever has just shown the card is not let in, nothing is
// changed by it, and the next sign-in with it is one.
func TestACardSignInAtTheMomentAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		own := h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), demo.Doctor).must(http.StatusOK, "Мой аккаунт")
		c := o.card(demo.Doctor, nil)
		late := func(what string, end func()) {
			t.Helper()
			thief := h.browser()
			thief.get(h.cardTab())
			o.meanwhile = end
			if thief.read(h.cardTab(), c).must(http.StatusForbidden, tooLate); h.signedIn(thief, demo.Doctor) {
				t.Errorf("%s: signed in", what)
			}
			var level string
			if err := h.db().Read.QueryRow(`SELECT level FROM account WHERE pin = $1`, demo.Doctor.PIN).Scan(&level); err != nil || level != "substantial" {
				t.Errorf("%s: the level is %q, %v", what, level, err)
			}
		}
		late("all sessions are ended", func() { h.endOthers(own) })
		h.clock.advance(11 * time.Minute)                                      // codes are sent so often and no more
		h.signIn(h.browser(), h.browser().get(h.base+"/sign-in"), demo.Doctor) // a new browser, of which the owner is told
		link := h.inbox.link(t, demo.Doctor.Email)
		late("this was not me", func() {
			own.post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK, "Аккаунт защищён")
		})
		again := h.browser()
		if again.read(h.cardTab(), c); !h.signedIn(again, demo.Doctor) {
			t.Error("nobody comes in any more")
		}
	})
}

// An account that is made while the authority is asked, or while the cloud signs,
// and whose owner has ended all sessions already, is not entered either.
func TestACertificateAskedAboutWhileTheAccountIsMade(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		for _, p := range demo.Residents[:2] {
			own, thief := h.browser(), h.browser()
			open := func() {
				made := own.read(h.cardTab(), o.card(p, nil)).must(http.StatusOK, "Создание аккаунта")
				own.submit(made, "/sign-in/new", "agreement", "1").must(http.StatusOK)
				h.endOthers(own)
			}
			thief.get(h.cardTab())
			o.inCloud(p)
			o.meanwhile = open
			if p == demo.Residents[0] {
				thief.read(h.cardTab(), o.card(p, nil)).must(http.StatusForbidden, tooLate)
			} else {
				thief.sign(h, p, "12345678").must(http.StatusForbidden, tooLate)
			}
			if h.signedIn(thief, p) || !h.signedIn(own, p) {
				t.Errorf("%s: the proof from before opens", p.FamilyName)
			}
		}
	})
}

// While the population register is asked, the account is made in another way.
func TestAnAccountMadeWhileTheRegisterIsAsked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		own, thief := h.browser(), h.browser()
		o.inCloud(resident)
		begun := thief.sign(h, resident, "12345678").must(http.StatusOK, "Создание аккаунта")
		made := own.read(h.cardTab(), o.card(resident, nil)).must(http.StatusOK, "Создание аккаунта")
		o.meanwhile = func() {
			own.submit(made, "/sign-in/new", "agreement", "1").must(http.StatusOK)
			h.endOthers(own)
		}
		thief.submit(begun, "/sign-in/new", "agreement", "1").must(http.StatusOK, "тем временем создан другим способом")
		if h.signedIn(thief, resident) || !h.signedIn(own, resident) {
			t.Error("the proof from before opens")
		}
	})
}

// A recovery by card is no way around it: while the authority is asked about the
// card, the owner ends all sessions, and no password is set.
func TestARecoveryByCardAtTheMomentAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		own, b := h.browser(), h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), demo.Patient).must(http.StatusOK, "Мой аккаунт")
		h.recovering(b, demo.Patient.PIN)
		address := h.base + "/sign-in/recover/card"
		b.get(address)
		o.meanwhile = func() { h.endOthers(own) }
		p := b.read(address, o.card(demo.Patient, nil)).must(http.StatusOK, "Новый пароль")
		if o.meanwhile != nil {
			t.Fatal("nobody was asked")
		}
		b.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusGone)
		anew := h.browser()
		p = anew.submit(anew.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Patient.PIN, "password", fresh)
		p.must(http.StatusUnprocessableEntity)
	})
}

// A passkey's answer is right, and while its use is written down all sessions of
// the account are ended: it opens nothing.
func TestAPasskeySignInAtTheMomentAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		home := h.atHome(demo.Surgeon)
		key := h.passkey(home)
		d := h.db()
		h.whenUsed(d, `UPDATE account SET epoch = epoch + 1`)
		thief := h.browser()
		thief.get(h.base + "/sign-in")
		q := thief.question(h.base+"/sign-in/passkey/question", nil)
		thief.post(h.base+"/sign-in/passkey", url.Values{"ticket": {q.Ticket}, "answer": {key.any(t, q)}}).must(http.StatusForbidden, tooLate)
		if h.signedIn(thief, demo.Surgeon) {
			t.Error("signed in")
		}
	})
}

// whenUsed does the statement with each use of a passkey, in the database itself.
func (h *house) whenUsed(d *db.DB, statement string) {
	h.t.Helper()
	if d.Dialect == db.SQLite {
		h.exec(d, `CREATE TRIGGER meanwhile AFTER UPDATE ON passkey BEGIN `+statement+`; END`)
		return
	}
	h.exec(d, `CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+statement+`; RETURN NEW; END $$`)
	h.exec(d, `CREATE TRIGGER meanwhile AFTER UPDATE ON passkey FOR EACH ROW EXECUTE FUNCTION meanwhile()`)
}
