// Package cabinet is the signed-in person's own page at ЕСИ: who they are, where
// they are signed in, what they allowed, and the way out.
package cabinet

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// Cabinet is the subject.
type Cabinet struct {
	Site     *page.Site
	Accounts *account.Accounts
	Sessions *sso.Sessions
	Consents *consent.Consents
	Provider *openid.Provider
	Record   func(ctx context.Context, pin, name, action, object string) error
}

// Mount puts the pages into the mux.
func (c *Cabinet) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET /{$}", c.show)
	c.Site.Handle(mux, "POST /sessions/end", c.endSession)
	c.Site.Handle(mux, "POST /consents/withdraw", c.withdraw)
	c.Site.Handle(mux, "GET /sign-out", c.askSignOut)
	c.Site.Handle(mux, "POST /sign-out", c.signOut)
}

// Fill is page.Site.Fill: who is signed in, for the layout.
func (c *Cabinet) Fill(r *http.Request, v *page.View) error {
	session, a, err := c.who(r)
	if err != nil || session == nil {
		return err
	}
	v.User, v.SignOut = &page.User{PIN: a.PIN, Name: a.Name()}, "/sign-out"
	return nil
}

func (c *Cabinet) who(r *http.Request) (*sso.Session, account.Account, error) {
	session, err := c.Sessions.Request(r)
	if err != nil || session == nil {
		return nil, account.Account{}, err
	}
	a, found, err := c.Accounts.ByID(r.Context(), session.AccountID)
	if err != nil || !found {
		return nil, account.Account{}, err
	}
	return session, a, nil
}

// must is who for pages that need somebody.
func (c *Cabinet) must(r *http.Request) (sso.Session, account.Account, error) {
	session, a, err := c.who(r)
	if err == nil && session == nil {
		err = fail.New(fail.SignedOut, "kit.session_ended")
	}
	if err != nil {
		return sso.Session{}, account.Account{}, err
	}
	return *session, a, nil
}

func (c *Cabinet) show(w http.ResponseWriter, r *http.Request) error {
	session, a, err := c.who(r)
	if err != nil {
		return err
	}
	if session == nil {
		return page.Render(w, r, http.StatusOK, welcomePage())
	}
	sessions, err := c.Sessions.Of(r.Context(), a.ID)
	if err != nil {
		return err
	}
	given, err := c.Consents.Of(r.Context(), a.ID)
	if err != nil {
		return err
	}
	var consents []givenConsent
	for _, each := range given {
		if client, ok := c.Provider.Client(each.Client); ok {
			consents = append(consents, givenConsent{each, client})
		}
	}
	return page.Render(w, r, http.StatusOK, cabinetPage(a, *session, sessions, consents))
}

type givenConsent struct {
	consent.Consent
	client openid.Client
}

func (c *Cabinet) endSession(w http.ResponseWriter, r *http.Request) error {
	current, a, err := c.must(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	sessions, err := c.Sessions.Of(r.Context(), a.ID)
	if err != nil {
		return err
	}
	for _, each := range sessions { // one's own alone
		if each.SID != form.Get("session") {
			continue
		}
		if err := c.Sessions.End(r.Context(), each); err != nil {
			return err
		}
		if err := c.Record(r.Context(), a.PIN, a.Name(), "session.ended", ""); err != nil {
			return err
		}
		if each.SID == current.SID {
			c.Sessions.Set(w, "", false)
		}
	}
	page.Notice(w, "identity.session.ended")
	return page.Redirect(w, r, "/")
}

func (c *Cabinet) withdraw(w http.ResponseWriter, r *http.Request) error {
	_, a, err := c.must(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	client, ok := c.Provider.Client(form.Get("client"))
	if !ok {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if err := c.Consents.Withdraw(r.Context(), a, client.ID); err != nil {
		return err
	}
	page.Notice(w, "identity.consent.withdrawn")
	return page.Redirect(w, r, "/")
}

// askSignOut asks the person whom a system sent here to sign out, without a
// proof that it knows the session.
func (c *Cabinet) askSignOut(w http.ResponseWriter, r *http.Request) error {
	session, _, err := c.who(r)
	if err != nil {
		return err
	}
	logout := r.URL.Query().Get("logout")
	if session == nil {
		if logout == "" {
			return page.Redirect(w, r, "/")
		}
		return page.Redirect(w, r, openid.ContinueLogout(logout))
	}
	return page.Render(w, r, http.StatusOK, signOutPage(logout))
}

func (c *Cabinet) signOut(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	session, a, err := c.who(r)
	if err != nil {
		return err
	}
	if session != nil {
		if err := c.Sessions.End(r.Context(), *session); err != nil {
			return err
		}
		if err := c.Record(r.Context(), a.PIN, a.Name(), "sign_out", ""); err != nil {
			return err
		}
	}
	c.Sessions.Set(w, "", false)
	target := "/"
	if logout := form.Get("logout"); logout != "" {
		target = openid.ContinueLogout(logout)
	} else {
		page.Notice(w, "identity.signed_out")
	}
	if session != nil {
		if target, err = c.Provider.SignedOut(r.Context(), session.SID, target); err != nil {
			return err
		}
	}
	return page.Redirect(w, r, target)
}
