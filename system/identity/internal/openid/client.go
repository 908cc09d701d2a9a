package openid

import (
	"net/url"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/text"
)

// Scopes of the real ЕСИ, and those of FHIR that a client may be given
// (SMART App Launch 1.0 spelling).
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeOrganizations = "organizations"
	ScopeEmail         = "email"
	ScopePhone         = "phone"
	ScopeOffline       = "offline_access"
	ScopeUserRead      = "user/*.read"
	ScopePatientRead   = "patient/*.read"
	ScopeSystemRead    = "system/*.read"
)

var scopes = []string{
	ScopeOpenID, ScopeProfile, ScopeOrganizations, ScopeEmail, ScopePhone, ScopeOffline,
	ScopeUserRead, ScopePatientRead, ScopeSystemRead,
}

// PersonScopes are those that a system signing people in may ask for.
var PersonScopes = []string{
	ScopeOpenID, ScopeProfile, ScopeOrganizations, ScopeEmail, ScopePhone, ScopeOffline, ScopeUserRead, ScopePatientRead,
}

// Client is a system connected to ЕСИ.
type Client struct {
	ID          string
	Secret      string
	Name        text.Words
	Address     string   // its public address, shown to the person
	Redirects   []string // exact redirect URIs
	PostLogout  []string
	BackChannel string // where logout tokens go; "" for none
	Scopes      []string
	Machine     bool // client_credentials alone: nobody signs in to it
	Introspects bool // a resource server: may ask about any token
}

func (c Client) library() *goidc.Client {
	l := &goidc.Client{ID: c.ID, Secret: c.Secret, ClientMeta: goidc.ClientMeta{
		Name: c.Name.RU, ApplicationType: goidc.ApplicationTypeWeb,
		// Both ways of sending the secret are brought to this one before the
		// library sees the request: see credentials.
		TokenAuthnMethod: goidc.AuthnMethodSecretBasic,
		ScopeIDs:         strings.Join(c.Scopes, " "),
	}}
	if c.Machine {
		l.GrantTypes = []goidc.GrantType{goidc.GrantClientCredentials}
		return l
	}
	l.GrantTypes = []goidc.GrantType{goidc.GrantAuthorizationCode, goidc.GrantRefreshToken}
	l.ResponseTypes = []goidc.ResponseType{goidc.ResponseTypeCode}
	l.RedirectURIs, l.PostLogoutRedirectURIs = c.Redirects, c.PostLogout
	return l
}

// Origins are the origins to which the browser is led back after a consent:
// the Content-Security-Policy must allow them as ends of a form.
func Origins(clients []Client) []string {
	var origins []string
	for _, c := range clients {
		for _, address := range slices.Concat(c.Redirects, c.PostLogout) {
			if u, err := url.Parse(address); err == nil && u.Host != "" {
				origins = append(origins, u.Scheme+"://"+u.Host)
			}
		}
	}
	slices.Sort(origins)
	return slices.Compact(origins)
}
