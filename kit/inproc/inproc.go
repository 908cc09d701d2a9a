// Package inproc is the road between systems: requests for a host that runs in
// this very process are answered by its handler directly, others go out over a
// bounded network transport. Callers cannot tell the difference, so a system
// may move to a process of its own without a change.
package inproc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// MaxBody bounds, in bytes, what one message may carry inside the process,
// either way. What systems accept is bounded more tightly by themselves.
const MaxBody = 64 << 20

// Transport is an http.RoundTripper. The zero value is not usable: see New.
type Transport struct {
	network http.RoundTripper
	mu      sync.RWMutex
	local   map[string]http.Handler // by host:port
}

// New makes a transport with nothing local yet. network may be nil: Network().
func New(network http.RoundTripper) *Transport {
	if network == nil {
		network = Network()
	}
	return &Transport{network: network, local: map[string]http.Handler{}}
}

// Client is an http.Client over the transport. It follows no redirects: what
// systems say to each other never needs one, and a redirect from a neighbour
// must not lead a request with a key in it elsewhere.
func (t *Transport) Client() *http.Client {
	return &http.Client{
		Transport:     t,
		Timeout:       60 * time.Second, // callers set tighter ones by context
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Serve makes h answer for the address (http://card.localhost:8080).
func (t *Transport) Serve(address string, h http.Handler) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("inproc: %q is no address", address)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.local[hostPort(u)] = h
	return nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" {
			port = "443"
		}
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.RLock()
	h := t.local[hostPort(r.URL)]
	t.mu.RUnlock()
	if h == nil {
		return t.network.RoundTrip(r)
	}
	return serve(h, r)
}

// serve runs the handler in a goroutine of its own, so that a context that ends
// frees the caller although the handler does not look at it.
func serve(h http.Handler, r *http.Request) (*http.Response, error) {
	body, err := readAll(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	in := r.Clone(ctx)
	in.Body, in.ContentLength, in.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	in.RequestURI = r.URL.RequestURI()
	in.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.RemoteAddr = "127.0.0.1:0"
	if in.Header == nil {
		in.Header = http.Header{}
	}
	if in.Header.Get("User-Agent") == "" {
		in.Header.Set("User-Agent", "sanarip")
	}

	type result struct {
		answer *recorder
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer := &recorder{header: http.Header{}}
		err := run(h, answer, in)
		done <- result{answer, err}
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case got := <-done:
		if got.err != nil {
			return nil, got.err
		}
		return got.answer.response(r), nil
	}
}

// PanicError is the panic of a handler, seen by who called it as an error, as a
// broken connection would be over a network.
type PanicError struct {
	Value any
	Stack string
}

// Error is for logs.
func (e *PanicError) Error() string { return fmt.Sprintf("the handler panicked: %v", e.Value) }

func run(h http.Handler, w *recorder, r *http.Request) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: string(debug.Stack())}
		}
	}()
	h.ServeHTTP(w, r)
	if w.over {
		return errTooLarge
	}
	return nil
}

var errTooLarge = errors.New("inproc: a message larger than the limit")

func readAll(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if err == nil && len(body) > MaxBody {
		err = errTooLarge
	}
	return body, err
}

// recorder keeps an answer in memory.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
	over   bool
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Of several statuses the first
// counts, as on the wire; informational ones are dropped.
func (w *recorder) WriteHeader(status int) {
	if w.status != 0 || (status >= 100 && status < 200) {
		return
	}
	w.status, w.sent = status, w.header.Clone()
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.body.Len()+len(p) > MaxBody {
		w.over = true
		return 0, errTooLarge
	}
	return w.body.Write(p)
}

// Flush implements http.Flusher: there is nobody to flush to.
func (w *recorder) Flush() { w.WriteHeader(http.StatusOK) }

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	body := w.body.Bytes()
	if w.sent.Get("Content-Type") == "" && len(body) > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(body))
	}
	if r.Method == http.MethodHead {
		body = nil
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// Network is the transport to other machines: every wait is bounded, no proxy of
// the surroundings is used (neighbours are named, not browsed to), and
// *.localhost is this machine although the machine's resolver may not know it
// (RFC 6761, 6.3).
func Network() *http.Transport {
	dialer := &net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: nil,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && loopbackName(host) {
				address = net.JoinHostPort("127.0.0.1", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    16,
		MaxConnsPerHost:        256,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // what is hashed and logged is what was sent
	}
}

func loopbackName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
