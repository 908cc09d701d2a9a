package identity_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// A registered client serves its owner at once, everybody when it is approved,
// and nobody when it is blocked: in each process within seconds.
func TestRegisteredClientServesItsOwnerThenEverybody(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		c := h.connect(demo.Doctor, nil)
		owner, stranger := h.browser(), h.browser()
		got := c.redeem(c.auth(), c.code(owner, demo.Doctor, "scope", "openid profile offline_access"))
		if got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		request := h.request("client_id", c.ID)
		h.signIn(stranger, stranger.get(request), demo.Surgeon).must(http.StatusForbidden, "только своего владельца")
		if silent := stranger.stay().answerOf(stranger.stay().get(h.request("client_id", c.ID, "prompt", "none"))); silent.Get("error") != "access_denied" {
			t.Fatal(silent)
		}
		approve(t, h, c)
		stranger.get(request).must(http.StatusOK, "Передача данных", "Проба")
		// The form of that page may lead to the client, and to nobody else's.
		policy := stranger.get(request).header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "form-action 'self' http://127.0.0.1:9400;") && !strings.HasSuffix(policy, "form-action 'self' http://127.0.0.1:9400") {
			t.Fatal(policy)
		}
		if policy := stranger.get(h.base + "/device").header.Get("Content-Security-Policy"); strings.Contains(policy, "127.0.0.1:9400") { // the house's own ports may be any
			t.Fatal(policy)
		}
		// Blocked in another process: here within seconds.
		other := h.another()
		if c.refreshed(got.Refresh).status != http.StatusOK {
			t.Fatal("the other process does not know the client")
		}
		h.set("esi", h.esi.Handler())
		if err := other.Registry().Block(ctx, c.ID, "сломана"); err != nil {
			t.Fatal(err)
		}
		h.clock.advance(4 * time.Second)
		stranger.stay().get(request).must(http.StatusBadRequest, "не подключена")
		if status, _ := h.userInfo(got.Access); status != http.StatusUnauthorized {
			t.Fatal(status)
		}
		if got := c.refreshed(got.Refresh); got.status == http.StatusOK {
			t.Fatalf("%+v", got)
		}
		_, _, body := h.ask("/connect/introspect", basic("card", h.card.secret), "token", got.Access)
		if !strings.Contains(string(body), `"active":false`) {
			t.Fatalf("%s", body)
		}
		if c, _, err := h.esi.Registry().Get(ctx, c.ID); err != nil || c.State != openid.StateBlocked || c.Reason != "сломана" {
			t.Fatal(c, err)
		}
	})
}

// hurrying is a clock after which nothing that is remembered for a while is still good.
type hurrying struct {
	clock.Clock
	told atomic.Int64
}

func (c *hurrying) Now() time.Time {
	return c.Clock.Now().Add(time.Duration(c.told.Add(1)) * time.Minute)
}

// What is known of a client may run out at any moment, also between two steps of
// one request: it is read anew, never past a transaction that has begun.
func TestWhatIsKnownOfAClientMayRunOutAtAnyMoment(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) {
			s.BackChannel, s.FrontChannel = "http://127.0.0.1:9400/back", "http://127.0.0.1:9400/front"
		})
		approve(t, h, c)
		h.esi.Registry().Clock = &hurrying{Clock: h.esi.Registry().Clock}
		b := h.browser()
		got := c.redeem(c.auth(), c.code(b, demo.Doctor, "scope", "openid profile offline_access"))
		if got.status != http.StatusOK || c.refreshed(got.Refresh).status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		// And the short way, of who is signed in and has allowed it.
		again := b.answerOf(b.stay().get(h.request("client_id", c.ID, "scope", "openid profile")))
		if got := c.redeem(c.auth(), again.Get("code")); got.status != http.StatusOK {
			t.Fatalf("%v %+v", again, got)
		}
		b.submit(b.get(h.base+"/"), "/sign-out").must(http.StatusOK, "Сообщаем системам")
	})
}

