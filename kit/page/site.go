// Package page turns handlers that return an error into pages: it sets the
// language, the security headers and the limits, keeps what a layout needs to
// know in a View, and shows every error in one place, in the reader's language,
// with an incident number and without anything internal.
package page

import (
	"context"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
)

// LookCookie keeps the look that the reader chose: LookLarge or, without it, the
// usual one.
const (
	LookCookie = "look"
	LookLarge  = "large"
)

// Limits of what a request may carry.
const (
	MaxBody   = 1 << 20  // bytes of a form or JSON body unless a handler says otherwise
	MaxUpload = 10 << 20 // bytes of a form with a file
)

// NavItem is a place in the main navigation of a site.
type NavItem struct {
	Key   string // translation key of its name
	Path  string
	Badge string // a count beside the name, "" for none
}

// Badge is the count as a NavItem shows it: nothing for none.
func Badge(n int) string {
	const most = 999
	switch {
	case n == 0:
		return ""
	case n > most:
		return strconv.Itoa(most) + "+"
	}
	return strconv.Itoa(n)
}

// User is who is signed in, as a layout shows it.
type User struct {
	PIN          string
	Name         string // surname, given name, patronymic
	Role         string // post and department, in the reader's language; "" for a citizen
	Organisation string
}

// View is what the layout of a page needs to know. It is made anew for every
// request and may be filled by middleware (the session fills User).
type View struct {
	Site    *Site
	Lang    text.Lang
	Path    string // path and query of this page, without lang
	User    *User
	Nav     []NavItem
	Message string // translation key of a notice carried over from the page before
	Attends bool   // the notice is of what was not done
	SignOut string // path that signs out, "" when there is no session
	SignIn  string // path that signs in, "" when the site has no sign-in
	Search  Search // the search that stands on every page of the site, empty for none
	Large   bool   // the reader chose large type and strong contrast
	Onward  Link   // where an error page leads on, empty for where they all lead
	Posted  bool   // answers a form at an address that has a page: asked for again, that is shown

	filled    bool       // Site.Fill was asked
	permitted bool       // Site.FormHostsOf was asked
	query     url.Values // of the address
}

// Link is an address with its words in the reader's language.
type Link struct{ Href, Label string }

// Search is the field in the head of every page that finds what the site is
// about. What is looked for goes in the body of a POST: it may be a ПИН.
type Search struct {
	Action string // path it is sent to, "" for no search
	Name   string // of the field
	Key    string // translation key of its label
}

// ErrorView is an error as a page shows it.
type ErrorView struct {
	Status   int
	Kind     fail.Kind
	Title    string // heading of its own in the reader's language; "" is that of the kind
	Message  string // sentence in the reader's language
	Findings []string
	Incident string // number to tell the operator
}

// Site is one host: its name, words and look. Make one per system.
type Site struct {
	System    string // "card": name of the system, for logs and metrics
	TitleKey  string // translation key of the name in the header
	Work      bool   // true: work pages (dense); false: citizen pages (large)
	Texts     *text.Catalogue
	Log       *slog.Logger
	ErrorPage func(ErrorView) templ.Component
	Demo      bool                                 // shows the demo banner
	Fill      func(r *http.Request, v *View) error // fills User and Nav, may be nil
	FormHosts []string                             // origins that forms may lead to (sign-in elsewhere), for the CSP
	// FormHostsOf are more of them, for the page of this request alone; may be nil.
	FormHostsOf func(r *http.Request) []string
}

// Handler answers a request or says why not.
type Handler func(w http.ResponseWriter, r *http.Request) error

type viewKey struct{}

// Of is the View of the request's context; an empty one outside a Site.
func Of(ctx context.Context) *View {
	if v, ok := ctx.Value(viewKey{}).(*View); ok {
		return v
	}
	return &View{Site: &Site{}, Lang: text.LangOf(ctx)}
}

// Reads says whether the request asks for a page without changing anything: a HEAD
// is a GET whose answer has no body.
func Reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// Query is the query of the address, which the site has read already. It is the
// handler's own: the site does not look at it again.
func Query(r *http.Request) url.Values {
	if v, ok := r.Context().Value(viewKey{}).(*View); ok && v.query != nil {
		return v.query
	}
	return r.URL.Query()
}

// LeadsTo names the address under which the page has its other languages and
// looks, where its own cannot be asked for again: the answer to a form, or what is
// shown once.
func LeadsTo(r *http.Request, to string) { Of(r.Context()).Path = to }

// LeadsOn gives the error page of the request a way on of its own. href is never
// taken from the request: it is a page of ours or the registered address of a
// system.
func LeadsOn(r *http.Request, href, label string) { Of(r.Context()).Onward = Link{href, label} }

