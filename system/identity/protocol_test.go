package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/sanarip/sanarip/demo"
)

const (
	callback = "http://127.0.0.1:9400/callback"
	verifier = "a-verifier-of-more-than-forty-three-characters-0123"
	secret   = "conformance-secret-demo"
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// request is an authorization request of the client "conformance"; pairs change
// it, and an empty value takes a parameter away.
func (h *house) request(pairs ...string) string {
	values := url.Values{
		"client_id": {"conformance"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"st-1"}, "nonce": {"no-1"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if values.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			values.Del(pairs[i])
		}
	}
	return h.base + "/connect/authorize?" + values.Encode()
}

// answerOf follows redirects up to the client's callback and gives its query.
func (b *browser) answerOf(p shown) url.Values {
	b.t.Helper()
	b = b.stay()
	for range 8 {
		location := p.header.Get("Location")
		if location == "" {
			b.t.Fatalf("%s answered %d:\n%s", p.url, p.status, p.words())
		}
		target, err := p.url.Parse(location)
		if err != nil {
			b.t.Fatal(err)
		}
		if strings.HasPrefix(target.String(), callback) {
			return target.Query()
		}
		p = b.get(target.String())
	}
	b.t.Fatal("redirected in a circle")
	return nil
}

// code takes the person through everything and gives the code.
func (h *house) code(b *browser, person demo.Person, pairs ...string) url.Values {
	h.t.Helper()
	p := h.signIn(b, b.get(h.request(pairs...)), person)
	return b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "email", "1", "phone", "1", "remember", "1"))
}

