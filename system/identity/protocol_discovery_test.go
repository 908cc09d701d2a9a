package identity_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// RFC 8414: what is advertised is there, and what is there is advertised.
func TestRFC8414DescriptionIsTrue(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	p := h.browser().get(h.base + "/.well-known/openid-configuration").must(http.StatusOK)
	if same := h.browser().get(h.base + "/.well-known/oauth-authorization-server").must(http.StatusOK); same.body != p.body { // RFC 8414, 3
		t.Error(same.body)
	}
	d := map[string]any{}
	if err := json.Unmarshal([]byte(p.body), &d); err != nil {
		t.Fatal(err)
	}
	list := func(name string) []string {
		var all []string
		each, _ := d[name].([]any)
		for _, v := range each {
			all = append(all, v.(string))
		}
		return all
	}
	// Nothing stands there that this test does not know.
	known := map[string]string{
		"issuer": h.base, "authorization_endpoint": "/connect/authorize", "token_endpoint": "/connect/token", "userinfo_endpoint": "/connect/userinfo",
		"jwks_uri": "/.well-known/openid-configuration/jwks", "pushed_authorization_request_endpoint": "/connect/par", "introspection_endpoint": "/connect/introspect",
		"revocation_endpoint": "/connect/revocation", "end_session_endpoint": "/connect/endsession", "device_authorization_endpoint": "/connect/deviceauthorization",
	}
	lists := map[string]string{
		"response_types_supported": "code", "response_modes_supported": "form_post query fragment",
		"grant_types_supported": "authorization_code refresh_token client_credentials " + deviceGrant,
		"scopes_supported":      "openid profile organizations email phone offline_access device_api signature_api notification_api user/*.read user/*.write patient/*.read system/*.read system/*.write launch/patient fhirUser user/*.cruds system/*.cruds",
		"claims_supported":      "sub pin citizenship name family_name given_name middle_name gender birthdate organizations email email_verified phone_number phone_number_verified sid acr amr auth_time",
		"claim_types_supported": "normal", "subject_types_supported": "public pairwise", "id_token_signing_alg_values_supported": "RS256 ES256 EdDSA",
		"token_endpoint_auth_methods_supported":                    "client_secret_basic client_secret_post private_key_jwt none",
		"token_endpoint_auth_signing_alg_values_supported":         "ES256 PS256 EdDSA RS256 ES384 RS384",
		"introspection_endpoint_auth_methods_supported":            "client_secret_basic client_secret_post private_key_jwt",
		"introspection_endpoint_auth_signing_alg_values_supported": "ES256 PS256 EdDSA RS256 ES384 RS384",
		"revocation_endpoint_auth_methods_supported":               "client_secret_basic client_secret_post private_key_jwt none",
		"revocation_endpoint_auth_signing_alg_values_supported":    "ES256 PS256 EdDSA RS256 ES384 RS384",
		"request_object_signing_alg_values_supported":              "RS256 PS256 ES256 EdDSA", "dpop_signing_alg_values_supported": "ES256 PS256 EdDSA",
		"acr_values_supported":     "urn:sanarip:acr:low urn:sanarip:acr:substantial urn:sanarip:acr:high phr",
		"display_values_supported": "page popup touch", "code_challenge_methods_supported": "S256", "prompt_values_supported": "none login consent select_account",
		"ui_locales_supported": "ky ru en",
	}
	flags := map[string]bool{
		"request_parameter_supported": true, "request_uri_parameter_supported": false, "claims_parameter_supported": true,
		"authorization_response_iss_parameter_supported": true, "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
		"frontchannel_logout_supported": true, "frontchannel_logout_session_supported": true,
	}
	for name, value := range d {
		address, isAddress := known[name]
		words, isList := lists[name]
		flag, isFlag := flags[name]
		switch {
		case isAddress && (value == address || value == h.base+address):
		case isList && sorted(list(name)) == sorted(strings.Fields(words)):
		case isFlag && value == flag:
		default:
			t.Errorf("%s is %v", name, value)
		}
	}
	if len(d) != len(known)+len(lists)+len(flags) {
		t.Errorf("%d members, not %d", len(d), len(known)+len(lists)+len(flags))
	}
	// No other address answers, and check_session is not offered: browsers keep
	// the cookies from its frame.
	for _, path := range []string{
		"/connect/checksession", "/connect/register", "/connect/revoke", "/connect/device_authorization", "/device_authorization", "/par", "/authorize",
		"/token", "/userinfo", "/jwks", "/connect/jwks", "/.well-known/openid-federation", "/connect/bc-authorize", "/connect/logout", "/logout",
	} {
		if p := h.browser().get(h.base + path); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, p.status)
		}
		if p := h.browser().post(h.base+path, nil); p.status != http.StatusNotFound && p.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s answers %d", path, p.status)
		}
	}
	for _, grant := range []string{
		"password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:token-exchange",
		"urn:ietf:params:oauth:grant-type:pre-authorized_code", "",
	} {
		if got := h.token(basic("conformance", secret), "grant_type", grant, "assertion", "x"); got.Error != "unsupported_grant_type" {
			t.Errorf("%s: %+v", grant, got)
		}
	}
}

