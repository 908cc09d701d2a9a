package registration

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
)

func (c contact) page() Page {
	if c.name == byPhone.name {
		return PagePhone
	}
	return PageEmail
}

func (g *Registrations) showContact(c contact) handler {
	return func(w http.ResponseWriter, r *http.Request, reg Registration) error {
		address, _ := c.of(&reg)
		return page.Render(w, r, http.StatusOK, contactPage(c, page.NewForm(c.name, *address)))
	}
}

func (g *Registrations) takeContact(c contact) handler {
	return func(w http.ResponseWriter, r *http.Request, reg Registration) error {
		form, err := page.ReadForm(w, r)
		if err != nil {
			return err
		}
		typed := form.Need(c.name, 254)
		if form.OK() {
			err := g.ask(r.Context(), reg, c, typed)
			if err == nil {
				return page.Redirect(w, r, string(c.page())+"/code")
			}
			if !take(form, err) {
				return err
			}
			return page.Render(w, r, statusOf(err), contactPage(c, form))
		}
		return page.Render(w, r, http.StatusUnprocessableEntity, contactPage(c, form))
	}
}

func (g *Registrations) showCode(c contact) handler {
	return func(w http.ResponseWriter, r *http.Request, reg Registration) error {
		address, at := c.of(&reg)
		if *address == "" || !at.IsZero() {
			return page.Redirect(w, r, string(reg.Next()))
		}
		return page.Render(w, r, http.StatusOK, codePage(c, *address, page.NewForm()))
	}
}

func (g *Registrations) takeCode(c contact) handler {
	return func(w http.ResponseWriter, r *http.Request, reg Registration) error {
		form, err := page.ReadForm(w, r)
		if err != nil {
			return err
		}
		status, typed := http.StatusUnprocessableEntity, form.Need("code", 20)
		if form.OK() {
			err := g.confirm(r.Context(), reg, c, typed)
			if err == nil {
				return page.Redirect(w, r, string(PageReview)) // or to what comes before it
			}
			if !take(form, err) {
				return err
			}
			status = statusOf(err)
		}
		form.Set("code", "")
		address, _ := c.of(&reg)
		return page.Render(w, r, status, codePage(c, *address, form))
	}
}

func (g *Registrations) sendCode(c contact) handler {
	return func(w http.ResponseWriter, r *http.Request, reg Registration) error {
		err := g.send(r.Context(), reg, c)
		if fail.Is(err, fail.TooMany) {
			form := page.NewForm()
			take(form, err)
			address, _ := c.of(&reg)
			return page.Render(w, r, statusOf(err), codePage(c, *address, form))
		}
		if err != nil {
			return err
		}
		page.Notice(w, "identity.code.sent_again")
		return page.Redirect(w, r, string(c.page())+"/code")
	}
}

// returning is the registration that a link from a message names. One that is
// not there, and one that has run out, are alike.
func (g *Registrations) returning(r *http.Request) (Registration, error) {
	reg, found, err := g.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return Registration{}, err
	}
	if !found || reg.DecidedAt.IsZero() || !g.Clock.Now().Before(reg.Expires) {
		return Registration{}, gone()
	}
	reg.Lang = language(r.Context())
	return reg, nil
}

// back is the code that brings a registration into another browser.
var back = contact{name: "return", channel: byPhone.channel, parse: byPhone.parse, mask: byPhone.mask}

func (g *Registrations) showReturn(w http.ResponseWriter, r *http.Request) error {
	reg, err := g.returning(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, returnPage(reg, page.NewForm(), false))
}

func (g *Registrations) sendReturn(w http.ResponseWriter, r *http.Request) error {
	reg, err := g.returning(r)
	if err != nil {
		return err
	}
	err = g.send(r.Context(), reg, back)
	if err == nil {
		return page.Redirect(w, r, r.URL.Path+"/code")
	}
	form := page.NewForm()
	if !take(form, err) {
		return err
	}
	return page.Render(w, r, statusOf(err), returnPage(reg, form, true))
}

// showReturnCode asks for the code that was sent. Loading it again sends none.
func (g *Registrations) showReturnCode(w http.ResponseWriter, r *http.Request) error {
	reg, err := g.returning(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, returnPage(reg, page.NewForm(), true))
}

func (g *Registrations) takeReturn(w http.ResponseWriter, r *http.Request) error {
	reg, err := g.returning(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	status, typed := http.StatusUnprocessableEntity, form.Need("code", 20)
	if form.OK() {
		err := g.Codes.Check(r.Context(), onetime.Registration, owner(reg, back), typed)
		if err == nil {
			secret := id.Secret()
			if err := g.hand(r.Context(), reg.ID, id.Hash(secret)); err != nil {
				return err
			}
			g.setCookie(w, secret)
			return page.Redirect(w, r, string(reg.Next()))
		}
		if !take(form, err) {
			return err
		}
		status = statusOf(err)
	}
	form.Set("code", "")
	return page.Render(w, r, status, returnPage(reg, form, true))
}
