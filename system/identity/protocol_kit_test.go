package identity_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// account is the id of the person's account.
func (h *house) account(person demo.Person) string {
	h.t.Helper()
	var accountID string
	if err := h.db().Read.QueryRowContext(context.Background(), `SELECT id FROM account WHERE pin = $1`, person.PIN).Scan(&accountID); err != nil {
		h.t.Fatal(err)
	}
	return accountID
}

// registered is a client that an engineer has registered, with what it needs to speak.
type registered struct {
	openid.Client
	secret string
	key    *ecdsa.PrivateKey
	h      *house
}

// connect registers a client of the owner; change makes it another than a plain
// one with a secret.
func (h *house) connect(owner demo.Person, change func(s *openid.Settings)) *registered {
	h.t.Helper()
	key := newKey(h.t)
	settings := openid.Settings{
		Name: text.Words{KY: "Сыноо", RU: "Проба", EN: "Trial"}, Address: "http://127.0.0.1:9400", Redirects: []string{callback},
		PostLogout: []string{"http://127.0.0.1:9400/"}, Scopes: openid.PersonScopes,
		Grants: []openid.Grant{openid.GrantCode, openid.GrantRefresh, openid.GrantDevice}, Method: openid.MethodBasic, Profile: openid.ProfilePlain,
	}
	if change != nil {
		change(&settings)
	}
	if settings.Method == openid.MethodKey || settings.JWKS != "" {
		settings.JWKS = publicJWKS(h.t, key)
	}
	c, secret, err := h.esi.Registry().Create(context.Background(), h.account(owner), settings)
	if err != nil {
		h.t.Fatal(err)
	}
	return &registered{Client: c, secret: secret, key: key, h: h}
}

func fapi(s *openid.Settings) {
	s.Method, s.Profile, s.Alg = openid.MethodKey, openid.ProfileFAPI, "ES256"
}

