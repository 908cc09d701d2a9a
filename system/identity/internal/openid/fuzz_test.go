package openid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// target is a provider that strangers' bytes are thrown at, and a client that
// signs its requests.
type target struct {
	handler http.Handler
	sign    func(typ string, embed bool, claims any) string
	count   int
}

const fuzzClient = "signing"

func newTarget(f *testing.F) *target {
	f.Helper()
	p, handler := providerOf(f, dbtest.SQLite(f, "identity", migration.Sets...))
	p.pacing.address, p.pacing.client = newPacing(clock.System{}, map[string]int64{paceAddress.Name: 1_000_000}).address, newPacing(clock.System{}, map[string]int64{paceClient.Name: 1_000_000}).client
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	public, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		f.Fatal(err)
	}
	p.own[fuzzClient] = connect(Client{
		ID: fuzzClient, Method: MethodKey, JWKS: string(public), Redirects: []string{benchCallback}, PostLogout: []string{"http://127.0.0.1:9400/"},
		Scopes: PersonScopes, Grants: []Grant{GrantCode, GrantRefresh, GrantDevice},
	})
	sign := func(typ string, embed bool, claims any) string {
		options := (&jose.SignerOptions{EmbedJWK: embed}).WithType(jose.ContentType(typ))
		if !embed {
			options = options.WithHeader("kid", "k1")
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
		if err != nil {
			f.Fatal(err)
		}
		token, err := jwt.Signed(signer).Claims(claims).Serialize()
		if err != nil {
			return ""
		}
		return token
	}
	return &target{handler: handler, sign: sign}
}

func (x *target) ask(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	x.count++
	r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", x.count>>16&255, x.count>>8&255, x.count&255)
	w := httptest.NewRecorder()
	x.handler.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, w.Code, w.Body)
	}
	return w
}

