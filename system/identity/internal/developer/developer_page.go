// Package developer is where engineers connect their systems to ЕСИ by
// themselves: they register a client, try it with their own account at once, see
// why its requests were refused, and ask the operators to open it for everybody.
package developer

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/shown"
)

const maxText = 12 << 10 // of a field with addresses or keys

// Desk is the subject.
type Desk struct {
	Site     *page.Site
	Door     *door.Door
	Registry *openid.Registry
	Provider *openid.Provider
	Shown    *shown.Once
	Base     string // ЕСИ's address
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

// Mount puts the pages into the mux.
func (d *Desk) Mount(mux *http.ServeMux) {
	d.Site.Handle(mux, "GET /systems", d.Door.In(d.list))
	d.Site.Handle(mux, "GET /systems/new", d.Door.In(d.showNew))
	d.Site.Handle(mux, "POST /systems/new", d.Door.Fresh(d.Door.Thawed(d.create)))
	d.Site.Handle(mux, "GET /systems/{id}", d.Door.In(d.show))
	d.Site.Handle(mux, "GET /systems/{id}/change", d.Door.In(d.showChange))
	d.Site.Handle(mux, "POST /systems/{id}/change", d.Door.Fresh(d.Door.Thawed(d.change)))
	d.Site.Handle(mux, "POST /systems/{id}/submit", d.Door.In(d.Door.Thawed(d.submit)))
	d.Site.Handle(mux, "GET /systems/{id}/secret", d.Door.Fresh(d.showSecret))
	d.Site.Handle(mux, "POST /systems/{id}/secret", d.Door.Fresh(d.Door.Thawed(d.secret)))
}

func (d *Desk) list(w http.ResponseWriter, r *http.Request, who door.Person) error {
	clients, err := d.Registry.Of(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listPage(clients, d.Base))
}

// Kinds of systems: what most engineers need to know of grants and methods.
const (
	web     = "web"     // on a server that keeps a secret
	public  = "public"  // an app or page that cannot keep one
	fapi    = "fapi"    // a server with a key of its own, FAPI 2.0
	machine = "machine" // nobody signs in
	device  = "device"  // a screen without a keyboard
)

func (d *Desk) showNew(w http.ResponseWriter, r *http.Request, _ door.Person) error {
	form := page.NewForm()
	form.Set("kind", web)
	for _, scope := range []string{openid.ScopeProfile, openid.ScopeEmail, openid.ScopeSystemRead} {
		form.Set("scope:"+scope, "1")
	}
	return page.Render(w, r, http.StatusOK, formPage(newView(r.Context(), form)))
}

func newView(ctx context.Context, form *page.Form) formView {
	return formView{form: form, action: "/systems/new", titleKey: "identity.systems.new", back: "/systems", where: text.T(ctx, "identity.systems.title")}
}

func changeView(ctx context.Context, c openid.Client, form *page.Form) formView {
	at := "/systems/" + c.ID
	return formView{form: form, action: at + "/change", titleKey: "identity.systems.change", back: at, where: c.Name.Here(ctx)}
}

// settings reads the form.
func settings(form *page.Form) openid.Settings {
	name := page.Clean(form.Need("name", 500))
	s := openid.Settings{
		Name: text.Words{
			RU: name, KY: page.Clean(or(form.Text("name_ky", 500), name)), EN: page.Clean(or(form.Text("name_en", 500), name)),
		},
		Address: form.Text("address", maxText), Redirects: strings.Fields(form.Text("redirects", maxText)), PostLogout: strings.Fields(form.Text("post_logout", maxText)),
		BackChannel: form.Text("back_channel", maxText), FrontChannel: form.Text("front_channel", maxText), JWKS: form.Text("jwks", 20<<10),
		Profile: openid.ProfilePlain, Pairwise: form.Get("pairwise") != "", Opaque: form.Get("opaque") != "", Nonce: form.Get("nonce") != "",
		TokenLife: span(form, "token_life", time.Minute), RefreshLife: span(form, "refresh_life", time.Hour),
		Alg: form.Choice("alg", "RS256", "ES256", "EdDSA"), Scopes: []string{openid.ScopeOpenID},
	}
	for _, scope := range openid.AppScopes {
		if form.Get("scope:"+scope) != "" {
			s.Scopes = append(s.Scopes, scope)
		}
	}
	s.Grants, s.Method = []openid.Grant{openid.GrantCode}, openid.MethodBasic
	if slices.Contains(s.Scopes, openid.ScopeOffline) {
		s.Grants = append(s.Grants, openid.GrantRefresh)
	}
	switch form.Choice("kind", web, public, fapi, machine, device) {
	case public:
		s.Method = openid.MethodPublic
	case fapi:
		s.Method, s.Profile = openid.MethodKey, openid.ProfileFAPI
	case device:
		s.Method, s.Grants = openid.MethodPublic, []openid.Grant{openid.GrantDevice, openid.GrantRefresh}
	case machine:
		s.Grants, s.Scopes = []openid.Grant{openid.GrantMachine}, nil
		for _, scope := range openid.MachineScopes {
			if form.Get("scope:"+scope) != "" {
				s.Scopes = append(s.Scopes, scope)
			}
		}
		if len(s.Scopes) == 0 {
			form.Fail("scope:"+openid.ScopeSystemRead, "identity.systems.machine_needs")
		}
	}
	return s
}

// span reads a time in whole units; 0 when nothing is said.
func span(form *page.Form, name string, unit time.Duration) time.Duration {
	text := form.Text(name, 10)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		form.Fail(name, "identity.connect.life")
		return 0
	}
	return time.Duration(n) * unit
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// fill puts a client into the form.
func fill(c openid.Client) *page.Form {
	form := page.NewForm()
	for name, value := range map[string]string{
		"name": c.Name.RU, "name_ky": c.Name.KY, "name_en": c.Name.EN, "address": c.Address, "redirects": strings.Join(c.Redirects, "\n"),
		"post_logout": strings.Join(c.PostLogout, "\n"), "back_channel": c.BackChannel, "front_channel": c.FrontChannel, "jwks": c.JWKS,
		"alg": or(c.Alg, "RS256"), "kind": kindOf(c),
	} {
		form.Set(name, value)
	}
	for _, scope := range c.Scopes {
		form.Set("scope:"+scope, "1")
	}
	if c.Pairwise {
		form.Set("pairwise", "1")
	}
	if c.Opaque {
		form.Set("opaque", "1")
	}
	if c.Nonce {
		form.Set("nonce", "1")
	}
	if c.TokenLife > 0 {
		form.Set("token_life", strconv.Itoa(int(c.TokenLife/time.Minute)))
	}
	if c.RefreshLife > 0 {
		form.Set("refresh_life", strconv.Itoa(int(c.RefreshLife/time.Hour)))
	}
	return form
}

func kindOf(c openid.Client) string {
	switch {
	case slices.Contains(c.Grants, openid.GrantMachine):
		return machine
	case slices.Contains(c.Grants, openid.GrantDevice):
		return device
	case c.Profile == openid.ProfileFAPI:
		return fapi
	case c.Method == openid.MethodPublic:
		return public
	}
	return web
}

func (d *Desk) create(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	s := settings(form)
	if form.OK() {
		c, secret, err := d.Registry.Create(r.Context(), who.Account.ID, s)
		if err == nil {
			if err := d.Record(r.Context(), who.Account.PIN, who.Account.Name(), "system.connected", c.ID); err != nil {
				return err
			}
			return d.handOver(w, r, who, c.ID, secret)
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, formPage(newView(r.Context(), form)))
}

// own is the person's client of the address.
func (d *Desk) own(r *http.Request, who door.Person) (openid.Client, error) {
	c, found, err := d.Registry.Get(r.Context(), r.PathValue("id"))
	if err == nil && (!found || c.Owner != who.Account.ID) {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	return c, err
}

const requestsShown = 50 // what an engineer looks through by eye; openid keeps 200

func (d *Desk) show(w http.ResponseWriter, r *http.Request, who door.Person) error {
	c, err := d.own(r, who)
	if err != nil {
		return err
	}
	requests, err := d.Provider.Requests(r.Context(), c.ID, requestsShown)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, systemPage(c, requests, d.Base))
}

func (d *Desk) showChange(w http.ResponseWriter, r *http.Request, who door.Person) error {
	c, err := d.own(r, who)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, formPage(changeView(r.Context(), c, fill(c))))
}

func (d *Desk) change(w http.ResponseWriter, r *http.Request, who door.Person) error {
	c, err := d.own(r, who)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	s := settings(form)
	if form.OK() {
		if _, err = d.Registry.Update(r.Context(), who.Account.ID, c.ID, s); err == nil {
			page.Notice(w, "identity.systems.saved")
			return page.Redirect(w, r, "/systems/"+c.ID)
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, formPage(changeView(r.Context(), c, form)))
}

func (d *Desk) submit(w http.ResponseWriter, r *http.Request, who door.Person) error {
	c, err := d.own(r, who)
	if err != nil {
		return err
	}
	if err := d.Registry.Submit(r.Context(), who.Account.ID, c.ID); err != nil {
		return err
	}
	if err := d.Record(r.Context(), who.Account.PIN, who.Account.Name(), "system.submitted", c.ID); err != nil {
		return err
	}
	page.Notice(w, "identity.systems.submitted")
	return page.Redirect(w, r, "/systems/"+c.ID)
}

func (d *Desk) secret(w http.ResponseWriter, r *http.Request, who door.Person) error {
	c, err := d.own(r, who)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	secret, err := d.Registry.RotateSecret(r.Context(), who.Account.ID, c.ID, form.Get("leaked") != "")
	if err != nil {
		return err
	}
	if err := d.Record(r.Context(), who.Account.PIN, who.Account.Name(), "system.secret", c.ID); err != nil {
		return err
	}
	return d.handOver(w, r, who, c.ID, secret)
}

// shownSecret is where the client's new secret is shown.
func shownSecret(clientID string) string { return "secret of " + clientID }

// ready stands before what is shown of a client that has no secret, too.
const ready = "ready "

// handOver leads to the page that shows what was made.
func (d *Desk) handOver(w http.ResponseWriter, r *http.Request, who door.Person, clientID, secret string) error {
	if err := d.Shown.Keep(r.Context(), who.Session.SID, shownSecret(clientID), ready+secret); err != nil {
		return err
	}
	return page.Redirect(w, r, "/systems/"+clientID+"/secret")
}

// showSecret shows what was made, in the session in which it was: one who comes
// later sees the system alone.
func (d *Desk) showSecret(w http.ResponseWriter, r *http.Request, who door.Person) error {
	c, err := d.own(r, who)
	if err != nil {
		return err
	}
	made, err := d.Shown.Get(r.Context(), who.Session.SID, shownSecret(c.ID))
	if err != nil {
		return err
	}
	secret, is := strings.CutPrefix(made, ready)
	if !is {
		return page.Redirect(w, r, "/systems/"+c.ID)
	}
	return page.Render(w, r, http.StatusOK, secretPage(c, secret, d.Base))
}
