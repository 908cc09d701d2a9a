package cabinet

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
)

// eventsShown is how many of the newest events a page lists.
const eventsShown = 100

func (c *Cabinet) showEvents(w http.ResponseWriter, r *http.Request, p door.Person) error {
	events, err := c.Notices.Of(r.Context(), p.Account.ID, eventsShown)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, eventsPage(events))
}

// event is the one that the form names, of the person's own.
func (c *Cabinet) event(w http.ResponseWriter, r *http.Request, p door.Person) (notice.Event, error) {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return notice.Event{}, err
	}
	events, err := c.Notices.Of(r.Context(), p.Account.ID, eventsShown)
	if err != nil {
		return notice.Event{}, err
	}
	for _, e := range events {
		if e.ID == form.Get("event") {
			return e, nil
		}
	}
	return notice.Event{}, fail.New(fail.NotFound, "kit.not_found")
}

func (c *Cabinet) askEvent(w http.ResponseWriter, r *http.Request, p door.Person) error {
	e, err := c.event(w, r, p)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, control.EventPage(e, c.Control.Since(e), "/security/events/not-me", map[string]string{"event": e.ID}))
}

func (c *Cabinet) disown(w http.ResponseWriter, r *http.Request, p door.Person) error {
	e, err := c.event(w, r, p)
	if err != nil {
		return err
	}
	incident, err := c.Control.Disown(r.Context(), e, p.Account.Name())
	if err != nil {
		return err
	}
	c.Sessions.Set(w, "", false)
	page.Of(r.Context()).User, page.Of(r.Context()).Nav, page.Of(r.Context()).SignOut = nil, nil, ""
	return page.Render(w, r, http.StatusOK, control.Done(incident))
}
