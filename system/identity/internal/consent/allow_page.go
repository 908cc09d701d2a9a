package consent

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// Mount puts the pages into the mux.
func (c *Consents) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET /consent", c.show)
	c.Site.Handle(mux, "POST /consent", c.take)
	c.Site.Handle(mux, "GET /agreement", c.showAgreement)
	c.Site.Handle(mux, "POST /agreement", c.takeAgreement)
}

// of is the flow and who answers; an empty account when nobody is signed in.
func (c *Consents) of(w http.ResponseWriter, r *http.Request) (openid.Flow, account.Account, error) {
	flow, found, err := c.Provider.Flow(r.Context(), r.URL.Query().Get("flow"))
	if err != nil {
		return openid.Flow{}, account.Account{}, err
	}
	if !found {
		return openid.Flow{}, account.Account{}, c.Provider.Over(r, r.URL.Query().Get("flow"))
	}
	if !flow.Mine(c.Sessions.Browser(w, r, id.Secret)) {
		return openid.Flow{}, account.Account{}, c.Provider.Foreign(r, flow.Client)
	}
	session, err := c.Sessions.Request(r)
	if err != nil || session == nil {
		return flow, account.Account{}, err
	}
	a, _, err := c.Accounts.ByID(r.Context(), session.AccountID)
	return flow, a, err
}

type view struct {
	form    *page.Form
	flow    openid.Flow
	account account.Account
	fixed   []string // scopes that the system needs
	choice  []string // those the person may leave out
	agree   bool     // the agreement was not accepted yet
	action  string
	gets    []Value            // what the fixed scopes tell
	chosen  map[string][]Value // what each other would
}

func (c *Consents) view(r *http.Request, flow openid.Flow, a account.Account, form *page.Form) (view, error) {
	accepted, err := c.Accepted(r.Context(), a.ID)
	v := view{form: form, flow: flow, account: a, agree: !accepted, action: "/consent?" + url.Values{"flow": {flow.ID}}.Encode()}
	if locales := r.URL.Query().Get("ui_locales"); locales != "" {
		v.action += "&" + url.Values{"ui_locales": {locales}}.Encode()
	}
	for _, scope := range flow.Asked {
		switch {
		case !mayLeaveOut(scope):
			v.fixed = append(v.fixed, scope)
		case scope == openid.ScopeEmail && a.Email != "", scope == openid.ScopePhone && a.Phone != "",
			!slices.Contains(optional, scope):
			v.choice = append(v.choice, scope)
		}
	}
	if err != nil {
		return v, err
	}
	if v.gets, err = c.Values(r.Context(), a, v.fixed); err != nil {
		return v, err
	}
	v.chosen = map[string][]Value{}
	for _, scope := range v.choice {
		if v.chosen[scope], err = c.Values(r.Context(), a, []string{scope}); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (c *Consents) show(w http.ResponseWriter, r *http.Request) error {
	flow, a, err := c.of(w, r)
	if err != nil {
		return err
	}
	if a.ID == "" {
		return page.Redirect(w, r, flow.Continue()) // leads to the sign-in
	}
	// What a system can do without is the person's to give: ticked is only what they
	// gave it before. Medical data that an app asks for is what it was opened for.
	form := page.NewForm("remember", "1")
	given, err := c.Of(r.Context(), a.ID)
	if err != nil {
		return err
	}
	for _, scope := range flow.Asked {
		before := slices.ContainsFunc(given, func(g Consent) bool { return g.Client == flow.Client.ID && slices.Contains(g.Scopes, scope) })
		if mayLeaveOut(scope) && (before || !slices.Contains(optional, scope)) {
			form.Set(scope, "1")
		}
	}
	v, err := c.view(r, flow, a, form)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, allowPage(v))
}

func (c *Consents) take(w http.ResponseWriter, r *http.Request) error {
	flow, a, err := c.of(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if form.Get("decision") == "deny" {
		if err := c.Provider.Deny(r.Context(), flow.ID); err != nil {
			return err
		}
		return page.Redirect(w, r, flow.Continue())
	}
	if a.ID == "" {
		return page.Redirect(w, r, flow.Continue())
	}
	v, err := c.view(r, flow, a, form)
	if err != nil {
		return err
	}
	form.Choice("decision", "allow")
	if v.agree && form.Get("agreement") == "" {
		form.Fail("agreement", "identity.consent.agreement_needed")
	}
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, allowPage(v))
	}
	d := decision{allowed: slices.Clone(v.fixed), remember: form.Get("remember") != "", lang: text.LangOf(r.Context())}
	for _, scope := range v.choice {
		if form.Get(scope) != "" {
			d.allowed = append(d.allowed, scope)
		}
	}
	if err := c.allow(r.Context(), a, flow, d); err != nil {
		return err
	}
	return page.Redirect(w, r, flow.Continue())
}
