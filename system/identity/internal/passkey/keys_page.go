package passkey

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
)

// Pages are the pages on which people see to their keys.
type Pages struct {
	Site *page.Site
	Door *door.Door
	Keys *Keys
}

// Mount puts the pages into the mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.Handle("GET /sign-in/passkey.js", page.Script(script))
	p.Site.Handle(mux, "GET /security/passkeys", p.Door.Changing(p.show))
	p.Site.Handle(mux, "POST /security/passkeys/question", p.Door.Fresh(p.ask))
	p.Site.Handle(mux, "POST /security/passkeys", p.Door.Fresh(p.add))
	p.Site.Handle(mux, "POST /security/passkeys/remove", p.Door.Fresh(p.remove))
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return p.render(w, r, http.StatusOK, who, page.NewForm("name", who.Session.Agent))
}

func (p *Pages) render(w http.ResponseWriter, r *http.Request, status int, who door.Person, form *page.Form) error {
	way, err := factor.WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	keys, err := p.Keys.All(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	return page.Render(w, r, status, keysPage(keysView{way: way, form: form, keys: keys, on: p.Keys.On()}))
}

// ask gives the page's script the question for a new key, bound to the session.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, who door.Person) error {
	question, err := p.Keys.AskNew(r.Context(), who.Account, who.Session.SID)
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, question)
}

func (p *Pages) add(w http.ResponseWriter, r *http.Request, who door.Person) error {
	way, err := factor.WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	err = p.Keys.Add(r.Context(), who.Account, who.Session.SID, form.Get("ticket"), form.Get("answer"), form.Get("name"), door.PlaceOf(r))
	if err == nil {
		page.Notice(w, "identity.passkey.added")
		if way.SetUp {
			return page.Redirect(w, r, way.Done())
		}
		return page.Redirect(w, r, "/security/passkeys")
	}
	if !form.Take(err) {
		return err
	}
	return p.render(w, r, http.StatusUnprocessableEntity, who, form)
}

func (p *Pages) remove(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	err = p.Keys.Remove(r.Context(), who.Account, form.Get("key"), door.PlaceOf(r))
	switch {
	case fail.Is(err, fail.Conflict):
		page.Attention(w, "identity.factor.last")
	case err != nil:
		return err
	default:
		page.Notice(w, "identity.passkey.removed")
	}
	return page.Redirect(w, r, "/security/passkeys")
}

// since says when the key was made and last used.
func (k Key) since() (made, used string) {
	made = text.Moment(k.Created)
	if !k.Used.IsZero() {
		used = text.Moment(k.Used)
	}
	return made, used
}
