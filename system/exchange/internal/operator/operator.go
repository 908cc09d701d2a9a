// Package operator is the exchange operator's desk: how the systems are, what
// waits in their queues, what failed and why, and the message log. Nothing here
// shows personal data: numbers that may be a person's are taken out before
// anything is drawn.
package operator

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
	"github.com/sanarip/sanarip/system/exchange/internal/right"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Desk is what the operator's pages work with.
type Desk struct {
	DB       *db.DB
	Clock    clock.Clock
	Slog     *slog.Logger
	HTTP     *http.Client
	Sites    map[string]string
	Exchange *exchangeapi.Client // as the exchange itself
	Log      *record.Log
	Rights   right.Rights
	Site     *page.Site
	Sessions *session.Store
	SignIn   *signin.Client
}

// Staff is the operator who is signed in; the session keeps it.
type Staff struct {
	PIN          string     `json:"pin"`
	Name         string     `json:"name"`
	Title        text.Words `json:"title"`
	Organisation text.Words `json:"organisation"`
	workforceapi.Standing
}

// Admit lets those in who hold a post as operator today, by НИСУР.
func (d *Desk) Admit(ctx context.Context, c signin.Claims) (any, error) {
	staff := Staff{PIN: c.PIN, Name: c.Name, Standing: workforceapi.Stands(d.Clock.Now())}
	return staff, d.ask(ctx, &staff)
}

// ask looks up the operator's post at НИСУР.
func (d *Desk) ask(ctx context.Context, s *Staff) error {
	posts, err := workforceapi.Client{Exchange: d.Exchange}.Posts(ctx, s.PIN)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(posts, func(p workforceapi.Post) bool { return p.Role == workforceapi.Operator })
	if i < 0 {
		return fail.New(fail.Forbidden, "exchange.no_post")
	}
	s.Title, s.Organisation = posts[i].Title, posts[i].OrganisationName
	return nil
}

// standing lets only those on who are operators still (NR-2).
func (d *Desk) standing(h page.Handler) page.Handler {
	return d.SignIn.Require(func(w http.ResponseWriter, r *http.Request) error {
		ctx, now := r.Context(), d.Clock.Now()
		current, ok, err := d.Sessions.Of(r)
		if err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.SignedOut, "kit.session_ended")
		}
		var staff Staff
		if err := current.Bind(&staff); err != nil {
			return err
		}
		if !staff.Due(now, current.Doubted) {
			return h(w, r)
		}
		away, err := staff.Renew(ctx, now, current.Doubted, func(ctx context.Context) error { return d.ask(ctx, &staff) })
		if fail.Is(err, fail.Forbidden) {
			if err := d.Sessions.EndPIN(ctx, staff.PIN); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if away != nil {
			d.Slog.WarnContext(ctx, "an operator's post was not checked again", "system", "exchange", "error", away.Error())
		}
		if err := d.Sessions.Update(ctx, current, staff); err != nil {
			return err
		}
		return h(w, r)
	})
}

// Fill gives the layout who is signed in and where one can go.
func (d *Desk) Fill(r *http.Request, v *page.View) error {
	v.SignIn = "/sign-in"
	s, ok, err := d.Sessions.Of(r)
	if err != nil || !ok {
		return err
	}
	var staff Staff
	if err := s.Bind(&staff); err != nil {
		return err
	}
	lang := text.LangOf(r.Context())
	v.User = &page.User{PIN: staff.PIN, Name: staff.Name, Role: staff.Title.In(lang), Organisation: staff.Organisation.In(lang)}
	v.SignIn, v.SignOut = "", "/sign-out"
	v.Nav = []page.NavItem{
		{Key: "exchange.nav.overview", Path: "/"},
		{Key: "exchange.nav.failures", Path: "/failures"},
		{Key: "exchange.nav.log", Path: "/log"},
		{Key: "exchange.nav.rights", Path: "/rights"},
	}
	return nil
}

// Mount puts the pages into the mux.
func (d *Desk) Mount(mux *http.ServeMux) {
	d.SignIn.Mount(mux, d.Site)
	for pattern, h := range map[string]page.Handler{
		"GET /{$}":                       d.overview,
		"GET /failures":                  d.failures,
		"GET /jobs/{system}/{id}":        d.job,
		"POST /jobs/{system}/{id}/retry": d.retry,
		"GET /log":                       d.log,
		"GET /log/{id}":                  d.message,
		"POST /log/check":                d.checkChain,
		"GET /rights":                    d.rights,
	} {
		d.Site.Handle(mux, pattern, d.standing(h))
	}
	d.Site.Handle(mux, "/", page.Missing(mux))
}

// patience is how long the desk waits for one system: a page with a gap now is
// worth more than a whole page later.
const patience = 3 * time.Second

// subsystem is the system of the name in a path.
func subsystem(name string) (exchangeapi.Subsystem, error) {
	s, ok := exchangeapi.Systems[name]
	if !ok {
		return s, fail.New(fail.NotFound, "kit.not_found")
	}
	return s, nil
}

// title is the name of a system for people.
func title(ctx context.Context, name string) string {
	if _, ok := exchangeapi.Systems[name]; !ok {
		return name
	}
	return text.T(ctx, "exchange.system."+name) // text: exchange.system.*
}

// titleOf is the name of a subsystem as the log has it.
func titleOf(ctx context.Context, s string) string {
	parsed, err := exchangeapi.ParseSubsystem(s)
	if err != nil {
		return s
	}
	return title(ctx, exchangeapi.NameOf(parsed))
}

// names are the systems in the order of the pages.
func names() []string {
	all := make([]string, len(contract.Systems))
	for i, s := range contract.Systems {
		all[i] = exchangeapi.NameOf(s)
	}
	return all
}
