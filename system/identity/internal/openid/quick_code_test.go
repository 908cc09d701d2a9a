package openid

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// tried is one provider twice: as it is, and with everything left to the library.
type tried struct {
	t       *testing.T
	quick   http.Handler
	library http.Handler
	p       *Provider
	cookie  *http.Cookie
}

func try(t *testing.T, d *db.DB) tried {
	t.Helper()
	p, quick := providerOf(t, d)
	p.config.Sessions.Ended = p.Ended
	slow := &Provider{config: p.config, lives: p.lives, pacing: p.pacing, nonces: p.nonces, grants: p.grants, flows: p.flows, handler: p.handler, own: p.own, known: p.known, requests: requests{db: d, clock: p.config.Clock}, slow: true}
	mux := http.NewServeMux()
	slow.Mount(mux)
	accountID := id.New()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO account (id, pin, family_name, given_name, patronymic, sex, birth_date, citizenship, email, email_verified, phone,
			phone_verified, lang, password, created_at) VALUES ($1, $2, 'Асанова', 'Айгүл', '', 'female', '1990-01-01', 'KGZ', '', 0, '', 0, 'ky', '', 0)`, accountID, "20101199000017")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := p.config.Sessions.Start(t.Context(), accountID, sso.Proof{Method: "password", AMR: []string{"pwd", "otp"}, Level: assurance.Substantial}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p.config.Sessions.Set(w, secret, false)
	return tried{t: t, quick: quick, library: mux, p: p, cookie: w.Result().Cookies()[0]}
}

func authorization(client string, changes ...string) url.Values {
	challenge := sha256.Sum256([]byte(benchVerifier))
	values := url.Values{
		"client_id": {client}, "response_type": {"code"}, "scope": {"openid profile"}, "redirect_uri": {benchCallback}, "state": {"st ate&"}, "nonce": {"n-1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == "" {
			values.Del(changes[i])
		} else {
			values.Set(changes[i], changes[i+1])
		}
	}
	return values
}

func (x tried) ask(h http.Handler, values url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/connect/authorize?"+values.Encode(), nil)
	r.AddCookie(x.cookie)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func redemption(client, code string, changes ...string) *http.Request {
	values := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", benchCallback, "code_verifier", benchVerifier}
	return tokenRequest(client, append(values, changes...)...)
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// shape is what an answer says, without what is new each time.
func shape(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	if !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Error("the answer may be kept")
	}
	own := []string{"Location", "Set-Cookie", "Content-Length", "Cache-Control", "Pragma"}
	if w.Code == http.StatusSeeOther {
		own = append(own, "Content-Type") // of a body that nobody reads
	}
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		if !slices.Contains(own, name) {
			fmt.Fprintln(&b, name, w.Header()[name])
		}
	}
	if location := w.Header().Get("Location"); location != "" {
		target, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		query := target.Query()
		for _, fresh := range []string{"code", "flow"} {
			if query.Has(fresh) {
				query.Set(fresh, "…")
			}
		}
		target.RawQuery = query.Encode()
		fmt.Fprintln(&b, "to", target)
	}
	body := map[string]any{}
	if json.Unmarshal(w.Body.Bytes(), &body) != nil {
		return b.String()
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		token, _ := body[name].(string)
		header, claims := map[string]any{}, map[string]any{}
		if strings.Count(token, ".") != 2 || !unproven(token, &header, &claims) {
			fmt.Fprintln(&b, name, body[name])
			continue
		}
		life := claims["exp"].(float64) - claims["iat"].(float64)
		for _, fresh := range []string{"jti", "grant_id", "iat", "exp"} {
			if _, has := claims[fresh]; has {
				claims[fresh] = "…"
			}
		}
		fmt.Fprintln(&b, name, header, claims, life)
	}
	return b.String()
}

func codeOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	target, err := url.Parse(w.Header().Get("Location"))
	if err != nil || target.Query().Get("code") == "" {
		t.Fatal(err, w.Code, w.Body)
	}
	return target.Query().Get("code")
}

func each(t *testing.T, run func(t *testing.T, x tried)) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) { run(t, try(t, d)) })
}

func TestQuickAnswersAreTheLibrarys(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		for _, client := range []string{"system", "system-es256", "system-pairwise"} {
			for _, changes := range [][]string{nil, {"state", ""}, {"nonce", ""}, {"scope", "openid"}, {"scope", "openid profile email phone"}} {
				name := client + " " + strings.Join(changes, "=")
				values := authorization(client, changes...)
				first, second := x.ask(x.quick, values), x.ask(x.library, values)
				if a, b := shape(t, first), shape(t, second); a != b {
					t.Fatalf("%s: the code\nquick %s\nlibrary %s", name, a, b)
				}
				// Each way redeems the other's code as well as its own.
				var answers []string
				for _, h := range []http.Handler{x.quick, x.library} {
					for _, by := range []http.Handler{x.quick, x.library} {
						answers = append(answers, shape(t, serve(by, redemption(client, codeOf(t, x.ask(h, values))))))
					}
				}
				for _, answer := range answers {
					if answer != answers[0] || !strings.HasPrefix(answer, "200\n") {
						t.Fatalf("%s: the tokens\n%s", name, strings.Join(answers, "\n"))
					}
				}
			}
		}
	})
}

// What is not ordinary, or not good, is answered by the library: alike.
func TestQuickAnswersLeaveTheRestToTheLibrary(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		for _, changes := range [][]string{
			{"redirect_uri", benchCallback + "/"},
			{"redirect_uri", ""},
			{"redirect_uri", "https://elsewhere.example/"},
			{"response_type", "token"},
			{"response_type", ""},
			{"code_challenge", ""},
			{"code_challenge", "short"},
			{"code_challenge_method", "plain"},
			{"code_challenge_method", ""},
			{"scope", "profile"},
			{"scope", ""},
			{"scope", "openid nonsense"},
			{"client_id", "nobody"},
			{"prompt", "login"},
			{"prompt", "none"},
			{"prompt", "consent"},
			{"max_age", "0"},
			{"response_mode", "form_post"},
			{"request", "x.y.z"},
			{"request_uri", "https://a.example/"},
			{"id_token_hint", "x"},
			{"acr_values", assurance.High.ACR()},
			{"claims", "{"},
		} {
			values := authorization("system", changes...)
			if a, b := shape(t, x.ask(x.quick, values)), shape(t, x.ask(x.library, values)); a != b {
				t.Errorf("%v:\nquick %s\nlibrary %s", changes, a, b)
			}
		}
		for _, changes := range [][]string{
			{"redirect_uri", benchCallback + "/"},
			{"code_verifier", strings.Repeat("x", 43)},
			{"code_verifier", "short"},
			{"code_verifier", ""},
			{"code", "nothing"},
			{"code", ""},
			{"scope", "openid"},
			{"client_id", "system-es256"},
			{"grant_type", "nonsense"},
		} {
			var answers []string
			for _, h := range []http.Handler{x.quick, x.library} {
				answers = append(answers, shape(t, serve(h, redemption("system", codeOf(t, x.ask(h, authorization("system"))), changes...))))
			}
			if answers[0] != answers[1] {
				t.Errorf("%v:\nquick %s\nlibrary %s", changes, answers[0], answers[1])
			}
		}
		for name, h := range map[string]http.Handler{"quick": x.quick, "library": x.library} {
			code := codeOf(t, x.ask(h, authorization("system")))
			if w := serve(h, redemption("system-es256", code)); w.Code != http.StatusBadRequest {
				t.Errorf("%s: the code of another client: %d", name, w.Code)
			}
			if w := serve(h, redemption("system", code)); w.Code != http.StatusBadRequest {
				t.Errorf("%s: and then by its own client: %d", name, w.Code)
			}
		}
		// Without a session, and with one that has ended.
		cookie := x.cookie
		for _, secret := range []string{"", strings.Repeat("a", 43)} {
			x.cookie = &http.Cookie{Name: cookie.Name, Value: secret}
			if a, b := shape(t, x.ask(x.quick, authorization("system"))), shape(t, x.ask(x.library, authorization("system"))); a != b || !strings.Contains(a, "/sign-in") {
				t.Errorf("without a session:\nquick %s\nlibrary %s", a, b)
			}
		}
	})
}

func TestCodeOutOfDateIsNotRedeemedQuickly(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		code := codeOf(t, x.ask(x.quick, authorization("system")))
		grant, err := x.p.grants.GrantByAuthCode(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		grant.AuthCodeExpiresAt = int(time.Now().Unix())
		if err := x.p.grants.SaveGrant(t.Context(), grant); err != nil {
			t.Fatal(err)
		}
		if w := serve(x.quick, redemption("system", code)); w.Code != http.StatusBadRequest {
			t.Fatal(w.Code, w.Body)
		}
	})
}

// Eight at once: one is answered, and because the others came, what it was
// given is taken back (RFC 6749, 4.1.2).
func TestEightQuickRedemptionsOneToken(t *testing.T) {
	each(t, func(t *testing.T, x tried) {
		for range 5 {
			code := codeOf(t, x.ask(x.quick, authorization("system-es256")))
			var all sync.WaitGroup
			var mu sync.Mutex
			var given []string
			for range 8 {
				all.Go(func() {
					w := serve(x.quick, redemption("system-es256", code))
					if w.Code == http.StatusOK {
						mu.Lock()
						given = append(given, w.Body.String())
						mu.Unlock()
					}
				})
			}
			all.Wait()
			if len(given) != 1 {
				t.Fatalf("%d were answered", len(given))
			}
			var answer tokens
			if err := json.Unmarshal([]byte(given[0]), &answer); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/connect/userinfo", nil)
			r.Header.Set("Authorization", "Bearer "+answer.Access)
			if w := serve(x.quick, r); w.Code != http.StatusUnauthorized {
				t.Fatalf("the token is good still: %d", w.Code)
			}
		}
	})
}

// The store fails: nobody is given anything, and the answer says try again.
func TestQuickAnswersWithoutAStore(t *testing.T) {
	d := dbtest.SQLite(t, "identity", migration.Sets...)
	x := try(t, d)
	code := codeOf(t, x.ask(x.quick, authorization("system")))
	_ = d.Close()
	if w := serve(x.quick, redemption("system", code)); w.Code != http.StatusServiceUnavailable {
		t.Error(w.Code, w.Body)
	}
	if w := x.ask(x.quick, authorization("system")); w.Code < http.StatusInternalServerError || w.Header().Get("Location") != "" {
		t.Error(w.Code, w.Header())
	}
}
