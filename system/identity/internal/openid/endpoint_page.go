package openid

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// Bounds of what a request may carry.
const (
	maxQuery  = 16 << 10
	maxForm   = 64 << 10
	maxValue  = 4 << 10
	maxObject = 12 << 10 // a request object
)

const (
	jwksPath = "/.well-known/openid-configuration/jwks"
	pushedID = "urn:ietf:params:oauth:request_uri:" // RFC 9126, 2.2
)

// Mount puts the addresses of the real ЕСИ into the mux. What browsers open
// goes through the site, for its language and headers; what machines call does
// not, nor does a POST that comes from a client's page: the protocol has its own
// protection against forgery (state, PKCE, client secrets). There is no
// /connect/checksession: browsers keep the cookies from its frame.
func (p *Provider) Mount(mux *http.ServeMux) {
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} { // the second is RFC 8414, 3
		mux.HandleFunc("GET "+path, p.discovery)
		mux.Handle(path, wrongMethod("GET, HEAD", true))
	}
	mux.HandleFunc("GET "+jwksPath, p.jwks)
	mux.Handle(jwksPath, wrongMethod("GET, HEAD", true))
	for _, each := range []string{"token", "introspect", "revocation", "userinfo", "par", "deviceauthorization"} {
		mux.Handle("POST /connect/"+each, p.api(p.handler))
		allowed, browsers := fromPages[each]
		if !browsers {
			allowed = http.MethodPost
		}
		mux.Handle("/connect/"+each, wrongMethod(allowed, browsers))
	}
	mux.Handle("GET /connect/userinfo", p.api(p.handler))
	for _, path := range []string{"/connect/authorize", "/connect/endsession"} {
		p.config.Site.HandlePassing(mux, "GET "+path, p.browser)
		p.config.Site.HandlePassing(mux, "GET "+path+"/{id}", p.browser)
		mux.Handle("POST "+path, p.posted())
	}
	p.config.Site.Handle(mux, "GET /connect/signed-out", p.showFrames)
	p.config.Site.Handle(mux, "GET /device", p.showDevice)
	p.config.Site.Handle(mux, "POST /device", p.takeDevice)
	p.config.Site.Handle(mux, "POST /device/answer", p.answerDevice)
	p.config.Site.Handle(mux, "GET /device/{id}", p.browser)
	mux.HandleFunc("GET /connect/form-post.js", formPostScript)
}

// wrongMethod answers programs that ask in another way than the endpoint's, in the
// form of its other errors (RFC 6749, 5.2; RFC 9110, 15.5.6); browsers' questions
// ahead of a request are answered where pages may ask.
func wrongMethod(allowed string, browsers bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if browsers && ahead(w, r, allowed) {
			return
		}
		h := w.Header()
		h["X-Content-Type-Options"], h["Content-Type"], h["Cache-Control"] = asItSays, isJSON, notKept
		h.Set("Allow", allowed)
		w.WriteHeader(http.StatusMethodNotAllowed)
		_, _ = io.WriteString(w, `{"error":"invalid_request","error_description":"this endpoint answers to `+allowed+`"}`) // a caller that left is no error of ours
	})
}

// posted takes a request that another site's form sends. The site would refuse
// it as forged, so the site sees a GET, and the library the POST that it is.
func (p *Provider) posted() http.Handler {
	wrapped := p.config.Site.Wrap(func(w http.ResponseWriter, r *http.Request) error {
		r = r.Clone(r.Context())
		r.Method = http.MethodPost
		return p.browser(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Method = http.MethodGet
		wrapped.ServeHTTP(w, r)
	})
}

func (p *Provider) browser(w http.ResponseWriter, r *http.Request) error {
	if len(r.URL.RawQuery) > maxQuery {
		return fail.New(fail.TooLarge, "identity.request_long")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	values := page.Query(r)
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
				return fail.Wrap(err, fail.TooLarge, "identity.request_long")
			}
			return fail.Wrap(err, fail.BadRequest, "identity.request_wrong")
		}
		values = r.PostForm
	}
	if err := plain(values); err != nil {
		return fail.Wrap(err, fail.BadRequest, "identity.request_wrong")
	}
	call, whole := &call{endpoint: path.Base(r.URL.Path), client: values.Get("client_id")}, r.URL.RequestURI()
	if r.PathValue("id") != "" {
		call.endpoint = path.Base(path.Dir(r.URL.Path))
	}
	if err := p.hurried(w, r, call); err != nil {
		return err
	}
	r = r.WithContext(with(r.Context(), call))
	call.values = values
	if strings.HasPrefix(values.Get("request_uri"), pushedID) {
		// What was pushed ahead is the whole request (RFC 9126, 4; RFC 9101, 6.3).
		for name := range values {
			if !slices.Contains([]string{"client_id", "request_uri", "ui_locales"}, name) {
				values.Del(name)
			}
		}
	}
	answer := &answer{w: w}
	call.trial = r.PathValue("id") == "" && p.onTrial(r, call.client)
	if err := p.understand(r.Context(), call, r.PathValue("id") == ""); err != nil {
		p.noteRefusal(r.Context(), err)
		if err := p.renderError(answer, r, err); err != nil {
			return err
		}
	} else if call.wrong != "" || !p.quickCode(answer, r, values) {
		if r.Method == http.MethodGet {
			r.URL.RawQuery = values.Encode()
		}
		p.handler.ServeHTTP(answer, r)
		tellBack(answer, call.refused)
	}
	if call.gone { // signed out this very moment: the same request, without a session
		answer.reset()
		http.Redirect(w, r, whole, http.StatusSeeOther)
		return nil
	}
	if call.trial && (answer.isFormPost() && !local(values.Get("redirect_uri")) || away(answer.Header().Get("Location")) && !local(answer.Header().Get("Location"))) {
		answer.reset()
		p.remember(r.Context(), call, false)
		return fail.New(fail.Forbidden, "identity.client_test")
	}
	p.remember(r.Context(), call, answer.isFormPost() || away(answer.Header().Get("Location")))
	if call.trouble != nil {
		answer.reset()
		return call.trouble
	}
	if answer.isFormPost() {
		return p.formPost(w, r, answer.body.String())
	}
	return answer.send()
}

