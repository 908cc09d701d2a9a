package openid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// Bounds of what a request may carry.
const (
	maxQuery = 12 << 10
	maxForm  = 64 << 10
	maxValue = 4 << 10
)

// Mount puts the addresses of the real ЕСИ into the mux. What browsers open
// goes through the site, for its language and headers; what machines call does
// not, nor does a POST that comes from a client's page: the protocol has its own
// protection against forgery (state, PKCE, client secrets).
func (p *Provider) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.Handle("GET /.well-known/openid-configuration/jwks", p.api(http.HandlerFunc(p.jwks)))
	for _, path := range []string{"/connect/token", "/connect/introspect", "/connect/revocation", "/connect/userinfo"} {
		mux.Handle("POST "+path, p.api(p.handler))
	}
	mux.Handle("GET /connect/userinfo", p.api(p.handler))
	for _, path := range []string{"/connect/authorize", "/connect/endsession"} {
		p.config.Site.Handle(mux, "GET "+path, p.browser)
		p.config.Site.Handle(mux, "GET "+path+"/{id}", p.browser)
		mux.Handle("POST "+path, p.posted())
	}
	mux.HandleFunc("GET /connect/form-post.js", formPostScript)
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
	values := r.URL.Query()
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
	voluntary(values)
	if r.Method == http.MethodGet {
		r.URL.RawQuery = values.Encode()
	}
	answer := &answer{w: w}
	p.handler.ServeHTTP(answer, r)
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
		for _, value := range each {
			if len(value) > maxValue {
				return errors.New("a parameter is too long")
			}
			if !page.Readable(value) {
				return errors.New("a parameter is no text")
			}
		}
	}
	return nil
}

// voluntary drops wishes that we do not know and that must not fail a request
// (OpenID Connect Core 1.0, 3.1.2.1): other classes of sign-in, other displays.
func voluntary(values url.Values) {
	if values.Has("acr_values") && !slices.Contains(strings.Fields(values.Get("acr_values")), ACR) {
		values.Del("acr_values")
	} else if values.Has("acr_values") {
		values.Set("acr_values", ACR)
	}
	if !slices.Contains([]string{"page", "popup", "touch"}, values.Get("display")) {
		values.Del("display")
	}
}

// renderError shows a person an error that must not be sent to the client,
// since nobody knows whether the address given is the client's.
func (p *Provider) renderError(w http.ResponseWriter, r *http.Request, err error) error {
	if a, ok := w.(*answer); ok {
		a.reset()
	}
	p.config.Site.Fail(w, r, explain(err))
	return nil
}

func explain(err error) error {
	if _, ok := errors.AsType[*fail.Error](err); ok {
		return err
	}
	e, ok := errors.AsType[goidc.Error](err)
	switch {
	case !ok:
		return fail.Wrap(err, fail.Internal, "kit.internal")
	case e.Code == goidc.ErrorCodeInvalidClient || e.Code == goidc.ErrorCodeUnauthorizedClient:
		return fail.Wrap(err, fail.BadRequest, "identity.client_unknown")
	case strings.Contains(err.Error(), "redirect_uri"):
		return fail.Wrap(err, fail.BadRequest, "identity.redirect_unknown")
	case strings.Contains(err.Error(), "session"):
		return fail.Wrap(err, fail.NotFound, "identity.flow_gone")
	}
	return fail.Wrap(err, fail.BadRequest, "identity.request_wrong")
}

type trouble struct{ err error }

type (
	troubleKey   struct{}
	redeemingKey struct{}
)

// note keeps an error of a function that can return none.
func note(ctx context.Context, err error) {
	if t, ok := ctx.Value(troubleKey{}).(*trouble); ok {
		t.err = err
	}
}

// redeeming says that the request wants tokens: a refresh token seen here is
// being used, and not only asked about.
func redeeming(ctx context.Context) bool { return ctx.Value(redeemingKey{}) != nil }

// api wraps what machines call.
func (p *Provider) api(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		answer := &answer{w: w}
		t := &trouble{}
		ctx := context.WithValue(r.Context(), troubleKey{}, t)
		if r.URL.Path == "/connect/token" {
			ctx = context.WithValue(ctx, redeemingKey{}, true)
		}
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := credentials(r); err != nil {
			answer.refuse(err)
		} else {
			next.ServeHTTP(answer, r)
		}
		if t.err != nil {
			p.config.Log.ErrorContext(ctx, "claims cannot be read", "system", "identity", "error", t.err.Error())
			answer.reset()
			answer.refuse(goidc.NewError("temporarily_unavailable", "try again later").WithStatusCode(http.StatusServiceUnavailable))
		}
		if answer.status == http.StatusUnauthorized {
			challenge := `Basic realm="esi", charset="UTF-8"` // RFC 6749, 5.2
			if r.URL.Path == "/connect/userinfo" {
				challenge = `Bearer realm="esi", error="invalid_token"` // RFC 6750, 3
			}
			h.Set("WWW-Authenticate", challenge)
		}
		_ = answer.send() // a reader that left is no error of ours
	})
}

