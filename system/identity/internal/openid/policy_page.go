package openid

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// Error codes of OpenID Connect Core 1.0, 3.1.2.6, that the library does not name.
const (
	consentRequired     goidc.ErrorCode = "consent_required"
	requestNotSupported goidc.ErrorCode = "request_not_supported"
)

// begin notes, when a request comes in, how fresh the sign-in must be and in
// which language the client speaks.
func (p *Provider) begin(r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) bool {
	as.Store = map[string]any{}
	now := p.config.Clock.Now()
	fresh := time.Time{}
	if as.MaxAuthnAgeSecs != nil && *as.MaxAuthnAgeSecs >= 0 {
		fresh = now.Add(-min(time.Duration(*as.MaxAuthnAgeSecs), 10*365*24*3600) * time.Second)
	}
	if prompt := prompts(as); slices.Contains(prompt, "login") || slices.Contains(prompt, "select_account") {
		fresh = now
	}
	as.Store[storeMinAuth] = strconv.FormatInt(db.Micros(fresh), 10)
	for _, tag := range strings.Fields(r.FormValue("ui_locales")) {
		if lang, ok := text.Parse(tag); ok {
			as.Store[storeLang] = string(lang)
			break
		}
	}
	return true
}

func prompts(as *goidc.AuthnSession) []string { return strings.Fields(string(as.Prompt)) }

// authenticate decides where a flow stands: it leads the person to the pages of
// sign-in and consent and, when both are done, lets the library give the code.
// It is asked again each time the flow goes on, and looks at the session and at
// what was answered alone; so nothing can be skipped.
func (p *Provider) authenticate(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, c *goidc.Client) (goidc.Status, error) {
	if r.Method != http.MethodGet {
		// Our cookies do not come with a POST from another site, but they do
		// with the GET that follows it.
		return p.lead(w, r, flowOf(as, Client{}, "").Continue())
	}
	if !p.bind(w, r, as) {
		return p.show(w, r, fail.New(fail.Forbidden, "identity.other_browser"))
	}
	prompt := prompts(as)
	silent := slices.Contains(prompt, "none")
	if silent && len(prompt) > 1 {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeInvalidRequest, "prompt none stands alone")
	}
	if as.RequestObject != "" {
		return goidc.StatusFailure, goidc.NewError(requestNotSupported, "request objects are not supported")
	}
	_, answer, by, err := p.flows.flow(r.Context(), as.ID)
	if err != nil && err != goidc.ErrNotFound { //nolint:errorlint // returned bare
		return p.show(w, r, err)
	}
	if answer == denied {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeAccessDenied, "access denied")
	}
	session, err := p.session(r, as)
	if err != nil {
		return p.show(w, r, err)
	}
	if session == nil {
		if silent {
			return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeLoginRequired, "login required")
		}
		return p.lead(w, r, p.page("/sign-in", as))
	}
	allowed := strings.Fields(answer)
	if by != session.AccountID || len(allowed) == 0 {
		remembered, ok, err := p.config.Remembered(r.Context(), session.AccountID, c.ID, strings.Fields(as.Scopes))
		if err != nil {
			return p.show(w, r, err)
		}
		if !ok || slices.Contains(prompt, "consent") {
			if silent {
				return goidc.StatusFailure, goidc.NewError(consentRequired, "consent required")
			}
			return p.lead(w, r, p.page("/consent", as))
		}
		allowed = remembered
	}
	return p.hand(w, r, as, *session, allowed)
}

// hand completes the flow.
func (p *Provider) hand(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, session sso.Session, allowed []string) (goidc.Status, error) {
	ctx := r.Context()
	alive, err := p.config.Sessions.Entered(ctx, session.SID, as.ClientID)
	if err != nil {
		return p.show(w, r, err)
	}
	if !alive { // ended this very moment
		return p.lead(w, r, p.page("/sign-in", as))
	}
	if err := p.config.Handed(ctx, session.AccountID, as.ClientID, allowed); err != nil {
		return p.show(w, r, err)
	}
	as.Subject, as.GrantedScopes = session.AccountID, strings.Join(allowed, " ")
	as.Store = map[string]any{
		storeSID: session.SID, storeAuthTime: strconv.FormatInt(session.AuthAt.Unix(), 10), storeAMR: strings.Join(session.AMR, " "),
	}
	return goidc.StatusSuccess, nil
}

// bind ties the flow to the browser in which it goes on first.
func (p *Provider) bind(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession) bool {
	browser := p.config.Sessions.Browser(w, r, id.Secret)
	bound, _ := as.Store[storeBrowser].(string)
	if bound == "" {
		as.Store[storeBrowser] = id.Hash(browser)
		return true
	}
	return bound == id.Hash(browser)
}

// session is the person's session if it is good enough for this request.
func (p *Provider) session(r *http.Request, as *goidc.AuthnSession) (*sso.Session, error) {
	session, err := p.config.Sessions.Request(r)
	if err != nil || session == nil {
		return nil, err
	}
	stored, _ := as.Store[storeMinAuth].(string)
	if least, err := strconv.ParseInt(stored, 10, 64); err != nil || session.AuthAt.Before(db.Time(least)) {
		return nil, nil //nolint:nilerr // too old, or cannot be told: sign in again
	}
	if sub, hinted := as.IDTokenHintClaims["sub"]; hinted && sub != session.AccountID {
		return nil, nil
	}
	return session, nil
}

func (p *Provider) page(path string, as *goidc.AuthnSession) string {
	lang, _ := as.Store[storeLang].(string)
	return onward(path, url.Values{"flow": {as.ID}}, lang)
}

func (p *Provider) lead(w http.ResponseWriter, r *http.Request, path string) (goidc.Status, error) {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return goidc.StatusPending, nil
}

// show tells the person what went wrong; the flow stays as it is.
func (p *Provider) show(w http.ResponseWriter, r *http.Request, err error) (goidc.Status, error) {
	p.config.Site.Fail(w, r, err)
	return goidc.StatusPending, nil
}
