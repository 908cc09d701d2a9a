package identity_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// One code of the protocol covers many faults: the answer names the one, and the
// engineers' page advises by it.
func TestARefusalNamesItsCause(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) { public(s); s.Scopes = append(s.Scopes, "offline_access") })
		key, other := newKey(t), newKey(t)
		b := h.browser()
		first := h.code(b, demo.Doctor, "client_id", c.ID).Get("code")
		next := func(pairs ...string) string {
			t.Helper()
			return b.stay().answerOf(b.stay().get(h.request(append([]string{"client_id", c.ID}, pairs...)...))).Get("code")
		}
		redeem := func(proof, code, redirect, verifier string) tokens {
			auth := c.auth()
			if proof != "" {
				auth = proven(auth, proof)
			}
			return h.token(auth, "grant_type", "authorization_code", "code", code, "redirect_uri", redirect, "code_verifier", verifier)
		}
		proof := func(pairs ...any) string { return h.proof(key, "POST", "/connect/token", pairs...) }
		used := proof()
		got := redeem(used, first, callback, verifier)
		if got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		bound := func() string { return next("dpop_jkt", thumbprint(t, key)) }
		late := next("nonce", strings.Repeat("n", 950)) // too long to be sealed
		h.expireCodes()
		for _, try := range []struct {
			got          tokens
			said, advice string
		}{
			{redeem(proof("iat", time.Now().Add(-6*time.Minute).Unix()), next(), callback, verifier), "too old", "устарело"},
			{redeem(proof("iat", time.Now().Add(2*time.Minute).Unix()), next(), callback, verifier), "present time", "не сходится с текущим"},
			{redeem(proof("jti", ""), next(), callback, verifier), "has no jti", "нет jti"},
			{redeem(used, next(), callback, verifier), "used before", "уже использовано"},
			{redeem(proof("htm", "GET"), next(), callback, verifier), "htm of", "не метод запроса"},
			{redeem(proof("htu", h.base+"/connect/par"), next(), callback, verifier), "htu of", "не тот адрес"},
			{redeem("a.b.c", next(), callback, verifier), "no JWT of type", "не читается"},
			{redeem("", bound(), callback, verifier), "proof is required", "доказательства DPoP нет"},
			{redeem(h.proof(other, "POST", "/connect/token"), bound(), callback, verifier), "another key", "другим ключом"},
			{redeem("", next(), callback+"/x", verifier), "redirect_uri is not the one", "не тот, что был в authorize"},
			{redeem("", next(), callback, strings.Repeat("z", 50)), "code_verifier does not fit", "не подходит к code_challenge"},
			{redeem("", "nothing", callback, verifier), "not known", "Код неизвестен"},
			{redeem("", late, callback, verifier), "expired", "Срок кода вышел"},
			{redeem(proof(), first, callback, verifier), "used before", "Код уже использован"},
			{h.token(c.auth(), "grant_type", "refresh_token", "refresh_token", "nothing"), "good no more", "больше не действует"},
		} {
			if try.got.status != http.StatusBadRequest || !strings.Contains(try.got.Said, try.said) {
				t.Errorf("%q: %+v", try.said, try.got)
			}
			b.get(h.base+"/systems/"+c.ID).must(http.StatusOK, try.advice)
		}
	})
}

// Who could not prove to be the client is not told why; the client's engineers are.
func TestTheCauseOfAFailedProofIsForTheEngineersAlone(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	c := h.connect(demo.Doctor, func(*openid.Settings) {})
	h.code(b, demo.Doctor, "client_id", c.ID)
	byKey := h.connect(demo.Doctor, func(s *openid.Settings) { s.Method = openid.MethodKey })
	for _, try := range []struct {
		c      *registered
		auth   clientAuth
		advice string
	}{
		{c, basic(c.ID, "wrong"), "Неверный client_secret"},
		{byKey, byKey.auth("aud", "https://elsewhere.example"), "только адрес issuer"},
		{byKey, byKey.auth("jti", ""), "нужны iss, sub, jti и exp"},
		{byKey, byKey.auth("exp", time.Now().Add(-time.Hour).Unix()), "нужны iss, sub, jti и exp"},
	} {
		got := h.token(try.auth, "grant_type", "client_credentials")
		if got.Error != "invalid_client" || strings.Contains(got.Said, "jti") || strings.Contains(got.Said, "wrong") {
			t.Errorf("%s: %+v", try.advice, got)
		}
		b.get(h.base+"/systems/"+try.c.ID).must(http.StatusOK, try.advice)
	}
	// At authorize the client is told where the person may be sent back to it.
	for _, try := range []struct {
		pairs        []string
		said, advice string
	}{
		{[]string{"redirect_uri", callback + "/other"}, "", "не зарегистрирован"},
		{[]string{"code_challenge", ""}, "PKCE, method S256", "PKCE обязателен"},
		{[]string{"code_challenge_method", "plain"}, "must be S256", "PKCE обязателен"},
		{[]string{"request_uri", "urn:ietf:params:oauth:request_uri:nothing"}, "", "отправляйте PAR заново"},
	} {
		p := b.stay().get(h.request(append([]string{"client_id", c.ID}, try.pairs...)...))
		if back := p.header.Get("Location"); (try.said == "") != (back == "") || try.said != "" && !strings.Contains(b.answerOf(p).Get("error_description"), try.said) {
			t.Errorf("%v: sent back to %q", try.pairs, back)
		}
		b.get(h.base+"/systems/"+c.ID).must(http.StatusOK, try.advice)
	}
}
