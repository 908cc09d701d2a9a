package organisation

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

const listPath = "/security/organisations"

// Mount puts the pages into the mux.
func (s *Organisations) Mount(mux *http.ServeMux) {
	s.Site.Handle(mux, "GET /security/organisations", s.Door.In(s.show))
	s.Site.Handle(mux, "POST /security/organisations", s.Door.Fresh(s.Door.Thawed(s.takeBind)))
	s.Site.Handle(mux, "POST /security/organisations/invite", s.Door.Fresh(s.Door.Thawed(s.takeInvite)))
	s.Site.Handle(mux, "POST /security/organisations/answer", s.Door.In(s.Door.Thawed(s.takeAnswer)))
	s.Site.Handle(mux, "POST /security/organisations/remove", s.Door.In(s.Door.Thawed(s.takeRemove)))
	// A form that a fresh sign-in came between leads back to the list.
	s.Site.Handle(mux, "GET /security/organisations/invite", func(w http.ResponseWriter, r *http.Request) error {
		return page.Redirect(w, r, listPath)
	})
}

type view struct {
	form    *page.Form
	mine    []Member
	invited []Member
	staff   map[string][]Member // by code, of those whose head the person is
}

func (s *Organisations) show(w http.ResponseWriter, r *http.Request, p door.Person) error {
	return s.render(w, r, http.StatusOK, p, page.NewForm())
}

func (s *Organisations) render(w http.ResponseWriter, r *http.Request, status int, p door.Person, form *page.Form) error {
	v := view{form: form, staff: map[string][]Member{}}
	var err error
	if v.mine, err = s.Current(r.Context(), p.Account.PIN); err != nil {
		return err
	}
	if v.invited, err = s.of(r.Context(), p.Account.PIN, Invited); err != nil {
		return err
	}
	for _, m := range v.mine {
		if m.Role != Head {
			continue
		}
		members, err := s.members(r.Context(), m.Code)
		if err != nil {
			return err
		}
		for _, each := range members {
			if each.Role != Head {
				v.staff[m.Code] = append(v.staff[m.Code], each)
			}
		}
	}
	return page.Render(w, r, status, listPage(v))
}

// done shows what is wrong beside the field, or says that it was done. While a
// register does not answer, what was typed stays where it is.
func (s *Organisations) done(w http.ResponseWriter, r *http.Request, p door.Person, form *page.Form, err error, notice string) error {
	switch {
	case err == nil:
		page.Notice(w, notice)
		return page.Redirect(w, r, listPath)
	case throttle.Told(form, err):
		return s.render(w, r, throttle.Status(err), p, form)
	case fail.Is(err, fail.Unavailable), fail.Is(err, fail.BadNeighbor):
		s.Site.Log.WarnContext(r.Context(), "a register is out of reach", "system", "identity", "error", err.Error())
		form.Fail("", "identity.organisation.away")
		return s.render(w, r, http.StatusServiceUnavailable, p, form)
	case form.Take(err):
		return s.render(w, r, http.StatusUnprocessableEntity, p, form)
	}
	return err
}

func (s *Organisations) takeBind(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	number := form.Need("number", 40)
	if err = form.Err(); err == nil {
		err = s.bind(r.Context(), p.Account, number)
	} else {
		return s.render(w, r, http.StatusUnprocessableEntity, p, form)
	}
	return s.done(w, r, p, form, err, "identity.organisation.bound")
}

func (s *Organisations) takeInvite(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	return s.done(w, r, p, form, s.invite(r.Context(), p.Account, form.Get("code"), form.Get("pin")), "identity.organisation.invited")
}

func (s *Organisations) takeAnswer(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	take := form.Get("answer") == "take"
	said := "identity.organisation.left"
	if take {
		said = "identity.organisation.joined"
	}
	return s.done(w, r, p, form, s.answer(r.Context(), p.Account, form.Get("member"), take), said)
}

func (s *Organisations) takeRemove(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	return s.done(w, r, p, form, s.remove(r.Context(), p.Account, form.Get("code"), form.Get("member")), "identity.organisation.removed")
}
