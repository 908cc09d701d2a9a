package cloud

import (
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// TestEnrolment: for ЕСИ alone, for enough assurance, idempotent, eight at once
// make one; a new name gets a new certificate, and so does a revoked one.
func TestEnrolment(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		esi := from(t, exchangeapi.Identity)
		if _, err := h.Enrol(from(t, exchangeapi.Portal), ermek); !fail.Is(err, fail.Forbidden) {
			t.Errorf("the portal enrols: %v", err)
		}
		for name, change := range map[string]func(*signatureapi.Enrolment){
			"a low level": func(e *signatureapi.Enrolment) { e.Level = "low" }, "no level": func(e *signatureapi.Enrolment) { e.Level = "" },
			"no e-mail": func(e *signatureapi.Enrolment) { e.Email = "" }, "two e-mails": func(e *signatureapi.Enrolment) { e.Email = "a@b.kg, c@d.kg" },
			"a line end":      func(e *signatureapi.Enrolment) { e.Email = "a@b.kg\nBcc: c@d.kg" },
			"a name for mail": func(e *signatureapi.Enrolment) { e.Email = "A <a@b.kg>" },
			"no name":         func(e *signatureapi.Enrolment) { e.FamilyName = " " }, "no ПИН": func(e *signatureapi.Enrolment) { e.PIN = "1" },
		} {
			e := ermek
			change(&e)
			if _, err := h.Enrol(esi, e); !fail.Is(err, fail.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if state, err := h.State(esi, signatureapi.Person{PIN: ermek.PIN}); err != nil || state.Enrolled {
			t.Errorf("%+v, %v", state, err)
		}
		var mu sync.Mutex
		serials := map[string]bool{}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				state, err := h.Enrol(esi, ermek)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				serials[state.Serial] = true
			})
		}
		group.Wait()
		if h.mailed(t); len(serials) != 1 || len(h.inbox.all) != 1 {
			t.Fatalf("%d certificates, %d mails", len(serials), len(h.inbox.all))
		}
		again := ermek
		again.Email = "new@example.kg"
		state, err := h.Enrol(esi, again)
		if err != nil || !serials[state.Serial] || state.Email != "n•••@example.kg" {
			t.Errorf("a new e-mail: %+v, %v", state, err)
		}
		married := again
		married.FamilyName = "Асанов"
		next, err := h.Enrol(esi, married)
		if err != nil || next.Serial == state.Serial {
			t.Fatalf("a new name: %+v, %v", next, err)
		}
		if good, err := h.Authority.Good(t.Context(), d.Read, state.Serial); err != nil || good {
			t.Errorf("the certificate in the old name is good: %v %v", good, err)
		}
		if _, err := h.use(t, h.mailed(t)); err != nil {
			t.Errorf("the PIN mailed with it: %v", err)
		}
		if err := h.Authority.Revoke(esi, signatureapi.Revocation{PIN: ermek.PIN, Serial: next.Serial, Reason: signatureapi.Ceased}); err != nil {
			t.Fatal(err)
		}
		if state, err := h.State(esi, signatureapi.Person{PIN: ermek.PIN}); err != nil || state.Enrolled {
			t.Errorf("%+v, %v", state, err)
		}
		if last, err := h.Enrol(esi, married); err != nil || last.Serial == next.Serial {
			t.Errorf("after a revocation: %+v, %v", last, err)
		}
	})
}

// TestANewKeyEndsWhatWasOpenedBefore: what was opened and mailed for the key before
// makes nothing with the new one, also before its first PIN is mailed; and another
// address ends what lies in the mailbox before.
func TestANewKeyEndsWhatWasOpenedBefore(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		esi := from(t, exchangeapi.Identity)
		over := func(what string, token signatureapi.CloudToken, pin string) {
			t.Helper()
			if _, err := h.SignHash(esi, signatureapi.SignRequest{Token: token.Token, SHA256: make([]byte, 32)}); !fail.Is(err, fail.SignedOut) {
				t.Errorf("%s: the token from before signs: %v", what, err)
			}
			if _, err := h.use(t, pin); !fail.Is(err, fail.Invalid) {
				t.Errorf("%s: the PIN from before opens: %v", what, err)
			}
			if _, err := h.use(t, h.mailed(t)); err != nil {
				t.Errorf("%s: the new PIN: %v", what, err)
			}
		}
		open := func() (signatureapi.CloudToken, string) {
			t.Helper()
			token, err := h.use(t, h.mailed(t))
			if err != nil {
				t.Fatal(err)
			}
			return token, h.mailed(t)
		}
		state, err := h.Enrol(esi, ermek)
		if err != nil {
			t.Fatal(err)
		}
		token, pin := open()
		h.clock.Advance(time.Second)
		if err := h.Authority.Revoke(esi, signatureapi.Revocation{PIN: ermek.PIN, Serial: state.Serial, Reason: signatureapi.KeyCompromise}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Enrol(esi, ermek); err != nil {
			t.Fatal(err)
		}
		over("a new key", token, pin)

		token, pin = open()
		h.clock.Advance(time.Second)
		moved := ermek
		moved.Email = "new@example.kg"
		if _, err := h.Enrol(esi, moved); err != nil {
			t.Fatal(err)
		}
		over("a new address", token, pin)

		token, pin = open()
		if _, err := h.Enrol(esi, moved); err != nil {
			t.Fatal(err)
		}
		if _, err := h.SignHash(esi, signatureapi.SignRequest{Token: token.Token, SHA256: make([]byte, 32)}); err != nil {
			t.Errorf("the same once more ends what is open: %v", err)
		}
		if _, err := h.use(t, pin); err != nil {
			t.Errorf("the same once more ends the PIN: %v", err)
		}
	})
}