// onTrial says that the client is not open to everybody and the browser is not its
// owner's. Nobody has looked at the client's addresses yet: a link to ЕСИ must not
// lead a stranger there at once, with an error or after a sign-out (RFC 9700,
// 4.11.2).
func (p *Provider) onTrial(r *http.Request, clientID string) bool {
	c, found, err := p.client(r.Context(), clientID)
	if err != nil || !found || c.Approved() {
		return false // the library says what is wrong
	}
	session, err := p.config.Sessions.Request(r)
	return err != nil || session == nil || session.AccountID != c.Owner
}

// away says that the browser is led to a client, and not to a page of ours.
func away(location string) bool { return location != "" && !strings.HasPrefix(location, "/") }

// understand brings a request to what the library expects: a request object is
// opened, the hint read, a wish that need not be kept dropped. first is false where
// a flow goes on. A goidc.Error is for the client, or the person.
func (p *Provider) understand(ctx context.Context, call *call, first bool) error {
	values := call.values
	if call.endpoint == "endsession" {
		if token := values.Get("id_token_hint"); token != "" {
			hint, err := p.hinted(ctx, token, values.Get("client_id"))
			values.Del("id_token_hint")
			if errors.Is(err, errForgotten) {
				// As without one (RP-Initiated Logout 1.0, 4): the person is asked, and
				// led to no address that only the hint said whose it is.
				if values.Get("client_id") == "" {
					values.Del("post_logout_redirect_uri")
				}
				return nil
			}
			if err != nil {
				return err
			}
			values.Set("client_id", hint.client)
			values.Set("logout_hint", hint.sid) // which nobody else can guess: see knows
		}
		return nil
	}
	if object := values.Get("request"); object != "" && first && !values.Has("request_uri") {
		c, found, err := p.client(ctx, call.client)
		if err != nil {
			return err
		}
		if !found {
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client_id")
		}
		inside, err := p.opened(ctx, c, object)
		if err != nil {
			return err
		}
		for name := range values {
			if !slices.Contains(besideObjects, name) {
				values.Del(name)
			}
		}
		maps.Copy(values, inside)
	}
	if kind := values.Get("response_type"); kind != "" && kind != string(goidc.ResponseTypeCode) && first {
		return goidc.NewError(unsupportedResponseType, "response_type is code")
	}
	if token := values.Get("id_token_hint"); token != "" && first {
		hint, err := p.hinted(ctx, token, call.client)
		if err != nil {
			return err
		}
		values.Del("id_token_hint")
		call.subject = hint.subject
	}
	if call.wrong = voluntary(values); call.wrong == "" && values.Has("code_challenge") && values.Get("code_challenge_method") == "" {
		call.wrong = "code_challenge_method is S256" // none would mean plain (RFC 7636, 4.3), which serves nobody
	}
	if challenge := values.Get("code_challenge"); call.wrong == "" && challenge != "" && !hashed256(challenge) {
		call.wrong = "code_challenge is SHA-256 in base64url, 43 letters" // its code could never be redeemed (RFC 7636, 4.2)
	}
	return nil
}

