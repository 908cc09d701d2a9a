// Package cabinet is the signed-in person's own place at ЕСИ: what is set up,
// where they are signed in, what happened, what they allowed, their data, and the
// way out (ID-9).
package cabinet

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// Cabinet is the subject.
type Cabinet struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Accounts *account.Accounts
	Sessions *sso.Sessions
	Consents *consent.Consents
	Provider *openid.Provider
	Door     *door.Door
	Notices  *notice.Notices
	Control  *control.Control
	Contacts *factor.Contacts
	Box      *seal.Box
	Record   func(ctx context.Context, pin, name, action, object string) error
	// Words gives a record of an access the words of its codes.
	Words func(r *audit.Record)

	// Proofed is how an operator's look at the account's registration stands; a zero
	// Proof where none is or was asked for.
	Proofed func(ctx context.Context, a account.Account) (Proof, error)

	sections []Section
	parts    []Part
	closing  []closing
}

// Proof is how it stands with the operator who raises the level: the key of what the
// person is told, the operator's reason, and where to do what was asked, "" for nothing.
type Proof struct{ Key, Reason, Path string }

// Section is a place of the security settings that another room offers: its
// words, its page, and how it stands with the account ("" for nothing to say).
type Section struct {
	Key, HintKey, Path string
	Status             func(ctx context.Context, a account.Account) (words, tone string, err error)
}

// Offer adds a section to the security settings.
func (c *Cabinet) Offer(s Section) { c.sections = append(c.sections, s) }

// Mount puts the pages into the mux.
func (c *Cabinet) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET /{$}", c.home)
	c.Site.Handle(mux, "GET /security", c.Door.In(c.showSecurity))
	c.Site.Handle(mux, "GET /security/sessions", c.Door.In(c.showSessions))
	c.Site.Handle(mux, "POST /security/sessions/end", c.Door.In(c.endSession))
	c.Site.Handle(mux, "POST /security/sessions/end-others", c.Door.In(c.endOthers))
	c.Site.Handle(mux, "GET /security/events", c.Door.In(c.showEvents))
	c.Site.Handle(mux, "POST /security/events", c.Door.In(c.askEvent))
	c.Site.Handle(mux, "POST /security/events/not-me", c.Door.In(c.disown))
	c.Site.Handle(mux, "GET /security/consents", c.Door.In(c.showConsents))
	c.Site.Handle(mux, "POST /security/consents/withdraw", c.Door.In(c.withdraw))
	c.Site.Handle(mux, "GET /security/data", c.Door.In(c.showData))
	c.Site.Handle(mux, "POST /security/data", c.Door.Fresh(c.download))
	c.Site.Handle(mux, "GET /security/close", c.Door.Changing(c.showClose))
	c.Site.Handle(mux, "POST /security/close", c.Door.Fresh(c.takeClose))
	c.mountContacts(mux)
	c.Site.Handle(mux, "GET /sign-out", c.askSignOut)
	c.Site.Handle(mux, "POST /sign-out", c.signOut)
}

// Fill is page.Site.Fill: who is signed in, for the layout, and on the pages of
// the cabinet its navigation.
func (c *Cabinet) Fill(r *http.Request, v *page.View) error {
	p, err := c.Door.Who(r)
	if err != nil || p == nil {
		return err
	}
	v.User, v.SignOut = &page.User{PIN: p.Account.PIN, Name: p.Account.Name()}, "/sign-out"
	if factor.FromSetUp(r) { // which is one way, step by step
		return nil
	}
	if r.URL.Path == "/" || r.URL.Path == "/security" || strings.HasPrefix(r.URL.Path, "/security/") || slices.Contains([]string{"/sign", "/signature/cloud"}, r.URL.Path) {
		v.Nav = append(v.Nav,
			page.NavItem{Key: "identity.cabinet.title", Path: "/"},
			page.NavItem{Key: "identity.cabinet.security", Path: "/security"},
			page.NavItem{Key: "identity.cabinet.consents", Path: "/security/consents"},
			page.NavItem{Key: "identity.cabinet.organisations", Path: "/security/organisations"},
			page.NavItem{Key: "identity.cabinet.data", Path: "/security/data"},
		)
	}
	return nil
}

func (c *Cabinet) home(w http.ResponseWriter, r *http.Request) error {
	p, err := c.Door.Who(r)
	if err != nil {
		return err
	}
	if p == nil {
		return page.Render(w, r, http.StatusOK, welcomePage())
	}
	v := homeView{person: *p, now: c.Clock.Now()}
	if v.accepted, err = c.Consents.Accepted(r.Context(), p.Account.ID); err != nil {
		return err
	}
	waits, err := c.Control.Waiting(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	v.waits = len(waits)
	if v.unfinished, err = c.Door.Onward(r, p.Account, door.Target{}); err != nil {
		return err
	}
	if p.Account.Level == assurance.Low {
		if v.proof, err = c.Proofed(r.Context(), p.Account); err != nil {
			return err
		}
	}
	visits, err := c.Door.Visits(r.Context(), p.Account.ID, 5)
	if err != nil {
		return err
	}
	for _, visit := range visits {
		if visit.Entered && visit.At.Before(p.Session.AuthAt) {
			v.last = &visit
			break
		}
	}
	return page.Render(w, r, http.StatusOK, homePage(v))
}
