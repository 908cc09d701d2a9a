package setup

import (
	_ "embed"
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

//go:embed password.js
var script []byte

func (s *Setup) showFirst(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Password)
	if !here {
		return err
	}
	return page.Render(w, r, http.StatusOK, firstPage(target, page.NewForm(), who.Account.PIN))
}

func (s *Setup) takeFirst(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Password)
	if !here {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := s.choose(r.Context(), who.Account, form.Get("password"), door.PlaceOf(r)); err != nil {
		if !form.Take(err) {
			return err
		}
		return page.Render(w, r, http.StatusUnprocessableEntity, firstPage(target, form, who.Account.PIN))
	}
	return page.Redirect(w, r, target.To("/set-up"))
}

func (s *Setup) showChange(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return page.Render(w, r, http.StatusOK, changePage(page.NewForm(), who.Account.PIN))
}

func (s *Setup) takeChange(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := s.change(r.Context(), who, form.Get("password"), door.PlaceOf(r)); err != nil {
		if !form.Take(err) {
			return err
		}
		return page.Render(w, r, http.StatusUnprocessableEntity, changePage(form, who.Account.PIN))
	}
	page.Notice(w, "identity.password.changed")
	return page.Redirect(w, r, "/security/factors")
}
