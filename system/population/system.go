package population

import (
	"context"
	"embed"
	"io"
	"net/http"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/internal/about"
	"github.com/sanarip/sanarip/system/population/internal/person"
	"github.com/sanarip/sanarip/system/population/internal/territory"
	"github.com/sanarip/sanarip/system/population/migration"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

//go:embed text/*.json
var texts embed.FS

// System is the population register.
type System struct {
	db    *db.DB
	queue *job.Queue
	mux   *http.ServeMux
}

var _ host.System = (*System)(nil)

// New opens the register's database and puts its routes together.
func New(ctx context.Context, env host.Env) (*System, error) {
	d, err := env.Open(ctx, "population", migration.Sets...)
	if err != nil {
		return nil, err
	}
	words := text.MustLoad(design.Texts, texts)
	s := &System{db: d, queue: job.New(d, env.Clock, env.Log, job.Config{Workers: 1}), mux: http.NewServeMux()}
	provider := exchangeapi.NewProvider(exchangeapi.Population, env.ExchangeKey, env.Log)
	populationapi.Serve(provider, person.Register{DB: d, Clock: env.Clock})
	populationapi.ServeTerritories(provider, territory.Register{DB: d})
	exchangeapi.ServeOperations(provider, d, s.queue, func(r *audit.Record) { describe(words, r) })
	s.queue.Beside(audit.NewSealer(d, env.Clock, env.Log, env.Secret).Run)
	s.mux.Handle("/exchange/", provider)
	site := &page.Site{
		System: "population", TitleKey: "population.title", Texts: words, Log: env.Log,
		ErrorPage: design.ErrorPage, Demo: env.Demo,
	}
	site.Handle(s.mux, "GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, about.Page())
	})
	site.Handle(s.mux, "/", page.Missing(s.mux))
	design.Mount(s.mux)
	return s, nil
}

// Handler answers the register's host.
func (s *System) Handler() http.Handler { return s.mux }

// Run does nothing but wait: the register has no work of its own.
func (s *System) Run(ctx context.Context) { s.queue.Run(ctx) }

// Ready says whether the database answers.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Close closes the database.
func (s *System) Close() error { return s.db.Close() }

// Demo writes the demo's people.
func (s *System) Demo(ctx context.Context) error {
	people := make([]populationapi.Person, 0, len(demo.People()))
	for i, p := range demo.People() {
		birth, _ := pin.BirthDate(p.PIN)
		issued := clock.Date{Year: 2018 + i%6, Month: 3, Day: 12}
		people = append(people, populationapi.Person{
			PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic,
			BirthDate: birth, Sex: pin.Sex(p.PIN), Citizenship: "KGZ",
			Passport: populationapi.Passport{
				Series: p.Passport[:2], Number: p.Passport[2:], Issued: issued,
				Expires: clock.Date{Year: issued.Year + 10, Month: 3, Day: 12}, Issuer: "МКК 211031",
			},
			Address: populationapi.Address{Region: p.Region, Text: p.Address, Rural: p.Rural},
		})
	}
	return person.Keep(ctx, s.db, people)
}

// Import is what an import of СОАТЕ did.
type Import = territory.Report

// ImportSOATE reads the list of territories (CSV code,level,parent,name_ru,name_ky).
// It may be repeated: what is there is brought up to date. progress, which may be
// nil, is told the number of rows read.
func ImportSOATE(ctx context.Context, env host.Env, r io.Reader, progress func(rows int)) (Import, error) {
	d, err := env.Open(ctx, "population", migration.Sets...)
	if err != nil {
		return Import{}, err
	}
	defer func() { _ = d.Close() }()
	return territory.Import(ctx, d, r, progress)
}

// describe gives an access record its words.
func describe(words *text.Catalogue, r *audit.Record) {
	action := "population.action.find"
	if r.Action == person.ActionMiss {
		action = "population.action.miss"
	}
	r.ActionWords = words.Words(action)
	purpose := "population.purpose.other"
	switch r.Purpose {
	case "treatment", "admission":
		purpose = "population.purpose.treatment"
	case "registration", "sign-up", "account":
		purpose = "population.purpose.registration"
	case "own-request", "own-data":
		purpose = "population.purpose.own"
	case "staffing":
		purpose = "population.purpose.staffing"
	}
	r.PurposeWords = words.Words(purpose)
}
