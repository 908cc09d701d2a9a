package control

import (
	_ "embed"
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

//go:embed not_me.js
var script []byte

// Mount puts the pages into the mux. To stop a thief nobody needs to be signed
// in: who was robbed of the account cannot. To look at what was put aside one
// signs in anew.
func (c *Control) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET /not-me", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, askPage(page.NewForm()))
	})
	mux.Handle("GET /not-me.js", page.Script(script))
	c.Site.Handle(mux, "POST /not-me", c.show)
	c.Site.Handle(mux, "POST /not-me/confirm", c.confirm)
	c.Site.Handle(mux, "GET "+AsidePath, c.Door.Fresh(c.showAside))
	c.Site.Handle(mux, "POST "+AsidePath, c.Door.Fresh(c.takeAside))
}

// found is the event of the form's link; nil when the page was shown again.
func (c *Control) found(w http.ResponseWriter, r *http.Request) (*notice.Event, *page.Form, error) {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return nil, nil, err
	}
	link := form.Need("link", 500)
	if form.OK() {
		e, err := c.event(r.Context(), link, page.Address(r))
		if err == nil {
			return &e, form, nil
		}
		if !throttle.Told(form, err) && !form.Take(err) {
			return nil, nil, err
		}
		return nil, nil, page.Render(w, r, throttle.Status(err), askPage(form))
	}
	return nil, nil, page.Render(w, r, http.StatusUnprocessableEntity, askPage(form))
}

func (c *Control) show(w http.ResponseWriter, r *http.Request) error {
	e, form, err := c.found(w, r)
	if err != nil || e == nil {
		return err
	}
	if !e.Disowned.IsZero() {
		return c.done(w, r, *e)
	}
	return page.Render(w, r, http.StatusOK, EventPage(*e, c.Since(*e), "/not-me/confirm", map[string]string{"link": form.Get("link")}))
}

func (c *Control) confirm(w http.ResponseWriter, r *http.Request) error {
	e, _, err := c.found(w, r)
	if err != nil || e == nil {
		return err
	}
	return c.done(w, r, *e)
}

func (c *Control) done(w http.ResponseWriter, r *http.Request, e notice.Event) error {
	incident, err := c.Disown(r.Context(), e, "")
	if err != nil {
		return err
	}
	c.Sessions.Set(w, "", false) // should it be the person's own browser
	return page.Render(w, r, http.StatusOK, Done(incident))
}