// Handle mounts a page. pattern is that of http.ServeMux: "GET /patients/{id}".
// What answers a form at an address that has no page leads to the nearest above it.
func (s *Site) Handle(mux *http.ServeMux, pattern string, h Handler) {
	if !strings.HasPrefix(pattern, http.MethodPost+" ") {
		mux.Handle(pattern, s.Wrap(h))
		return
	}
	mux.Handle(pattern, s.Wrap(func(w http.ResponseWriter, r *http.Request) error {
		if above := pageAbove(mux, r); above != r.URL.Path {
			LeadsTo(r, above)
		} else {
			Of(r.Context()).Posted = true
		}
		return h(w, r)
	}))
}

// pageAbove is the path of the request, or the nearest above it, that has a page.
func pageAbove(mux *http.ServeMux, r *http.Request) string {
	for at := r.URL.Path; at != "/" && at != "."; at = path.Dir(at) {
		if hasPage(mux, &http.Request{Method: http.MethodGet, Host: r.Host, URL: &url.URL{Path: at}}) {
			return at
		}
	}
	return "/"
}

// HandlePassing mounts an address that browsers mostly pass through on their way
// to another: who is signed in is asked for when an error is shown, not before.
func (s *Site) HandlePassing(mux *http.ServeMux, pattern string, h Handler) {
	mux.Handle(pattern, s.wrap(h, true))
}

// Missing is the page of every address of the mux that has none of its own: 404,
// or 405 where there is one for other methods (RFC 9110, 15.5.6). Mount it at "/".
func Missing(mux *http.ServeMux) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if allowed := methodsAt(mux, r); len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return fail.New(fail.NoMethod, "kit.no_method")
		}
		return fail.New(fail.NotFound, "kit.not_found")
	}
}

// methodsAt are the methods that something of the mux answers to at the request's
// address.
func methodsAt(mux *http.ServeMux, r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if hasPage(mux, &http.Request{Method: method, Host: r.Host, URL: &url.URL{Path: r.URL.Path}}) {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

// hasPage says whether more than the page of all that is missing answers.
func hasPage(mux *http.ServeMux, r *http.Request) bool {
	_, pattern := mux.Handler(r)
	return pattern != "" && strings.TrimPrefix(pattern, http.MethodGet+" ") != "/"
}

// tooLarge names the limit that the request was over: a form with a file may be
// larger than one without.
func tooLarge(r *http.Request) error {
	if mediaType(r) == "application/x-www-form-urlencoded" {
		return fail.New(fail.TooLarge, "kit.too_large_form")
	}
	return fail.New(fail.TooLarge, "kit.too_large")
}

// multipart says that the request is a form with files. How much of it is taken the
// page decides that reads it: with a file too large it may show the form again.
func multipart(r *http.Request) bool { return mediaType(r) == "multipart/form-data" }

func mediaType(r *http.Request) string {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind
}

var crossOrigin = http.NewCrossOriginProtection()

// Wrap makes an http.Handler of h. It may be used for one page or a whole mux.
func (s *Site) Wrap(h Handler) http.Handler { return s.wrap(h, false) }

func (s *Site) wrap(h Handler, passing bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		r = s.prepare(w, r, query)
		defer s.recover(w, r)
		if err := crossOrigin.Check(r); err != nil {
			s.Fail(w, r, fail.Wrap(err, fail.Forbidden, "kit.cross_origin"))
			return
		}
		if err := readable(r.URL, query); err != nil {
			s.Fail(w, r, err)
			return
		}
		if r.ContentLength > MaxUpload && !multipart(r) {
			s.Fail(w, r, tooLarge(r))
			return
		}
		if !passing { // else it is done where an error is shown
			s.permitForms(w, r)
			if err := s.fill(r); err != nil {
				s.Fail(w, r, err)
				return
			}
		}
		if err := h(w, r); err != nil {
			s.Fail(w, r, err)
		}
	})
}

// permitForms lets the forms of this request's page lead where FormHostsOf says.
func (s *Site) permitForms(w http.ResponseWriter, r *http.Request) {
	v := Of(r.Context())
	if s.FormHostsOf == nil || v.permitted {
		return
	}
	v.permitted = true
	if hosts := s.FormHostsOf(r); len(hosts) > 0 {
		Permit(w, "form-action", hosts...)
	}
}

func (s *Site) fill(r *http.Request) error {
	v := Of(r.Context())
	if s.Fill == nil || v.filled {
		return nil
	}
	v.filled = true
	return s.Fill(r, v)
}

// readable refuses an address with bytes that are no text. No link of ours has
// them, and PostgreSQL fails on them where SQLite does not.
func readable(u *url.URL, query url.Values) error {
	if !Readable(u.Path) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return ReadableValues(query)
}

