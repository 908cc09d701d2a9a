package openid

import (
	"net/http"
	"net/url"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// logout ends the session that a client asks to end (OpenID Connect
// RP-Initiated Logout 1.0). Without a proof that the client knows the session,
// the person is asked first: any page could lead here.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request, ls *goidc.LogoutSession) (goidc.Status, error) {
	if r.Method != http.MethodGet {
		http.Redirect(w, r, "/connect/endsession/"+ls.ID, http.StatusSeeOther) // as in authenticate
		return goidc.StatusPending, nil
	}
	session, err := p.config.Sessions.Request(r)
	if err != nil {
		return goidc.StatusFailure, err
	}
	if session == nil {
		p.config.Sessions.Set(w, "", false)
		return goidc.StatusSuccess, nil
	}
	if !knows(ls, *session) {
		http.Redirect(w, r, "/sign-out?"+url.Values{"logout": {ls.ID}}.Encode(), http.StatusSeeOther)
		return goidc.StatusPending, nil
	}
	if err := p.config.Sessions.End(r.Context(), *session); err != nil {
		return goidc.StatusFailure, err
	}
	p.config.Sessions.Set(w, "", false)
	next, err := p.SignedOut(r.Context(), session.SID, ContinueLogout(ls.ID))
	if err != nil {
		return goidc.StatusFailure, err
	}
	if next != ContinueLogout(ls.ID) { // systems are told in the browser before it goes on
		http.Redirect(w, r, next, http.StatusSeeOther)
		return goidc.StatusPending, nil
	}
	return goidc.StatusSuccess, nil
}

// knows says that the client has a token of this session (which was read before:
// see understand) or names the session's id, which nobody else can guess.
func knows(ls *goidc.LogoutSession, session sso.Session) bool { return ls.LogoutHint == session.SID }

// ContinueLogout is where a sign-out that the person agreed to goes on.
func ContinueLogout(logoutID string) string { return "/connect/endsession/" + url.PathEscape(logoutID) }
