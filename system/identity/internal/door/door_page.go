package door

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// Target is where the person goes on to after signing in: the request of a
// system, a page of ЕСИ, or ЕСИ's first page.
type Target struct {
	Flow openid.Flow // its ID is "" without a request
	Next string      // local path, "" for the first page
	lang string
}

// Target reads it from the address of a sign-in page.
func (d *Door) Target(w http.ResponseWriter, r *http.Request) (Target, error) {
	query := r.URL.Query()
	t := Target{lang: query.Get("ui_locales"), Next: local(query.Get("next"))}
	if !page.Reads(r) && r.Header.Get("Sec-Fetch-Site") != "" && d.Sessions.Forgets(r) {
		// It comes from a page of ours, which has given the browser a cookie.
		return t, d.NoCookies(w, r)
	}
	browser := d.Browser(w, r)
	flowID := query.Get("flow")
	if flowID == "" {
		return t, nil
	}
	flow, found, err := d.Provider.Flow(r.Context(), flowID)
	if err != nil {
		return Target{}, err
	}
	if !found {
		return Target{}, d.Provider.Over(r, flowID)
	}
	if !flow.Mine(browser) {
		return Target{}, d.Provider.Foreign(r, flow.Client)
	}
	t.Flow, t.Next = flow, ""
	return t, nil
}

// NoCookies is the error of a browser that did not keep what it was given: nobody
// can be signed in with it. Should it do so now, the page leads on.
func (d *Door) NoCookies(w http.ResponseWriter, r *http.Request) error {
	d.Browser(w, r)
	page.LeadsOn(r, page.Local(page.Of(r.Context()).Path), text.T(r.Context(), "identity.cookies_allowed"))
	return fail.New(fail.Forbidden, "identity.no_cookies").Titled("identity.no_cookies_title")
}

// local is the path if it leads to a page of ours; "" for any other.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > 500 || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return ""
	}
	return next
}

// To is the address of another page of the sign-in, on the way to the same
// target.
func (t Target) To(path string) string {
	query := url.Values{}
	for name, value := range map[string]string{"flow": t.Flow.ID, "next": t.Next, "ui_locales": t.lang} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// End is where the person goes on to.
func (t Target) End() string {
	switch {
	case t.Flow.ID != "":
		return t.Flow.Continue()
	case t.Next != "":
		return t.Next
	}
	return "/"
}

// Browser is the secret by which the browser is known again.
func (d *Door) Browser(w http.ResponseWriter, r *http.Request) string {
	return d.Sessions.Browser(w, r, id.Secret)
}

// PlaceOf is where the request comes from.
func PlaceOf(r *http.Request) notice.Place {
	return notice.Place{Agent: sso.Agent(r.UserAgent()), Address: page.Address(r)}
}

// Enter begins the session of the person, who has proved who they are, and leads
// them on to the target.
func (d *Door) Enter(w http.ResponseWriter, r *http.Request, a account.Account, way Way, t Target) error {
	if err := d.Admit(w, r, a, way, t); err != nil {
		return err
	}
	end, err := d.Onward(r, a, t)
	if err != nil {
		return err
	}
	return page.Redirect(w, r, end)
}

// Admit begins the session and sets its cookie, for pages that lead on by
// themselves: see Onward.
func (d *Door) Admit(w http.ResponseWriter, r *http.Request, a account.Account, way Way, t Target) error {
	current, err := d.Sessions.Request(r)
	if err != nil {
		return err
	}
	if current != nil && current.AccountID != a.ID {
		sso.Forget(w) // what the app kept was another person's
	}
	secret, err := d.admit(r.Context(), a, way, PlaceOf(r), d.Browser(w, r), t.Flow.Client.ID, current)
	if err != nil {
		return err
	}
	d.Sessions.Set(w, secret, way.Remember)
	return nil
}

// Onward is the address at which a person who has just entered goes on: the
// target, or a page that must be seen before it, which leads there in the end.
func (d *Door) Onward(r *http.Request, a account.Account, t Target) (string, error) {
	if d.Detour == nil {
		return t.End(), nil
	}
	path, err := d.Detour(r.Context(), a)
	if err != nil || path == "" {
		return t.End(), err
	}
	return t.To(path), nil
}

// Who is the person signed in in this browser; nil when nobody is.
func (d *Door) Who(r *http.Request) (*Person, error) {
	session, err := d.Sessions.Request(r)
	if err != nil || session == nil {
		return nil, err
	}
	a, found, err := d.Accounts.ByID(r.Context(), session.AccountID)
	if err != nil || !found || a.State != account.Active {
		return nil, err
	}
	// What the person does now is done in the epoch in which the session was alive:
	// it may have ended before the account was read.
	a.Epoch = session.Epoch
	return &Person{*session, a}, nil
}

// Handler answers a person who is signed in.
type Handler func(w http.ResponseWriter, r *http.Request, p Person) error

// In makes a page that needs somebody signed in: others are led to the sign-in
// and come back.
func (d *Door) In(h Handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		p, err := d.Who(r)
		if err != nil {
			return err
		}
		if p == nil {
			return page.Redirect(w, r, Target{Next: here(r)}.To("/sign-in"))
		}
		return h(w, r, *p)
	}
}

