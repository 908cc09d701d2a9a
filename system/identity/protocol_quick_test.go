package identity_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sanarip/sanarip/demo"
)

// What is answered again about a token does not outlive it, and is told to none
// but those who may hear it: in two processes on both engines.
func TestAnswersGivenAgainHoldNoLongerThanTheToken(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		got := h.redeem(h.code(b, demo.Doctor).Get("code"))
		here, there := h.esi.Handler(), h.another().Handler()
		active := func(auth clientAuth) any {
			return h.call("/connect/introspect", auth, "token", got.Access).body["active"]
		}
		for range 3 { // the second and third time it is held, in both
			for _, process := range []http.Handler{here, there} {
				h.set("esi", process)
				if status, claims := h.userInfo(got.Access); status != http.StatusOK || claims["pin"] != demo.Doctor.PIN {
					t.Fatal(status, claims)
				}
				if active(basic("conformance", secret)) != true || active(basic("card", h.card.secret)) != true {
					t.Fatal("not active")
				}
			}
		}
		if told := h.call("/connect/introspect", basic("conformance", "wrong"), "token", got.Access); told.status != http.StatusUnauthorized {
			t.Fatal("a wrong secret", told)
		}
		if active(basic("fhir-reader", "fhir-reader-secret+with/signs")) != false {
			t.Fatal("told to a stranger")
		}
		if wrong := h.userInfoBy("DPoP", got.Access, ""); wrong.status != http.StatusUnauthorized {
			t.Fatal("a bearer's token taken as one bound to a key", wrong)
		}
		h.set("esi", here)
		if status, _, _ := h.ask("/connect/revocation", basic("conformance", secret), "token", got.Access); status != http.StatusOK {
			t.Fatal(status)
		}
		for _, process := range []http.Handler{here, there} {
			h.set("esi", process)
			if status, _ := h.userInfo(got.Access); status != http.StatusUnauthorized || active(basic("conformance", secret)) != false || active(basic("card", h.card.secret)) != false {
				t.Fatal("a revoked token is answered again", status)
			}
		}
	})
}

// A code that a signed-in person's browser carries is redeemed at any process,
// once; and not at all when the consent was withdrawn, or given anew, meanwhile.
func TestACodeIsWorthNoMoreThanTheConsent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		if got := h.redeem(h.code(b, demo.Doctor).Get("code")); got.status != http.StatusOK {
			t.Fatal(got)
		}
		carried := func() string { return b.answerOf(b.stay().get(h.request())).Get("code") }
		here, there := h.esi.Handler(), h.another().Handler()
		h.set("esi", here)
		code := carried()
		h.set("esi", there)
		first := h.redeem(code)
		h.set("esi", here)
		if second := h.redeem(code); first.status != http.StatusOK || second.Error != "invalid_grant" {
			t.Fatal(first, second)
		}
		withdraw := func() {
			page := b.get(h.base + "/security/consents")
			b.submit(page, "/security/consents/withdraw", "client", "conformance").must(http.StatusOK)
		}
		code = carried() // asked again in another window, the consent is still the same one
		p := b.get(h.request("prompt", "consent"))
		b.stay().submit(p, "/consent", "decision", "allow", "email", "1", "phone", "1", "remember", "1")
		if got := h.redeem(code); got.status != http.StatusOK {
			t.Fatal("after the same consent was given again", got)
		}
		code = carried()
		withdraw()
		if got := h.redeem(code); got.Error != "invalid_grant" {
			t.Fatal("after the consent was withdrawn", got)
		}
		p = b.get(h.request())
		if got := h.redeem(b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow", "email", "1", "phone", "1", "remember", "1")).Get("code")); got.status != http.StatusOK {
			t.Fatal(got)
		}
		code = carried()
		withdraw()
		p = b.get(h.request())
		b.stay().submit(p, "/consent", "decision", "allow", "email", "1", "phone", "1", "remember", "1")
		if got := h.redeem(code); got.Error != "invalid_grant" {
			t.Fatal("by a consent that came later", got)
		}
	})
}