// ReadableValues is an error when a name or value is not Readable.
func ReadableValues(values url.Values) error {
	for name, all := range values {
		if !Readable(name) || slices.ContainsFunc(all, func(v string) bool { return !Readable(v) }) {
			return fail.New(fail.BadRequest, "kit.bad_request")
		}
	}
	return nil
}

// Readable says that both engines can keep and compare the text: UTF-8 without
// a NUL. Whatever comes from outside past a Site is asked this.
func Readable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func (s *Site) prepare(w http.ResponseWriter, r *http.Request, query url.Values) *http.Request {
	s.secure(w.Header())
	lang := s.language(w, r, query)
	view := &View{Site: s, Lang: lang, Path: pathWithoutLang(r.URL, query), query: query}
	if cookie, err := r.Cookie(LookCookie); err == nil && cookie.Value == LookLarge {
		view.Large = true
	}
	view.Message, view.Attends = takeNotice(w, r, s.Texts)
	ctx := context.WithValue(r.Context(), viewKey{}, view)
	return r.WithContext(text.With(ctx, s.Texts, lang))
}

func (s *Site) secure(h http.Header) {
	forms := strings.Join(append([]string{"'self'"}, s.FormHosts...), " ")
	h["Content-Security-Policy"] = []string{"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + forms}
	h["X-Content-Type-Options"], h["Referrer-Policy"], h["Cross-Origin-Opener-Policy"] = asItSays, noReferrer, alone
	h["Permissions-Policy"], h["Cache-Control"] = nothingOfTheDevice, notKept
}

// Values of headers that are the same each time; who wants another sets another.
var (
	asItSays           = []string{"nosniff"}
	noReferrer         = []string{"no-referrer"}
	alone              = []string{"same-origin"}
	nothingOfTheDevice = []string{"camera=(), microphone=(), geolocation=()"}
	notKept            = []string{"no-store"}
)

const languageCookie = "lang"

func (s *Site) language(w http.ResponseWriter, r *http.Request, query url.Values) text.Lang {
	if l, ok := text.Parse(query.Get("lang")); ok {
		keep(w, languageCookie, string(l), aYear)
		return l
	}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		if l, ok := text.Parse(cookie.Value); ok {
			return l
		}
	}
	// OpenID Connect hands the language over in ui_locales (Core 1.0, 3.1.2.1).
	for _, tag := range strings.Fields(query.Get("ui_locales")) {
		if l, ok := text.Parse(tag); ok {
			return l
		}
	}
	return text.Accept(r.Header.Get("Accept-Language"))
}

func pathWithoutLang(u *url.URL, query url.Values) string {
	encoded := u.RawQuery
	if query.Has("lang") {
		query = maps.Clone(query)
		query.Del("lang")
		encoded = query.Encode()
	}
	if encoded == "" {
		return u.Path
	}
	return u.Path + "?" + encoded
}

func (s *Site) recover(w http.ResponseWriter, r *http.Request) {
	if v := recover(); v != nil {
		if v == http.ErrAbortHandler { //nolint:errorlint // a panic value, passed on as it is
			panic(v)
		}
		s.Log.ErrorContext(r.Context(), "panic", "system", s.System, "route", r.Pattern, "value", v, "stack", stack())
		s.Fail(w, r, fail.New(fail.Internal, "kit.internal"))
	}
}

// Fail logs the error under an incident number and shows it. The log has the
// route's pattern, never the path: paths may name a person's record.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	e := fail.As(err)
	if r.Context().Err() != nil && e.Kind == fail.Internal {
		return // the reader has gone
	}
	s.permitForms(w, r)
	_ = s.fill(r) // failing that, the page has no name in its head
	incident := id.New()[24:]
	level := slog.LevelInfo
	if e.Kind.Status() >= 500 {
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "request failed", "system", s.System, "route", r.Pattern,
		"kind", string(e.Kind), "incident", incident, "error", e.Error())
	view := ErrorView{
		Status: e.Kind.Status(), Kind: e.Kind, Incident: incident,
		Message: text.TArgs(r.Context(), e.Key, e.Args),
	}
	if e.Title != "" {
		view.Title = text.T(r.Context(), e.Title)
	}
	for _, f := range e.Findings {
		view.Findings = append(view.Findings, text.TArgs(r.Context(), f.Key, f.Args))
	}
	if renderErr := Render(w, r, view.Status, s.ErrorPage(view)); renderErr != nil {
		s.Log.ErrorContext(r.Context(), "error page failed", "system", s.System, "incident", incident, "error", renderErr.Error())
	}
}
