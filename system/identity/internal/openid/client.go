package openid

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/text"
)

// Scopes of the real ЕСИ, and those of FHIR that a client may be given
// (SMART App Launch 1.0 spelling).
const (
	ScopeOpenID          = "openid"
	ScopeProfile         = "profile"
	ScopeOrganizations   = "organizations"
	ScopeEmail           = "email"
	ScopePhone           = "phone"
	ScopeOffline         = "offline_access"
	ScopeDeviceAPI       = "device_api"
	ScopeSignatureAPI    = "signature_api"
	ScopeNotificationAPI = "notification_api"
	ScopeUserRead        = "user/*.read"
	ScopePatientRead     = "patient/*.read"
	ScopeUserWrite       = "user/*.write"
	ScopeSystemRead      = "system/*.read"
	ScopeSystemWrite     = "system/*.write"
)

var scopes = []string{
	ScopeOpenID, ScopeProfile, ScopeOrganizations, ScopeEmail, ScopePhone, ScopeOffline, ScopeDeviceAPI, ScopeSignatureAPI, ScopeNotificationAPI,
	ScopeUserRead, ScopeUserWrite, ScopePatientRead, ScopeSystemRead, ScopeSystemWrite, ScopeLaunchPatient, ScopeFHIRUser,
}

// PersonScopes are those that a system signing people in may ask for.
var PersonScopes = []string{
	ScopeOpenID, ScopeProfile, ScopeOrganizations, ScopeEmail, ScopePhone, ScopeOffline, ScopeUserRead, ScopePatientRead,
	ScopeLaunchPatient, ScopeFHIRUser,
}

// AppScopes are those that engineers may ask for beside: to write is for apps of
// staff, the product's own systems have no need of it.
var AppScopes = append(slices.Clone(PersonScopes), ScopeUserWrite)

// MachineScopes are those of systems to which nobody signs in.
var MachineScopes = []string{ScopeSystemRead, ScopeSystemWrite}

// Grant is a way in which a client comes to tokens.
type Grant string

// The ways.
const (
	GrantCode    Grant = "authorization_code"
	GrantRefresh Grant = "refresh_token"
	GrantMachine Grant = "client_credentials"
	GrantDevice  Grant = "urn:ietf:params:oauth:grant-type:device_code"
)

// Grants are all ways.
var Grants = []Grant{GrantCode, GrantRefresh, GrantMachine, GrantDevice}

// Method is how a client proves to be itself.
type Method string

// The methods. A client with a secret may send it either way.
const (
	MethodBasic  Method = "client_secret_basic"
	MethodPost   Method = "client_secret_post"
	MethodKey    Method = "private_key_jwt"
	MethodPublic Method = "none"
)

// Profile is how strict the protocol is for a client.
type Profile string

// The profiles. ProfileFAPI is the FAPI 2.0 Security Profile: requests pushed
// ahead, tokens bound to a key by DPoP, the client proven by a key of its own.
const (
	ProfilePlain Profile = "plain"
	ProfileFAPI  Profile = "fapi"
)

// State is how far a registered client may go.
type State string

// The states. One in StateTest or StateWaiting serves its owner alone.
const (
	StateTest     State = "test"
	StateWaiting  State = "waiting"
	StateApproved State = "approved"
	StateBlocked  State = "blocked"
)

// Client is a system connected to ЕСИ.
type Client struct {
	ID           string
	Secret       string // of the product's own clients; a registered one has a hash
	Name         text.Words
	Address      string   // its public address, shown to the person
	Redirects    []string // exact redirect URIs
	PostLogout   []string
	BackChannel  string // where logout tokens go; "" for none
	FrontChannel string // what is opened in a frame at a sign-out; "" for none
	Scopes       []string
	Machine      bool          // client_credentials alone: nobody signs in to it
	Introspects  bool          // a resource server: may ask about any token
	Grants       []Grant       // empty: code and refresh, or what Machine says
	Method       Method        // empty: a secret
	JWKS         string        // its public keys as JSON
	Profile      Profile       // empty: plain
	Pairwise     bool          // people have another "sub" here than elsewhere
	Opaque       bool          // its access tokens are no JWT
	TokenLife    time.Duration // of its ID and access tokens where it is shorter than everybody's; 0: everybody's
	RefreshLife  time.Duration // the same of its refresh tokens, after the sign-in
	Nonce        bool          // its proofs must have our nonce (RFC 9449, 8)
	Alg          string        // signs its tokens: RS256 (or empty), ES256, EdDSA
	State        State         // empty for the product's own: approved
	Owner        string        // account that registered it; "" for the product's own
	Reason       string        // why it was blocked or sent back
	Created      time.Time
	Changed      time.Time

	hash          string
	previous      string
	previousUntil time.Time
}

// Approved says whether everybody may sign in to the client.
func (c Client) Approved() bool { return c.State == "" || c.State == StateApproved }

// Registered says whether the client is in the register, and not the product's own.
func (c Client) Registered() bool { return c.Owner != "" }

// Serves says whether the person of the account may sign in to the client.
func (c Client) Serves(accountID string) bool { return c.Approved() || c.Owner == accountID }