// tokens is the answer of the token endpoint.
type tokens struct {
	status  int
	header  http.Header
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`
	Said    string `json:"error_description"`
}

type clientAuth func(r *http.Request, values url.Values)

func basic(id, secret string) clientAuth {
	return func(r *http.Request, _ url.Values) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func (h *house) ask(path string, auth clientAuth, pairs ...string) (int, http.Header, []byte) {
	h.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, h.base+path, nil)
	if auth != nil {
		auth(r, values)
	}
	request, err := http.NewRequest(http.MethodPost, h.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header = r.Header
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	b := h.browser()
	p := b.do(request)
	return p.status, p.header, []byte(p.body)
}

func (h *house) token(auth clientAuth, pairs ...string) tokens {
	h.t.Helper()
	status, header, body := h.ask("/connect/token", auth, pairs...)
	got := tokens{status: status, header: header}
	if err := json.Unmarshal(body, &got); err != nil {
		h.t.Fatalf("%d %s: %v", status, body, err)
	}
	return got
}

func (h *house) redeem(code string, pairs ...string) tokens {
	h.t.Helper()
	return h.token(basic("conformance", secret), append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier}, pairs...)...)
}

func (h *house) userInfo(access string) (int, map[string]any) {
	h.t.Helper()
	r, _ := http.NewRequest(http.MethodGet, h.base+"/connect/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+access)
	p := h.browser().do(r)
	claims := map[string]any{}
	if err := json.Unmarshal([]byte(p.body), &claims); err != nil {
		h.t.Fatalf("%d %s", p.status, p.body)
	}
	return p.status, claims
}

func (h *house) verify(idToken string) map[string]any {
	h.t.Helper()
	ctx := oidc.ClientContext(context.Background(), &http.Client{Transport: h.network})
	p, err := oidc.NewProvider(ctx, h.base)
	if err != nil {
		h.t.Fatal(err)
	}
	token, err := p.Verifier(&oidc.Config{ClientID: "conformance"}).Verify(ctx, idToken)
	if err != nil {
		h.t.Fatal(err)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		h.t.Fatal(err)
	}
	return claims
}

func TestDiscoveryNamesTheRealAddressesAndNothingUnsafe(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	p := h.browser().get(h.base + "/.well-known/openid-configuration").must(http.StatusOK)
	d := map[string]any{}
	if err := json.Unmarshal([]byte(p.body), &d); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"issuer": h.base, "authorization_endpoint": h.base + "/connect/authorize", "token_endpoint": h.base + "/connect/token",
		"userinfo_endpoint": h.base + "/connect/userinfo", "end_session_endpoint": h.base + "/connect/endsession",
		"revocation_endpoint": h.base + "/connect/revocation", "introspection_endpoint": h.base + "/connect/introspect",
		"jwks_uri": h.base + "/.well-known/openid-configuration/jwks", "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
	} {
		if d[name] != want {
			t.Errorf("%s is %v, not %v", name, d[name], want)
		}
	}
	for name, want := range map[string]string{
		"response_types_supported": "[code]", "code_challenge_methods_supported": "[S256]", "subject_types_supported": "[public pairwise]",
		"grant_types_supported":                 "[authorization_code refresh_token client_credentials urn:ietf:params:oauth:grant-type:device_code]",
		"id_token_signing_alg_values_supported": "[RS256 ES256 EdDSA]", "token_endpoint_auth_methods_supported": "[client_secret_basic client_secret_post private_key_jwt none]",
	} {
		var got []string
		for _, each := range d[name].([]any) {
			got = append(got, each.(string))
		}
		if text := "[" + strings.Join(got, " ") + "]"; text != want {
			t.Errorf("%s is %s, not %s", name, text, want)
		}
	}
	var keys struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(h.browser().get(h.base+"/.well-known/openid-configuration/jwks").body), &keys); err != nil || len(keys.Keys) != 3 {
		t.Fatal(err, keys)
	}
	for _, key := range keys.Keys {
		if key["d"] != nil || key["p"] != nil || key["kid"] == "" || key["use"] != "sig" {
			t.Fatalf("%v", key)
		}
	}
}

func TestTokensAndClaimsOfAPerson(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	answer := h.code(b, demo.Patient, "scope", "openid profile organizations email phone offline_access")
	if answer.Get("state") != "st-1" || answer.Get("iss") != h.base {
		t.Fatal(answer)
	}
	got := h.redeem(answer.Get("code"))
	if got.status != http.StatusOK || got.Refresh == "" || got.header.Get("Cache-Control") == "" {
		t.Fatalf("%+v", got)
	}
	claims := h.verify(got.ID)
	if claims["nonce"] != "no-1" || claims["sid"] == "" || claims["acr"] != "urn:sanarip:acr:substantial" || claims["auth_time"] == nil || len(claims["amr"].([]any)) != 3 || claims["pin"] != nil {
		t.Fatalf("%v", claims)
	}
	status, info := h.userInfo(got.Access)
	for name, want := range map[string]any{
		"sub": claims["sub"], "pin": demo.Patient.PIN, "citizenship": "KGZ", "name": demo.Patient.Name(), "family_name": "Жумабеков", "given_name": "Эрмек",
		"middle_name": "Асанович", "gender": "male", "birthdate": "1960-09-12", "email": demo.Patient.Email, "email_verified": true,
		"phone_number": demo.Patient.Phone, "phone_number_verified": true,
	} {
		if info[name] != want {
			t.Errorf("%d: %s is %v, not %v", status, name, info[name], want)
		}
	}
	if _, info := h.userInfo(got.ID); info["error"] != "invalid_token" {
		t.Errorf("an ID token opened the claims: %v", info)
	}
	r, _ := http.NewRequest(http.MethodGet, h.base+"/connect/userinfo", nil)
	if p := h.browser().do(r); p.status != http.StatusUnauthorized || !strings.HasPrefix(p.header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%d %v", p.status, p.header)
	}
}

// One code, eight redemptions at once: one wins. That the code came again
// revokes what it gave (RFC 6749, 4.1.2).
func TestCodeIsRedeemedOnceAndAReplayRevokes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		answer := h.code(h.browser(), demo.Doctor, "scope", "openid profile offline_access")
		results := make([]tokens, 8)
		var wait sync.WaitGroup
		for i := range results {
			wait.Go(func() { results[i] = h.redeem(answer.Get("code")) })
		}
		wait.Wait()
		won := tokens{}
		for _, each := range results {
			switch {
			case each.status == http.StatusOK && won.Access == "":
				won = each
			case each.status == http.StatusOK:
				t.Fatal("the code was redeemed twice")
			case each.status != http.StatusBadRequest || each.Error != "invalid_grant":
				t.Fatalf("%+v", each)
			}
		}
		if won.Access == "" {
			t.Fatal("nobody won")
		}
		if status, _ := h.userInfo(won.Access); status != http.StatusUnauthorized {
			t.Fatalf("the token of a replayed code opens the claims: %d", status)
		}
		if again := h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", won.Refresh); again.Error != "invalid_grant" {
			t.Fatalf("%+v", again)
		}
	})
}

func TestRefreshTokenRotatesAndATheftEndsTheGrant(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		first := h.redeem(h.code(b, demo.Doctor, "scope", "openid profile offline_access").Get("code"))
		refresh := func(token string) tokens {
			return h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", token)
		}
		second := refresh(first.Refresh)
		if second.status != http.StatusOK || second.Refresh == "" || second.Refresh == first.Refresh || second.ID == "" {
			t.Fatalf("%+v", second)
		}
		// offline_access outlives the session.
		b.post(h.base+"/sign-out", nil)
		third := refresh(second.Refresh)
		if third.status != http.StatusOK {
			t.Fatalf("%+v", third)
		}
		if status, _ := h.userInfo(third.Access); status != http.StatusOK {
			t.Fatal(status)
		}
		// Introspection of a spent token is a question, not a use.
		_, _, body := h.ask("/connect/introspect", basic("conformance", secret), "token", first.Refresh)
		if !strings.Contains(string(body), `"active":false`) {
			t.Fatalf("%s", body)
		}
		if status, _ := h.userInfo(third.Access); status != http.StatusOK {
			t.Fatal("a question ended the grant")
		}
		if stolen := refresh(first.Refresh); stolen.Error != "invalid_grant" {
			t.Fatalf("%+v", stolen)
		}
		if again := refresh(third.Refresh); again.Error != "invalid_grant" {
			t.Fatalf("the grant lives after a theft: %+v", again)
		}
	})
}

func TestTokensEndWithTheSession(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	got := h.redeem(h.code(b, demo.Doctor).Get("code"))
	if got.Refresh != "" {
		t.Fatal("a refresh token without offline_access")
	}
	if status, _ := h.userInfo(got.Access); status != http.StatusOK {
		t.Fatal(status)
	}
	b.post(h.base+"/sign-out", nil)
	if status, _ := h.userInfo(got.Access); status != http.StatusUnauthorized {
		t.Fatalf("the token outlives the session: %d", status)
	}
}

func TestRevocationAndIntrospection(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	got := h.redeem(h.code(h.browser(), demo.Doctor).Get("code"))
	active := func(auth clientAuth) string {
		_, _, body := h.ask("/connect/introspect", auth, "token", got.Access)
		return string(body)
	}
	for _, auth := range []clientAuth{basic("conformance", secret), basic("card", h.card.secret)} {
		if body := active(auth); !strings.Contains(body, `"active":true`) || !strings.Contains(body, `"client_id":"conformance"`) {
			t.Fatal(body)
		}
	}
	if body := active(basic("fhir-reader", "fhir-reader-secret+with/signs")); strings.Contains(body, `"active":true`) {
		t.Fatal("a stranger learnt about the token: " + body)
	}
	if body := active(nil); !strings.Contains(body, "invalid_client") {
		t.Fatal(body)
	}
	if status, _, body := h.ask("/connect/revocation", basic("card", h.card.secret), "token", got.Access); status == http.StatusOK {
		t.Fatalf("another client revoked the token: %s", body)
	}
	if status, _, body := h.ask("/connect/revocation", basic("conformance", secret), "token", got.Access); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if body := active(basic("conformance", secret)); !strings.Contains(body, `"active":false`) {
		t.Fatal(body)
	}
}

func TestMachinesGetTokensByTheirSecret(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	const reader = "fhir-reader-secret+with/signs"
	post := func(r *http.Request, values url.Values) {
		values.Set("client_id", "fhir-reader")
		values.Set("client_secret", reader)
	}
	for name, auth := range map[string]clientAuth{"basic": basic("fhir-reader", reader), "post": post} {
		got := h.token(auth, "grant_type", "client_credentials", "scope", "system/*.read")
		if got.status != http.StatusOK || got.Scope != "system/*.read" || got.ID != "" || got.Refresh != "" {
			t.Errorf("%s: %+v", name, got)
		}
		_, _, body := h.ask("/connect/introspect", basic("card", h.card.secret), "token", got.Access)
		if !strings.Contains(string(body), `"scope":"system/*.read"`) || !strings.Contains(string(body), `"active":true`) {
			t.Errorf("%s: %s", name, body)
		}
	}
	for name, auth := range map[string]clientAuth{
		"wrong secret": basic("fhir-reader", "wrong"), "nobody": basic("nobody", reader), "none": nil,
		"not encoded": func(r *http.Request, _ url.Values) { r.SetBasicAuth("fhir-reader", "%zz") },
	} {
		got := h.token(auth, "grant_type", "client_credentials", "scope", "system/*.read")
		if got.status != http.StatusUnauthorized || got.Error != "invalid_client" || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	twice := func(r *http.Request, values url.Values) { basic("fhir-reader", reader)(r, values); post(r, values) }
	if got := h.token(twice, "grant_type", "client_credentials"); got.Error != "invalid_request" {
		t.Errorf("%+v", got)
	}
	if got := h.token(basic("fhir-reader", reader), "grant_type", "client_credentials", "scope", "user/*.read"); got.Error != "invalid_scope" {
		t.Errorf("%+v", got)
	}
	if got := h.token(basic("card", h.card.secret), "grant_type", "client_credentials", "scope", "system/*.read"); got.status == http.StatusOK {
		t.Errorf("%+v", got)
	}
	if got := h.token(basic("conformance", secret), "grant_type", "password", "username", demo.Doctor.PIN, "password", demo.Password); got.Error != "unsupported_grant_type" {
		t.Errorf("%+v", got)
	}
	h.browser().get(h.request("client_id", "fhir-reader", "redirect_uri", "")).must(http.StatusBadRequest)
}

// The answers of an expired code need the time of the world: the library counts by it.
func TestWrongRedemptions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.code(b, demo.Doctor) // signs in and lets the choice be remembered
		again := func(pairs ...string) string { return b.stay().answerOf(b.stay().get(h.request(pairs...))).Get("code") }
		for name, redeem := range map[string]func(code string) tokens{
			"no verifier":    func(code string) tokens { return h.redeem(code, "code_verifier", "") },
			"wrong verifier": func(code string) tokens { return h.redeem(code, "code_verifier", strings.Repeat("x", 50)) },
			"wrong redirect": func(code string) tokens { return h.redeem(code, "redirect_uri", "http://localhost:9400/callback") },
			"another client": func(code string) tokens {
				return h.token(basic("card", h.card.secret), "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
			},
			"forged code": func(string) tokens { return h.redeem("forged") },
			"huge code":   func(string) tokens { return h.redeem(strings.Repeat("x", 5000)) },
			"expired code": func(code string) tokens {
				h.expireCodes()
				return h.redeem(code)
			},
		} {
			code := again()
			if name == "expired code" { // the time of a short way's stands in itself: TestACodeOfTheShortWayEndsWithWhatItStandsOn
				code = again("prompt", "none")
			}
			if got := redeem(code); got.status != http.StatusBadRequest || (got.Error != "invalid_grant" && got.Error != "invalid_request") {
				t.Errorf("%s: %+v", name, got)
			}
			if name == "forged code" || name == "huge code" {
				continue
			}
			if got := h.redeem(code); got.status == http.StatusOK {
				t.Errorf("%s: the code is good after it was misused", name)
			}
		}
		if got := h.redeem(again()); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
	})
}

// expireCodes makes every code one of long ago.
func (h *house) expireCodes() {
	h.t.Helper()
	d := h.db()
	changed := map[string]string{}
	rows, err := d.Read.Query(`SELECT id, data FROM permission`)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, data string
		if err := rows.Scan(&id, &data); err != nil {
			h.t.Fatal(err)
		}
		grant := map[string]any{}
		if err := json.Unmarshal([]byte(data), &grant); err != nil {
			h.t.Fatal(err)
		}
		if until, ok := grant["auth_code_expires_at"].(float64); ok {
			if left := time.Until(time.Unix(int64(until), 0)); left > time.Minute {
				h.t.Errorf("a code lives %v", left)
			}
			grant["auth_code_expires_at"] = time.Now().Add(-time.Second).Unix()
		}
		encoded, _ := json.Marshal(grant)
		changed[id] = string(encoded)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	for id, data := range changed {
		h.exec(d, `UPDATE permission SET data = $2 WHERE id = $1`, id, data)
	}
}
