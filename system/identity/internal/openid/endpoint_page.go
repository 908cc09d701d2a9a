package openid

import (
	"context"
	"encoding/json"
	"errors"
	"io"
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
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET "+jwksPath, p.jwks)
	mux.Handle("/.well-known/openid-configuration", wrongMethod("GET, HEAD", true))
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
	call.wrong = voluntary(values)
	if strings.HasPrefix(values.Get("request_uri"), pushedID) {
		// What was pushed ahead is the whole request (RFC 9126, 4; RFC 9101, 6.3).
		for name := range values {
			if !slices.Contains([]string{"client_id", "request_uri", "ui_locales"}, name) {
				values.Del(name)
			}
		}
	}
	answer := &answer{w: w}
	if call.wrong != "" || !p.quickCode(answer, r, values) {
		if r.Method == http.MethodGet {
			r.URL.RawQuery = values.Encode()
		}
		p.handler.ServeHTTP(answer, r)
	}
	if call.gone { // signed out this very moment: the same request, without a session
		answer.reset()
		http.Redirect(w, r, whole, http.StatusSeeOther)
		return nil
	}
	p.remember(r.Context(), call)
	if call.trouble != nil {
		answer.reset()
		return call.trouble
	}
	if answer.isFormPost() {
		return p.formPost(w, r, answer.body.String())
	}
	return answer.send()
}

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
	if target := p.tellable(r, err); target != "" {
		http.Redirect(w, r, target, http.StatusSeeOther)
		return nil
	}
	p.config.Site.Fail(w, r, explain(err))
	return nil
}

// tellable is where the client is told of an error that the library shows to
// the person, though the address is registered: a request object that is not
// good, or one by reference (OpenID Connect Core 1.0, 3.1.2.6), or a hint that is
// no ID token of ours, which a silent request would wait for in its frame.
func (p *Provider) tellable(r *http.Request, err error) string {
	e, ok := errors.AsType[goidc.Error](err)
	if !ok || callOf(r.Context()).endpoint != "authorize" {
		return ""
	}
	hint := e.Code == goidc.ErrorCodeInvalidRequest && e.Description == "invalid id_token_hint"
	if !hint && !slices.Contains([]goidc.ErrorCode{goidc.ErrorCodeInvalidRequestObject, goidc.ErrorCodeRequestURINotSupported}, e.Code) {
		return ""
	}
	c, found, lookErr := p.client(r.Context(), r.FormValue("client_id"))
	redirect := r.FormValue("redirect_uri")
	if lookErr != nil || !found || c.fapi() || !slices.Contains(c.Redirects, redirect) {
		return ""
	}
	target, parseErr := url.Parse(redirect)
	if parseErr != nil {
		return ""
	}
	inFragment := r.FormValue("response_mode") == "fragment"
	query := url.Values{}
	if !inFragment {
		query = target.Query()
	}
	query.Set("error", string(e.Code))
	query.Set("error_description", e.Description)
	query.Set("iss", p.config.Issuer)
	if state := r.FormValue("state"); state != "" {
		query.Set("state", state)
	}
	if inFragment {
		return target.String() + "#" + query.Encode()
	}
	target.RawQuery = query.Encode()
	return target.String()
}

func explain(err error) error {
	if _, ok := errors.AsType[*fail.Error](err); ok {
		return err
	}
	e, ok := errors.AsType[goidc.Error](err)
	switch {
	case strings.Contains(err.Error(), "sign the response object"):
		return fail.Wrap(err, fail.BadRequest, "identity.request_wrong") // a response_mode inside a request object that we do not offer
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
