package factor_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
)

func TestAPhoneIsBoundByTheCodeSentToIt(t *testing.T) { // ID-5
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if err := w.contacts.Ask(ctx, w.account(), onetime.SMS, "0700 10 02 00"); keyOf(err) != "phone identity.contact.same" {
			t.Fatal(err)
		}
		if err := w.contacts.Ask(ctx, w.account(), onetime.SMS, "0555 123 456"); err != nil {
			t.Fatal(err)
		}
		code := w.sent(onetime.SMS)
		if address, waiting, err := w.contacts.Waiting(ctx, w.account(), onetime.SMS); address != "+996555123456" || !waiting || err != nil {
			t.Fatal(address, waiting, err)
		}
		if err := w.contacts.Confirm(ctx, w.account(), onetime.SMS, othertest.Than(code), here); keyOf(err) != "code identity.code.wrong" {
			t.Fatal(err)
		}
		if w.account().Phone != "+996700100200" || len(w.told()) != 0 {
			t.Fatal("a wrong code changed something")
		}
		// The code is for the phone of this account: as an e-mail's it is nothing.
		if err := w.contacts.Confirm(ctx, w.account(), onetime.Email, code, here); keyOf(err) != "code identity.code.spent" {
			t.Fatal(err)
		}
		if err := w.contacts.Confirm(ctx, w.account(), onetime.SMS, code, here); err != nil {
			t.Fatal(err)
		}
		if a := w.account(); a.Phone != "+996555123456" || !a.PhoneVerified {
			t.Fatalf("%+v", a)
		}
		if !slices.Equal(w.told(), []notice.Kind{notice.ContactChanged}) {
			t.Fatal(w.told())
		}
		if err := w.contacts.Confirm(ctx, w.account(), onetime.SMS, code, here); keyOf(err) != "code identity.code.spent" {
			t.Fatal("the code served twice", err)
		}
	})
}

func TestACodeForOneAddressDoesNotBindAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if err := w.contacts.Ask(ctx, w.account(), onetime.SMS, "0555 123 456"); err != nil {
			t.Fatal(err)
		}
		mine := w.sent(onetime.SMS)
		if err := w.contacts.Ask(ctx, w.account(), onetime.SMS, "0777 999 999"); err != nil {
			t.Fatal(err)
		}
		if err := w.contacts.Confirm(ctx, w.account(), onetime.SMS, mine, here); keyOf(err) != "code identity.code.wrong" {
			t.Fatal(err)
		}
		right := w.sent(onetime.SMS)
		w.clock.Advance(3*time.Minute + time.Second)
		if err := w.contacts.Confirm(ctx, w.account(), onetime.SMS, right, here); keyOf(err) != "code identity.code.old" {
			t.Fatal(err)
		}
	})
}

func TestAFrozenAccountBindsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if err := w.contacts.Ask(ctx, w.account(), onetime.Email, "new@example.kg"); err != nil {
			t.Fatal(err)
		}
		w.change(func(ctx context.Context, tx *sql.Tx) error {
			return w.accounts.Freeze(ctx, tx, w.account().ID, w.clock.Now().Add(time.Hour))
		})
		for what, err := range map[string]error{
			"ask":     w.contacts.Ask(ctx, w.account(), onetime.SMS, "0777 999 999"),
			"confirm": w.contacts.Confirm(ctx, w.account(), onetime.Email, w.sent(onetime.Email), here),
			"remove":  w.contacts.Remove(ctx, w.account(), onetime.SMS, here),
		} {
			if !fail.Is(err, fail.Forbidden) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestTheLastFactorStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if err := w.contacts.Remove(ctx, w.account(), onetime.SMS, here); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		if w.account().Phone == "" || len(w.told()) != 0 {
			t.Fatal("the last factor is gone")
		}
		w.change(func(ctx context.Context, tx *sql.Tx) error {
			return w.accounts.SetEmail(ctx, tx, w.account().ID, "a@example.kg")
		})
		// Of two removals at once one finds the other's factor gone.
		errs := make(chan error, 2)
		a := w.account()
		go func() { errs <- w.contacts.Remove(ctx, a, onetime.SMS, here) }()
		go func() { errs <- w.contacts.Remove(ctx, a, onetime.Email, here) }()
		first, second := <-errs, <-errs
		if (first == nil) == (second == nil) {
			t.Fatal(first, second)
		}
		if a := w.account(); (a.Phone == "") == (a.Email == "") {
			t.Fatalf("%+v", a)
		}
	})
}

// A change that was begun before all sessions of the account were ended comes to
// nothing: the session that began it may have been somebody else's.
func TestAChangeBegunBeforeAllSessionsEndedIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		before := w.account()
		if err := w.contacts.Ask(ctx, before, onetime.Email, "new@mail.test"); err != nil {
			t.Fatal(err)
		}
		code := w.sent(onetime.Email)
		err := w.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE account SET epoch = epoch + 1 WHERE id = $1`, before.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.contacts.Confirm(ctx, before, onetime.Email, code, here); !fail.Is(err, fail.Forbidden) || fail.As(err).Key != "identity.late_change" {
			t.Errorf("a new e-mail: %v", err)
		}
		if err := w.contacts.Remove(ctx, before, onetime.SMS, here); !fail.Is(err, fail.Forbidden) {
			t.Errorf("the phone away: %v", err)
		}
		if _, err := w.backups.Make(ctx, before, "session", here); !fail.Is(err, fail.Forbidden) {
			t.Errorf("new backup codes: %v", err)
		}
		now := w.account()
		if now.Email != before.Email || now.Phone != before.Phone || len(w.told()) != 0 {
			t.Errorf("changed: %s %s %v", now.Email, now.Phone, w.told())
		}
	})
}
