package card

import (
	"context"
	"embed"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/card/internal/node"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/card/internal/rollout"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Texts are the words of the card.
//
//go:embed text/*.json
var Texts embed.FS

const directoryEvery = 10 * time.Minute

// System is the patient card.
type System struct {
	env      host.Env
	log      *slog.Logger
	desk     *desk.Desk
	provider *exchangeapi.Provider
	texts    *text.Catalogue
	nodes    node.Pages   // of a node, or of a centre that has nodes
	handler  http.Handler // nil: the desk's
	fhir     *fhir.API
	rollout  *rollout.Rollout // nil at a node: the roll-out is the centre's affair

	fhirBytes int64 // that may be written at once
}

var _ host.System = (*System)(nil)

// New opens the card's database, brings it up to date and mounts the pages.
// No neighbour is asked: systems start in any order.
func New(ctx context.Context, env host.Env) (*System, error) {
	most, err := fhir.Most(env.Settings["fhir_bytes"])
	if err != nil {
		return nil, err
	}
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return nil, err
	}
	if err := rollout.Seed(ctx, d, env.Clock.Now()); err != nil {
		return nil, err
	}
	texts := text.MustLoad(design.Texts, Texts)
	line := withLine(&env)
	s := &System{
		env: env, log: env.Log, texts: texts, fhirBytes: most,
		provider: exchangeapi.NewProvider(exchangeapi.Card, env.ExchangeKey, env.Log),
	}
	exchange := exchangeapi.NewClient(env, exchangeapi.Card)
	s.desk = &desk.Desk{
		DB: d, Clock: env.Clock, Log: env.Log, Mux: http.NewServeMux(), Exchange: exchange, BaseURL: env.BaseURL,
		Queue: job.New(d, env.Clock, env.Log, job.Config{}),
		ICD:   icd.NewBook(d), Procedures: procedure.NewBook(d),
		Sessions: session.NewStore(d, env.Clock, env.BaseURL),
		Directory: &directory.Directory{
			DB: d, Clock: env.Clock, Log: env.Log, Workforce: workforceapi.Client{Exchange: exchange},
		},
		Site: &page.Site{
			System: "card", TitleKey: "card.title", Work: true, Texts: texts, Log: env.Log, Demo: env.Demo,
			ErrorPage: design.ErrorPage, FormHosts: []string{env.Issuer}, Fill: s.fill,
		},
	}
	s.desk.SignIn = signin.New(signin.Config{
		Issuer: env.Issuer, ClientID: "card", Secret: env.ClientSecret, BaseURL: env.BaseURL,
		Scopes: []string{"profile"}, HTTP: env.HTTP, Sessions: s.desk.Sessions, Admit: s.desk.Admit,
	})
	s.mount()
	if err := s.openNode(ctx, line); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return s, nil
}

func (s *System) mount() {
	d := s.desk
	design.Mount(d.Mux)
	d.Mux.Handle("/exchange/", s.provider)
	workforceapi.ServeChanges(s.provider, d.Sessions.Doubt)
	organisations := &audit.Naming{Clock: d.Clock, Names: d.Directory.Names}
	exchangeapi.ServeOperations(s.provider, d.DB, d.Queue, func(r *audit.Record) {
		s.auditWords(r)
		organisations.Give(r)
	})
	d.Queue.Beside(audit.NewSealer(d.DB, s.env.Clock, s.env.Log, s.env.Secret).Run)
	d.SignIn.Mount(d.Mux, d.Site)
	desk.MountPost(d)
	d.Page("GET /{$}", desk.Anybody, s.start)
	d.Site.Handle(d.Mux, "/", page.Missing(d.Mux))
	d.Queue.Handle("directory", job.Policy{MaxAttempts: 8}, func(ctx context.Context, _ job.Job) error {
		if _, err := d.Directory.Sync(ctx); err != nil {
			return err
		}
		_, err := patient.FillKeys(ctx, d.DB) // the next time takes the next ones
		return err
	})
	if s.env.Demo {
		d.Queue.Handle("demo", job.Policy{MaxAttempts: 60, FirstDelay: time.Second, MaxDelay: 10 * time.Second}, s.admitDemo)
	}
	s.mountSubjects()
}

// start leads everybody to where they work.
func (s *System) start(w http.ResponseWriter, r *http.Request) error {
	if desk.Of(r.Context()).Post.Role == workforceapi.Operator {
		if s.rollout == nil {
			return page.Redirect(w, r, "/node")
		}
		return page.Redirect(w, r, "/rollout")
	}
	if !s.desk.Directory.PlaceOf(r.Context(), desk.Of(r.Context()).Post.Organisation).Ward {
		return page.Redirect(w, r, "/antenatal")
	}
	return page.Redirect(w, r, "/ward")
}

