package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sanarip/sanarip/cmd/sanarip/internal/start"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/kit/page"
)

// maxBody bounds what any request may carry, in bytes. Systems bound their own
// forms and messages more tightly.
const maxBody = 16 << 20

// httpsForAYear names this host alone: what else stands under the operator's
// domain may not have TLS.
var httpsForAYear = []string{"max-age=31536000"}

// house is the systems of this process behind one listener.
type house struct {
	values  *config.Values
	secrets *secrets
	parts   []part
	sites   map[string]string
	filled  atomic.Bool // the demo was written once
	demo    bool
	proxies proxies
	log     *slog.Logger
	road    *inproc.Transport
	metrics *observe.Metrics
	running map[string]host.System
	byHost  map[string]http.Handler
	start   http.Handler
}

// newHouse works out the configuration; nothing is opened yet.
func newHouse(v *config.Values, port string, log *slog.Logger) (*house, error) {
	h := &house{values: v, log: log, road: inproc.New(nil), metrics: observe.NewMetrics(version()), running: map[string]host.System{}, byHost: map[string]http.Handler{}}
	var err error
	if h.parts, err = chosen(v); err != nil {
		return nil, err
	}
	if h.sites, err = sites(v, port); err != nil {
		return nil, err
	}
	if h.demo, err = v.Bool("demo"); err != nil {
		return nil, err
	}
	if h.proxies, err = readProxies(v.Text("trusted_proxies")); err != nil {
		return nil, err
	}
	h.secrets, err = newSecrets(v, h.parts)
	return h, err
}

func database(v *config.Values) string {
	if address := v.Text("database"); address != "" {
		return address
	}
	return "sqlite:" + filepath.Clean(v.Text("data"))
}

// env is what the system is given.
func (h *house) env(system string) (host.Env, error) {
	connections, err := h.values.Int("connections")
	if err != nil {
		return host.Env{}, err
	}
	seal, err := h.secrets.Seal(system)
	if err != nil {
		return host.Env{}, err
	}
	env := host.Env{
		Database: database(h.values), Connections: connections, Clock: clock.System{}, Log: h.log, HTTP: h.road.Client(),
		BaseURL: h.sites[system], Sites: h.sites, Issuer: h.sites["identity"], ClientSecret: h.secrets.ClientSecret(system),
		ExchangeAddress: h.sites["exchange"], ExchangeKey: h.secrets.ExchangeKey(system), Secret: seal, Demo: h.demo,
		Settings: map[string]string{},
	}
	for _, setting := range settings[system] {
		env.Settings[setting.Name] = h.values.Text(system + "_" + setting.Name)
	}
	switch system {
	case "exchange":
		env.ExchangeKeyOf = h.secrets.ExchangeKey
	case "identity":
		env.ClientSecretOf = h.secrets.ClientSecret
	}
	return env, nil
}

// open opens and migrates every system's database, side by side, and puts the
// systems behind their hosts.
func (h *house) open(ctx context.Context) error {
	opened := make([]host.System, len(h.parts))
	failures := make([]error, len(h.parts))
	var all sync.WaitGroup
	for i, p := range h.parts {
		all.Go(func() {
			// A system that cannot start must not take away what others have
			// opened: its panic is an error here, and all are closed in order.
			defer func() {
				if v := recover(); v != nil {
					h.log.Error("panic", "system", p.name, "value", v, "stack", string(debug.Stack()))
					failures[i] = fmt.Errorf("panic: %v", v)
				}
			}()
			env, err := h.env(p.name)
			if err == nil {
				opened[i], err = p.open(ctx, env)
			}
			failures[i] = err
		})
	}
	all.Wait()
	for i, p := range h.parts {
		if opened[i] != nil {
			h.running[p.name] = opened[i]
		}
	}
	if err := h.failed(failures); err != nil {
		_ = h.close()
		return err
	}
	for _, p := range h.parts {
		if err := h.mount(p.name, h.running[p.name]); err != nil {
			_ = h.close()
			return err
		}
	}
	h.start = start.New(start.Config{Sites: h.sites, Demo: h.demo, Log: h.log, Clock: clock.System{}})
	return nil
}

// failed tells which parts could not be opened and why: what they all failed of, a
// database that is away, is told once.
func (h *house) failed(failures []error) error {
	var told []error
	var names [][]string // of the systems, for each of told
	for i, p := range h.parts {
		if failures[i] == nil {
			continue
		}
		at := slices.IndexFunc(told, func(err error) bool { return err.Error() == failures[i].Error() })
		if at < 0 {
			at = len(told)
			told, names = append(told, failures[i]), append(names, nil)
		}
		names[at] = append(names[at], p.name)
	}
	for i, err := range told {
		told[i] = fmt.Errorf("%s: %w", strings.Join(names[i], ", "), err)
	}
	return errors.Join(told...)
}