func (c Client) grants() []Grant {
	switch {
	case len(c.Grants) > 0:
		return c.Grants
	case c.Machine:
		return []Grant{GrantMachine}
	}
	return []Grant{GrantCode, GrantRefresh}
}

func (c Client) alg() goidc.SignatureAlgorithm {
	if c.Alg == "" {
		return goidc.RS256
	}
	return goidc.SignatureAlgorithm(c.Alg)
}

// Signs is the algorithm that signs the client's tokens.
func (c Client) Signs() string { return string(c.alg()) }

// Ways are those in which the client comes to tokens.
func (c Client) Ways() []Grant { return c.grants() }

// Proves is how the client proves to be itself.
func (c Client) Proves() Method {
	if c.Method == "" {
		return MethodBasic
	}
	return c.Method
}

// Strict is the client's profile.
func (c Client) Strict() Profile {
	if c.Profile == "" {
		return ProfilePlain
	}
	return c.Profile
}

func (c Client) fapi() bool { return c.Profile == ProfileFAPI }

// library is the client as the library knows it.
func (c Client) library() *goidc.Client {
	l := &goidc.Client{ID: c.ID, Secret: c.ID, ClientMeta: goidc.ClientMeta{
		Name: c.Name.RU, ApplicationType: goidc.ApplicationTypeWeb,
		// Both ways of sending the secret are brought to this one before the
		// library sees the request: see credentials.
		TokenAuthnMethod: goidc.AuthnMethodSecretBasic,
		ScopeIDs:         strings.Join(withBoth(c.Scopes), " "), IDTokenSigAlg: c.alg(),
		PARIsRequired: c.fapi(), DPoPTokenBindingIsRequired: c.fapi(),
	}}
	switch c.Method {
	case MethodKey:
		l.TokenAuthnMethod = goidc.AuthnMethodPrivateKeyJWT
	case MethodPublic:
		l.TokenAuthnMethod = goidc.AuthnMethodNone
		if slices.ContainsFunc(c.Redirects, anyPort) {
			l.ApplicationType = goidc.ApplicationTypeNative
		}
	case MethodBasic, MethodPost:
	}
	if c.Pairwise {
		l.SubIdentifierType = goidc.SubIdentifierPairwise
	}
	if c.JWKS != "" {
		set := goidc.JSONWebKeySet{}
		if err := json.Unmarshal([]byte(c.JWKS), &set); err == nil { // it was read when the client was registered
			l.JWKS = &set
		}
	}
	for _, g := range c.grants() {
		if g == GrantMachine && !c.Approved() {
			continue // it has no owner whose data alone it could see
		}
		l.GrantTypes = append(l.GrantTypes, goidc.GrantType(g))
	}
	if slices.Contains(c.grants(), GrantCode) {
		l.ResponseTypes = []goidc.ResponseType{goidc.ResponseTypeCode}
		l.RedirectURIs, l.PostLogoutRedirectURIs = c.Redirects, c.PostLogout
	}
	return l
}

// anyPort says that the redirect is one of a program on the person's own machine
// and names no port: it may come with any (RFC 8252, 7.3).
func anyPort(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Port() == "" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
}

// leadsTo says whether the redirect is the client's, to the letter but for the port
// of a program on the person's own machine.
func (c Client) leadsTo(redirect string) bool {
	if u, err := url.Parse(redirect); err == nil && c.Method == MethodPublic && slices.ContainsFunc(c.Redirects, anyPort) &&
		(u.Hostname() == "127.0.0.1" || u.Hostname() == "::1") {
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
		redirect = u.String()
	}
	return slices.Contains(c.Redirects, redirect)
}

// sector is the host that pairwise subjects are made for (OpenID Connect Core
// 1.0, 8.1): a client with several hosts cannot be registered as pairwise.
func (c Client) sector() string {
	for _, address := range c.Redirects {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			return u.Hostname()
		}
	}
	return c.ID
}

// publicKeys reads a client's keys: public ones alone, each with an algorithm
// that is accepted.
func publicKeys(jwks string) (jose.JSONWebKeySet, bool) {
	set := jose.JSONWebKeySet{}
	if err := json.Unmarshal([]byte(jwks), &set); err != nil || len(set.Keys) == 0 || len(set.Keys) > 10 {
		return set, false
	}
	for _, key := range set.Keys {
		if !key.Valid() || !key.IsPublic() || key.Use != "" && key.Use != "sig" {
			return set, false
		}
	}
	return set, true
}

// Origins are the origins to which the browser is led back after a consent:
// the Content-Security-Policy must allow them as ends of a form.
func Origins(clients []Client) []string {
	var origins []string
	for _, c := range clients {
		for _, address := range slices.Concat(c.Redirects, c.PostLogout) {
			if origin := originOf(address); origin != "" {
				origins = append(origins, origin)
			}
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}

func originOf(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme == "":
		return ""
	case u.Host == "":
		return u.Scheme + ":" // an app's own scheme
	case anyPort(address):
		return u.Scheme + "://" + u.Host + ":*"
	}
	return u.Scheme + "://" + u.Host
}
