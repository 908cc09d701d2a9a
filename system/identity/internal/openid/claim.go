package openid

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// claimScopes says which scope opens which claims (names of the real ЕСИ).
var claimScopes = map[string][]string{
	ScopeProfile:       {"pin", "citizenship", "name", "family_name", "given_name", "middle_name", "gender", "birthdate"},
	ScopeOrganizations: {"organizations"},
	ScopeEmail:         {"email", "email_verified"},
	ScopePhone:         {"phone_number", "phone_number_verified"},
}

var claimNames = []string{
	"pin", "citizenship", "name", "family_name", "given_name", "middle_name", "gender", "birthdate", "organizations",
	"email", "email_verified", "phone_number", "phone_number_verified", "sid", "acr", "amr", "auth_time",
}

func scopeOfClaim(name string) string {
	for scope, names := range claimScopes {
		if slices.Contains(names, name) {
			return scope
		}
	}
	return ""
}

// scopesOfClaims are the scopes that are not asked for, but some of whose claims
// are, by the parameter claims: as far as the client may have them at all.
func scopesOfClaims(as *goidc.AuthnSession, c Client) []string {
	if as.Claims == nil {
		return nil
	}
	asked := strings.Fields(as.Scopes)
	var more []string
	for _, name := range slices.Sorted(maps.Keys(joined(as.Claims.UserInfo, as.Claims.IDToken))) {
		scope := scopeOfClaim(name)
		if scope == "" || slices.Contains(asked, scope) || slices.Contains(more, scope) || !slices.Contains(c.Scopes, scope) {
			continue
		}
		more = append(more, scope)
	}
	return more
}

func joined(a, b map[string]goidc.ClaimObjectInfo) map[string]goidc.ClaimObjectInfo {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]goidc.ClaimObjectInfo{}
	}
	maps.Copy(all, b)
	return all
}

// granted divides what the person allowed: the scopes that were asked for, and
// the claims that were asked for one by one, for the ID token and for userinfo.
func granted(as *goidc.AuthnSession, allowed []string) (scopes []string, idToken, userInfo string) {
	for _, scope := range strings.Fields(as.Scopes) {
		if slices.Contains(allowed, scope) {
			scopes = append(scopes, scope)
		}
	}
	if as.Claims == nil {
		return scopes, "", ""
	}
	names := func(wanted map[string]goidc.ClaimObjectInfo) string {
		var kept []string
		for _, name := range slices.Sorted(maps.Keys(wanted)) {
			if scope := scopeOfClaim(name); scope != "" && slices.Contains(allowed, scope) {
				kept = append(kept, name)
			}
		}
		return strings.Join(kept, " ")
	}
	return scopes, names(as.Claims.IDToken), names(as.Claims.UserInfo)
}

func (p *Provider) idTokenClaims(ctx context.Context, g *goidc.Grant) map[string]any {
	word := func(name string) string { s, _ := g.Store[name].(string); return s }
	claims := map[string]any{"sid": word(storeSID), "amr": strings.Fields(word(storeAMR))}
	if acr := word(storeACR); acr != "" { // a grant of long ago has none
		claims["acr"] = acr
	}
	if user := word(storeFHIRUser); user != "" {
		claims["fhirUser"] = user
	}
	if at, err := strconv.ParseInt(word(storeAuthTime), 10, 64); err == nil {
		claims["auth_time"] = at
	}
	p.single(ctx, g, strings.Fields(word(storeIDClaims)), claims)
	c, _, err := p.client(ctx, g.ClientID)
	if err != nil {
		note(ctx, err)
	}
	if shorter := c.within(p.lives.idToken); shorter < p.lives.idToken {
		claims["exp"] = time.Now().Unix() + int64(seconds(shorter))
	}
	return claims
}

func (p *Provider) userInfo(ctx context.Context, g *goidc.Grant) map[string]any {
	claims, err := p.config.Claims(ctx, g.Subject, strings.Fields(g.Scopes))
	if err != nil {
		note(ctx, err) // the answer becomes an error: see api
		return nil
	}
	names, _ := g.Store[storeInfoClaims].(string)
	if missing := slices.DeleteFunc(strings.Fields(names), func(name string) bool { _, has := claims[name]; return has }); len(missing) > 0 {
		if claims == nil {
			claims = map[string]any{}
		}
		p.single(ctx, g, missing, claims)
	}
	return claims
}

// single adds the claims of the names to those given.
func (p *Provider) single(ctx context.Context, g *goidc.Grant, names []string, claims map[string]any) {
	var scopes []string
	for _, name := range names {
		scopes = append(scopes, scopeOfClaim(name))
	}
	if len(scopes) == 0 {
		return
	}
	all, err := p.config.Claims(ctx, g.Subject, scopes)
	if err != nil {
		note(ctx, err)
		return
	}
	for _, name := range names {
		if value, ok := all[name]; ok {
			claims[name] = value
		}
	}
}
