package exchangeapi

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// Caller is who asked, as the exchange has verified it.
type Caller struct {
	Client Subsystem
	ID     string // X-Road-Id: the same for a repetition of the same request
	User   string // ПИН of the person who acts, as the client says; "" for a system by itself
	Issue  string // why
}

type callerKey struct{}

// CallerOf is the caller of the request in hand; a zero Caller outside one.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// WithCaller is for tests of providers.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// Provider answers what comes from the exchange. Mount it under /exchange/.
// Services are registered with Serve.
type Provider struct {
	mux  *http.ServeMux
	key  string
	log  *slog.Logger
	self Subsystem
}

// NewProvider makes the provider's side of a system. key is shared with the exchange.
func NewProvider(self Subsystem, key string, log *slog.Logger) *Provider {
	p := &Provider{mux: http.NewServeMux(), key: key, log: log, self: self}
	p.mux.HandleFunc("/", p.missing)
	return p
}

// missing answers where there is no service, or none for the method: a service is
// called by POST, and what Raw mounted is read.
func (p *Provider) missing(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := &http.Request{Method: method, Host: r.Host, URL: r.URL}
		if _, pattern := p.mux.Handler(other); pattern != "/" && pattern != "" {
			w.Header().Set("Allow", method)
			p.refuse(w, r, fail.New(fail.NoMethod, "kit.no_method"))
			return
		}
	}
	p.refuse(w, r, fail.New(fail.NotFound, "kit.not_found"))
}

// ServeHTTP takes only what carries the exchange's key: nobody reaches a
// provider around the exchange.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get(HeaderKey)), []byte("Bearer "+p.key)) != 1 {
		p.refuse(w, r, fail.New(fail.Forbidden, "kit.exchange_only"))
		return
	}
	client, err := ParseSubsystem(r.Header.Get(HeaderClient))
	if err != nil {
		p.refuse(w, r, fail.Wrap(err, fail.BadRequest, "kit.bad_request"))
		return
	}
	for _, name := range []string{HeaderID, HeaderUser, HeaderIssue} {
		if !page.Readable(r.Header.Get(name)) {
			p.refuse(w, r, fail.New(fail.BadRequest, "kit.bad_request"))
			return
		}
	}
	caller := Caller{Client: client, ID: r.Header.Get(HeaderID), User: r.Header.Get(HeaderUser), Issue: r.Header.Get(HeaderIssue)}
	p.mux.ServeHTTP(w, r.WithContext(WithCaller(r.Context(), caller)))
}

// Serve registers a service: POST /exchange/{service}{path}, whose JSON body
// becomes In and whose answer is Out. path is "" or "/name": never with data in it.
func Serve[In, Out any](p *Provider, service, path string, answer func(ctx context.Context, in In) (Out, error)) {
	p.mux.HandleFunc("POST /exchange/"+service+path, func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := decode(w, r, &in); err != nil {
			p.refuse(w, r, err)
			return
		}
		out, err := answer(r.Context(), in)
		if err != nil {
			p.refuse(w, r, err)
			return
		}
		data, err := json.Marshal(out)
		if err != nil {
			p.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(data)
	})
}

// Raw mounts another handler (an OpenAPI description, say) under /exchange/.
func (p *Provider) Raw(pattern string, h http.Handler) { p.mux.Handle(pattern, h) }

func decode(w http.ResponseWriter, r *http.Request, in any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxMessage))
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return fail.Wrap(err, fail.TooLarge, "kit.too_large")
		}
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	if escapedNUL(body) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := json.Unmarshal(body, in); err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	return nil
}

// escapedNUL finds \u0000 in JSON, the only way for a NUL into a string of it:
// PostgreSQL keeps none.
func escapedNUL(data []byte) bool {
	for {
		at := bytes.IndexByte(data, '\\')
		if at < 0 {
			return false
		}
		if bytes.HasPrefix(data[at:], []byte(`\u0000`)) {
			return true
		}
		data = data[min(at+2, len(data)):] // past the escaped character, which may be a backslash
	}
}

func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := fail.As(err)
	level := slog.LevelInfo
	if e.Kind.Status() >= 500 {
		level = slog.LevelError
	}
	p.log.Log(r.Context(), level, "exchange request refused", "system", NameOf(p.self), "route", r.Pattern,
		"request", r.Header.Get(HeaderID), "kind", string(e.Kind), "error", e.Error())
	data, marshalErr := json.Marshal(problem{Kind: e.Kind, Key: e.Key, Args: e.Args, Findings: e.Findings})
	if marshalErr != nil {
		data = []byte(`{"kind":"internal","key":"kit.internal"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Kind.Status())
	_, _ = w.Write(data)
}
