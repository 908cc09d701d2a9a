package insurance

import (
	"context"
	"embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/act"
	"github.com/sanarip/sanarip/system/insurance/internal/compare"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/entry"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/public"
	"github.com/sanarip/sanarip/system/insurance/internal/rerun"
	"github.com/sanarip/sanarip/system/insurance/internal/review"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

//go:embed text/*.json
var texts embed.FS

// System is ФОМС «Пролеченный случай».
type System struct {
	db        *db.DB
	queue     *job.Queue
	fund      treated.Fund
	directory *directory.Directory
	office    *office.Office
	hand      entry.Desk // cases entered by hand
	card      act.Card
	acts      act.Acts
	runs      rerun.Runs
	words     *text.Catalogue
	address   string // of its site
}

var _ host.System = (*System)(nil)

// New opens the fund's database and puts its routes together. No neighbour is
// asked: systems start in any order.
func New(ctx context.Context, env host.Env) (*System, error) {
	rules, err := rule.Load()
	if err != nil {
		return nil, err
	}
	tables, err := rates(env.Settings["price_tables"])
	if err != nil {
		return nil, err
	}
	d, err := env.Open(ctx, "insurance", migration.Sets...)
	if err != nil {
		return nil, err
	}
	exchange := exchangeapi.NewClient(env, exchangeapi.Insurance)
	workforce := workforceapi.Client{Exchange: exchange}
	words := text.MustLoad(design.Texts, texts)
	s := &System{
		words: words, address: env.BaseURL, db: d, queue: job.New(d, env.Clock, env.Log, job.Config{}),
		directory: &directory.Directory{Workforce: workforce, Clock: env.Clock},
	}
	book := icd.NewBook(d)
	s.fund = treated.Fund{ICD: book, Procedures: procedure.NewBook(d), DB: d, Clock: env.Clock, Queue: s.queue, Catalogue: rules, Tables: &price.Book{DB: d, Given: tables}, OrganisationName: s.directory.Known}
	senders := treated.Senders{DB: d, Exchange: exchange}
	s.card = senders
	s.acts = act.Acts{DB: d, Clock: env.Clock, Queue: s.queue}
	s.queue.Handle(act.MakeJob, act.MakePolicy, s.acts.Go)
	s.runs = rerun.Runs{DB: d, Clock: env.Clock, Queue: s.queue, Tables: s.fund.Tables}
	s.queue.Handle(rerun.Job, rerun.JobPolicy, s.runs.Go)
	s.hand = entry.Desk{DB: d, Clock: env.Clock, Fund: s.fund, ICD: book}
	s.queue.Handle(treated.PushJob, treated.PushPolicy, s.fund.Push(senders.Decide))
	s.office = &office.Office{
		Workforce: workforce, Clock: env.Clock, Log: env.Log, Mux: http.NewServeMux(),
		Sessions: session.NewStore(d, env.Clock, env.BaseURL),
		Site: &page.Site{
			System: "insurance", TitleKey: "insurance.title", Work: true, Texts: words, Log: env.Log,
			ErrorPage: design.ErrorPage, Demo: env.Demo, Fill: office.Fill, FormHosts: []string{env.Issuer},
		},
	}
	s.office.SignIn = signin.New(signin.Config{
		Issuer: env.Issuer, ClientID: "insurance", Secret: env.ClientSecret, BaseURL: env.BaseURL,
		Scopes: []string{"profile"}, HTTP: env.HTTP, Sessions: s.office.Sessions, Admit: s.office.Admit, Home: "/desk",
	})
	provider := exchangeapi.NewProvider(exchangeapi.Insurance, env.ExchangeKey, env.Log)
	insuranceapi.Serve(provider, treated.Intake{Fund: s.fund, Senders: senders})
	insuranceapi.ServeWays(provider, total.Ways{DB: d})
	workforceapi.ServeChanges(provider, s.office.Sessions.Doubt)
	organisations := &audit.Naming{Clock: env.Clock, Names: s.directory.Names}
	exchangeapi.ServeOperations(provider, d, s.queue, func(r *audit.Record) {
		describe(words, r)
		organisations.Give(r)
	})
	s.queue.Beside(audit.NewSealer(d, env.Clock, env.Log, env.Secret).Run)
	s.office.Mux.Handle("/exchange/", provider)
	s.routes()
	return s, nil
}

// rates is the tables of the file, or the demo's when no file is named.
func rates(file string) (price.Tables, error) {
	if file == "" {
		return price.Demo()
	}
	data, err := os.ReadFile(file) //nolint:gosec // named by who runs the program
	if err != nil {
		return nil, fmt.Errorf("price_tables: %w", err)
	}
	tables, err := price.Read(data)
	if err != nil {
		return nil, fmt.Errorf("price_tables: %w", err)
	}
	return tables, nil
}

// ImportGroups adds a table of groups and rates from a CSV file to the fund's
// database, for the command import.
func ImportGroups(ctx context.Context, env host.Env, in io.Reader, name string) (price.Imported, error) {
	d, err := env.Open(ctx, "insurance", migration.Sets...)
	if err != nil {
		return price.Imported{}, err
	}
	defer func() { _ = d.Close() }()
	return price.Import(ctx, d, env.Clock, in, name)
}

// ImportAppealDays reads within how many days a return may be appealed against, for
// the command import; see treated.ImportTerms.
func ImportAppealDays(ctx context.Context, env host.Env, in io.Reader) (treated.ImportedTerms, error) {
	d, err := env.Open(ctx, "insurance", migration.Sets...)
	if err != nil {
		return treated.ImportedTerms{}, err
	}
	defer func() { _ = d.Close() }()
	return treated.ImportTerms(ctx, d, in)
}

// ImportSenders reads which information system beside the card sends the cases of which
// organisation, for the command import; see treated.ImportSenders.
func ImportSenders(ctx context.Context, env host.Env, in io.Reader) (treated.ImportedSenders, error) {
	d, err := env.Open(ctx, "insurance", migration.Sets...)
	if err != nil {
		return treated.ImportedSenders{}, err
	}
	defer func() { _ = d.Close() }()
	return treated.ImportSenders(ctx, d, in)
}

// ImportICD10 makes the fund's copy of the classification what the file says, for
// the command import; see icd.Import.
func ImportICD10(ctx context.Context, env host.Env, in io.Reader, name string, progress func(done, bad int)) (icd.Report, error) {
	d, err := env.Open(ctx, "insurance", migration.Sets...)
	if err != nil {
		return icd.Report{}, err
	}
	defer func() { _ = d.Close() }()
	return icd.Import(ctx, d, env.Clock, in, name, progress)
}

// ImportOperations reads codes of operations into the fund's copy of the table, for
// the command import; see procedure.Import.
func ImportOperations(ctx context.Context, env host.Env, in io.Reader, name string) (procedure.Report, error) {
	d, err := env.Open(ctx, "insurance", migration.Sets...)
	if err != nil {
		return procedure.Report{}, err
	}
	defer func() { _ = d.Close() }()
	return procedure.Import(ctx, d, env.Clock, in, name)
}

func (s *System) routes() {
	o := s.office
	design.Mount(o.Mux)
	o.SignIn.Mount(o.Mux, o.Site)
	open := public.Pages{Address: s.address, Clock: s.fund.Clock, Catalogue: s.fund.Catalogue, Tables: s.fund.Tables, Procedures: s.fund.Procedures, Simulate: s.fund.Simulate}
	o.Public("GET /{$}", open.Start)
	o.Public("GET /rules", open.Rules)
	o.Public("GET /rules.json", open.RulesJSON)
	o.Public("GET /operations", open.Operations)
	o.Public("GET /operations.json", open.OperationsJSON)
	o.Public("GET /prices", open.Prices)
	o.Public("GET /simulator", open.Simulator)
	o.Public("POST /simulator", open.Try)
	o.Public("GET /simulator/example.json", open.Example)
	o.Public("POST /simulator/treated-cases", open.SimulateJSON)
	o.Public("/", page.Missing(o.Mux))
	desk := review.Pages{Fund: s.fund, Directory: s.directory}
	o.Sums("GET /desk", office.Arrive)
	o.Both("GET /cases", desk.List)
	o.Both("GET /cases/{id}", desk.Show)
	o.Both("GET /cases/{id}/why", desk.Why)
	o.Both("GET /cases/{id}/why/{rule}", desk.Why)
	o.Page("POST /cases/{id}/return", desk.Return)
	o.Both("POST /cases/{id}/step", desk.Step)
	totals := total.Pages{DB: s.db, Clock: s.fund.Clock, Directory: s.directory}
	o.Sums("GET /totals", totals.Show)
	o.Sums("GET /totals.csv", totals.CSV)
	again := rerun.Pages{Tables: s.fund.Tables, Months: s.fund.Months, Directory: s.directory, Runs: s.runs}
	o.Page("GET /rerun", again.Show)
	o.Page("POST /rerun", again.Anew)
	pair := compare.Pages{Clock: s.fund.Clock, Tables: s.fund.Tables, Months: s.fund.Months, Directory: s.directory, Runs: s.runs}
	o.Public("GET /prices/compare", pair.Show)
	acts := act.Pages{Acts: s.acts, Card: s.card, Directory: s.directory}
	o.Sums("GET /acts", acts.List)
	o.Page("POST /acts", acts.Make)
	o.Sums("GET /acts/reconcile", acts.Reconcile)
	o.Sums("GET /acts/{id}", acts.Show)
	o.Sums("GET /acts/{id}/act.pdf", acts.PDF)
	o.Sums("GET /acts/{id}/act.xlsx", acts.XLSX)
	hand := entry.Pages{Desk: s.hand, Directory: s.directory, Moved: desk.Moved, Words: func(key string) text.Words { return s.words.Words(key) }}
	o.Desk("GET /entry", hand.List)
	o.Desk("POST /entry", hand.Begin)
	o.Desk("POST /entry/icd", hand.Suggest)
	o.Desk("POST /entry/operations", hand.SuggestOperation)
	o.Desk("GET /entry/table", hand.Table)
	o.Desk("POST /entry/table", hand.CheckTable)
	o.Desk("GET /entry/table.xlsx", hand.Template)
	o.Desk("POST /entry/table/send", hand.SendTable)
	o.Desk("POST /entry/table/drafts", hand.KeepTable)
	o.Desk("GET /entry/{id}", hand.Show)
	o.Desk("POST /entry/{id}", hand.Save)
	o.Desk("POST /entry/{id}/discard", hand.Discard)
	o.Desk("POST /cases/{case}/correct", hand.Correct)
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.office.Mux }

// lookAround is how often the copy of НИСУР is looked at; it is fetched only when
// it is no longer fresh.
const lookAround = 30 * time.Second

// Run implements host.System: jobs, and the names of organisations, so that
// access records have them.
func (s *System) Run(ctx context.Context) {
	var names sync.WaitGroup
	names.Go(func() {
		ticker := time.NewTicker(lookAround)
		defer ticker.Stop()
		for ctx.Err() == nil {
			s.directory.Organisations(ctx)
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	})
	s.queue.Run(ctx)
	names.Wait()
}

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Close implements host.System.
func (s *System) Close() error { return s.db.Close() }

// describe gives an access record its words.
func describe(words *text.Catalogue, r *audit.Record) {
	switch r.Action {
	case treated.ActionSubmit:
		r.ActionWords = words.Words("insurance.action.submit")
	case entry.Action:
		r.ActionWords = words.Words("insurance.action.entry")
	case treated.ActionStep:
		r.ActionWords = words.Words("insurance.action.step")
	case treated.ActionLook:
		r.ActionWords = words.Words("insurance.action.look")
	case treated.ActionRead:
		r.ActionWords = words.Words("insurance.action.read")
	case treated.ActionReturn:
		r.ActionWords = words.Words("insurance.action.return")
	}
	switch r.Purpose {
	case treated.Payment:
		r.PurposeWords = words.Words("insurance.purpose.payment")
	case treated.Expertise:
		r.PurposeWords = words.Words("insurance.purpose.expertise")
	}
}
