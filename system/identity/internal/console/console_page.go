package console

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// handler answers an operator.
type handler func(w http.ResponseWriter, r *http.Request, o operator) error

// Mount puts the pages into the mux.
func (c *Console) Mount(mux *http.ServeMux) {
	site := c.WorkSite()
	for pattern, h := range map[string]handler{
		"GET /console":                        c.home,
		"POST /console/people":                c.searchPerson,
		"GET /console/people/{look}":          c.person,
		"GET /console/people/{look}/audit":    c.trailOf,
		"POST /console/people/{look}":         c.actOn,
		"GET /console/incidents":              c.incidents,
		"GET /console/incidents/{id}":         c.incident,
		"POST /console/incidents/{id}":        c.handleIncident,
		"POST /console/incidents/{id}/person": c.personOfIncident,
		"GET /console/statistics":             c.statistics,
		"GET /console/clients":                c.clients,
		"GET /console/clients/{id}":           c.client,
		"POST /console/clients/{id}":          c.decideClient,
		"GET /console/keys":                   c.keys,
		"POST /console/keys/rotate":           c.rotateKeys,
		"GET /console/audit":                  c.trail,
		"POST /console/audit/check":           c.checkNow,
		"/console/{rest...}":                  missing,
	} {
		site.Handle(mux, pattern, c.guard(h))
	}
}

// WorkSite is ЕСИ's site as the console shows it, for pages of other subjects
// that stand in it: see Guard.
func (c *Console) WorkSite() *page.Site {
	site := *c.Site
	site.Work, site.TitleKey, site.Fill = true, "identity.console.title", c.fill
	return &site
}

func missing(http.ResponseWriter, *http.Request, operator) error {
	return fail.New(fail.NotFound, "kit.not_found")
}

// Guard lets operators alone to a page of the console, with a sign-in that is
// fresh and of two factors at least; pin and name are theirs. Everybody else who
// is signed in is refused alike, whatever the address.
func (c *Console) Guard(h func(w http.ResponseWriter, r *http.Request, pin, name string) error) page.Handler {
	return c.guard(func(w http.ResponseWriter, r *http.Request, o operator) error { return h(w, r, o.PIN, o.Name) })
}

func (c *Console) guard(h handler) page.Handler {
	return c.Door.In(func(w http.ResponseWriter, r *http.Request, p door.Person) error {
		o, err := c.operator(r.Context(), p.Account)
		if err != nil {
			return err
		}
		switch {
		case !p.Session.Level.AtLeast(assurance.Substantial):
			page.Attention(w, "identity.console.stronger")
		case c.Clock.Now().Sub(p.Session.AuthAt) > c.Door.Lives.Time(freshFor):
			page.Attention(w, "identity.fresh_needed")
		default:
			return h(w, r, o)
		}
		next := "/console"
		if page.Reads(r) {
			next = page.Local(r.URL.RequestURI())
		}
		return page.Redirect(w, r, door.Target{Next: next}.To("/sign-in"))
	})
}

// fill gives the layout who works here and where one can go.
func (c *Console) fill(r *http.Request, v *page.View) error {
	p, err := c.Door.Who(r)
	if err != nil || p == nil {
		return err
	}
	v.User, v.SignOut = &page.User{PIN: p.Account.PIN, Name: p.Account.Name()}, "/sign-out"
	o, err := c.operator(r.Context(), p.Account)
	if fail.Is(err, fail.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	lang := text.LangOf(r.Context())
	v.User.Role, v.User.Organisation = o.Title.In(lang), o.Organisation.In(lang)
	open, err := c.Incidents.CountOpen(r.Context())
	if err != nil {
		return err
	}
	waiting, err := c.countWaiting(r.Context())
	if err != nil {
		return err
	}
	v.Nav = []page.NavItem{
		{Key: "identity.console.nav.people", Path: "/console"},
		{Key: "identity.console.nav.proofing", Path: "/console/proofing"},
		{Key: "identity.console.nav.incidents", Path: "/console/incidents", Badge: page.Badge(open)},
		{Key: "identity.console.nav.clients", Path: "/console/clients", Badge: page.Badge(waiting)},
		{Key: "identity.console.nav.statistics", Path: "/console/statistics"},
		{Key: "identity.console.nav.keys", Path: "/console/keys"},
		{Key: "identity.console.nav.audit", Path: "/console/audit"},
	}
	return nil
}
