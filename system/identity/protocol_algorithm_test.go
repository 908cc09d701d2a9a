package identity_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// keyFor is a key that can sign with the algorithm.
func keyFor(t *testing.T, alg jose.SignatureAlgorithm) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case jose.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RFC 8414: every algorithm that is advertised is taken, and every other one
// refused, where a client proves itself, signs a request, and proves that it has
// its key; FAPI 2.0 (5.4) has fewer.
func TestRFC8414AlgorithmsAreThoseAdvertised(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	d := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(h.browser().get(h.base+"/.well-known/openid-configuration").must(http.StatusOK).body), &d); err != nil {
		t.Fatal(err)
	}
	advertised := func(what string, alg jose.SignatureAlgorithm) bool {
		var all []jose.SignatureAlgorithm
		if err := json.Unmarshal(d[what], &all); err != nil || len(all) == 0 {
			t.Fatal(what, err)
		}
		return slices.Contains(all, alg)
	}
	for _, alg := range []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	} {
		key := keyFor(t, alg)
		set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Use: "sig"}}})
		if err != nil {
			t.Fatal(err)
		}
		sign := func(typ string, embed bool, claims map[string]any) string {
			options := (&jose.SignerOptions{EmbedJWK: embed}).WithType(jose.ContentType(typ))
			if !embed {
				options = options.WithHeader("kid", "k1")
			}
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
			if err != nil {
				t.Fatal(err)
			}
			token, err := jwt.Signed(signer).Claims(claims).Serialize()
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		now := time.Now().Unix()
		prove := func(clientID string) []string {
			return []string{"client_id", clientID, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", sign("JWT", false, map[string]any{
				"iss": clientID, "sub": clientID, "aud": h.base, "jti": id.New(), "iat": now, "exp": now + 60,
			})}
		}
		for profile, change := range map[openid.Profile]func(s *openid.Settings){
			openid.ProfilePlain: func(s *openid.Settings) { s.Method, s.JWKS = openid.MethodKey, string(set) }, openid.ProfileFAPI: func(s *openid.Settings) { fapi(s); s.JWKS = string(set) },
		} {
			c := h.connectWith(demo.Doctor, change)
			strict := profile == openid.ProfileFAPI
			inFAPI := slices.Contains([]jose.SignatureAlgorithm{jose.PS256, jose.ES256, jose.EdDSA}, alg)
			got := h.call("/connect/par", nil, append(prove(c.ID), h.parameters(c.ID)...)...)
			if want := advertised("token_endpoint_auth_signing_alg_values_supported", alg) && (!strict || inFAPI); (got.status == http.StatusCreated) != want {
				t.Errorf("%s, %s: an assertion: %+v", alg, profile, got)
			}
			if got.status != http.StatusCreated {
				continue
			}
			object := sign("oauth-authz-req+jwt", false, map[string]any{
				"iss": c.ID, "aud": h.base, "client_id": c.ID, "nbf": now, "exp": now + 60, "response_type": "code", "redirect_uri": callback, "scope": "openid",
				"code_challenge": challenge(), "code_challenge_method": "S256",
			})
			got = h.call("/connect/par", nil, append(prove(c.ID), "request", object)...)
			if want := advertised("request_object_signing_alg_values_supported", alg) && (!strict || inFAPI); (got.status == http.StatusCreated) != want {
				t.Errorf("%s, %s: a request object: %+v", alg, profile, got)
			}
		}
		proof := sign("dpop+jwt", true, map[string]any{"htm": "POST", "htu": h.base + "/connect/par", "jti": id.New(), "iat": now})
		got := h.call("/connect/par", proven(basic("conformance", secret), proof), h.parameters("conformance")...)
		if want := advertised("dpop_signing_alg_values_supported", alg); (got.status == http.StatusCreated) != want || !want && got.word("error") != "invalid_dpop_proof" {
			t.Errorf("%s: a proof: %+v", alg, got)
		}
	}
}

// connectWith registers a client with keys of its own.
func (h *house) connectWith(owner demo.Person, change func(s *openid.Settings)) openid.Client {
	h.t.Helper()
	settings := openid.Settings{
		Name: text.Same("Проба"), Redirects: []string{callback}, Scopes: openid.PersonScopes, Grants: []openid.Grant{openid.GrantCode, openid.GrantRefresh}, Profile: openid.ProfilePlain,
	}
	change(&settings)
	c, _, err := h.esi.Registry().Create(h.t.Context(), h.account(owner), settings)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}
