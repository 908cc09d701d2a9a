package portal

import (
	"context"
	"embed"
	"errors"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal/internal/access"
	"github.com/sanarip/sanarip/system/portal/internal/application"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
	"github.com/sanarip/sanarip/system/portal/internal/exchangecard"
	"github.com/sanarip/sanarip/system/portal/internal/paper"
	"github.com/sanarip/sanarip/system/portal/migration"
	"github.com/sanarip/sanarip/system/portal/portalapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Texts are the words of the portal.
//
//go:embed text/*.json
var Texts embed.FS

// System is the State Portal.
type System struct {
	cabinet      *cabinet.Cabinet
	applications *application.Desk
}

var _ host.System = (*System)(nil)

// New opens the database and mounts the pages. No neighbour is asked.
func New(ctx context.Context, env host.Env) (*System, error) {
	if len(env.Secret) < 32 {
		return nil, errors.New("portal: a secret of 32 bytes is needed: the links of shared documents are made from it")
	}
	d, err := env.Open(ctx, "portal", migration.Sets...)
	if err != nil {
		return nil, err
	}
	texts := text.MustLoad(design.Texts, Texts)
	s := &System{}
	c := &cabinet.Cabinet{
		DB: d, Clock: env.Clock, Log: env.Log, Mux: http.NewServeMux(), Texts: texts, BaseURL: env.BaseURL, Secret: env.Secret,
		Queue:    job.New(d, env.Clock, env.Log, job.Config{}),
		Exchange: exchangeapi.NewClient(env, exchangeapi.Portal),
		Sessions: session.NewStore(d, env.Clock, env.BaseURL),
		Site: &page.Site{
			System: "portal", TitleKey: "portal.title", Texts: texts, Log: env.Log, Demo: env.Demo,
			ErrorPage: design.ErrorPage, FormHosts: []string{env.Issuer}, Fill: s.fill,
		},
	}
	c.SignIn = signin.New(signin.Config{
		Issuer: env.Issuer, ClientID: "portal", Secret: env.ClientSecret, BaseURL: env.BaseURL, Home: "/my",
		Scopes: []string{"profile", "email", "phone"}, HTTP: env.HTTP, Sessions: c.Sessions, Admit: cabinet.Admit,
	})
	s.cabinet = c
	s.mount(env)
	return s, nil
}

func (s *System) mount(env host.Env) {
	c := s.cabinet
	design.Mount(c.Mux)
	c.SignIn.Mount(c.Mux, c.Site)
	catalogue.Mount(c)
	messages := messageapi.Client{Exchange: c.Exchange}
	papers := &paper.Desk{Cabinet: c, Signature: signatureapi.Client{Exchange: c.Exchange}, Messages: messages}
	papers.Mount()
	applications := &application.Desk{
		Cabinet: c, Card: cardapi.Client{Exchange: c.Exchange}, Population: populationapi.Client{Exchange: c.Exchange},
		Messages: messages, Documents: papers.Papers, Signatures: identityapi.SigningClient{Exchange: c.Exchange},
		Workforce: workforceapi.Client{Exchange: c.Exchange}, CheckSite: env.Issuer + "/signature",
	}
	applications.Mount()
	s.applications = applications
	(&access.Desk{Cabinet: c}).Mount()
	(&exchangecard.Desk{Cabinet: c, Cards: cardapi.Client{Exchange: c.Exchange}}).Mount()
	c.Public("/", page.Missing(c.Mux))
	provider := exchangeapi.NewProvider(exchangeapi.Portal, env.ExchangeKey, env.Log)
	portalapi.Serve(provider, papers)
	exchangeapi.ServeOperations(provider, c.DB, c.Queue, s.describe)
	c.Queue.Beside(audit.NewSealer(c.DB, env.Clock, env.Log, env.Secret).Run)
	c.Mux.Handle("/exchange/", provider)
}

// fill gives the layout its user and navigation.
func (s *System) fill(r *http.Request, v *page.View) error {
	v.SignIn = "/sign-in"
	v.Nav = []page.NavItem{{Key: "portal.nav.services", Path: "/"}}
	p, ok, err := s.cabinet.Who(r)
	if err != nil {
		return err
	}
	if ok {
		v.User, v.SignOut = &page.User{PIN: p.PIN, Name: p.Name}, "/sign-out"
		v.Nav = append(v.Nav, page.NavItem{Key: "portal.menu.my", Path: "/my"},
			page.NavItem{Key: "portal.menu.accesses", Path: "/my/accesses"}, page.NavItem{Key: "portal.menu.profile", Path: "/my/profile"})
		if s.applications.Executes(r.Context(), p) {
			v.Nav = append(v.Nav, page.NavItem{Key: "portal.menu.desk", Path: "/desk"})
		}
	}
	v.Nav = append(v.Nav, page.NavItem{Key: "portal.menu.verify", Path: "/verify"})
	return nil
}

// describe gives an access record its words.
func (s *System) describe(r *audit.Record) {
	r.ActionWords = s.cabinet.Texts.WordsOr("portal.audit."+r.Action, r.Action)      // text: portal.audit.*
	r.PurposeWords = s.cabinet.Texts.WordsOr("portal.purpose."+r.Purpose, r.Purpose) // text: portal.purpose.*
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.cabinet.Mux }

// Run implements host.System.
func (s *System) Run(ctx context.Context) { s.cabinet.Queue.Run(ctx) }

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.cabinet.DB.Ping(ctx) }

// Demo implements host.System: the story itself fills the portal.
func (s *System) Demo(context.Context) error { return nil }

// Close implements host.System.
func (s *System) Close() error { return s.cabinet.DB.Close() }
