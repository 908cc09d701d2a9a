package identity_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// An account that was made meanwhile in another way is not entered by a proof from
// before it: neither at once, nor when its owner has ended all sessions.
func TestAFirstSignInUnderWayDoesNotEnterAnAccountMadeMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		o.inCloud(resident)
		thief, own := h.browser(), h.browser()
		begun := thief.sign(h, resident, "12345678").must(http.StatusOK, "Создание аккаунта")
		p := own.read(h.cardTab(), o.card(resident, nil)).must(http.StatusOK, "Создание аккаунта")
		own.submit(p, "/sign-in/new", "agreement", "1").must(http.StatusOK)
		h.endOthers(own)
		thief.submit(begun, "/sign-in/new", "agreement", "1").must(http.StatusOK, "тем временем создан другим способом")
		if h.signedIn(thief, resident) || !h.signedIn(own, resident) {
			t.Error("the proof from before opens")
		}
		thief.submit(begun, "/sign-in/new", "agreement", "1").must(http.StatusGone)
		if n := h.livingSessions(resident); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// One proof makes one account and one session, also eight times at once.
func TestAFirstSignInEightTimesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		b := h.browser()
		p := b.read(h.cardTab(), o.card(resident, nil)).must(http.StatusOK, "Создание аккаунта")
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() { b.stay().submit(p, "/sign-in/new", "agreement", "1") })
		}
		group.Wait()
		if n := h.livingSessions(resident); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// While the cloud signs, the owner ends all sessions: whoever has just shown the
// PIN is not let in.
func TestACloudSignInAtTheMomentAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		own, thief := h.browser(), h.browser()
		h.signIn(own, own.get(h.base+"/sign-in"), demo.Patient).must(http.StatusOK, "Мой аккаунт")
		o.inCloud(demo.Patient)
		o.signAs = func(k *cloudKey) *cloudKey {
			h.endOthers(own)
			return k
		}
		thief.sign(h, demo.Patient, "12345678").must(http.StatusForbidden, "все сеансы аккаунта были завершены")
		if h.signedIn(thief, demo.Patient) {
			t.Error("signed in")
		}
		o.signAs = nil
		o.inCloud(demo.Patient)
		again := h.browser()
		if again.sign(h, demo.Patient, "12345678"); !h.signedIn(again, demo.Patient) {
			t.Error("nobody comes in any more")
		}
	})
}

// filledIn walks to the last page of a registration.
func (h *house) filledIn(b *browser) shown {
	h.t.Helper()
	p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport)
	return h.toReview(b, p)
}

// Who registered may enter the account until a password is set, but not after its
// owner, who came in by a card, has ended all sessions.
func TestARegistrationComesToNothingWhenAllSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		h.populate(&residents{})
		b, own := h.browser(), h.browser()
		p := h.filledIn(b)
		b.stay().submit(p, "/register/review").must(http.StatusSeeOther)
		sent := b.get(h.base + "/register/sent").must(http.StatusOK)
		b.post(h.base+"/sign-out", nil)
		b.submit(sent, "/register/enter")
		if !h.signedIn(b, newcomer) {
			t.Fatal("who registered cannot come back")
		}
		own.read(h.cardTab(), o.card(newcomer, nil))
		if !h.signedIn(own, newcomer) {
			t.Fatal("the card does not open")
		}
		h.endOthers(own)
		b.submit(sent, "/register/enter")
		if h.signedIn(b, newcomer) || !h.signedIn(own, newcomer) {
			t.Error("the registration from before opens")
		}
		if n := h.livingSessions(newcomer); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}

// Two registrations of one ПИН that are finished at once make one account; who is
// slower is told what everybody is told whose ПИН has one.
func TestTwoRegistrationsOfOnePINAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		const each = 2
		var browsers [each]*browser
		var pages, answers [each]shown
		for i := range browsers {
			browsers[i] = h.browser()
			pages[i] = h.filledIn(browsers[i])
			h.clock.advance(20 * time.Minute) // codes to one address are sent so often and no more
		}
		var group sync.WaitGroup
		for i := range browsers {
			group.Go(func() { answers[i] = browsers[i].submit(pages[i], "/register/review") })
		}
		group.Wait()
		in := 0
		for i, b := range browsers {
			if h.signedIn(b, newcomer) {
				in++
				continue
			}
			answers[i].must(http.StatusOK, "Заявление принято")
		}
		var accounts, known int
		d := h.db()
		if err := d.Read.QueryRow(`SELECT (SELECT COUNT(*) FROM account WHERE pin = $1), (SELECT COUNT(*) FROM registration WHERE pin = $1 AND state = 'known')`, newcomer.PIN).Scan(&accounts, &known); err != nil || accounts != 1 || known != 1 || in != 1 {
			t.Errorf("%d accounts, %d known, %d in: %v", accounts, known, in, err)
		}
	})
}

// A registration is under way; the account is made by a card; the registration
// opens nothing and changes nothing.
func TestARegistrationUnderWayWhenTheAccountIsMadeByCard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		h.populate(&residents{})
		b, own := h.browser(), h.browser()
		p := h.filledIn(b)
		made := own.read(h.cardTab(), o.card(newcomer, nil)).must(http.StatusOK, "Создание аккаунта")
		own.submit(made, "/sign-in/new", "agreement", "1").must(http.StatusOK)
		b.submit(p, "/register/review").must(http.StatusOK, "Заявление принято")
		b.post(h.base+"/register/enter", url.Values{})
		var phone, level string
		if err := h.db().Read.QueryRow(`SELECT phone, level FROM account WHERE pin = $1`, newcomer.PIN).Scan(&phone, &level); err != nil || phone != "" || level != "high" {
			t.Errorf("%q %s %v", phone, level, err)
		}
		if h.signedIn(b, newcomer) || !h.signedIn(own, newcomer) {
			t.Error("the registration opens the card's account")
		}
	})
}
