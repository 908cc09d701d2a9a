package identity_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
)

func (h *house) flowOf(p shown) (acr string, level assurance.Level, hint string) {
	h.t.Helper()
	flow, found, err := h.esi.Provider().Flow(context.Background(), p.url.Query().Get("flow"))
	if err != nil || !found {
		h.t.Fatal(found, err)
	}
	return flow.ACR, flow.Level, flow.LoginHint
}

// signInStaying is signIn up to the redirect that follows it.
func (h *house) signInStaying(b *browser, p shown, person demo.Person) shown {
	h.t.Helper()
	h.inbox.clear()
	p = b.submit(p.must(http.StatusOK, "Вход"), "/sign-in", "pin", person.PIN, "password", demo.Password)
	return b.stay().submit(p, "/sign-in/code", "code", h.inbox.code(h.t, person.Phone))
}

// OpenID Connect Core 1.0, 3.1.2.1 and 5.5.1.1: a class of sign-in that is
// wished for is tried, one that is essential is reached or refused.
func TestOIDCCoreStepUp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const high, substantial = "urn:sanarip:acr:high", "urn:sanarip:acr:substantial"
		essential := func(values string) string { return `{"id_token":{"acr":{"essential":true,"values":[` + values + `]}}}` }
		b := h.browser()
		h.code(b, demo.Doctor)
		acr := func(answer url.Values) any {
			t.Helper()
			got := h.redeem(answer.Get("code"))
			if got.status != http.StatusOK {
				t.Fatalf("%v %+v", answer, got)
			}
			return h.verify(got.ID)["acr"]
		}
		at := func(pairs ...string) url.Values { return b.stay().answerOf(b.stay().get(h.request(pairs...))) }
		if got := acr(at()); got != substantial {
			t.Fatal(got)
		}
		// The first of the wishes that is met is what the token says.
		if got := acr(at("acr_values", high+" urn:sanarip:acr:low "+substantial)); got != "urn:sanarip:acr:low" {
			t.Fatal(got)
		}
		if got := acr(at("claims", essential(`"`+substantial+`"`))); got != substantial {
			t.Fatal(got)
		}
		// More than the session has: sign in again, and the page can say how.
		p := b.get(h.request("acr_values", high)).must(http.StatusOK, "Вход")
		if acr, level, _ := h.flowOf(p); acr != high || level != assurance.High {
			t.Fatal(acr, level)
		}
		if got := at("acr_values", high, "prompt", "none"); got.Get("error") != "login_required" {
			t.Fatal(got)
		}
		// A wish that signing in again did not fulfil is let go.
		p = h.signInStaying(b, p, demo.Doctor)
		if got := acr(b.stay().answerOf(p)); got != substantial {
			t.Fatal(got)
		}
		// What is essential is not: once more, then the client is told.
		p = b.get(h.request("claims", essential(`"`+high+`"`))).must(http.StatusOK, "Вход")
		p = h.signIn(b, p, demo.Doctor).must(http.StatusOK, "Вход")
		p = h.signInStaying(b, p, demo.Doctor)
		if got := b.stay().answerOf(p); got.Get("error") != "unmet_authentication_requirements" || got.Get("state") != "st-1" {
			t.Fatal(got)
		}
		if got := at("claims", essential(`"urn:nobody:knows"`)); got.Get("error") != "unmet_authentication_requirements" {
			t.Fatal(got)
		}
		if got := acr(at("acr_values", "urn:nobody:knows")); got != substantial {
			t.Fatal(got)
		}
		// Reached.
		h.exec(h.db(), `UPDATE sso_session SET level = 'high', amr = 'hwk user'`)
		if got := acr(at("acr_values", high)); got != high {
			t.Fatal(got)
		}
		if got := acr(at("claims", essential(`"phr"`))); got != "phr" {
			t.Fatal(got)
		}
	})
}

// OpenID Connect Core 1.0, 5.5: single claims, as far as the person allows and
// the client may have them.
func TestOIDCCoreClaimsParameter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		wanted := `{"userinfo":{"email":{"essential":true},"phone_number":null,"pin":null,"hair":null},"id_token":{"given_name":null,"email_verified":{"value":true},"auth_time":{"essential":true}}}`
		p := h.signIn(b, b.get(h.request("scope", "openid", "claims", wanted)), demo.Patient)
		// The person is asked about what stands behind them, and leaves the phone out.
		p.must(http.StatusOK, "Передача данных", "+996 700 100217")
		answer := b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "email", "1", "remember", "1"))
		got := h.redeem(answer.Get("code"))
		if got.Scope != "openid" {
			t.Fatalf("%+v", got)
		}
		claims := h.verify(got.ID)
		if claims["given_name"] != demo.Patient.GivenName || claims["email_verified"] != true || claims["family_name"] != nil || claims["pin"] != nil || claims["auth_time"] == nil {
			t.Fatalf("%v", claims)
		}
		_, info := h.userInfo(got.Access)
		if info["email"] != demo.Patient.Email || info["pin"] != demo.Patient.PIN || info["phone_number"] != nil || info["name"] != nil || info["email_verified"] != nil {
			t.Fatalf("%v", info)
		}
		// The choice is remembered for the same request.
		if again := b.stay().answerOf(b.stay().get(h.request("scope", "openid", "claims", wanted))); again.Get("code") == "" {
			t.Fatal(again)
		}
		// A person is meant.
		subject := claims["sub"].(string)
		if got := b.stay().answerOf(b.stay().get(h.request("scope", "openid", "prompt", "none", "claims", `{"id_token":{"sub":{"value":"`+subject+`"}}}`))); got.Get("code") == "" {
			t.Fatal(got)
		}
		if got := b.stay().answerOf(b.stay().get(h.request("scope", "openid", "prompt", "none", "claims", `{"id_token":{"sub":{"value":"somebody"}}}`))); got.Get("error") != "login_required" {
			t.Fatal(got)
		}
		if got := b.stay().answerOf(b.stay().get(h.request("claims", "{"))); got.Get("error") != "invalid_request" {
			t.Fatal(got)
		}
	})
}

// OpenID Connect Core 1.0, 3.1.2.1: who is expected and in which language. A ПИН
// goes no further than the request that brings it.
func TestOIDCCoreLoginHintStaysWhereItIs(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		p := b.get(h.request("login_hint", demo.Doctor.PIN, "ui_locales", "de ky")).must(http.StatusOK, "Кирүү")
		if strings.Contains(p.url.String(), demo.Doctor.PIN) {
			t.Fatal(p.url)
		}
		if _, _, hint := h.flowOf(p); hint != demo.Doctor.PIN {
			t.Fatal(hint)
		}
		code := h.codeAtPage(b, p, demo.Doctor).Get("code")
		if got := h.redeem(code); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		for _, table := range []string{"flow", "permission"} {
			var found int
			if err := h.db().Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM `+table+` WHERE data LIKE '%' || $1 || '%'`, demo.Doctor.PIN).Scan(&found); err != nil || found != 0 {
				t.Fatal(table, err, found)
			}
		}
		other := h.browser()
		if _, _, hint := h.flowOf(other.get(h.request("login_hint", "somebody@example.kg"))); hint != "" {
			t.Fatal(hint)
		}
	})
}
