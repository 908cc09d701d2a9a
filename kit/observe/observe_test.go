package observe

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/job"
)

func TestRequestsAreCountedByPatternNeverByPath(t *testing.T) {
	m := NewMetrics("1")
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelDebug)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stays/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/exchange/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	h := m.Requests("card", log, mux)
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/stays/secret-stay?name=secret-name", nil),
		httptest.NewRequest("SECRETVERB", "/exchange/x", nil), httptest.NewRequest(http.MethodGet, "/secret-nothing", nil),
	} {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	m.Message("card", "insurance", "treated-cases", "answered", time.Millisecond)
	m.Queue("card", []job.Count{{Kind: "hand-over", State: job.Failed, Number: 2, Oldest: time.Now().Add(-time.Hour)}}, time.Now())
	m.Gauges("card", []Gauge{{Name: "sanarip_node_waiting_changes", Help: "Before.", Labels: map[string]string{"node": "naryn"}, Value: 7}})
	m.Gauges("card", []Gauge{{Name: "sanarip_node_waiting_changes", Help: "Now.", Labels: map[string]string{"node": "osh"}, Value: 3}})
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`route="GET /stays/{id}"`, `status="2xx"`, `status="5xx"`, `route="other /exchange/"`,
		`sanarip_jobs{kind="hand-over",state="failed",system="card"} 2`, `service="treated-cases"`, "go_goroutines",
		`sanarip_node_waiting_changes{node="osh"} 3`,
	} {
		if !strings.Contains(recorder.Body.String(), want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if strings.Contains(recorder.Body.String(), "naryn") {
		t.Error("a figure that is told no more is still there")
	}
	if all := recorder.Body.String() + out.String(); strings.Contains(strings.ToLower(all), "secret") {
		t.Errorf("a path or query is told: %s", out.String())
	}
}

// What is no page tells nobody by itself that it panicked.
func TestAPanicIsToldWithItsStack(t *testing.T) {
	var out bytes.Buffer
	metrics := NewMetrics("1")
	answer := func(next http.HandlerFunc) (w *httptest.ResponseRecorder, broken any) {
		out.Reset()
		w = httptest.NewRecorder()
		defer func() { broken = recover() }()
		metrics.Requests("card", NewLogger(&out, slog.LevelInfo), next).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w, nil
	}
	w, broken := answer(func(http.ResponseWriter, *http.Request) { panic("the sky falls") })
	if broken != nil || w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "sky") {
		t.Errorf("%v %d %s", broken, w.Code, w.Body)
	}
	if !strings.Contains(out.String(), "the sky falls") || !strings.Contains(out.String(), "observe_test.go") {
		t.Errorf("logged: %s", out.String())
	}
	if _, broken = answer(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("the sky falls")
	}); broken != http.ErrAbortHandler || !strings.Contains(out.String(), "the sky falls") { //nolint:errorlint // a panic value
		t.Errorf("begun: %v %s", broken, out.String())
	}
	if _, broken = answer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }); broken != http.ErrAbortHandler || strings.Contains(out.String(), "panic") { //nolint:errorlint // a panic value
		t.Errorf("on purpose: %v %s", broken, out.String())
	}
	told := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(told, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(told.Body.String(), `sanarip_http_request_seconds_count{route="other",status="5xx",system="card"} 1`) {
		t.Error("the panic is not counted as 5xx")
	}
}

func TestHealth(t *testing.T) {
	var failure error
	var told error
	h := Health{System: "card", Version: "1", Ready: func(context.Context) error { return failure }, Failed: func(err error) { told = err }, Metrics: http.NotFoundHandler()}
	handler := h.Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	get := func(path, remote, authorization string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RemoteAddr = remote
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	if got := get("/health", "1.2.3.4:5", ""); got.Code != http.StatusOK {
		t.Errorf("health %d", got.Code)
	}
	if got := get("/ready", "1.2.3.4:5", ""); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"ready":true`) {
		t.Errorf("ready %d %s", got.Code, got.Body)
	}
	failure = errors.New("password of the database")
	if got := get("/ready", "1.2.3.4:5", ""); got.Code != http.StatusServiceUnavailable || strings.Contains(got.Body.String(), "password") || told == nil {
		t.Errorf("not ready %d %s", got.Code, got.Body)
	}
	if got := get("/other", "1.2.3.4:5", ""); got.Code != http.StatusTeapot {
		t.Errorf("other %d", got.Code)
	}
	h.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("m")) })
	for _, c := range []struct {
		token, remote, authorization string
		want                         int
	}{
		{"", "127.0.0.1:5", "", 200},
		{"", "[::1]:5", "", 200},
		{"", "10.0.0.1:5", "", 404},
		{"t", "10.0.0.1:5", "Bearer t", 200},
		{"t", "127.0.0.1:5", "", 404},
		{"t", "127.0.0.1:5", "Bearer x", 404},
	} {
		h.Token = c.token
		handler = h.Before(http.NotFoundHandler())
		if got := get("/metrics", c.remote, c.authorization); got.Code != c.want {
			t.Errorf("%+v: %d", c, got.Code)
		}
	}
}
