package account_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/migration"
)

func accounts(t *testing.T, d *db.DB, c clock.Clock) *account.Accounts {
	t.Helper()
	box, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return account.NewAccounts(d, c, box)
}

func newHead() account.New {
	p := demo.Head
	return account.New{
		PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic,
		Email: p.Email, Phone: p.Phone, Lang: p.Lang, Password: demo.Password, TOTP: p.TOTP,
	}
}

func TestPasswordRules(t *testing.T) { // ID-14
	want := map[string]string{
		demo.Password: "", "Xqzvkmwp7-": "", "Xqzvkmw7-": "short", "Xqz7-өүңөү": "", "Xqz7-өүңө": "short",
		"xqzvkmwp7-": "letter", "XQZVKMWP7-": "letter", "өүңжзкЛм7-": "letter", "Xqzvkmwpt-": "digit", "Xqzvkmwp٣-": "digit", "Xqzvkmwp7t": "sign",
		"":                                "short digit letter sign",
		"Xq7-" + strings.Repeat("ү", 126): "", "Xq7-" + strings.Repeat("ү", 127): "long",
	}
	for _, sign := range "-_!@#%*" {
		want["Xqzvkmw7t"+string(sign)] = ""
	}
	for _, other := range "+$&.,:;?/\\|^~= —№" {
		want["Xqzvkmw7t"+string(other)] = "sign"
	}
	for password, want := range want {
		var got []string
		for _, each := range account.Weaknesses("password", password) {
			got = append(got, strings.TrimPrefix(each.Key, "identity.password."))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, not %q", password, got, want)
		}
	}
}

// A long password is compared to its end: none of it is cut off.
func TestEveryLetterOfALongPasswordCounts(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		s, n := accounts(t, d, clock.System{}), newHead()
		n.Password = "Xq7-" + strings.Repeat("үkө-7zm", 28)
		if made, err := s.Create(t.Context(), n); err != nil || !made {
			t.Fatal(made, err)
		}
		letters := []rune(n.Password)
		tries := map[string]bool{n.Password: true, n.Password + "x": false, string(letters[:len(letters)-1]): false}
		for _, at := range []int{0, 50, 64, 72, 128, len(letters) - 1} {
			other := []rune(n.Password)
			other[at] = 'W'
			tries[string(other)] = false
		}
		for password, want := range tries {
			if _, right, err := s.CheckPassword(t.Context(), n.PIN, password); err != nil || right != want {
				t.Errorf("%q: %v, %v", password, right, err)
			}
		}
	})
}

func TestAccountIsMadeOnceAndOpensByPassword(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := accounts(t, d, clock.System{})
		for i, want := range []bool{true, false} {
			if made, err := s.Create(ctx, newHead()); err != nil || made != want {
				t.Fatalf("create %d: %v, %v", i, made, err)
			}
		}
		a, right, err := s.CheckPassword(ctx, demo.Head.PIN, demo.Password)
		if err != nil || !right || a.Name() != demo.Head.Name() || !a.HasTOTP() || a.Sex != "male" || a.BirthDate.String() != "1978-07-02" {
			t.Fatalf("%+v %v %v", a, right, err)
		}
		if a.ID == a.PIN || strings.Contains(a.ID, a.PIN) {
			t.Fatal("the sub shows the ПИН")
		}
		for pin, password := range map[string]string{
			demo.Head.PIN:   "Wrong-pass-1",
			demo.Doctor.PIN: demo.Password, // no account
		} {
			if _, right, err := s.CheckPassword(ctx, pin, password); right || err != nil {
				t.Errorf("%s opened: %v", pin, err)
			}
		}
		weak := newHead()
		weak.PIN, weak.Password = demo.Doctor.PIN, "weak"
		if made, err := s.Create(ctx, weak); made || err == nil {
			t.Error("a weak password was taken")
		}
	})
}

func TestAuthenticatorCodeServesOnce(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
		s := accounts(t, d, now)
		if _, err := s.Create(ctx, newHead()); err != nil {
			t.Fatal(err)
		}
		a, _, _ := s.ByPIN(ctx, demo.Head.PIN)
		check := func(at time.Time, want bool) {
			t.Helper()
			code, err := totp.GenerateCode(demo.Head.TOTP, at)
			if err != nil {
				t.Fatal(err)
			}
			if right, err := s.CheckTOTP(ctx, a, code); right != want || err != nil {
				t.Fatalf("code of %v: %v, %v", at, right, err)
			}
		}
		check(now.Now(), true)
		check(now.Now(), false)                      // replayed
		check(now.Now().Add(-30*time.Second), false) // before the one used
		check(now.Now().Add(-5*time.Minute), false)  // old
		check(now.Now().Add(30*time.Second), true)   // a clock that is fast
		now.Advance(time.Minute)
		check(now.Now(), true)
		if right, _ := s.CheckTOTP(ctx, a, "abc"); right {
			t.Fatal("letters were taken")
		}
	})
}
