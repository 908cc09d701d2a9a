package observe

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// Requests logs and counts what the handler answers. What it writes down is the
// pattern of the route ("GET /stays/{id}"), never a path or a query. A handler
// that panics, and is not a page that tells of it itself, is logged with its stack
// and answered with 500; an answer that had begun is broken off.
func (m *Metrics) Requests(system string, log *slog.Logger, next http.Handler) http.Handler {
	active := m.active.WithLabelValues(system)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		active.Inc()
		defer active.Dec()
		began := time.Now()
		seen := &watcher{ResponseWriter: w}
		defer func() {
			if v := recover(); v != nil {
				wanted := v == http.ErrAbortHandler //nolint:errorlint // a panic value, not a chain
				if !wanted {
					log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.String("system", system), slog.String("route", Route(r)),
						slog.Any("value", v), slog.String("stack", string(debug.Stack())))
				}
				if wanted || seen.status != 0 {
					defer panic(http.ErrAbortHandler) // net/http closes the connection and says nothing
				} else {
					http.Error(seen, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				}
			}
			took := time.Since(began)
			route := Route(r)
			m.requests.WithLabelValues(system, route, seen.class()).Observe(took.Seconds())
			level := slog.LevelDebug
			if seen.status >= 500 || took > 2*time.Second {
				level = slog.LevelWarn
			}
			if !log.Enabled(r.Context(), level) {
				return
			}
			log.LogAttrs(r.Context(), level, "request", slog.String("system", system), slog.String("route", route),
				slog.Int("status", seen.status), slog.Int64("took_ms", took.Milliseconds()), slog.Int64("bytes", seen.bytes))
		}()
		next.ServeHTTP(seen, r)
		if seen.status == 0 {
			seen.status = http.StatusOK // said nothing: net/http says it
		}
	})
}

// Route is the pattern that answered, with a method from a short list: others'
// methods would make a new series each.
func Route(r *http.Request) string {
	if r.Pattern == "" {
		return "other"
	}
	if strings.Contains(r.Pattern, " ") {
		return r.Pattern
	}
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return r.Method + " " + r.Pattern
	}
	return "other " + r.Pattern
}

type watcher struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *watcher) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watcher) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var classes = [...]string{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"}

func (w *watcher) class() string {
	if w.status == 0 {
		return "none"
	}
	if i := w.status / 100; i < len(classes) {
		return classes[i]
	}
	return strconv.Itoa(w.status/100) + "xx"
}
