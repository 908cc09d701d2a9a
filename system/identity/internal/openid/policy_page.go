package openid

import (
	"context"
	"database/sql"
	"errors"
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
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// Error codes of OpenID Connect Core 1.0, 3.1.2.6, that the library does not name,
// and of OpenID Connect Core Unmet Authentication Requirements 1.0.
const (
	consentRequired   goidc.ErrorCode = "consent_required"
	unmetRequirements goidc.ErrorCode = "unmet_authentication_requirements"
)

// unsupportedResponseType is the code of RFC 6749, 4.1.2.1.
const unsupportedResponseType goidc.ErrorCode = "unsupported_response_type"

// errGone says that the session ended this very moment.
var errGone = goidc.NewError(goidc.ErrorCodeLoginRequired, "the session has ended")

// stepUps is how often the person may try to reach an essential class of sign-in.
const stepUps = 2

// begin notes, when a request comes in, how fresh the sign-in must be, in which
// language the client speaks and whom it expects.
func (p *Provider) begin(r *http.Request, as *goidc.AuthnSession, _ *goidc.Client) bool {
	lang, _ := as.Store[storeLang].(string) // of a request that was pushed ahead
	meant, checked := as.Store[storeMeant], as.Store[storeAudience] != nil
	as.Store = carry(as.Store, map[string]any{})
	if meant != nil {
		as.Store[storeMeant] = meant
	}
	now := p.config.Clock.Now()
	fresh := time.Time{}
	if as.MaxAuthnAgeSecs != nil && *as.MaxAuthnAgeSecs >= 0 {
		fresh = now.Add(-time.Duration(min(*as.MaxAuthnAgeSecs, 10*365*24*3600)) * time.Second)
	}
	if prompt := prompts(as); slices.Contains(prompt, "login") || slices.Contains(prompt, "select_account") {
		fresh = now
	}
	as.Store[storeMinAuth] = strconv.FormatInt(db.Micros(fresh), 10)
	values := callOf(r.Context()).values
	if asked := language(values.Get("ui_locales")); asked != "" {
		lang = asked
	}
	if lang != "" {
		as.Store[storeLang] = lang
	}
	if digits, err := pin.Parse(as.LoginHint); err == nil {
		as.Store[storeHint] = digits
	}
	as.LoginHint = "" // whatever else it was
	if subject := callOf(r.Context()).subject; subject != "" {
		as.Store[storeMeant] = subject
	}
	if callOf(r.Context()).wrong != "" {
		as.Store[storeWrong] = callOf(r.Context()).wrong
	} else if wrong := p.audience(as.Scopes, values.Get("aud")); wrong != "" && !checked {
		as.Store[storeWrong] = wrong
	}
	return true
}

func language(locales string) string {
	for tag := range strings.FieldsSeq(locales) {
		if lang, ok := text.Parse(tag); ok {
			return string(lang)
		}
	}
	return ""
}

// pushed checks a request that is pushed ahead (RFC 9126) as whole as one that
// comes with the browser: nothing is added to it later.
func (p *Provider) pushed(ctx context.Context, as *goidc.AuthnSession, _ *goidc.Client) error {
	var wrong string
	switch {
	case as.RedirectURI == "":
		wrong = "redirect_uri is required"
	case as.ResponseType == "":
		wrong = "response_type is required"
	case as.Scopes == "":
		wrong = "scope is required"
	case as.CodeChallenge == "":
		wrong = "code_challenge is required"
	case callOf(ctx).wrong != "":
		wrong = callOf(ctx).wrong
	default:
		wrong = p.audience(as.Scopes, callOf(ctx).values.Get("aud"))
	}
	if wrong != "" {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, wrong)
	}
	if lang := language(callOf(ctx).values.Get("ui_locales")); lang != "" {
		as.Store[storeLang] = lang
	}
	if subject := callOf(ctx).subject; subject != "" {
		as.Store[storeMeant] = subject
	}
	as.Store[storeAudience] = "1"
	return nil
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
		return p.lead(w, r, flowOf(as, Client{}).Continue())
	}
	if !p.bind(w, r, as) {
		asking, _, err := p.client(r.Context(), c.ID)
		if err != nil {
			return goidc.StatusFailure, err
		}
		return p.show(w, r, p.Foreign(r, asking.Client))
	}
	callOf(r.Context()).client = c.ID
	if wrong, _ := as.Store[storeWrong].(string); wrong != "" {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeInvalidRequest, wrong)
	}
	prompt := prompts(as)
	silent := slices.Contains(prompt, "none")
	if silent && len(prompt) > 1 {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeInvalidRequest, "prompt none stands alone")
	}
	answer, by := "", ""
	if as.Store[storeKept] != nil { // else nobody can have answered
		var err error
		if _, answer, by, err = p.flows.flow(r.Context(), as.ID); err != nil && err != goidc.ErrNotFound { //nolint:errorlint // returned bare
			return p.show(w, r, err)
		}
	}
	if answer == denied {
		return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeAccessDenied, "access denied")
	}
	session, acr, err := p.session(r, as)
	if code, ours := errors.AsType[goidc.Error](err); ours {
		return goidc.StatusFailure, code
	}
	if err != nil {
		return p.show(w, r, err)
	}
	if session == nil {
		if silent {
			return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeLoginRequired, "login required")
		}
		return p.lead(w, r, p.page("/sign-in", as))
	}
	client, _, err := p.client(r.Context(), c.ID)
	if err != nil {
		return p.show(w, r, err)
	}
	if !client.Serves(session.AccountID) {
		if silent {
			return goidc.StatusFailure, goidc.NewError(goidc.ErrorCodeAccessDenied, "the client is not approved: it serves its owner alone")
		}
		return p.show(w, r, fail.New(fail.Forbidden, "identity.client_test"))
	}
	allowed := strings.Fields(answer)
	if by != session.AccountID || len(allowed) == 0 {
		remembered, since, err := p.config.Remembered(r.Context(), session.AccountID, c.ID, askedFor(as, client.Client))
		if err != nil {
			return p.show(w, r, err)
		}
		if since.IsZero() || slices.Contains(prompt, "consent") {
			if silent {
				return goidc.StatusFailure, goidc.NewError(consentRequired, "consent required")
			}
			return p.lead(w, r, p.page("/consent", as))
		}
		allowed = remembered
	}
	return p.hand(w, r, as, *session, acr, allowed)
}

