package payment

import (
	"context"
	"embed"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/payment/internal/charge"
	"github.com/sanarip/sanarip/system/payment/migration"
	"github.com/sanarip/sanarip/system/payment/paymentapi"
)

// Texts are the words of the system.
//
//go:embed text/*.json
var Texts embed.FS

// System is the state e-payment system.
type System struct {
	db    *db.DB
	queue *job.Queue
	mux   *http.ServeMux
}

var _ host.System = (*System)(nil)

// New opens the database and mounts the pages.
func New(ctx context.Context, env host.Env) (*System, error) {
	d, err := env.Open(ctx, "payment", migration.Sets...)
	if err != nil {
		return nil, err
	}
	s := &System{db: d, queue: job.New(d, env.Clock, env.Log, job.Config{Workers: 1}), mux: http.NewServeMux()}
	texts := text.MustLoad(design.Texts, Texts)
	design.Mount(s.mux)
	site := &page.Site{
		System: "payment", TitleKey: "payment.title", Texts: texts, Log: env.Log, Demo: env.Demo, ErrorPage: design.ErrorPage,
	}
	site.Handle(s.mux, "GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, charge.AboutPage())
	})
	site.Handle(s.mux, "/", page.Missing(s.mux))
	provider := exchangeapi.NewProvider(exchangeapi.Payment, env.ExchangeKey, env.Log)
	paymentapi.Serve(provider, &charge.Service{DB: d, Clock: env.Clock})
	s.queue.Beside(audit.NewSealer(d, env.Clock, env.Log, env.Secret).Run)
	exchangeapi.ServeOperations(provider, d, s.queue, func(r *audit.Record) {
		r.ActionWords, r.PurposeWords = texts.Words("payment.audit.charge"), texts.Words("payment.audit.service")
	})
	s.mux.Handle("/exchange/", provider)
	return s, nil
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.mux }

// Run implements host.System.
func (s *System) Run(ctx context.Context) { s.queue.Run(ctx) }

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Demo implements host.System: no service of the demo costs anything.
func (s *System) Demo(context.Context) error { return nil }

// Close implements host.System.
func (s *System) Close() error { return s.db.Close() }