// open asks as a browser does. Nobody is signed in: whatever is asked, no code is
// given, and nobody is led elsewhere than to a page of ours or to the client's own.
func (x *target) open(t *testing.T, r *http.Request) {
	t.Helper()
	w := x.ask(t, r)
	location := w.Header().Get("Location")
	if location == "" {
		return
	}
	to, err := url.Parse(location)
	if err != nil || strings.HasPrefix(location, "//") || strings.HasPrefix(location, `/\`) {
		t.Fatalf("led to %q (%v)", location, err)
	}
	ours := to.Host == "" && to.Scheme == "" && strings.HasPrefix(location, "/")
	bare := *to
	bare.RawQuery, bare.Fragment, bare.RawFragment = "", "", ""
	if !ours && bare.String() != benchCallback && bare.String() != "http://127.0.0.1:9400/" {
		t.Fatalf("led to %q", location)
	}
	if fragment, _ := url.ParseQuery(to.Fragment); to.Query().Has("code") || fragment.Has("code") {
		t.Fatalf("a code for nobody: %q", location)
	}
}

// FuzzAuthorize throws addresses at what browsers open: parameters, hints, claims,
// request objects.
func FuzzAuthorize(f *testing.F) {
	x := newTarget(f)
	whole := authorization("system")
	f.Add(whole.Encode(), false)
	f.Add(whole.Encode(), true)
	for _, more := range []url.Values{
		{"claims": {`{"id_token":{"acr":{"essential":true,"values":["phr"]},"sub":{"value":"x"}},"userinfo":{"name":null}}`}},
		{"prompt": {"none login"}, "max_age": {"-1"}},
		{"response_type": {"token id_token"}, "response_mode": {"form_post"}},
		{"id_token_hint": {x.sign("JWT", false, map[string]any{"iss": "http://esi.localhost", "aud": "system", "sub": "x"})}},
		{"request": {x.sign("jwt", false, map[string]any{"iss": "system"})}, "client_id": {fuzzClient}},
		{"request_uri": {pushedID + "x"}},
		{"redirect_uri": {"//evil.example"}},
		{"redirect_uri": {benchCallback + "\n"}},
		{"ui_locales": {"ky xx ru"}, "login_hint": {"20101199000017"}, "dpop_jkt": {"x"}},
	} {
		values := authorization("system")
		for name, each := range more {
			values[name] = each
		}
		f.Add(values.Encode(), false)
	}
	f.Fuzz(func(t *testing.T, query string, posted bool) {
		r := httptest.NewRequest(http.MethodGet, "/connect/authorize", nil)
		r.URL.RawQuery = query
		if posted {
			r = httptest.NewRequest(http.MethodPost, "/connect/authorize", strings.NewReader(query))
			r.Header.Set("Content-Type", formType)
		}
		x.open(t, r)
	})
}

// FuzzRequestObject throws what a client may sign.
func FuzzRequestObject(f *testing.F) {
	x := newTarget(f)
	seed := map[string]any{}
	for name, value := range authorization(fuzzClient) {
		seed[name] = value[0]
	}
	seed["max_age"], seed["claims"] = 60, map[string]any{"id_token": map[string]any{"acr": map[string]any{"values": []string{"phr"}}}}
	data, err := json.Marshal(seed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"redirect_uri":["http://127.0.0.1:9400/callback"],"scope":{"openid":1},"response_type":null,"state":"\u0000","aud":[1]}`))
	f.Add([]byte(`{"redirect_uri":"https://evil.example/","response_type":"token","REDIRECT_URI":"http://127.0.0.1:9400/callback"}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		members := map[string]any{}
		if json.Unmarshal(object, &members) != nil {
			return
		}
		for name, value := range map[string]any{"iss": fuzzClient, "aud": "http://esi.localhost", "client_id": fuzzClient} {
			if _, said := members[name]; !said {
				members[name] = value
			}
		}
		signed := x.sign("oauth-authz-req+jwt", false, members)
		r := httptest.NewRequest(http.MethodGet, "/connect/authorize?"+url.Values{"client_id": {fuzzClient}, "request": {signed}, "redirect_uri": {benchCallback}}.Encode(), nil)
		x.open(t, r)
	})
}

// FuzzSignOut throws addresses at the end of sessions.
func FuzzSignOut(f *testing.F) {
	x := newTarget(f)
	f.Add(url.Values{"client_id": {fuzzClient}, "post_logout_redirect_uri": {"http://127.0.0.1:9400/"}, "state": {"s"}, "logout_hint": {"x"}}.Encode())
	f.Add(url.Values{"id_token_hint": {x.sign("JWT", false, map[string]any{"iss": "http://esi.localhost", "aud": fuzzClient, "sub": "x"})}}.Encode())
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/connect/endsession", nil)
		r.URL.RawQuery = query
		x.open(t, r)
	})
}

// FuzzEndpoints throws forms, credentials, assertions and proofs at what machines
// call. Nothing is given to whoever has neither the secret nor the key.
func FuzzEndpoints(f *testing.F) {
	x := newTarget(f)
	paths := []string{"token", "introspect", "revocation", "par", "deviceauthorization", "userinfo"}
	now := time.Now().Unix()
	assertion := x.sign("JWT", false, map[string]any{"iss": fuzzClient, "sub": fuzzClient, "aud": "http://other.example", "exp": now + 60, "jti": "1"})
	proof := x.sign("dpop+jwt", true, map[string]any{"htm": "POST", "htu": "http://esi.localhost/connect/token", "iat": now, "jti": "2"})
	for i := range paths {
		f.Add(byte(i), "grant_type=client_credentials&scope=system%2F*.read", "Basic bWFjaGluZTp4", "")
		f.Add(byte(i), url.Values{
			"grant_type": {"authorization_code"}, "code": {"x.y.z"}, "redirect_uri": {benchCallback}, "code_verifier": {benchVerifier}, "client_id": {fuzzClient},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion}, "token": {assertion}, "device_code": {"x"},
		}.Encode(), "", proof)
		f.Add(byte(i), "access_token=a.b.c&refresh_token=x", "DPoP "+assertion, proof)
		f.Add(byte(i), "client_id=system&client_secret=x&request="+assertion, "Bearer a.eyJhIjoxfQ.c", "a.b.c")
	}
	f.Fuzz(func(t *testing.T, which byte, form, authorization, proof string) {
		r := httptest.NewRequest(http.MethodPost, "/connect/"+paths[int(which)%len(paths)], strings.NewReader(form))
		r.Header.Set("Content-Type", formType)
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		if proof != "" {
			r.Header["Dpop"] = []string{proof}
		}
		w := x.ask(t, r)
		if w.Code/100 != 2 || strings.Contains(form+authorization, benchSecret) {
			return
		}
		t.Fatalf("%s gave %d %s", r.URL.Path, w.Code, w.Body)
	})
}

// FuzzRedirects registers an address and asks for another: it is the client's to
// the letter, but for the port of a program on the person's own machine.
func FuzzRedirects(f *testing.F) {
	for _, each := range [][2]string{
		{benchCallback, benchCallback},
		{"https://a.example/cb", "https://a.example/cb?x"},
		{"http://127.0.0.1/cb", "http://127.0.0.1:5/cb"},
		{"kg.example.app:/cb", "kg.example.app:/cb"},
		{"http://[::1]/cb", "http://[::1]:7/cb"},
		{"https://a.example@b.example/", "https://b.example/"},
		{"http://127.0.0.1/cb", "http://127.0.0.1:5@evil.example/cb"},
	} {
		f.Add(each[0], each[1])
	}
	f.Fuzz(func(t *testing.T, registered, asked string) {
		c := Client{Method: MethodPublic, Redirects: []string{registered}}
		if !c.redirectable(registered) {
			return
		}
		u, err := url.Parse(registered)
		if err != nil || u.User != nil || u.Fragment != "" || u.Host == "" && !strings.Contains(u.Scheme, ".") || u.Scheme == "http" && !local(registered) || u.Scheme == "javascript" {
			t.Fatalf("%q may be registered", registered)
		}
		if !c.leadsTo(asked) || asked == registered {
			return
		}
		at, err := url.Parse(asked)
		if err != nil || !anyPort(registered) || at.Hostname() != u.Hostname() || at.User != nil || at.Scheme != u.Scheme || at.Path != u.Path || at.RawQuery != u.RawQuery || at.Fragment != "" {
			t.Fatalf("%q is taken for %q", asked, registered)
		}
	})
}

// FuzzKeys reads what an engineer registers as public keys.
func FuzzKeys(f *testing.F) {
	f.Add(`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig"}]}`)
	f.Add(`{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}]}`)
	f.Add(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`)
	f.Fuzz(func(t *testing.T, jwks string) {
		set, ok := publicKeys(jwks)
		if !ok {
			return
		}
		for _, key := range set.Keys {
			if !key.IsPublic() || !key.Valid() {
				t.Fatalf("%+v", key)
			}
		}
	})
}
