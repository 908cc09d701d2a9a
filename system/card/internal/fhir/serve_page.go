package fhir

import (
	"errors"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/definition"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
)

const mediaType = "application/fhir+json"

// everywhere are the headers of every answer. Their values are shared: none is
// written into, Add makes a slice of its own.
var everywhere = http.Header{
	"Cache-Control":           {"no-store"},
	"X-Content-Type-Options":  {"nosniff"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	"Referrer-Policy":         {"no-referrer"},
	"Vary":                    {"Accept, Accept-Language, Authorization, Origin"},
}

var jsonType = []string{mediaType + "; charset=utf-8"}

// ServeHTTP implements http.Handler: everything below /fhir/R4, errors always
// as OperationOutcome in the reader's language.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lang := text.Accept(r.Header.Get("Accept-Language"))
	r = r.WithContext(text.With(r.Context(), a.texts, lang))
	maps.Copy(w.Header(), everywhere)
	if shared(w, r) {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			a.log.ErrorContext(r.Context(), "panic", "system", "card", "route", r.Pattern, "value", v, "stack", string(debug.Stack()))
			a.fail(w, r, fail.New(fail.Internal, "kit.internal"))
		}
	}()
	if err := a.route(w, r); err != nil {
		a.fail(w, r, err)
	}
}

func (a *API) route(w http.ResponseWriter, r *http.Request) error {
	if !page.Readable(r.URL.Path) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if strings.Contains(r.URL.RawQuery, "%") || !page.Readable(r.URL.RawQuery) {
		if err := page.ReadableValues(r.URL.Query()); err != nil {
			return err
		}
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, root), "/"), "/")
	o, on, operates := a.operation(parts)
	if err := acceptable(r); err != nil && (!operates || !o.Below) { // files are no JSON
		return err
	}
	switch {
	case len(parts) == 1 && parts[0] == "":
		return a.only(w, r, a.bundle, http.MethodPost)
	case len(parts) == 1 && parts[0] == "metadata":
		return a.only(w, r, a.metadata, http.MethodGet)
	case len(parts) == 2 && parts[0] == ".well-known" && parts[1] == "smart-configuration":
		return a.only(w, r, a.smartConfiguration, http.MethodGet)
	}
	if operates {
		return a.only(w, r, func(w http.ResponseWriter, r *http.Request) error { return o.Serve(w, r, on) }, o.Methods...)
	}
	if slices.Contains(definition.Types, parts[0]) || publicSets(r, parts) {
		return a.definitions(w, r, parts)
	}
	k, ok := a.kinds[parts[0]]
	if !ok {
		return outcome.Troubled(http.StatusNotFound, "not-supported", "card.fhir.unknown_kind", "Kinds", strings.Join(find.Names(a.kinds), ", "))
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && (len(parts) == 1 || len(parts) == 2 && !strings.HasPrefix(parts[1], "_")) {
		if len(parts) == 1 {
			return a.search(w, r, k)
		}
		return a.read(w, r, k, parts[1])
	}
	answer := func(h func(http.ResponseWriter, *http.Request, *find.Kind) error) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error { return h(w, r, k) }
	}
	of := func(h func(http.ResponseWriter, *http.Request, *find.Kind, string) error, id string) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error { return h(w, r, k, id) }
	}
	switch {
	case len(parts) == 1:
		return a.by(w, r, methods{
			http.MethodGet: answer(a.search), http.MethodPost: answer(a.create), http.MethodPut: of(a.update, ""), http.MethodDelete: of(a.remove, ""),
		})
	case len(parts) == 2 && parts[1] == "_search":
		return a.only(w, r, answer(a.search), http.MethodPost)
	case len(parts) == 2 && parts[1] == "_history":
		return a.only(w, r, of(a.history, ""), http.MethodGet)
	case len(parts) == 2:
		return a.by(w, r, methods{
			http.MethodGet: of(a.read, parts[1]), http.MethodPut: of(a.update, parts[1]), http.MethodPatch: of(a.patch, parts[1]), http.MethodDelete: of(a.remove, parts[1]),
		})
	case len(parts) == 3 && parts[2] == "_history":
		return a.only(w, r, of(a.history, parts[1]), http.MethodGet)
	case len(parts) == 4 && parts[2] == "_history":
		return a.only(w, r, func(w http.ResponseWriter, r *http.Request) error { return a.versionRead(w, r, k, parts[1], parts[3]) }, http.MethodGet)
	}
	return outcome.Troubled(http.StatusNotFound, "not-supported", "card.fhir.unknown_operation")
}

// methods are the ways in which an address is asked.
type methods map[string]func(http.ResponseWriter, *http.Request) error

// by answers the request by its method.
func (a *API) by(w http.ResponseWriter, r *http.Request, known methods) error {
	h, ok := known[r.Method]
	if !ok && r.Method == http.MethodHead {
		h, ok = known[http.MethodGet]
	}
	if ok {
		return h(w, r)
	}
	return noMethod(slices.Sorted(maps.Keys(known)))
}

