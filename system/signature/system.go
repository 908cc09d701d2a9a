package signature

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/internal/seal"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Texts are the words of the system.
//
//go:embed text/*.json
var Texts embed.FS

// System is the signature service.
type System struct {
	env     host.Env
	db      *db.DB
	queue   *job.Queue
	mux     *http.ServeMux
	service *seal.Service
}

var _ host.System = (*System)(nil)

// New opens the database, makes the first key if there is none and mounts the pages.
func New(ctx context.Context, env host.Env) (*System, error) {
	days := 365
	if set := env.Settings["rotate_days"]; set != "" {
		n, err := strconv.Atoi(set)
		if err != nil || n < 1 || n > 3*365 {
			return nil, fmt.Errorf("signature: rotate_days is a number from 1 to 1095, not %q", set)
		}
		days = n
	}
	d, err := env.Open(ctx, "signature", migration.Sets...)
	if err != nil {
		return nil, err
	}
	s := &System{env: env, db: d, mux: http.NewServeMux()}
	s.service = &seal.Service{DB: d, Clock: env.Clock, Log: env.Log, Secret: env.Secret, Rotate: time.Duration(days) * 24 * time.Hour}
	s.queue = job.New(d, env.Clock, env.Log, job.Config{Workers: 1})
	if err := s.service.Ensure(ctx); err != nil {
		_ = d.Close()
		return nil, err
	}
	s.mount()
	return s, nil
}

func (s *System) mount() {
	texts := text.MustLoad(design.Texts, Texts)
	design.Mount(s.mux)
	site := &page.Site{
		System: "signature", TitleKey: "signature.title", Texts: texts, Log: s.env.Log, Demo: s.env.Demo, ErrorPage: design.ErrorPage,
	}
	s.service.Mount(s.mux, site)
	provider := exchangeapi.NewProvider(exchangeapi.Signature, s.env.ExchangeKey, s.env.Log)
	signatureapi.Serve(provider, s.service)
	exchangeapi.ServeOperations(provider, s.db, s.queue, func(r *audit.Record) {
		// Seals are about documents, not persons: no record is made here, but
		// whatever is there has words.
		r.ActionWords = texts.Words("signature.audit")
		r.PurposeWords = r.ActionWords
	})
	s.mux.Handle("/exchange/", provider)
	site.Handle(s.mux, "/", page.Missing)
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.mux }

// Run implements host.System: it replaces the key when its time has come.
func (s *System) Run(ctx context.Context) {
	go func() {
		ticker := time.NewTicker(time.Hour)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := s.service.Ensure(ctx); err != nil {
					s.env.Log.ErrorContext(ctx, "the key was not replaced", "system", "signature", "error", err.Error())
				}
			}
		}
	}()
	s.queue.Run(ctx)
}

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Demo implements host.System: there is nothing to invent here.
func (s *System) Demo(context.Context) error { return nil }

// Close implements host.System.
func (s *System) Close() error { return s.db.Close() }