// mount puts a system behind its host, for the network and for the process.
func (h *house) mount(name string, s host.System) error {
	metrics := h.metrics.Handler()
	if watched, ok := s.(messageWatcher); ok {
		watched.ObserveMessages(h.metrics.Message)
	}
	if watched, ok := s.(queueWatcher); ok {
		metrics = h.withQueues(watched, metrics)
	}
	if told, ok := s.(gaugeTeller); ok {
		metrics = h.withGauges(name, told, metrics)
	}
	health := observe.Health{
		System: name, Version: version(), Ready: s.Ready, Metrics: metrics, Token: h.values.Text("metrics_token"),
		Failed: func(err error) { h.log.Warn("not ready", "system", name, "error", err.Error()) },
	}
	handler := health.Before(h.metrics.Requests(name, h.log, s.Handler()))
	u, err := url.Parse(h.sites[name])
	if err != nil {
		return err
	}
	hostName := strings.ToLower(u.Hostname())
	if _, taken := h.byHost[hostName]; taken {
		return fmt.Errorf("site_%s: another system has the host %s already", name, hostName)
	}
	bounded := http.MaxBytesHandler(handler, maxBody)
	h.byHost[hostName] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u.Scheme == "https" {
			w.Header()[page.HTTPSAlone] = httpsForAYear
		}
		if r.ContentLength >= 0 && r.ContentLength <= maxBody { // net/http reads no more than was told
			handler.ServeHTTP(w, r)
			return
		}
		bounded.ServeHTTP(w, r)
	})
	return h.road.Serve(h.sites[name], handler)
}

// ServeHTTP gives the request to the system whose host it names.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.ToLower(r.Host)
	if withoutPort, _, err := net.SplitHostPort(name); err == nil {
		name = withoutPort
	}
	name = strings.Trim(strings.TrimSuffix(name, "."), "[]")
	if system, ok := h.byHost[name]; ok {
		system.ServeHTTP(w, h.proxies.client(r))
		return
	}
	if ip := net.ParseIP(name); name == "localhost" || (ip != nil && ip.IsLoopback()) {
		if r.URL.Path == "/health" || r.URL.Path == "/ready" {
			h.whole(w, r)
			return
		}
		h.start.ServeHTTP(w, r)
		return
	}
	// RFC 9110, 15.5.20: not for this host.
	http.Error(w, "This address belongs to no system of this server.", http.StatusMisdirectedRequest)
}

// whole answers /health and /ready for the process: ready when every system is.
func (h *house) whole(w http.ResponseWriter, r *http.Request) {
	health := observe.Health{System: "sanarip", Version: version(), Ready: h.ready}
	health.Before(http.NotFoundHandler()).ServeHTTP(w, r)
}

func (h *house) ready(ctx context.Context) error {
	if h.demo && !h.filled.Load() {
		return errors.New("the demo's people and organisations are being written")
	}
	var failures []error
	for name, s := range h.running {
		if err := s.Ready(ctx); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failures...)
}

// work runs the systems' jobs until ctx ends and gives a function that waits
// for what they have in hand.
func (h *house) work(ctx context.Context) (wait func(time.Duration) bool) {
	var all sync.WaitGroup
	for _, s := range h.running {
		all.Go(func() { s.Run(ctx) })
	}
	return func(most time.Duration) bool {
		done := make(chan struct{})
		go func() { all.Wait(); close(done) }()
		select {
		case <-done:
			return true
		case <-time.After(most):
			return false
		}
	}
}

// fill writes the demo's data. A system whose neighbour is not there yet (in a
// process of its own, say) is tried again in the background.
func (h *house) fill(ctx context.Context) {
	defer h.filled.Store(true)
	for _, p := range h.parts {
		if err := h.fillOne(ctx, p.name); err == nil {
			continue
		}
		go func() {
			for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, 30*time.Second) {
				select {
				case <-ctx.Done():
					return
				case <-time.After(wait):
				}
				if h.fillOne(ctx, p.name) == nil {
					return
				}
			}
		}()
	}
}

func (h *house) fillOne(ctx context.Context, name string) error {
	err := h.running[name].Demo(ctx)
	if err != nil && ctx.Err() == nil {
		h.log.Warn("demo data not written, will be tried again", "system", name, "error", err.Error())
	}
	return err
}

func (h *house) close() error {
	var failures []error
	for _, s := range h.running {
		failures = append(failures, s.Close())
	}
	return errors.Join(failures...)
}
