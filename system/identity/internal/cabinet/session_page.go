package cabinet

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// visitsShown is how many of the newest sign-ins a page lists.
const visitsShown = 50

func (c *Cabinet) showSessions(w http.ResponseWriter, r *http.Request, p door.Person) error {
	sessions, err := c.Sessions.Of(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	visits, err := c.Door.Visits(r.Context(), p.Account.ID, visitsShown)
	if err != nil {
		return err
	}
	shown := make([]visit, 0, len(visits))
	for _, each := range visits {
		v := visit{Visit: each}
		if client, ok := c.Provider.Client(each.Client); ok {
			v.system = client.Name
		}
		shown = append(shown, v)
	}
	return page.Render(w, r, http.StatusOK, sessionsPage(p.Session, sessions, shown))
}

func (c *Cabinet) endSession(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	sessions, err := c.Sessions.Of(r.Context(), p.Account.ID)
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
		if err := c.Record(r.Context(), p.Account.PIN, p.Account.Name(), "session.ended", ""); err != nil {
			return err
		}
		if each.SID == p.Session.SID {
			c.Sessions.Set(w, "", false)
		}
	}
	page.Notice(w, "identity.session.ended")
	return page.Redirect(w, r, "/security/sessions")
}

func (c *Cabinet) endOthers(w http.ResponseWriter, r *http.Request, p door.Person) error {
	err := c.DB.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return c.Sessions.EndAll(ctx, tx, p.Account.ID, p.Session.SID)
	})
	if err != nil {
		return err
	}
	if err := c.Record(r.Context(), p.Account.PIN, p.Account.Name(), "session.ended", ""); err != nil {
		return err
	}
	page.Notice(w, "identity.session.others_ended")
	return page.Redirect(w, r, "/security/sessions")
}