// hand completes the flow.
func (p *Provider) hand(
	w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession, session sso.Session, acr string, allowed []string,
) (goidc.Status, error) {
	ctx := r.Context()
	scopes, idClaims, infoClaims := granted(as, allowed)
	record, err := p.launch(ctx, session.AccountID, scopes)
	if code, ours := errors.AsType[goidc.Error](err); ours {
		return goidc.StatusFailure, code
	}
	if err != nil {
		return p.show(w, r, err)
	}
	enter := func(ctx context.Context, tx *sql.Tx) error {
		return p.enter(ctx, tx, session.SID, session.AccountID, as.ClientID)
	}
	if as.DeviceCode == "" && as.Store[storeKept] == nil && as.Store[storePushed] == nil {
		callOf(ctx).enter = enter // with the code, in one transaction: see grants.insert
	} else if err := p.config.DB.Tx(ctx, enter); errors.Is(err, errGone) {
		return p.lead(w, r, p.page("/sign-in", as))
	} else if err != nil {
		return p.show(w, r, err)
	}
	as.Subject, as.GrantedScopes = session.AccountID, strings.Join(scopes, " ")
	as.Store = carry(as.Store, map[string]any{
		storeSID: session.SID, storeAuthTime: strconv.FormatInt(session.AuthAt.Unix(), 10), storeAMR: strings.Join(session.AMR, " "),
		storeACR: acr, storeIDClaims: idClaims, storeInfoClaims: infoClaims,
	})
	if record.Patient != "" {
		as.Store[storePatient] = record.Patient
	}
	if record.User != "" {
		as.Store[storeFHIRUser] = record.User
	}
	return goidc.StatusSuccess, nil
}

// enter notes, in the transaction, that the session signs in to the client and
// that the person's data go there. errGone: the session has ended.
func (p *Provider) enter(ctx context.Context, tx *sql.Tx, sid, accountID, clientID string) error {
	client, _, err := p.clientIn(ctx, tx, clientID)
	if err != nil {
		return err
	}
	alive, err := p.config.Sessions.Enter(ctx, tx, sid, clientID)
	if err != nil {
		return err
	}
	if !alive {
		return errGone
	}
	return p.config.Handed(ctx, tx, accountID, client.Client)
}

// bind ties the flow to the browser in which it goes on first.
func (p *Provider) bind(w http.ResponseWriter, r *http.Request, as *goidc.AuthnSession) bool {
	browser := p.config.Sessions.Browser(w, r, id.Secret)
	bound, _ := as.Store[storeBrowser].(string)
	if bound == "" && as.DeviceCode == "" { // a device's is bound when the person has said that it is theirs
		as.Store[storeBrowser] = id.Hash(browser)
		return true
	}
	return bound == id.Hash(browser)
}

// session is the person's session if it is good enough for this request, and the
// class of sign-in that it stands for. Without one the person has to sign in; a
// goidc.Error is for the client.
func (p *Provider) session(r *http.Request, as *goidc.AuthnSession) (*sso.Session, string, error) {
	w := wishOf(as)
	if w.essential && len(w.values) == 0 {
		return nil, "", goidc.NewError(unmetRequirements, "none of the classes of sign-in is known")
	}
	if as.Store[storeMissing] == nil {
		as.Store[storeMissing] = w.least()
	}
	session, err := p.config.Sessions.Request(r)
	if err != nil || session == nil {
		return nil, "", err
	}
	stored, _ := as.Store[storeMinAuth].(string)
	if least, err := strconv.ParseInt(stored, 10, 64); err != nil || session.AuthAt.Before(db.Time(least)) {
		return nil, "", nil //nolint:nilerr // too old, or cannot be told: sign in again
	}
	if !p.expected(r.Context(), as, session.AccountID) {
		return nil, "", nil
	}
	acr, met := w.met(*session)
	if met {
		return session, acr, nil
	}
	asked, _ := as.Store[storeSteps].(string) // when the person was asked for more, each time
	times := strings.Fields(asked)
	if len(times) > 0 {
		last, err := strconv.ParseInt(times[len(times)-1], 10, 64)
		if err == nil && session.AuthAt.Before(db.Time(last)) {
			return nil, "", nil // still to be done
		}
		if !w.essential {
			return session, acr, nil // a wish, which the person could or would not fulfil
		}
		if len(times) >= stepUps {
			return nil, "", goidc.NewError(unmetRequirements, "the person did not reach the class of sign-in")
		}
	}
	as.Store[storeSteps] = strings.Join(append(times, strconv.FormatInt(db.Micros(p.config.Clock.Now()), 10)), " ")
	return nil, "", nil
}

// expected says whether the person is the one whom the client means.
func (p *Provider) expected(ctx context.Context, as *goidc.AuthnSession, accountID string) bool {
	subject := p.subjectAt(ctx, accountID, as.ClientID)
	if meant, hinted := as.Store[storeMeant]; hinted && meant != subject {
		return false
	}
	if as.Claims == nil {
		return true
	}
	claim, ok := as.Claims.IDTokenClaim("sub")
	return !ok || claim.Value == "" || claim.Value == subject
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