func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}

// Each way of answering and each display that is advertised works.
func TestRFC8414AdvertisedWaysOfAnswering(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.code(b, demo.Doctor)
	for _, display := range []string{"page", "popup", "touch"} {
		if got := b.stay().answerOf(b.stay().get(h.request("display", display))); got.Get("code") == "" {
			t.Error(display, got)
		}
	}
	for mode, sign := range map[string]string{"query": callback + "?", "fragment": callback + "#"} {
		p := b.stay().get(h.request("response_mode", mode))
		if location := p.header.Get("Location"); !strings.HasPrefix(location, sign) || !strings.Contains(location, "code=") {
			t.Error(mode, p.status, location)
		}
	}
	for _, mode := range []string{"query.jwt", "jwt", "json", "form_post.jwt"} {
		if got := b.stay().answerOf(b.stay().get(h.request("response_mode", mode))); got.Get("error") != "invalid_request" {
			t.Error(mode, got)
		}
	}
}

// RFC 7523 and RFC 7662: private_key_jwt works wherever a client proves itself; a
// public client cannot ask about tokens.
func TestRFC7523KeyInsteadOfASecret(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) { s.Method = openid.MethodKey })
		got := c.redeem(c.auth(), c.code(h.browser(), demo.Doctor))
		if got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		// A plain client may name the endpoint as the audience (RFC 7523, 3).
		if info := h.call("/connect/introspect", c.auth("aud", h.base+"/connect/token"), "token", got.Access); info.body["active"] != true {
			t.Fatalf("%+v", info)
		}
		if info := h.call("/connect/introspect", c.auth("aud", "https://evil.example"), "token", got.Access); info.word("error") != "invalid_client" {
			t.Fatalf("%+v", info)
		}
		nobody := h.connect(demo.Doctor, public)
		if info := h.call("/connect/introspect", nobody.auth(), "token", got.Access); info.status != http.StatusUnauthorized {
			t.Fatalf("%+v", info)
		}
		// A stranger learns nothing (RFC 7662, 2.2).
		stranger := h.connect(demo.Doctor, nil)
		if info := h.call("/connect/introspect", stranger.auth(), "token", got.Access); info.status != http.StatusOK || len(info.body) != 1 || info.body["active"] != false {
			t.Fatalf("%+v", info)
		}
		if got := h.call("/connect/revocation", c.auth(), "token", got.Access); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		if info := h.call("/connect/introspect", c.auth(), "token", got.Access); info.body["active"] != false {
			t.Fatalf("%+v", info)
		}
	})
}

// RFC 6750, 2.2: a token in the body of a POST opens the claims; in the address, never.
func TestRFC6750TokenInTheBody(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	got := h.redeem(h.code(h.browser(), demo.Doctor).Get("code"))
	if info := h.call("/connect/userinfo", nil, "access_token", got.Access); info.status != http.StatusOK || info.word("pin") != demo.Doctor.PIN {
		t.Fatalf("%+v", info)
	}
	if p := h.browser().get(h.base + "/connect/userinfo?access_token=" + got.Access); p.status != http.StatusUnauthorized {
		t.Fatal(p.status)
	}
	twice := func(r *http.Request, _ url.Values) { r.Header.Set("Authorization", "Bearer "+got.Access) }
	if info := h.call("/connect/userinfo", twice, "access_token", got.Access); info.word("error") != "invalid_request" {
		t.Fatalf("%+v", info)
	}
}
