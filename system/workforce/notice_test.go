package workforce_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// listeners are the systems that НИСУР tells whose posts changed.
type listeners struct {
	mu   sync.Mutex
	told map[exchangeapi.Subsystem][]string // ПИН
	away exchangeapi.Subsystem
}

// exchange leads to each of them.
func (l *listeners) exchange(t *testing.T) string {
	providers := map[exchangeapi.Subsystem]http.Handler{}
	for _, system := range workforceapi.Listeners {
		p := exchangeapi.NewProvider(system, key, slog.New(slog.DiscardHandler))
		workforceapi.ServeChanges(p, func(_ context.Context, pin string) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.told[system] = append(l.told[system], pin)
			return nil
		})
		providers[system] = p
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
		}
		l.mu.Lock()
		away := l.away == target.Provider
		l.mu.Unlock()
		if away {
			http.Error(w, "no line", http.StatusBadGateway)
			return
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		providers[target.Provider].ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// everybody waits until each that is not away was told of the person once.
func (l *listeners) everybody(t *testing.T, pin string) {
	t.Helper()
	var missing []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		missing = nil
		l.mu.Lock()
		for _, system := range workforceapi.Listeners {
			if system != l.away && !slices.Contains(l.told[system], pin) {
				missing = append(missing, system.Code)
			}
		}
		l.mu.Unlock()
		if missing == nil {
			l.mu.Lock()
			clear(l.told)
			l.mu.Unlock()
			return
		}
	}
	t.Errorf("not told: %v", missing)
}

// NR-2: whatever ends, moves or gives a post, every system that lets people in by
// posts is told at once; one that is away holds up none of the others.
func TestEveryListenerIsToldOfAChangeOfPosts(t *testing.T) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, l := address(t), &listeners{told: map[exchangeapi.Subsystem][]string{}}
			now := clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
			s, err := workforce.New(t.Context(), host.Env{
				Database: database, Connections: 4, Clock: now, Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient,
				BaseURL: "http://nisur.localhost:8080", Issuer: "http://esi.localhost:8080", ExchangeKey: key, ExchangeAddress: l.exchange(t), Demo: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Demo(t.Context()); err != nil {
				t.Fatal(err)
			}
			d, err := db.Open(t.Context(), database, "workforce", db.Options{Connections: 2})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var runs sync.WaitGroup
			runs.Go(func() { s.Run(ctx) })
			t.Cleanup(func() { stop(); runs.Wait(); _ = errors.Join(d.Close(), s.Close()) })

			h := house{system: s, clock: now, sessions: session.NewStore(d, now, "http://nisur.localhost:8080")}
			manager, operator := h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
			own := "/organisations/" + demo.Hospital
			act := func(b browser, path string, form url.Values) {
				t.Helper()
				if w := b.do(http.MethodPost, path, form); w.Code != http.StatusSeeOther {
					t.Fatalf("%s: %d %s", path, w.Code, w.Body)
				}
			}
			post := func(who demo.Person) string {
				t.Helper()
				var id string
				if err := d.Read.QueryRowContext(t.Context(), `SELECT id FROM post WHERE pin = $1 AND until_day = ''`, who.PIN).Scan(&id); err != nil {
					t.Fatal(err)
				}
				return own + "/posts/" + id
			}

			act(manager, post(demo.Nurse)+"/transfer", url.Values{"department": {demo.Surgery}, "from": {"2026-11-22"}})
			l.everybody(t, demo.Nurse.PIN)
			l.mu.Lock()
			l.away = exchangeapi.Insurance
			l.mu.Unlock()
			act(manager, post(demo.Nurse)+"/end", url.Values{"until": {"2026-11-22"}})
			l.everybody(t, demo.Nurse.PIN)
			l.mu.Lock()
			l.away = exchangeapi.Subsystem{}
			l.mu.Unlock()
			now.Advance(5 * time.Second)
			act(operator, own+"/close", url.Values{"version": {versionIn(t, operator.get(own+"/close", http.StatusOK))}, "from": {"2026-12-01"}, "order_number": {"9"}, "order_day": {"2026-11-20"}})
			l.everybody(t, demo.Doctor.PIN)
			act(operator, own+"/planned/cancel", plannedIn(t, operator.get(own, http.StatusOK)))
			l.everybody(t, demo.Doctor.PIN)
		})
	}
}