// Fresh is In for pages that change how the person signs in: one whose sign-in
// is older than FreshFor proves anew who they are first.
func (d *Door) Fresh(h Handler) page.Handler {
	return d.In(func(w http.ResponseWriter, r *http.Request, p Person) error {
		if !d.IsFresh(p) {
			page.Attention(w, "identity.fresh_needed")
			return page.Redirect(w, r, Target{Next: here(r)}.To("/sign-in"))
		}
		return h(w, r, p)
	})
}

// Changing is Fresh for a page by which something of the account is changed: while
// the account is frozen it says so, and asks for nothing that would be refused.
func (d *Door) Changing(h Handler) page.Handler {
	return d.Fresh(func(w http.ResponseWriter, r *http.Request, p Person) error {
		if r.Method == http.MethodGet && p.Account.Frozen(d.Clock.Now()) {
			return page.Render(w, r, http.StatusOK, frozenPage(p.Account))
		}
		return h(w, r, p)
	})
}

// IsFresh says whether the person proved lately enough who they are to change how
// they sign in.
func (d *Door) IsFresh(p Person) bool {
	return d.Clock.Now().Sub(p.Session.AuthAt) <= d.Lives.Time(freshFor)
}

// Thawed refuses while the account is frozen. It is for what lets others act for
// the person, or a thief stay, and is no factor or contact: those go through Change.
func (d *Door) Thawed(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request, p Person) error {
		if err := d.MayChange(p.Account); err != nil {
			return err
		}
		return h(w, r, p)
	}
}

// here is the page to come back to: a form that was sent is filled in again on
// the page of its address.
func here(r *http.Request) string {
	if !page.Reads(r) {
		return local(r.URL.Path)
	}
	return local(r.URL.RequestURI())
}

// shown are the ways of signing in as the page lists them.
func (d *Door) shown(ctx context.Context, t Target, current string) []design.Tab {
	tabs := make([]design.Tab, 0, len(d.tabs))
	for _, each := range d.tabs {
		tabs = append(tabs, design.Tab{Label: text.T(ctx, each.Key), Href: t.To(each.Path), Current: each.Name == current})
	}
	return tabs
}

// title names the way as well, so that a reader of titles knows which page this is.
func (d *Door) title(ctx context.Context, current string) string {
	title := text.T(ctx, "identity.sign_in.title")
	for _, each := range d.tabs {
		if each.Name == current {
			return title + ": " + text.T(ctx, each.Key)
		}
	}
	return title
}

// needs is the key of which ways reach what the system asks for.
func needs(t Target) string {
	if t.Flow.ACR == assurance.PhishingResistant || t.Flow.Level == assurance.High {
		return "identity.sign_in.needs.high"
	}
	return "identity.sign_in.needs.substantial"
}