func (c *registered) refreshed(token string) tokens {
	return c.h.token(c.auth(), "grant_type", "refresh_token", "refresh_token", token)
}

func TestRegistryKeepsNoSecretAndChangesIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, registry, owner := context.Background(), h.esi.Registry(), h.account(demo.Doctor)
		c := h.connect(demo.Doctor, func(s *openid.Settings) {
			s.Grants, s.Redirects, s.PostLogout, s.Scopes = []openid.Grant{openid.GrantMachine}, nil, nil, []string{openid.ScopeSystemRead}
		})
		ask := func(secret string) tokens {
			return h.token(basic(c.ID, secret), "grant_type", "client_credentials", "scope", "system/*.read")
		}
		// Nobody owns what a machine sees: it waits for its approval.
		if got := ask(c.secret); got.Error != "unauthorized_client" || got.status != http.StatusBadRequest {
			t.Fatalf("%+v", got)
		}
		approve(t, h, c)
		if got := ask(c.secret); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		var found int
		if err := h.db().Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM connected_client WHERE secret_hash = $1 OR previous_hash = $1`, c.secret).Scan(&found); err != nil || found != 0 {
			t.Fatal(found, err)
		}
		second, err := registry.RotateSecret(ctx, owner, c.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		if ask(second).status != http.StatusOK || ask(c.secret).status != http.StatusOK {
			t.Fatal("the change stops the client")
		}
		h.clock.advance(24 * time.Hour)
		if ask(second).status != http.StatusOK || ask(c.secret).Error != "invalid_client" {
			t.Fatal("the secret before lives on")
		}
		third, err := registry.RotateSecret(ctx, owner, c.ID, true) // it leaked
		if err != nil {
			t.Fatal(err)
		}
		if ask(third).status != http.StatusOK || ask(second).Error != "invalid_client" {
			t.Fatal("a leaked secret lives on")
		}
		if _, err := registry.RotateSecret(ctx, h.account(demo.Surgeon), c.ID, false); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		if ask("").Error != "invalid_client" {
			t.Fatal("no secret was taken for one")
		}
	})
}

func TestRegistryStepsAndBounds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx, registry, owner := context.Background(), h.esi.Registry(), h.account(demo.Doctor)
		c := h.connect(demo.Doctor, nil)
		if err := registry.Submit(ctx, h.account(demo.Surgeon), c.ID); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		if err := registry.Submit(ctx, owner, c.ID); err != nil {
			t.Fatal(err)
		}
		if waiting, err := registry.In(ctx, openid.StateWaiting, "", 10); err != nil || len(waiting) != 1 || waiting[0].ID != c.ID {
			t.Fatal(waiting, err)
		}
		if err := registry.SendBack(ctx, c.ID, "нет адреса"); err != nil {
			t.Fatal(err)
		}
		if err := registry.SendBack(ctx, c.ID, "нет адреса"); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		settings := openid.Settings{
			Name: c.Name, Redirects: []string{"https://a.example.kg/cb"}, Scopes: []string{"openid"}, Grants: []openid.Grant{openid.GrantCode}, Method: openid.MethodBasic, Profile: openid.ProfilePlain,
		}
		if changed, err := registry.Update(ctx, owner, c.ID, settings); err != nil || changed.Redirects[0] != "https://a.example.kg/cb" || changed.State != openid.StateTest {
			t.Fatal(changed, err)
		}
		approve(t, h, c)
		if _, err := registry.Update(ctx, owner, c.ID, settings); !fail.Is(err, fail.Conflict) {
			t.Fatal("what was approved was changed", err)
		}
		for field, change := range map[string]func(s *openid.Settings){
			"name":         func(s *openid.Settings) { s.Name.KY = "" },
			"address":      func(s *openid.Settings) { s.Address = "javascript:alert(1)" },
			"redirects":    func(s *openid.Settings) { s.Redirects = []string{"http://a.example.kg/cb"} },
			"redirects ":   func(s *openid.Settings) { s.Redirects = nil },
			"redirects  ":  func(s *openid.Settings) { s.Redirects = []string{"https://a.example.kg/cb#x"} },
			"redirects   ": func(s *openid.Settings) { s.Redirects = []string{"https://a.example.kg/;script-src *"} },
			"redirects .":  func(s *openid.Settings) { s.Redirects = []string{"app.example:/cb"} }, // for public clients alone
			"redirects ..": func(s *openid.Settings) {
				s.Pairwise, s.Redirects = true, []string{"https://a.example.kg/", "https://b.example.kg/"}
			},
			"post_logout":   func(s *openid.Settings) { s.PostLogout = []string{"//evil.example"} },
			"back_channel":  func(s *openid.Settings) { s.BackChannel = "http://10.0.0.1/" },
			"front_channel": func(s *openid.Settings) { s.FrontChannel = "data:text/html,x" },
			"scopes":        func(s *openid.Settings) { s.Scopes = []string{"openid", "everything"} },
			"scopes ":       func(s *openid.Settings) { s.Scopes = []string{"openid", "system/*.read"} },
			"grants":        func(s *openid.Settings) { s.Grants = nil },
			"grants ":       func(s *openid.Settings) { s.Grants = []openid.Grant{"password"} },
			"grants  ": func(s *openid.Settings) {
				s.Method, s.Grants = openid.MethodPublic, []openid.Grant{openid.GrantMachine}
			},
			"method":  func(s *openid.Settings) { s.Method = "tls" },
			"method ": func(s *openid.Settings) { s.Profile, s.Alg = openid.ProfileFAPI, "EdDSA" },
			"jwks":    func(s *openid.Settings) { s.Method = openid.MethodKey },
			"jwks ":   func(s *openid.Settings) { s.JWKS = `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}` },
			"jwks  ":  func(s *openid.Settings) { s.JWKS = `{"keys":[]}` },
			"profile": func(s *openid.Settings) { s.Profile = "" },
			"alg":     func(s *openid.Settings) { s.Alg = "none" },
		} {
			bad := settings
			change(&bad)
			_, _, err := registry.Create(ctx, owner, bad)
			e := fail.As(err)
			if e == nil || e.Kind != fail.Invalid || len(e.Findings) == 0 || e.Findings[0].Field != strings.Trim(field, " .") {
				t.Errorf("%s: %v %+v", field, err, e)
			}
		}
		for range 19 {
			if _, _, err := registry.Create(ctx, owner, settings); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := registry.Create(ctx, owner, settings); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		if all, err := registry.Of(ctx, owner); err != nil || len(all) != 20 {
			t.Fatal(len(all), err)
		}
	})
}

// OpenID Connect Core 1.0, 8: another name for the person at each client that asks for it.
func TestOIDCCorePairwiseSubject(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		pairwise := func(s *openid.Settings) { s.Pairwise = true }
		a, same := h.connect(demo.Doctor, pairwise), h.connect(demo.Doctor, pairwise)
		other := h.connect(demo.Doctor, func(s *openid.Settings) {
			s.Pairwise, s.Redirects = true, []string{"http://localhost:9400/callback"}
		})
		b := h.browser()
		got := a.redeem(a.auth(), a.code(b, demo.Doctor))
		subject := claimsOf(t, got.ID)["sub"].(string)
		_, info := h.userInfo(got.Access)
		if subject == h.account(demo.Doctor) || info["sub"] != subject || claimsOf(t, got.Access)["sub"] != subject {
			t.Fatal(subject, info)
		}
		in := func(c *registered, redirect string) string {
			t.Helper()
			p := b.get(h.request("client_id", c.ID, "redirect_uri", redirect)).must(http.StatusOK, "Передача данных")
			p = b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1")
			p = b.stay().get(h.base + p.header.Get("Location"))
			code := mustURL(p.header.Get("Location")).Query().Get("code")
			got := h.token(c.auth(), "grant_type", "authorization_code", "code", code, "redirect_uri", redirect, "code_verifier", verifier)
			return claimsOf(t, got.ID)["sub"].(string)
		}
		if in(same, callback) != subject {
			t.Error("one sector, two names")
		}
		if in(other, "http://localhost:9400/callback") == subject {
			t.Error("two sectors, one name")
		}
		// The client's own name of the person is what its hints carry.
		silent := func(hint string) url.Values {
			return b.stay().answerOf(b.stay().get(h.request("client_id", a.ID, "prompt", "none", "id_token_hint", hint)))
		}
		if got := silent(got.ID); got.Get("code") == "" {
			t.Fatal(got)
		}
	})
}

// A client's tokens are as it wants them: signed with another algorithm, or opaque.
func TestTokensByTheClientsWish(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		for i, alg := range []string{"RS256", "ES256", "EdDSA"} {
			c := h.connect(demo.Doctor, func(s *openid.Settings) { s.Alg = alg })
			var code string
			if i == 0 {
				code = c.code(b, demo.Doctor)
			} else {
				p := b.get(h.request("client_id", c.ID))
				code = b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow")).Get("code")
			}
			got := c.redeem(c.auth(), code)
			for _, token := range []string{got.Access, got.ID} {
				if header := headerOf(t, token); header["alg"] != alg || header["kid"] == "" {
					t.Errorf("%s: %v", alg, header)
				}
			}
			if status, _ := h.userInfo(got.Access); status != http.StatusOK {
				t.Errorf("%s: %d", alg, status)
			}
		}
		c := h.connect(demo.Doctor, func(s *openid.Settings) { s.Opaque = true })
		p := b.get(h.request("client_id", c.ID, "scope", "openid profile offline_access"))
		got := c.redeem(c.auth(), b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow")).Get("code"))
		if strings.Contains(got.Access, ".") || len(got.Access) != 43 {
			t.Fatalf("%+v", got)
		}
		if status, info := h.userInfo(got.Access); status != http.StatusOK || info["pin"] != demo.Doctor.PIN {
			t.Fatal(status, info)
		}
		if status, _ := h.userInfo(got.Refresh); status != http.StatusUnauthorized {
			t.Fatal("a refresh token opens the claims", status)
		}
		active := func(token string) bool {
			return h.call("/connect/introspect", basic("card", h.card.secret), "token", token).body["active"] == true
		}
		if !active(got.Access) || active(strings.Map(func(r rune) rune { return r ^ 1 }, got.Access[:1])+got.Access[1:]) {
			t.Fatal("introspection of an opaque token")
		}
		var found int
		if err := h.db().Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM opaque_token WHERE data LIKE '%' || $1 || '%' OR hash = $1`, got.Access).Scan(&found); err != nil || found != 0 {
			t.Fatal(found, err)
		}
		if status, _, _ := h.ask("/connect/revocation", c.auth(), "token", got.Access); status != http.StatusOK || active(got.Access) {
			t.Fatal(status)
		}
		if status, _ := h.userInfo(got.Access); status != http.StatusUnauthorized {
			t.Fatal(status)
		}
	})
}