// fill gives the layout its user and navigation with counts.
func (s *System) fill(r *http.Request, v *page.View) error {
	if err := desk.Fill(r, v); err != nil {
		return err
	}
	staff := desk.Of(r.Context())
	if v.User == nil {
		v.SignIn = "/sign-in"
		return nil
	}
	role := staff.Post.Role
	if staff.Post.ID != "" && role != workforceapi.Operator {
		if slices.Contains(desk.Ward, staff.Post.Role) && !strings.HasPrefix(v.Path, "/patients/find") && v.Path != "/patients" {
			v.Search = page.Search{Action: "/patients/find", Name: "q", Key: "card.find.field"}
		}
		var returned int
		var referred referral.Waiting
		if err := s.desk.DB.Ask(r.Context(), countReturned(staff.Post.Organisation, &returned), referral.Counting(r.Context(), s.desk, &referred)); err != nil {
			return err
		}
		place := s.desk.Directory.PlaceOf(r.Context(), staff.Post.Organisation)
		if place.Ward {
			v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.ward", Path: "/ward"})
		}
		if slices.Contains(desk.Ward, role) {
			v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.patients", Path: "/patients"})
		}
		if place.Ward && role != workforceapi.Manager {
			v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.reception", Path: "/reception"})
		}
		v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.referrals", Path: "/referrals", Badge: page.Badge(referred.All())})
		if place.Ward && role != workforceapi.Manager {
			v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.work", Path: "/work", Badge: page.Badge(returned)})
		}
		if err := s.fillBirths(r, v, place); err != nil {
			return err
		}
	}
	if slices.Contains(monitor.Readers, role) {
		forms := "/forms"
		if role == workforceapi.Manager || role == workforceapi.Chief {
			forms = "/forms/summary"
		}
		v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.forms", Path: forms})
		v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.monitor", Path: "/monitor"})
	}
	if s.rollout != nil && (role == workforceapi.Operator || role == workforceapi.Manager) {
		v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.rollout", Path: "/rollout"})
	}
	if err := s.nodes.Fill(r.Context(), v); err != nil {
		return err
	}
	if len(staff.Posts) > 1 {
		v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.post", Path: desk.PostAddress("/")})
	}
	return nil
}

// fillBirths adds what those see who look after pregnant women and births.
func (s *System) fillBirths(r *http.Request, v *page.View, place directory.Place) error {
	post := desk.Of(r.Context()).Post
	if !slices.Contains(desk.Ward, post.Role) {
		return nil
	}
	if slices.Contains(place.Obstetrics, post.Department) {
		v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.maternity", Path: "/maternity"})
	}
	if !place.Clinic {
		return nil
	}
	unread, err := exchangecard.CountUnread(r.Context(), s.desk.DB.Read, post.Organisation)
	v.Nav = append(v.Nav, page.NavItem{Key: "card.nav.antenatal", Path: "/antenatal"},
		page.NavItem{Key: "card.nav.tear_offs", Path: "/tear-offs", Badge: page.Badge(unread)})
	return err
}

// auditWords gives an access record its words. Subjects name their actions in
// their own words files under card.audit.
func (s *System) auditWords(r *audit.Record) {
	r.ActionWords = s.texts.WordsOr("card.audit."+r.Action, r.Action)      // text: card.audit.*
	r.PurposeWords = s.texts.WordsOr("card.purpose."+r.Purpose, r.Purpose) // text: card.purpose.*
}

// Handler implements host.System.
func (s *System) Handler() http.Handler {
	if s.handler != nil {
		return s.handler
	}
	return s.desk.Mux
}

// Run implements host.System: jobs, and НИСУР's copy at the start and then
// every ten minutes, by one of however many processes there are.
func (s *System) Run(ctx context.Context) {
	go func() {
		ticker := time.NewTicker(directoryEvery)
		defer ticker.Stop()
		for {
			if err := s.order(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "what is due was not ordered", "system", "card", "error", err.Error())
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	s.desk.Queue.Run(ctx)
}

// order orders what is due: НИСУР's copy, and the figures of the roll-out unless
// they are another's affair.
func (s *System) order(ctx context.Context) error {
	err := s.wantDirectory(ctx)
	if s.rollout != nil {
		err = errors.Join(err, rollout.Want(ctx, s.desk))
	}
	return err
}

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.desk.DB.Ping(ctx) }

// Close implements host.System.
func (s *System) Close() error { return s.desk.DB.Close() }

// ImportICD10 makes the card's classification what the file says; see icd.Import.
// It may run beside the running system.
func ImportICD10(ctx context.Context, env host.Env, in io.Reader, name string, progress func(done, bad int)) (icd.Report, error) {
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return icd.Report{}, err
	}
	defer func() { _ = d.Close() }()
	return icd.Import(ctx, d, env.Clock, in, name, progress)
}

// ImportOperations reads codes of operations into the card's table; see
// procedure.Import. It may run beside the running system.
func ImportOperations(ctx context.Context, env host.Env, in io.Reader, name string) (procedure.Report, error) {
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return procedure.Report{}, err
	}
	defer func() { _ = d.Close() }()
	return procedure.Import(ctx, d, env.Clock, in, name)
}
