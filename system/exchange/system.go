// Package exchange is «Түндүк»: every message between systems passes through it.
// It knows the members, their services and rights, logs each message so that it
// can be proven (EX-1, EX-2), and shows the operator how the systems are.
//
// Vocabulary: member (катышуучу, участник), service (кызмат, сервис), access
// right (мүмкүндүк укугу, право доступа), message log (билдирүүлөр журналы,
// журнал сообщений).
//
// Tables: see migration/. Addresses: /r1/…, /listClients for systems; / and
// what hangs under it for operators.
package exchange

import (
	"context"
	"embed"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/message"
	"github.com/sanarip/sanarip/system/exchange/internal/operator"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
	"github.com/sanarip/sanarip/system/exchange/internal/right"
	"github.com/sanarip/sanarip/system/exchange/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

//go:embed text/*.json
var texts embed.FS

// Texts are the words of the exchange's pages.
var Texts = texts

// System is the exchange.
type System struct {
	db       *db.DB
	queue    *job.Queue
	rights   right.Rights
	messages *message.Service
	desk     *operator.Desk
	handler  http.Handler
}

var _ host.System = (*System)(nil)

// New opens the exchange's database and makes its addresses.
func New(ctx context.Context, env host.Env) (*System, error) {
	d, err := env.Open(ctx, "exchange", migration.Sets...)
	if err != nil {
		return nil, err
	}
	s := &System{db: d, rights: right.Rights{DB: d, Clock: env.Clock}}
	if err := s.build(ctx, env); err != nil {
		_ = d.Close()
		return nil, err
	}
	return s, nil
}

func (s *System) build(ctx context.Context, env host.Env) error {
	guests, err := message.ReadGuests(env.Settings["guests"])
	if err != nil {
		return err
	}
	if err := s.rights.Seed(ctx, guests.Subsystems()...); err != nil {
		return err
	}
	words, err := text.Load(design.Texts, texts)
	if err != nil {
		return err
	}
	s.queue = job.New(s.db, env.Clock, env.Log, job.Config{})
	log := record.New(s.db)
	s.messages = message.New(env, s.rights, log, guests)
	s.desk = s.newDesk(env, words, log)
	provider := exchangeapi.NewProvider(exchangeapi.Exchange, env.ExchangeKey, env.Log)
	workforceapi.ServeChanges(provider, s.desk.Sessions.Doubt)
	// The exchange looks at nobody's data itself: it has no access records to give words to.
	exchangeapi.ServeOperations(provider, s.db, s.queue, func(*audit.Record) {})
	s.queue.Beside(audit.NewSealer(s.db, env.Clock, env.Log, env.Secret).Run)

	mux := http.NewServeMux()
	design.Mount(mux)
	mux.Handle("/exchange/", provider)
	mux.HandleFunc("GET /listClients", s.messages.ListClients)
	mux.HandleFunc("/listClients", message.OnlyRead)
	s.desk.Mount(mux)
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Past the mux: it would clean the path and answer with a redirect.
		if strings.HasPrefix(r.URL.EscapedPath(), "/r1/") {
			r.Pattern = "/r1/"
			s.messages.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return nil
}

func (s *System) newDesk(env host.Env, words *text.Catalogue, log *record.Log) *operator.Desk {
	d := &operator.Desk{
		DB: s.db, Clock: env.Clock, Slog: env.Log, HTTP: env.HTTP, Sites: env.Sites,
		Exchange: exchangeapi.NewClient(env, exchangeapi.Exchange), Log: log, Rights: s.rights,
		Sessions: session.NewStore(s.db, env.Clock, env.BaseURL),
	}
	d.Site = &page.Site{
		System: "exchange", TitleKey: "exchange.title", Work: true, Texts: words, Log: env.Log,
		ErrorPage: design.ErrorPage, Demo: env.Demo, FormHosts: []string{env.Issuer}, Fill: d.Fill,
	}
	d.SignIn = signin.New(signin.Config{
		Issuer: env.Issuer, ClientID: "exchange", Secret: env.ClientSecret, BaseURL: env.BaseURL,
		Scopes: []string{"profile"}, HTTP: env.HTTP, Sessions: d.Sessions, Admit: d.Admit,
	})
	return d
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.handler }

// Run implements host.System.
func (s *System) Run(ctx context.Context) {
	var watch sync.WaitGroup
	watch.Go(func() { s.desk.Watch(ctx) })
	s.queue.Run(ctx)
	watch.Wait()
}

// ObserveMessages tells f of every message, for metrics. Call before serving.
func (s *System) ObserveMessages(f func(client, provider, service, outcome string, took time.Duration)) {
	s.messages.Observe = f
}

// Queues tells each of the queue of every system that answers, for metrics.
func (s *System) Queues(ctx context.Context, each func(system string, counts []job.Count)) {
	for _, q := range s.desk.Queues(ctx) {
		if q.Err == nil {
			each(q.System, q.Counts)
		}
	}
}

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Demo implements host.System: the exchange has nothing of its own to show.
func (s *System) Demo(context.Context) error { return nil }

// Close implements host.System.
func (s *System) Close() error { return s.db.Close() }
