package workforce

import (
	"context"
	"embed"
	"net/http"
	"sync"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/internal/department"
	"github.com/sanarip/sanarip/system/workforce/internal/equipment"
	"github.com/sanarip/sanarip/system/workforce/internal/history"
	"github.com/sanarip/sanarip/system/workforce/internal/licence"
	"github.com/sanarip/sanarip/system/workforce/internal/notice"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/post"
	"github.com/sanarip/sanarip/system/workforce/internal/reorganise"
	"github.com/sanarip/sanarip/system/workforce/internal/responsible"
	"github.com/sanarip/sanarip/system/workforce/internal/scan"
	"github.com/sanarip/sanarip/system/workforce/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

//go:embed text/*.json
var texts embed.FS

// System is НИСУР.
type System struct {
	db       *db.DB
	queue    *job.Queue
	office   *office.Office
	register post.Register
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
	s := &System{db: d, queue: job.New(d, env.Clock, env.Log, job.Config{})}
	s.register = post.Register{DB: d, Clock: env.Clock, Tell: notice.Mount(s.queue, exchange, env.Clock, env.Log)}
	s.office = &office.Office{
		Posts:    s.register.Posts,
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
	named := responsible.Book{DB: d, Clock: env.Clock, Staff: s.register.Staff, Named: s.register.Named}
	workforceapi.Serve(provider, s.register)
	workforceapi.ServeResponsible(provider, named)
	organisations := &audit.Naming{Clock: env.Clock, Names: func(ctx context.Context) ([]text.Words, error) { return organisation.Names(ctx, d.Read) }}
	exchangeapi.ServeOperations(provider, d, s.queue, func(r *audit.Record) {
		describe(words, r)
		organisations.Give(r)
	})
	s.queue.Beside(audit.NewSealer(d, env.Clock, env.Log, env.Secret).Run)
	s.office.Mux.Handle("/exchange/", provider)
	s.routes(populationapi.Client{Exchange: exchange}, named)
	return s, nil
}

func (s *System) routes(population populationapi.Client, named responsible.Book) {
	o, now := s.office, s.register.Clock
	design.Mount(o.Mux)
	o.SignIn.Mount(o.Mux, o.Site)
	o.Public("GET /{$}", s.start)
	o.Public("/", page.Missing(o.Mux))
	book := organisation.Book{DB: s.db, Clock: now}
	organisation.Pages{Book: book, Territories: territories(population, now)}.Mount(o)
	reorganise.Pages{Book: book, Tell: s.register.Tell, Staff: func(ctx context.Context, code string) (int, error) {
		staff, err := s.register.Waiting(ctx, code)
		return len(staff), err
	}}.Mount(o)
	department.Pages{Book: department.Book{DB: s.db, Clock: now}}.Mount(o)
	licence.Pages{Book: licence.Book{DB: s.db, Clock: now}}.Mount(o)
	equipment.Pages{Book: equipment.Book{DB: s.db, Clock: now}, Staff: s.register.Staff}.Mount(o)
	responsible.Pages{Book: named}.Mount(o)
	post.Pages{Register: s.register, Population: population}.Mount(o)
	history.Pages{DB: s.db, Clock: now}.Mount(o)
	o.Own("GET /organisations/{code}/scans/{id}", scan.Serve(s.db))
}

// territories asks the population register for СОАТЕ once an hour: the list
// changes by law. While it is away codes stand without names.
func territories(population populationapi.Client, now clock.Clock) func(context.Context) []populationapi.Territory {
	var mu sync.Mutex
	var known []populationapi.Territory
	var asked time.Time
	return func(ctx context.Context) []populationapi.Territory {
		mu.Lock()
		defer mu.Unlock()
		if !asked.IsZero() && now.Now().Sub(asked) < time.Hour {
			return known
		}
		asking, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		list, err := population.Territories(asking)
		if err != nil {
			return known
		}
		known, asked = list, now.Now()
		return known
	}
}

func (s *System) start(w http.ResponseWriter, r *http.Request) error {
	if office.Of(r.Context()).PIN != "" {
		return page.Redirect(w, r, "/organisations")
	}
	return page.Render(w, r, http.StatusOK, organisation.StartPage())
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
	r.ActionWords = words.WordsOr("workforce.action."+r.Action, r.Action)     // text: workforce.action.*
	r.PurposeWords = words.WordsOr("workforce.purpose."+r.Purpose, r.Purpose) // text: workforce.purpose.*
}