// only lets the methods through; HEAD goes with GET.
func (a *API) only(w http.ResponseWriter, r *http.Request, h func(http.ResponseWriter, *http.Request) error, methods ...string) error {
	if slices.Contains(methods, r.Method) || r.Method == http.MethodHead && slices.Contains(methods, http.MethodGet) {
		return h(w, r)
	}
	return noMethod(methods)
}

// noMethod says by which methods the address is asked.
func noMethod(methods []string) error {
	t := outcome.Troubled(http.StatusMethodNotAllowed, "not-supported", "card.fhir.no_method")
	t.Header = http.Header{"Allow": {allow(methods...)}}
	return t
}

// allow is the header's value: HEAD goes with GET.
func allow(methods ...string) string {
	if i := slices.Index(methods, http.MethodGet); i >= 0 {
		methods = slices.Insert(slices.Clone(methods), i+1, http.MethodHead)
	}
	return strings.Join(methods, ", ")
}

// inAddress is the parameter of the address. Most have none, and are not taken
// apart to find that out.
func inAddress(r *http.Request, name string) string {
	if raw := r.URL.RawQuery; !strings.Contains(raw, "%") && !strings.Contains(raw, name) {
		return ""
	}
	return r.URL.Query().Get(name)
}

// acceptable refuses readers who cannot read JSON.
func acceptable(r *http.Request) error {
	accepts := r.Header.Get("Accept")
	if format := inAddress(r, "_format"); format != "" {
		// A "+" that was not escaped arrives as a space.
		accepts = strings.ReplaceAll(format, " ", "+")
	}
	if accepts == "" {
		return nil
	}
	for one := range strings.SplitSeq(accepts, ",") {
		media, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		if version := params["fhirversion"]; version != "" && version != "4.0" {
			continue
		}
		if weight, err := strconv.ParseFloat(params["q"], 64); err == nil && weight == 0 {
			continue // RFC 9110: not acceptable
		}
		switch media {
		case "*/*", "application/*", mediaType, "application/json", "text/json", "json":
			return nil
		}
	}
	return outcome.Troubled(http.StatusNotAcceptable, "not-supported", "card.fhir.json_only")
}

// admitted is the caller of the request and what they may see of the kind.
func (a *API) admitted(r *http.Request, k *find.Kind, want access.Action) (access.Caller, access.Reach, error) {
	token, ok := bearer(r)
	if !ok {
		return access.Caller{}, access.Reach{}, fail.New(fail.SignedOut, "card.fhir.no_token")
	}
	c, err := a.caller(r.Context(), token)
	if err != nil {
		return access.Caller{}, access.Reach{}, err
	}
	allowed, err := c.Reach(k.Name, want)
	return c, allowed, err
}

// fail answers with an OperationOutcome. Faults of ours and of neighbours get
// an incident number and a line in the log, which names the route and never the
// path.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	var t *outcome.Trouble
	if !errors.As(err, &t) {
		e := fail.As(err)
		if r.Context().Err() != nil && e.Kind == fail.Internal {
			return // the reader has gone
		}
		t = &outcome.Trouble{Status: e.Kind.Status(), Issues: []outcome.Issue{{Code: outcome.IssueCodes[e.Kind], Key: e.Key, Args: e.Args}}}
		switch e.Kind {
		case fail.SignedOut:
			t.Header = http.Header{"Www-Authenticate": {`Bearer realm="FHIR"`}}
			if _, sent := bearer(r); sent {
				t.Header.Set("Www-Authenticate", `Bearer realm="FHIR", error="invalid_token"`)
			}
		case fail.Forbidden:
			t.Header = http.Header{"Www-Authenticate": {`Bearer realm="FHIR", error="insufficient_scope"`}}
		case fail.Unavailable:
			t.Header = http.Header{"Retry-After": {"30"}}
		}
	}
	for name, values := range t.Header {
		w.Header()[name] = values
	}
	incident := id.New()[24:]
	level := slog.LevelInfo
	if t.Status >= 500 {
		level = slog.LevelError
	}
	a.log.Log(r.Context(), level, "request failed", "system", "card", "route", r.Pattern, "status", t.Status, "incident", incident, "error", err.Error())
	o := outcome.Of(r.Context(), t.Issues)
	if t.Status >= 500 {
		o.Issue[0].Diagnostics = incident
	}
	data, err := datatype.Encode(o)
	if err != nil {
		a.log.ErrorContext(r.Context(), "error answer failed", "system", "card", "incident", incident, "error", err.Error())
		return
	}
	w.Header().Set("Content-Language", string(text.LangOf(r.Context())))
	send(w, t.Status, data)
}

func send(w http.ResponseWriter, status int, data []byte) {
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(data) // a reader that left is no error of ours
}
