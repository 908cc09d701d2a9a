package openid

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// written counts what is granted.
func (x tried) written() (n int) {
	x.t.Helper()
	if err := x.p.config.DB.Read.QueryRowContext(x.t.Context(), `SELECT COUNT(*) FROM permission`).Scan(&n); err != nil {
		x.t.Fatal(err)
	}
	return n
}

func (x tried) session() sso.Session {
	x.t.Helper()
	session, ok, err := x.p.config.Sessions.BySecret(x.t.Context(), x.cookie.Value)
	if err != nil || !ok {
		x.t.Fatal(ok, err)
	}
	return session
}

// good says whether the token of the answer opens the person's data.
func (x tried) good(answer *httptest.ResponseRecorder) bool {
	x.t.Helper()
	var got tokens
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || got.Access == "" {
		x.t.Fatal(err, answer.Code, answer.Body)
	}
	r := httptest.NewRequest(http.MethodGet, "/connect/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+got.Access)
	return serve(x.quick, r).Code == http.StatusOK
}

// A code is written once: when it is redeemed, not when it is given.
func TestACodeOfTheShortWayIsWrittenWhenItIsRedeemed(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		before := x.written()
		code := codeOf(t, x.ask(x.quick, authorization("system-es256")))
		if len(code) <= shortCode || len(code) > 1000 || x.written() != before {
			t.Fatalf("a code of %d characters, %d rows written", len(code), x.written()-before)
		}
		first := serve(x.quick, redemption("system-es256", code))
		if first.Code != http.StatusOK || x.written() != before+1 || !x.good(first) {
			t.Fatal(first.Code, first.Body, x.written()-before)
		}
		if again := serve(x.quick, redemption("system-es256", code)); again.Code != http.StatusBadRequest || x.good(first) || x.written() != before+1 {
			t.Fatal("a second use is answered, or leaves the first one's token good", again.Code)
		}
	})
}

// A code whose time is over opens nothing, on neither way; a second before it does.
func TestACodeOfTheShortWayEndsWithItsTime(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		for _, h := range []http.Handler{x.quick, x.library} {
			for left, want := range map[int]int{-1: http.StatusBadRequest, 0: http.StatusBadRequest, 30: http.StatusOK} {
				grant := x.p.grants.unseal(codeOf(t, x.ask(x.quick, authorization("system-es256"))))
				since, _ := grant.Store[storeSealed].(time.Time)
				grant.AuthCodeExpiresAt = int(time.Now().Unix()) + left
				code, err := x.p.grants.sealCode(grant, since)
				if err != nil || (x.p.grants.unseal(code) != nil) != (left > 0) {
					t.Fatalf("%d s left: opened %v, %v", left, left <= 0, err)
				}
				if got := serve(h, redemption("system-es256", code)); got.Code != want {
					t.Errorf("%d s left: %d %s", left, got.Code, got.Body)
				}
			}
		}
	})
}

// Whatever comes with a code spends it: nobody can try verifiers one by one.
func TestACodeOfTheShortWayIsTriedOnce(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		for _, changes := range [][]string{{"code_verifier", strings.Repeat("x", 43)}, {"redirect_uri", benchCallback + "/"}} {
			for _, h := range []http.Handler{x.quick, x.library} {
				code := codeOf(t, x.ask(x.quick, authorization("system")))
				for _, how := range [][]string{changes, nil} {
					if w := serve(h, redemption("system", code, how...)); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "invalid_grant") {
						t.Errorf("%v then %v: %d %s", changes, how, w.Code, w.Body)
					}
				}
			}
		}
	})
}

// A code that was changed in one place, cut, or made under another secret opens nothing.
func TestACodeOfTheShortWayCannotBeChanged(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		code := codeOf(t, x.ask(x.quick, authorization("system")))
		data, err := base64.RawURLEncoding.DecodeString(code)
		if err != nil {
			t.Fatal(err)
		}
		before := x.written()
		for i := 0; i < len(data); i += 7 {
			data[i] ^= 1
			if w := serve(x.quick, redemption("system", base64.RawURLEncoding.EncodeToString(data))); w.Code != http.StatusBadRequest {
				t.Fatalf("byte %d changed: %d", i, w.Code)
			}
			data[i] ^= 1
		}
		for _, n := range []int{len(data) - 1, 60, 13, 12, 0} {
			if w := serve(x.quick, redemption("system", base64.RawURLEncoding.EncodeToString(data[:n]))); w.Code != http.StatusBadRequest {
				t.Fatalf("cut to %d: %d", n, w.Code)
			}
		}
		if x.written() != before {
			t.Fatal("what is no code was written")
		}
		if w := serve(x.quick, redemption("system", code)); w.Code != http.StatusOK {
			t.Fatal("the code itself", w.Code, w.Body)
		}
	})
}

// A session that ends, a consent that is withdrawn and the code's own time end a
// code that nobody has redeemed.
func TestACodeOfTheShortWayEndsWithWhatItStandsOn(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		refused := func(why, code string) {
			t.Helper()
			for range 2 {
				if w := serve(x.quick, redemption("system", code)); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "invalid_grant") {
					t.Errorf("%s: %d %s", why, w.Code, w.Body)
				}
			}
		}
		code := codeOf(t, x.ask(x.quick, authorization("system")))
		asked := 0
		x.p.grants.allows = func(context.Context, *sql.Tx, string, string, time.Time) (bool, error) { asked++; return false, nil }
		refused("withdrawn", code)
		if asked == 0 {
			t.Error("nobody asked whether the person still allows it")
		}
		x.p.grants.allows = x.p.config.Allows

		x.p.lives.code = time.Second
		code = codeOf(t, x.ask(x.quick, authorization("system")))
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(2 * time.Second)))
		refused("out of date", code)
		x.p.lives.code = time.Minute

		code = codeOf(t, x.ask(x.quick, authorization("system")))
		if err := x.p.config.Sessions.End(t.Context(), x.session()); err != nil {
			t.Fatal(err)
		}
		refused("signed out", code)
	})
}

// A sign-out at the very moment of the redemption: either nothing is given, or
// what was given is taken back.
func TestASignOutReachesTheCodeThatIsJustBeingRedeemed(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		account := x.session().AccountID
		for range 15 {
			secret, session, err := x.p.config.Sessions.Start(t.Context(), account, sso.Proof{Method: "password", AMR: []string{"pwd", "otp"}, Level: "substantial"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			x.cookie.Value = secret
			code := codeOf(t, x.ask(x.quick, authorization("system-es256")))
			var both sync.WaitGroup
			var answer *httptest.ResponseRecorder
			both.Go(func() { answer = serve(x.quick, redemption("system-es256", code)) })
			both.Go(func() {
				if err := x.p.config.Sessions.End(t.Context(), session); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			if answer.Code == http.StatusOK && x.good(answer) {
				t.Fatal("signed out, and the token is good")
			}
		}
	})
}
