package cabinet

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

const contactsPath = "/security/contacts"

type contact struct {
	channel onetime.Channel
	field   string // name of the form's field: phone, email
	title   string
	address string // confirmed, "" without one
	waiting string // to which a code was sent, "" for none
}

func (c *Cabinet) mountContacts(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET /security/contacts", c.Door.Changing(c.showContacts))
	c.Site.Handle(mux, "POST /security/contacts", c.Door.Fresh(c.takeContact))
}

func (c *Cabinet) showContacts(w http.ResponseWriter, r *http.Request, p door.Person) error {
	return c.renderContacts(w, r, http.StatusOK, p, page.NewForm())
}

func (c *Cabinet) renderContacts(w http.ResponseWriter, r *http.Request, status int, p door.Person, form *page.Form) error {
	contacts := []contact{
		{channel: onetime.SMS, field: "phone", title: "identity.cabinet.phone", address: factor.GroupPhone(p.Account.Phone)},
		{channel: onetime.Email, field: "email", title: "identity.cabinet.email", address: p.Account.Email},
	}
	for i, each := range contacts {
		address, waits, err := c.Contacts.Waiting(r.Context(), p.Account, each.channel)
		if err != nil {
			return err
		}
		if waits {
			if each.channel == onetime.SMS {
				address = factor.GroupPhone(address)
			}
			contacts[i].waiting = address
		}
	}
	return page.Render(w, r, status, contactsPage(form, contacts))
}

// takeContact sends a code to the new address, takes the code, or takes the
// address away.
func (c *Cabinet) takeContact(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	channel := onetime.Channel(form.Choice("channel", string(onetime.SMS), string(onetime.Email)))
	step := form.Choice("step", "ask", "confirm", "again", "remove")
	if !form.OK() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	said, err := c.contact(r.Context(), p, form, channel, step, door.PlaceOf(r))
	switch {
	case err == nil:
		page.Notice(w, said)
		return page.Redirect(w, r, contactsPath)
	case throttle.Told(form, err):
		return c.renderContacts(w, r, throttle.Status(err), p, form)
	case fail.Is(err, fail.Forbidden):
		form.Fail("", fail.As(err).Key, "Until", fail.As(err).Args["Until"])
		return c.renderContacts(w, r, http.StatusForbidden, p, form)
	case form.Take(err):
		return c.renderContacts(w, r, http.StatusUnprocessableEntity, p, form)
	}
	return err
}

func (c *Cabinet) contact(ctx context.Context, p door.Person, form *page.Form, channel onetime.Channel, step string, place notice.Place) (said string, err error) {
	switch step {
	case "ask":
		field := map[onetime.Channel]string{onetime.SMS: "phone", onetime.Email: "email"}[channel]
		return "identity.contact.code_sent", c.Contacts.Ask(ctx, p.Account, channel, form.Get(field))
	case "again":
		return "identity.contact.code_sent", c.Contacts.Again(ctx, p.Account, channel)
	case "confirm":
		said = "identity.contact.changed"
		if before := map[onetime.Channel]string{onetime.SMS: p.Account.Phone, onetime.Email: p.Account.Email}[channel]; before == "" {
			said = "identity.contact.added" // there is none that could have been told
		}
		return said, c.Contacts.Confirm(ctx, p.Account, channel, form.Get("code"), place)
	}
	return "identity.contact.removed", c.Contacts.Remove(ctx, p.Account, channel, place)
}
