package signature

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature/internal/authority"
	"github.com/sanarip/sanarip/system/signature/internal/cloud"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
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
	env       host.Env
	db        *db.DB
	queue     *job.Queue
	mux       *http.ServeMux
	keys      keystore.Store
	service   *seal.Service
	authority *authority.Service
	cloud     *cloud.Service
	texts     *text.Catalogue
}

var _ host.System = (*System)(nil)

// New opens the database, makes the first keys if there are none and mounts the pages.
func New(ctx context.Context, env host.Env) (*System, error) {
	days := 365
	if set := env.Settings["rotate_days"]; set != "" {
		n, err := strconv.Atoi(set)
		if err != nil || n < 1 || n > 3*365 {
			return nil, fmt.Errorf("signature: rotate_days is a number from 1 to 1095, not %q", set)
		}
		days = n
	}
	s := &System{env: env, mux: http.NewServeMux(), texts: text.MustLoad(design.Texts, Texts)}
	if err := s.configure(); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	d, err := env.Open(ctx, "signature", migration.Sets...)
	if err != nil {
		return nil, errors.Join(err, s.keys.Close())
	}
	s.db, s.authority.DB = d, d
	s.service = &seal.Service{DB: d, Clock: env.Clock, Log: env.Log, Secret: env.Secret, Rotate: time.Duration(days) * 24 * time.Hour}
	s.queue = job.New(d, env.Clock, env.Log, job.Config{Workers: 2})
	s.cloud.DB, s.cloud.Queue = d, s.queue
	s.cloud.Register()
	s.authority.Tell = s.planTold
	s.queue.Handle(toldJob, job.Policy{}, s.told)
	if err := s.ensure(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.mount()
	return s, nil
}

// configure reads the settings of the key store and of the authority.
func (s *System) configure() error {
	set := s.env.Settings
	algorithm, err := keystore.ParseAlgorithm(set["ca_key"])
	if err != nil {
		return err
	}
	s.authority = &authority.Service{Clock: s.env.Clock, Log: s.env.Log, Algorithm: algorithm, BaseURL: s.env.BaseURL}
	if set["policy"] != "" {
		if s.authority.Policy, err = authority.ParsePolicy(set["policy"]); err != nil {
			return err
		}
	}
	organisations, err := cloud.ReadOrganisations(set["organisations"])
	if err != nil {
		return err
	}
	if s.env.Demo {
		organisations[id.Hash(demoBearer)] = cloud.Organisation{INN: demoINN, Name: "Демо уюм"}
	}
	if s.keys, err = keystore.Open(set, s.env.Secret); err != nil {
		return err
	}
	s.authority.Keys = s.keys
	s.cloud = &cloud.Service{
		Clock: s.env.Clock, Log: s.env.Log, Keys: s.keys, Authority: s.authority, Texts: s.texts, Secret: s.env.Secret, Organisations: organisations,
		Messages: messageapi.Client{Exchange: exchangeapi.NewClient(s.env, exchangeapi.Signature)},
	}
	return nil
}

// The organisation of the demo that asks at /api/oep/. It is there in the demo only.
const (
	demoINN    = "00101202010001"
	demoBearer = "demo-organisation"
)

// ensure makes the keys that are missing or too old.
func (s *System) ensure(ctx context.Context) error {
	return errors.Join(s.service.Ensure(ctx), s.authority.Ensure(ctx))
}

func (s *System) mount() {
	design.Mount(s.mux)
	site := &page.Site{
		System: "signature", TitleKey: "signature.title", Texts: s.texts, Log: s.env.Log, Demo: s.env.Demo, ErrorPage: design.ErrorPage,
	}
	s.service.Mount(s.mux, site)
	s.authority.Mount(s.mux, site)
	s.authority.MountCheck(s.mux, site)
	s.cloud.Mount(s.mux, site)
	if s.env.Demo {
		s.authority.MountDemo(s.mux, site)
	}
	provider := exchangeapi.NewProvider(exchangeapi.Signature, s.env.ExchangeKey, s.env.Log)
	signatureapi.Serve(provider, s.service)
	signatureapi.ServeAuthority(provider, s.authority)
	signatureapi.ServeCloud(provider, s.cloud)
	s.queue.Beside(audit.NewSealer(s.db, s.env.Clock, s.env.Log, s.env.Secret).Run)
	exchangeapi.ServeOperations(provider, s.db, s.queue, s.words)
	s.mux.Handle("/exchange/", provider)
	site.Handle(s.mux, "/", page.Missing(s.mux))
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.authority.Before(s.mux) }

// Run implements host.System: it replaces the keys when their time has come.
func (s *System) Run(ctx context.Context) {
	go func() {
		ticker := time.NewTicker(time.Hour)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := errors.Join(s.ensure(ctx), s.cloud.Sweep(ctx)); err != nil {
					s.env.Log.ErrorContext(ctx, "keys were not replaced", "system", "signature", "error", err.Error())
				}
			}
		}
	}()
	s.queue.Run(ctx)
}

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Demo implements host.System: who signs in there has a cloud signature, whose
// first PIN is in the demo's inbox.
func (s *System) Demo(ctx context.Context) error {
	for _, p := range demo.SignIns {
		_, err := s.cloud.EnrolPerson(authority.Silently(ctx), signatureapi.Enrolment{
			PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, Email: p.Email, Lang: p.Lang, Level: "high",
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// spoken are the keys of the codes that stand in records.
var spoken = map[string]string{
	"certificate.issued": "signature.action.certificate.issued", "certificate.revoked": "signature.action.certificate.revoked",
	"certificate.listed": "signature.action.certificate.listed",
	"cloud.opened":       "signature.action.cloud.opened", "cloud.refused": "signature.action.cloud.refused",
	"cloud.certificate": "signature.action.cloud.certificate", "cloud.signed": "signature.action.cloud.signed",
	"cloud.enrolled": "signature.action.cloud.enrolled",
	"signature":      "signature.purpose.signature", "own-certificates": "signature.purpose.own-certificates",
}

// words gives a record the words of its codes.
func (s *System) words(r *audit.Record) {
	r.ActionWords, r.PurposeWords = s.code(r.Action), s.code(r.Purpose)
}

func (s *System) code(code string) text.Words {
	if key, ok := spoken[code]; ok {
		return s.texts.Words(key)
	}
	return text.Same(code)
}

// Close implements host.System.
func (s *System) Close() error { return errors.Join(s.keys.Close(), s.db.Close()) }
