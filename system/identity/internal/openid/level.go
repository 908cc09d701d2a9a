package openid

import (
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// acrs are the classes of sign-in that may be asked for.
var acrs = []goidc.ACR{
	goidc.ACR(assurance.Low.ACR()), goidc.ACR(assurance.Substantial.ACR()), goidc.ACR(assurance.High.ACR()), assurance.PhishingResistant,
}

func knownACR(value string) bool { return slices.Contains(acrs, goidc.ACR(value)) }

// wish is which classes of sign-in a request wants, any of them.
type wish struct {
	values    []string
	essential bool // nothing else will do (OpenID Connect Core 1.0, 5.5.1.1)
}

// wishOf reads acr_values and the claim acr. Classes that we do not know are
// left out; an essential wish of none that we know cannot be met.
func wishOf(as *goidc.AuthnSession) wish {
	w := wish{values: strings.Fields(as.ACRValues)}
	if as.Claims != nil {
		if claim, ok := as.Claims.IDTokenClaim("acr"); ok {
			values := slices.Clone(claim.Values)
			if claim.Value != "" {
				values = append(values, claim.Value)
			}
			if len(values) > 0 {
				w.values, w.essential = values, claim.IsEssential
			}
		}
	}
	w.values = slices.DeleteFunc(w.values, func(value string) bool { return !knownACR(value) })
	return w
}

// met is the class that the session meets: the first that was wished for, or
// its level. false when the wish is not met.
func (w wish) met(session sso.Session) (string, bool) {
	meets := session.ACRs()
	for _, value := range w.values {
		if slices.Contains(meets, value) {
			return value, true
		}
	}
	return session.Level.ACR(), len(w.values) == 0
}

// least is the class that is easiest to reach of those wished for.
func (w wish) least() string {
	for _, acr := range acrs {
		if slices.Contains(w.values, string(acr)) {
			return string(acr)
		}
	}
	return ""
}
