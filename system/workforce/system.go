package workforce

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
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/post"
	"github.com/sanarip/sanarip/system/workforce/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

//go:embed text/*.json
var texts embed.FS

// System is НИСУР.
type System struct {
	db     *db.DB
	queue  *job.Queue
	office *office.Office
}

var _ host.System = (*System)(nil)

// New opens НИСУР's database and puts its routes together.
func New(ctx context.Context, env host.Env) (*System, error) {
	d, err := env.Open(ctx, "workforce", migration.Sets...)
	if err != nil {
		return nil, err
	}
	words := text.MustLoad(design.Texts, texts)
	exchange := exchangeapi.NewClient(env, exchangeapi.Workforce)
	s := &System{db: d, queue: job.New(d, env.Clock, env.Log, job.Config{Workers: 1})}
	s.office = &office.Office{
		Register: post.Register{DB: d, Clock: env.Clock},
		Sessions: session.NewStore(d, env.Clock, env.BaseURL),
		Mux:      http.NewServeMux(),
		Site: &page.Site{
			System: "workforce", TitleKey: "workforce.title", Work: true, Texts: words, Log: env.Log,
			ErrorPage: design.ErrorPage, Demo: env.Demo, Fill: office.Fill, FormHosts: []string{env.Issuer},
		},
	}
	s.office.SignIn = signin.New(signin.Config{
		Issuer: env.Issuer, ClientID: "workforce", Secret: env.ClientSecret, BaseURL: env.BaseURL,
		Scopes: []string{"profile"}, HTTP: env.HTTP, Sessions: s.office.Sessions, Admit: s.office.Admit, Home: "/organisations",
	})
	provider := exchangeapi.NewProvider(exchangeapi.Workforce, env.ExchangeKey, env.Log)
	workforceapi.Serve(provider, s.office.Register)
	exchangeapi.ServeOperations(provider, d, s.queue, func(r *audit.Record) { describe(words, r) })
	s.queue.Beside(audit.NewSealer(d, env.Clock, env.Log, env.Secret).Run)
	s.office.Mux.Handle("/exchange/", provider)
	s.routes(populationapi.Client{Exchange: exchange})
	return s, nil
}

func (s *System) routes(population populationapi.Client) {
	o := s.office
	design.Mount(o.Mux)
	o.SignIn.Mount(o.Mux, o.Site)
	o.Public("GET /{$}", s.start)
	o.Public("/", page.Missing)
	o.Page("GET /organisations", s.list)
	o.Own("GET /organisations/{code}", s.about)
	o.Own("GET /organisations/{code}/departments", s.departments)
	staff := post.Pages{
		Register: o.Register, Population: population,
		Actor: func(ctx context.Context, code string) post.Actor {
			m := office.Of(ctx)
			p := m.PostIn(code)
			return post.Actor{PIN: m.PIN, Name: m.Name, Role: p.Title.RU, Organisation: p.OrganisationName.RU}
		},
		Manages: func(ctx context.Context, code string) bool { return office.Of(ctx).Manages(code) },
	}
	o.Own("GET /organisations/{code}/staff", staff.Staff)
	o.Managed("GET /organisations/{code}/posts/add", staff.AddForm)
	o.Managed("POST /organisations/{code}/posts/add", staff.Add)
	o.Managed("GET /organisations/{code}/posts/{id}/end", staff.EndForm)
	o.Managed("POST /organisations/{code}/posts/{id}/end", staff.End)
}

func (s *System) start(w http.ResponseWriter, r *http.Request) error {
	if office.Of(r.Context()).PIN != "" {
		return page.Redirect(w, r, "/organisations")
	}
	return page.Render(w, r, http.StatusOK, organisation.StartPage())
}

// list leads who works in one organisation straight to it.
func (s *System) list(w http.ResponseWriter, r *http.Request) error {
	m := office.Of(r.Context())
	all, err := organisation.All(r.Context(), s.db.Read)
	if err != nil {
		return err
	}
	own := []organisation.Organisation{}
	for _, o := range all {
		if m.In(o.Code) {
			own = append(own, o)
		}
	}
	if len(own) == 1 {
		return page.Redirect(w, r, "/organisations/"+own[0].Code)
	}
	return page.Render(w, r, http.StatusOK, organisation.ListPage(own))
}

func (s *System) whole(r *http.Request) (organisation.Organisation, int, error) {
	o, err := organisation.Find(r.Context(), s.db.Read, r.PathValue("code"))
	if err != nil {
		return o, 0, err
	}
	staff, err := s.office.Register.Waiting(r.Context(), o.Code)
	return o, len(staff), err
}

func (s *System) about(w http.ResponseWriter, r *http.Request) error {
	o, staff, err := s.whole(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, organisation.AboutPage(o, staff))
}

func (s *System) departments(w http.ResponseWriter, r *http.Request) error {
	o, staff, err := s.whole(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, organisation.DepartmentsPage(o, staff))
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.office.Mux }

// Run implements host.System.
func (s *System) Run(ctx context.Context) { s.queue.Run(ctx) }

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Close implements host.System.
func (s *System) Close() error { return s.db.Close() }

// describe gives an access record its words.
func describe(words *text.Catalogue, r *audit.Record) {
	switch r.Action {
	case post.ActionAdd:
		r.ActionWords = words.Words("workforce.action.add")
	case post.ActionEnd:
		r.ActionWords = words.Words("workforce.action.end")
	}
	if r.Purpose == post.Purpose {
		r.PurposeWords = words.Words("workforce.purpose.staffing")
	}
}