// credentials brings the two ways in which a client sends its secret to one:
// Basic, whose parts are form-encoded before they are joined (RFC 6749, 2.3.1),
// which the library does not undo; and the form.
func credentials(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return goidc.NewError(goidc.ErrorCodeInvalidRequest, "the request is too large").WithStatusCode(http.StatusRequestEntityTooLarge)
		}
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "the form cannot be read")
	}
	if err := plain(r.PostForm); err != nil {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, err.Error())
	}
	secret := r.PostForm.Get("client_secret")
	encodedID, encodedSecret, basic := r.BasicAuth()
	switch {
	case basic && secret != "":
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "one way of client authentication, not two")
	case basic:
		clientID, err := url.QueryUnescape(encodedID)
		if err != nil || strings.Contains(clientID, ":") {
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client")
		}
		clientSecret, err := url.QueryUnescape(encodedSecret)
		if err != nil {
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client")
		}
		r.SetBasicAuth(clientID, clientSecret)
	case secret != "":
		r.SetBasicAuth(r.PostForm.Get("client_id"), secret)
	}
	return nil
}

func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	r = r.Clone(r.Context())
	r.URL.Path = "/connect/jwks"
	p.handler.ServeHTTP(w, r)
}

// discovery is the library's description with what is ours: the address of the
// keys and the back-channel logout.
func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	record := &answer{w: discard{http.Header{}}}
	p.handler.ServeHTTP(record, r)
	description := map[string]any{}
	if err := json.Unmarshal(record.body.Bytes(), &description); err != nil {
		http.Error(w, `{"error":"server_error"}`, http.StatusInternalServerError)
		return
	}
	description["jwks_uri"] = p.config.Issuer + "/.well-known/openid-configuration/jwks"
	description["backchannel_logout_supported"] = true
	description["backchannel_logout_session_supported"] = true
	description["request_parameter_supported"] = false
	description["request_uri_parameter_supported"] = false
	description["claims_parameter_supported"] = false
	description["prompt_values_supported"] = []string{"none", "login", "consent", "select_account"}
	description["ui_locales_supported"] = []string{"ky", "ru", "en"}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = page.JSON(w, http.StatusOK, description) // a map of strings can be written
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// answer holds an answer back until it is known to be the right one.
type answer struct {
	w      http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.w.Header() }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) reset() {
	a.status = 0
	a.body.Reset()
	a.Header().Del("Location")
	a.Header().Del("Content-Type")
}

func (a *answer) refuse(err error) {
	e, _ := errors.AsType[goidc.Error](err)
	data, marshalErr := json.Marshal(e)
	if marshalErr != nil {
		data = []byte(`{"error":"invalid_request"}`)
	}
	a.Header().Set("Content-Type", "application/json")
	a.Header().Set("Cache-Control", "no-store")
	a.WriteHeader(e.StatusCode())
	_, _ = a.body.Write(data) // a buffer takes everything
}

func (a *answer) send() error {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.w.WriteHeader(a.status)
	_, _ = a.w.Write(a.body.Bytes()) // a reader that left is no error of ours
	return nil
}

// isFormPost recognises the library's page of response_mode=form_post, the only
// one that it writes itself.
func (a *answer) isFormPost() bool {
	return a.status == http.StatusOK && a.Header().Get("Content-Type") == "text/html"
}

var (
	formAction = regexp.MustCompile(`<form id="auth-response" method="post" action="([^"]*)">`)
	formValue  = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)"/>`)
)

// formPost shows the library's form in our own page: its script is inline, which
// our Content-Security-Policy forbids, and it has no button without a script.
func (p *Provider) formPost(w http.ResponseWriter, r *http.Request, body string) error {
	action := formAction.FindStringSubmatch(body)
	if action == nil {
		return errors.New("openid: the form of form_post was not understood")
	}
	target := html.UnescapeString(action[1])
	var fields [][2]string
	for _, field := range formValue.FindAllStringSubmatch(body, -1) {
		fields = append(fields, [2]string{field[1], html.UnescapeString(field[2])})
	}
	w.Header().Del("Content-Type")
	return page.Render(w, r, http.StatusOK, formPostPage(target, fields))
}

// formPostScript sends the form by itself where there are scripts.
func formPostScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write([]byte(`document.querySelector("form[data-form-post]").submit()`)) // a reader that left is no error of ours
}