// A machine's token is revoked as any other, though nothing is written when it is given.
func TestRFC7009MachinesTokenIsRevoked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		auth := basic("fhir-reader", "fhir-reader-secret+with/signs")
		count := func() (n int) {
			if err := h.db().Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM permission`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		got := h.token(auth, "grant_type", "client_credentials", "scope", "system/*.read")
		if count() != 0 {
			t.Fatal("a needless write")
		}
		active := func() any {
			return h.call("/connect/introspect", basic("card", h.card.secret), "token", got.Access).body["active"]
		}
		if active() != true {
			t.Fatal("not active")
		}
		if status, _, _ := h.ask("/connect/revocation", auth, "token", got.Access); status != http.StatusOK || active() != false {
			t.Fatal(status)
		}
	})
}

// RFC 8252, 7.3: a program on the person's own machine listens where it can.
func TestRFC8252LoopbackRedirectHasAnyPort(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) {
			s.Method, s.Redirects, s.PostLogout = openid.MethodPublic, []string{"http://127.0.0.1/callback", "kg.example.app:/callback"}, nil
		})
		b := h.browser()
		h.signIn(b, b.get(h.request("client_id", c.ID, "redirect_uri", "http://127.0.0.1:51234/callback")), demo.Doctor).must(http.StatusOK, "Передача данных")
		if policy := b.get(h.request("client_id", c.ID, "redirect_uri", "kg.example.app:/callback")).must(http.StatusOK).header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://127.0.0.1:* kg.example.app:") {
			t.Fatal(policy)
		}
		for _, wrong := range []string{"http://127.0.0.1:51234/other", "http://localhost:51234/callback", "http://127.0.0.1.evil.example/callback", "kg.example.app:/other"} {
			b.stay().get(h.request("client_id", c.ID, "redirect_uri", wrong)).must(http.StatusBadRequest)
		}
	})
}

// Engineers see why their client was refused, without anything secret or personal.
func TestRefusalsAreKeptForTheClientsEngineers(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clock.stop() // so many of a client are kept in a minute
		ctx := context.Background()
		c := h.connect(demo.Doctor, nil)
		b := h.browser()
		code := c.code(b, demo.Doctor)
		b.stay().get(h.request("client_id", c.ID, "redirect_uri", "https://evil.example/"+demo.Doctor.PIN))
		b.stay().get(h.request("client_id", c.ID, "scope", "openid everything"))
		b.stay().get(h.request("client_id", c.ID, "scope", "openid "+demo.Doctor.PIN))
		h.token(c.auth(), "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", strings.Repeat("w", 50))
		h.token(basic(c.ID, "wrong-secret"), "grant_type", "authorization_code", "code", code)
		all, err := h.esi.Provider().Requests(ctx, c.ID, 50)
		// The request that was answered is there while the client is on trial.
		if err != nil || len(all) != 6 || all[5].Code != "" || all[5].Endpoint != "authorize" {
			t.Fatalf("%+v %v", all, err)
		}
		all = all[:5]
		said := map[string]string{}
		for _, each := range all {
			said[each.Endpoint+" "+each.Code] += each.Description + "; "
			if each.At.IsZero() || strings.Contains(each.Description, demo.Doctor.PIN) || strings.Contains(each.Description, "wrong-secret") || strings.Contains(each.Description, code) {
				t.Errorf("%+v", each)
			}
		}
		for key, part := range map[string]string{
			"authorize invalid_request": "redirect_uri is not registered", "authorize invalid_scope": "scope everything does not match", "token invalid_grant": "code_verifier does not fit",
			"token invalid_client": "the client secret is wrong",
		} {
			if !strings.Contains(said[key], part) {
				t.Errorf("%s: %q", key, said[key])
			}
		}
		// Of one that is open to everybody nothing is kept but refusals.
		open := h.connect(demo.Doctor, nil)
		approve(t, h, open)
		if got := open.redeem(open.auth(), open.code(h.browser(), demo.Doctor)); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		open.redeem(open.auth(), "x")
		if all, err := h.esi.Provider().Requests(ctx, open.ID, 50); err != nil || len(all) != 1 || all[0].Code != "invalid_grant" {
			t.Fatalf("%+v %v", all, err)
		}
		// Bounded in number and in pace; of nobody's client nothing is kept.
		for range 40 {
			h.token(basic(c.ID, "wrong"), "grant_type", "client_credentials")
		}
		h.token(basic("nobody", "wrong"), "grant_type", "client_credentials")
		if all, err := h.esi.Provider().Requests(ctx, c.ID, 500); err != nil || len(all) != 30 {
			t.Fatal(len(all), err)
		}
		if all, err := h.esi.Provider().Requests(ctx, "nobody", 500); err != nil || len(all) != 0 {
			t.Fatal(len(all), err)
		}
	})
}
