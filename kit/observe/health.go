package observe

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// State is what /ready says of a system, to load balancers and to the
// exchange's operator.
type State struct {
	System  string `json:"system"`
	Ready   bool   `json:"ready"`
	Version string `json:"version"`
}

// Health puts GET /health, /ready and /metrics in front of a system's handler.
// The reason why a system is not ready goes to its log, not to strangers.
type Health struct {
	System  string
	Version string
	Ready   func(ctx context.Context) error
	Failed  func(err error) // told why it was not ready
	Metrics http.Handler
	Token   string // that /metrics asks for; "": only from this machine
}

// Before answers the three addresses and leaves the rest to next.
func (h Health) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if r.URL.Path == "/health" || r.URL.Path == "/ready" {
				w.Header().Set("Allow", "GET, HEAD")
				write(w, http.StatusMethodNotAllowed, map[string]string{"error": "method_not_allowed"})
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		switch r.URL.Path {
		case "/health":
			write(w, http.StatusOK, map[string]string{"status": "alive", "system": h.System})
		case "/ready":
			h.ready(w, r)
		case "/metrics":
			if !h.mayMeasure(r) {
				http.NotFound(w, r)
				return
			}
			h.Metrics.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (h Health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	state, status := State{h.System, true, h.Version}, http.StatusOK
	if err := h.Ready(ctx); err != nil {
		if h.Failed != nil {
			h.Failed(err)
		}
		state.Ready, status = false, http.StatusServiceUnavailable
	}
	write(w, status, state)
}

// mayMeasure: with a token, whoever has it; without one, only this machine, and
// not a proxy on it that speaks for others.
func (h Health) mayMeasure(r *http.Request) bool {
	if h.Token != "" {
		return subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+h.Token)) == 1
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

func write(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