func approve(t *testing.T, h *house, c *registered) {
	t.Helper()
	if err := h.esi.Registry().Approve(context.Background(), c.ID); err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicJWKS(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// signed makes a JWT of the claims.
func signed(t *testing.T, key *ecdsa.PrivateKey, typ string, embed bool, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{EmbedJWK: embed}).WithType(jose.ContentType(typ))
	if !embed {
		options = options.WithHeader("kid", "k1")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// auth is how the client proves to be itself, anew each time.
func (c *registered) auth(changes ...any) clientAuth {
	return func(r *http.Request, values url.Values) {
		switch c.Method {
		case openid.MethodKey:
			now := time.Now().Unix()
			claims := map[string]any{"iss": c.ID, "sub": c.ID, "aud": c.h.base, "jti": id.New(), "iat": now, "exp": now + 60}
			for i := 0; i+1 < len(changes); i += 2 {
				claims[changes[i].(string)] = changes[i+1]
			}
			values.Set("client_id", c.ID)
			values.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			values.Set("client_assertion", signed(c.h.t, c.key, "JWT", false, claims))
		case openid.MethodPublic:
			values.Set("client_id", c.ID)
		default:
			basic(c.ID, c.secret)(r, values)
		}
	}
}

// proof is a DPoP proof for a request (RFC 9449, 4.2).
func (h *house) proof(key *ecdsa.PrivateKey, method, path string, pairs ...any) string {
	claims := map[string]any{"htm": method, "htu": h.base + path, "jti": id.New(), "iat": time.Now().Unix()}
	for i := 0; i+1 < len(pairs); i += 2 {
		claims[pairs[i].(string)] = pairs[i+1]
	}
	return signed(h.t, key, "dpop+jwt", true, claims)
}

// proven adds proofs to a client's authentication.
func proven(auth clientAuth, proofs ...string) clientAuth {
	return func(r *http.Request, values url.Values) {
		if auth != nil {
			auth(r, values)
		}
		for _, each := range proofs {
			r.Header.Add("DPoP", each)
		}
	}
}

func thumbprint(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	sum, err := (&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// object is the request's parameters, changed by pairs.
func (h *house) parameters(clientID string, pairs ...string) []string {
	values := mustURL(h.request(append([]string{"client_id", clientID}, pairs...)...)).Query()
	var flat []string
	for name := range values {
		flat = append(flat, name, values.Get(name))
	}
	return flat
}

// answered is an endpoint's JSON.
type answered struct {
	status int
	header http.Header
	body   map[string]any
}

func (a answered) word(name string) string { s, _ := a.body[name].(string); return s }

func (h *house) call(path string, auth clientAuth, pairs ...string) answered {
	h.t.Helper()
	status, header, body := h.ask(path, auth, pairs...)
	got := answered{status: status, header: header, body: map[string]any{}}
	if len(bytes.TrimSpace(body)) == 0 {
		return got
	}
	if err := json.Unmarshal(body, &got.body); err != nil {
		h.t.Fatalf("%s: %d %s", path, status, body)
	}
	return got
}

// push pushes a request ahead and gives its address.
func (c *registered) push(auth clientAuth, pairs ...string) answered {
	c.h.t.Helper()
	return c.h.call("/connect/par", auth, c.h.parameters(c.ID, pairs...)...)
}

func (c *registered) pushedURL(requestURI string) string {
	return c.h.base + "/connect/authorize?" + url.Values{"client_id": {c.ID}, "request_uri": {requestURI}}.Encode()
}

// codeAt takes the person from the address to the client's callback.
func (h *house) codeAt(b *browser, address string, person demo.Person) url.Values {
	h.t.Helper()
	p := h.signIn(b, b.get(address), person)
	return b.stay().answerOf(b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "email", "1", "phone", "1", "remember", "1"))
}

func (c *registered) redeem(auth clientAuth, code string) tokens {
	c.h.t.Helper()
	return c.h.token(auth, "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
}

func (c *registered) code(b *browser, person demo.Person, pairs ...string) string {
	c.h.t.Helper()
	answer := c.h.codeAt(b, c.h.request(append([]string{"client_id", c.ID}, pairs...)...), person)
	if answer.Get("code") == "" {
		c.h.t.Fatal(answer)
	}
	return answer.Get("code")
}

// userInfoBy asks for the claims with any header.
func (h *house) userInfoBy(scheme, access, proof string) answered {
	h.t.Helper()
	r, _ := http.NewRequest(http.MethodGet, h.base+"/connect/userinfo", nil)
	r.Header.Set("Authorization", scheme+" "+access)
	if proof != "" {
		r.Header.Set("DPoP", proof)
	}
	p := h.browser().do(r)
	got := answered{status: p.status, header: p.header, body: map[string]any{}}
	if err := json.Unmarshal([]byte(p.body), &got.body); err != nil {
		h.t.Fatalf("%d %s", p.status, p.body)
	}
	return got
}

// claimsOf reads a JWT that was checked elsewhere.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %s", token)
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(data, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// another is a second process of ЕСИ on the same database; the network leads to
// it from now on.
func (h *house) another() *identity.System {
	h.t.Helper()
	esi, err := identity.New(context.Background(), host.Env{
		Database: h.address, Connections: 5, Clock: h.clock, Log: slog.New(slog.DiscardHandler), HTTP: &http.Client{Transport: h.network},
		BaseURL: h.base, Issuer: h.base, Sites: map[string]string{"identity": h.base, "card": h.card.base, "portal": h.portal.base},
		ClientSecretOf: secretOf, ExchangeAddress: h.tunduk, ExchangeKey: exchangeKey, Secret: houseSecret, Demo: true,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = esi.Close() })
	h.set("esi", esi.Handler())
	return esi
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]any{}
	if err := json.Unmarshal(data, &header); err != nil {
		t.Fatal(err)
	}
	return header
}