func TestABlockedClientsTokensAreNotAnsweredAgain(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	c := h.connect(demo.Doctor, nil)
	got := c.redeem(c.auth(), c.code(h.browser(), demo.Doctor))
	for range 2 {
		if status, _ := h.userInfo(got.Access); status != http.StatusOK {
			t.Fatal(status)
		}
		if h.call("/connect/introspect", c.auth(), "token", got.Access).body["active"] != true {
			t.Fatal("not active")
		}
	}
	if err := h.esi.Registry().Block(context.Background(), c.ID, "abuse"); err != nil {
		t.Fatal(err)
	}
	if status, _ := h.userInfo(got.Access); status != http.StatusUnauthorized {
		t.Fatal(status)
	}
	if told := h.call("/connect/introspect", c.auth(), "token", got.Access); told.status != http.StatusUnauthorized {
		t.Fatal(told)
	}
	if h.call("/connect/introspect", basic("card", h.card.secret), "token", got.Access).body["active"] != false {
		t.Fatal("active for a resource server")
	}
}

// A machine's token is the same whether we sign it ourselves or the library does.
func TestAMachinesTokenIsThatOfTheLibrary(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	_, _, body := h.ask("/connect/token", basic("fhir-reader", "fhir-reader-secret+with/signs"), "grant_type", "client_credentials", "scope", "system/*.read")
	_, _, byLibrary := h.ask("/connect/token", basic("fhir-reader", "fhir-reader-secret+with/signs"), "grant_type", "client_credentials", "scope", "system/*.read", "unknown", "1")
	var answers [2]map[string]any
	for i, each := range [][]byte{body, byLibrary} {
		if err := json.Unmarshal(each, &answers[i]); err != nil {
			t.Fatal(err, string(each))
		}
	}
	ours, theirs := answers[0]["access_token"].(string), answers[1]["access_token"].(string)
	delete(answers[0], "access_token")
	delete(answers[1], "access_token")
	if !maps.Equal(answers[0], answers[1]) || !maps.Equal(headerOf(t, ours), headerOf(t, theirs)) {
		t.Fatal(answers, headerOf(t, ours), headerOf(t, theirs))
	}
	a, b := claimsOf(t, ours), claimsOf(t, theirs)
	if names := slices.Sorted(maps.Keys(a)); !slices.Equal(names, slices.Sorted(maps.Keys(b))) {
		t.Fatal(a, b)
	}
	for _, name := range []string{"aud", "client_id", "iss", "scope", "sub"} {
		if a[name] != b[name] {
			t.Error(name, a[name], b[name])
		}
	}
	if a["jti"] == b["jti"] || a["grant_id"] == b["grant_id"] || !strings.HasPrefix(a["grant_id"].(string), "m.fhir-reader.") || a["exp"].(float64)-a["iat"].(float64) != 600 {
		t.Error(a, b)
	}
	p := h.browser().get(h.base + "/.well-known/openid-configuration/jwks")
	keys := jose.JSONWebKeySet{}
	if err := json.Unmarshal([]byte(p.body), &keys); err != nil {
		t.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(ours, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Claims(keys.Key(headerOf(t, ours)["kid"].(string))[0], &jwt.Claims{}); err != nil {
		t.Fatal(err)
	}
}

// Who knows what is published already is told so in a few bytes.
func TestDiscoveryAndKeysHaveATag(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/openid-configuration/jwks"} {
		first := h.browser().get(h.base + path)
		r, _ := http.NewRequest(http.MethodGet, h.base+path, nil)
		r.Header.Set("If-None-Match", first.header.Get("Etag"))
		if again := h.browser().do(r); first.header.Get("Etag") == "" || again.status != http.StatusNotModified || again.body != "" {
			t.Error(path, first.header, again.status)
		}
		r.Header.Set("If-None-Match", `"another"`)
		if again := h.browser().do(r); again.status != http.StatusOK || again.body != first.body {
			t.Error(path, again.status)
		}
	}
}