// hashed256 says that the text may be a SHA-256 in base64url without padding; one
// in hex, or of another alphabet, is what beginners send.
func hashed256(text string) bool {
	return len(text) == 43 && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// besideObjects are parameters that count beside a request object: how the client
// proves itself where it pushes the request, the language, and in whose name a
// SMART app speaks to a server, which an object has no name for.
var besideObjects = []string{"client_id", "client_secret", "client_assertion", "client_assertion_type", "ui_locales", "aud"}

// plain refuses what no client sends: a parameter twice (RFC 6749, 3.1), huge,
// or with bytes that are no text.
func plain(values url.Values) error {
	for name, each := range values {
		if len(each) > 1 && name != "resource" {
			return errors.New("a parameter stands twice")
		}
		limit := maxValue
		if name == "request" || name == "client_assertion" {
			limit = maxObject
		}
		for _, value := range each {
			if len(value) > limit {
				return errors.New("a parameter is too long")
			}
			if !page.Readable(value) {
				return errors.New("a parameter is no text")
			}
		}
	}
	return nil
}

// promptValues are what prompt may hold.
var promptValues = []string{"none", "login", "consent", "select_account"}

// voluntary drops wishes that we do not know and that must not fail a request
// (OpenID Connect Core 1.0, 3.1.2.1): other classes of sign-in, other displays,
// values of claims that we do not compare. It says what is wrong with a parameter
// that the library would not refuse as it should.
func voluntary(values url.Values) (wrong string) {
	if values.Has("acr_values") {
		known := slices.DeleteFunc(strings.Fields(values.Get("acr_values")), func(value string) bool { return !knownACR(value) })
		if values.Del("acr_values"); len(known) > 0 {
			values.Set("acr_values", strings.Join(known, " "))
		}
	}
	if !slices.Contains([]string{"page", "popup", "touch"}, values.Get("display")) {
		values.Del("display")
	}
	if mode := values.Get("response_mode"); mode != "" && !slices.Contains([]string{"query", "fragment", "form_post"}, mode) {
		values.Del("response_mode") // the library would sign its refusal, which it cannot
		return "response_mode is not supported"
	}
	if age := values.Get("max_age"); age != "" {
		if n, err := strconv.Atoi(age); err != nil || n < 0 {
			values.Del("max_age") // passed over, the client would take an old sign-in for a fresh one
			return "max_age is a number of seconds"
		}
	}
	for each := range strings.FieldsSeq(values.Get("prompt")) {
		if !slices.Contains(promptValues, each) { // Initiating User Registration via OpenID Connect 1.0, 4.1.1
			values.Del("prompt")
			return "prompt is not supported"
		}
	}
	if values.Get("claims") == "" {
		return ""
	}
	wanted := map[string]map[string]*struct {
		Essential bool  `json:"essential"`
		Value     any   `json:"value"`
		Values    []any `json:"values"`
	}{}
	if err := json.Unmarshal([]byte(values.Get("claims")), &wanted); err != nil {
		values.Del("claims")
		return "claims cannot be read"
	}
	read := goidc.ClaimsObject{UserInfo: map[string]goidc.ClaimObjectInfo{}, IDToken: map[string]goidc.ClaimObjectInfo{}}
	for where, target := range map[string]map[string]goidc.ClaimObjectInfo{"userinfo": read.UserInfo, "id_token": read.IDToken} {
		for name, each := range wanted[where] {
			info := goidc.ClaimObjectInfo{}
			if each != nil {
				info.IsEssential = each.Essential
				info.Value, _ = each.Value.(string)
				for _, value := range each.Values {
					if s, ok := value.(string); ok {
						info.Values = append(info.Values, s)
					}
				}
			}
			target[name] = info
		}
	}
	data, err := json.Marshal(read)
	if err != nil {
		return "claims cannot be read"
	}
	values.Set("claims", string(data))
	return ""
}

// renderError shows a person an error that must not be sent to the client,
// since nobody knows whether the address given is the client's. Where it is
// known, the client is told.
func (p *Provider) renderError(w http.ResponseWriter, r *http.Request, err error) error {
	if a, ok := w.(*answer); ok {
		a.reset()
	}
	if callOf(r.Context()).endpoint == "device" {
		if e, ok := errors.AsType[goidc.Error](err); ok && e.Code == goidc.ErrorCodeAccessDenied {
			return page.Render(w, r, http.StatusOK, deviceDonePage(false))
		}
	}
	if target, fields := p.tellable(r.Context(), err); target != nil {
		return p.tellClient(w, r, target, fields)
	}
	explained := explain(err)
	if id := flowID(r); id != "" && fail.Is(explained, fail.Gone) {
		explained = p.Over(r, id)
	}
	p.config.Site.Fail(w, r, explained)
	return nil
}

// tellable is where the client is told of an error from before the library knows
// that the address is the client's, and what: a request object that is not good, or
// one by reference (OpenID Connect Core 1.0, 3.1.2.6), a response_type that there is
// not (RFC 6749, 4.1.2.1), or a hint that is no ID token of ours, which a silent
// request would wait for in its frame. nil where nobody may be told.
func (p *Provider) tellable(ctx context.Context, err error) (target *url.URL, fields [][2]string) {
	e, ok := errors.AsType[goidc.Error](err)
	call := callOf(ctx)
	if !ok || call.endpoint != "authorize" {
		return nil, nil
	}
	hint := e.Code == goidc.ErrorCodeInvalidRequest && e.Description == wrongHint
	if !hint && !slices.Contains([]goidc.ErrorCode{goidc.ErrorCodeInvalidRequestObject, goidc.ErrorCodeRequestURINotSupported, unsupportedResponseType}, e.Code) {
		return nil, nil
	}
	c, found, lookErr := p.client(ctx, call.client)
	redirect := call.values.Get("redirect_uri")
	if lookErr != nil || !found || c.fapi() || !slices.Contains(c.grants(), GrantCode) || !c.leadsTo(redirect) || call.trial && !local(redirect) {
		return nil, nil
	}
	target, parseErr := url.Parse(redirect)
	if parseErr != nil {
		return nil, nil
	}
	fields = [][2]string{{"error", string(e.Code)}, {"error_description", e.Description}, {"iss", p.config.Issuer}}
	if state := call.values.Get("state"); state != "" {
		fields = append(fields, [2]string{"state", state})
	}
	return target, fields
}

// tellClient answers the client in the way that it asked for, or as is usual for
// its response_type (OAuth 2.0 Multiple Response Type Encoding Practices, 5).
func (p *Provider) tellClient(w http.ResponseWriter, r *http.Request, target *url.URL, fields [][2]string) error {
	values := callOf(r.Context()).values
	mode := values.Get("response_mode")
	if mode == "form_post" {
		page.Permit(w, "form-action", originOf(target.String()))
		return page.Render(w, r, http.StatusOK, formPostPage(target.String(), fields))
	}
	asked := strings.Fields(values.Get("response_type"))
	inFragment := mode == "fragment" || mode != "query" && (slices.Contains(asked, "token") || slices.Contains(asked, "id_token"))
	query := url.Values{}
	if !inFragment {
		query = target.Query()
	}
	for _, field := range fields {
		query.Set(field[0], field[1])
	}
	if inFragment {
		http.Redirect(w, r, target.String()+"#"+query.Encode(), http.StatusSeeOther)
		return nil
	}
	target.RawQuery = query.Encode()
	http.Redirect(w, r, target.String(), http.StatusSeeOther)
	return nil
}

func explain(err error) error {
	if _, ok := errors.AsType[*fail.Error](err); ok {
		return err
	}
	e, ok := errors.AsType[goidc.Error](err)
	switch {
	case errors.Is(err, goidc.ErrNotFound): // a sign-out in the name of a client that there is not
		return fail.Wrap(err, fail.BadRequest, "identity.client_unknown")
	case !ok:
		return fail.Wrap(err, fail.Internal, "kit.internal")
	case e.Code == goidc.ErrorCodeInvalidClient || e.Code == goidc.ErrorCodeUnauthorizedClient:
		return fail.Wrap(err, fail.BadRequest, "identity.client_unknown")
	case strings.Contains(err.Error(), "redirect_uri"):
		return fail.Wrap(err, fail.BadRequest, "identity.redirect_unknown")
	case strings.Contains(err.Error(), "session"):
		return fail.Wrap(err, fail.Gone, "identity.flow_gone")
	}
	return fail.Wrap(err, fail.BadRequest, "identity.request_wrong")
}

// FormHosts are the origins to which a form of this request's page leads in the
// end: those of the system that the person signs in to or out of. It is
// page.Site.FormHostsOf.
func (p *Provider) FormHosts(r *http.Request) []string {
	query := r.URL.Query()
	clientID := ""
	if strings.HasPrefix(r.URL.Path, "/connect/") {
		clientID = query.Get("client_id")
	}
	if id := flowID(r); id != "" {
		as, _, _, err := p.flows.flow(r.Context(), id)
		if err != nil {
			return nil
		}
		clientID = as.ClientID
	}
	if logout := query.Get("logout"); logout != "" {
		ls, err := p.flows.LogoutSession(r.Context(), logout)
		if err != nil {
			return nil
		}
		clientID = ls.ClientID
	}
	return p.originsOf(r.Context(), clientID)
}

func (p *Provider) originsOf(ctx context.Context, clientID string) []string {
	c, found, err := p.client(ctx, clientID)
	if err != nil || !found {
		return nil
	}
	return Origins([]Client{c.Client})
}

func flowID(r *http.Request) string {
	if id, ok := strings.CutPrefix(r.URL.Path, "/connect/authorize/"); ok {
		return id
	}
	return r.URL.Query().Get("flow")
}
