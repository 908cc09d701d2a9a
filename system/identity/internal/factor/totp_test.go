package factor_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
)

func TestAnAuthenticatorIsBoundByItsCode(t *testing.T) { // ID-7
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		offer, err := w.apps.Offer(ctx, w.account(), "session")
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.apps.Offer(ctx, w.account(), "session"); again != offer || err != nil {
			t.Fatal("a page loaded again shows another secret", err)
		}
		key, err := otp.NewKeyFromURL(offer.URI)
		if err != nil || key.Secret() != offer.Secret || key.Issuer() != "ЕСИ" || strings.Contains(offer.URI, w.account().PIN) {
			t.Fatal(offer.URI, err)
		}
		if strings.ReplaceAll(offer.Grouped(), " ", "") != offer.Secret || len(offer.Secret) != 32 {
			t.Fatal(offer.Grouped())
		}
		confirm := func(code string) string { return keyOf(w.apps.Confirm(ctx, w.account(), "session", code, here)) }
		if got := confirm("abc"); got != "code identity.code.form" {
			t.Fatal(got)
		}
		if old, _ := totp.GenerateCode(offer.Secret, w.clock.Now().Add(-time.Hour)); confirm(old) != "code identity.totp.wrong" || w.account().HasTOTP() {
			t.Fatal("an old code bound the app")
		}
		code, _ := totp.GenerateCode(offer.Secret, w.clock.Now())
		if got := confirm(code); got != "" || !w.account().HasTOTP() {
			t.Fatal(got)
		}
		// The code that bound the app does not sign in as well.
		if right, err := w.accounts.CheckTOTP(ctx, w.account(), code); right || err != nil {
			t.Fatal(right, err)
		}
		if got := confirm(code); got != "code identity.totp.gone" {
			t.Fatal("the offer serves twice", got)
		}
		w.clock.Advance(time.Minute)
		next, _ := totp.GenerateCode(offer.Secret, w.clock.Now())
		if right, err := w.accounts.CheckTOTP(ctx, w.account(), next); !right || err != nil {
			t.Fatal(right, err)
		}
		if !slices.Equal(w.told(), []notice.Kind{notice.FactorAdded}) {
			t.Fatal(w.told())
		}
		// Away with the phone, then the app is the last that is left.
		if err := w.contacts.Remove(ctx, w.account(), onetime.SMS, here); err != nil {
			t.Fatal(err)
		}
		if err := w.apps.Remove(ctx, w.account(), here); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		w.keys = 1
		if err := w.apps.Remove(ctx, w.account(), here); err != nil || w.account().HasTOTP() {
			t.Fatal(err)
		}
	})
}

func TestAnOfferOfAnAuthenticatorRunsOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		offer, err := w.apps.Offer(ctx, w.account(), "session")
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(15*time.Minute + time.Second)
		code, _ := totp.GenerateCode(offer.Secret, w.clock.Now())
		if err := w.apps.Confirm(ctx, w.account(), "session", code, here); keyOf(err) != "code identity.totp.gone" {
			t.Fatal(err)
		}
		if again, err := w.apps.Offer(ctx, w.account(), "session"); again.Secret == offer.Secret || err != nil {
			t.Fatal("the old secret is offered again", err)
		}
	})
}

// Who was in the account before may have seen the secret that waits: nobody binds
// it in another session than the one that was shown it.
func TestAnOfferOfAnAuthenticatorStaysInItsSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		thiefs, err := w.apps.Offer(ctx, w.account(), "thief's")
		if err != nil {
			t.Fatal(err)
		}
		owners, err := w.apps.Offer(ctx, w.account(), "owner's")
		if err != nil || owners.Secret == thiefs.Secret {
			t.Fatal("the secret of another session is offered", err)
		}
		confirm := func(sid, secret string) string {
			code, _ := totp.GenerateCode(secret, w.clock.Now())
			return keyOf(w.apps.Confirm(ctx, w.account(), sid, code, here))
		}
		if got := confirm("thief's", thiefs.Secret); got != "code identity.totp.gone" {
			t.Errorf("the old offer: %q", got)
		}
		if got := confirm("thief's", owners.Secret); got != "code identity.totp.gone" {
			t.Errorf("the owner's offer in the thief's session: %q", got)
		}
		if got := confirm("owner's", owners.Secret); got != "" || !w.account().HasTOTP() {
			t.Errorf("the owner's offer: %q", got)
		}
	})
}
