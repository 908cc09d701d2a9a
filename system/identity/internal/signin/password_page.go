package signin

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// Mount puts the pages into the mux.
func (s *SignIn) Mount(mux *http.ServeMux) {
	s.Site.Handle(mux, "GET /sign-in", s.showPassword)
	s.Site.Handle(mux, "POST /sign-in", s.takePassword)
	s.Site.Handle(mux, "POST /sign-in/cancel", s.cancel)
	s.Site.Handle(mux, "GET /sign-in/code", s.showCode)
	s.Site.Handle(mux, "POST /sign-in/code", s.takeCode)
	s.Site.Handle(mux, "POST /sign-in/code/send", s.sendCode)
	s.Site.Handle(mux, "POST /sign-in/code/passkey", s.askSecond)
	s.Site.Handle(mux, "POST /sign-in/passkey/question", s.askKey)
	s.Site.Handle(mux, "POST /sign-in/passkey", s.takeKey)
}

func (s *SignIn) showPassword(w http.ResponseWriter, r *http.Request) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form := page.NewForm()
	who, err := s.Door.Who(r)
	if err != nil {
		return err
	}
	switch {
	case target.Flow.LoginHint != "":
		form.Set("pin", target.Flow.LoginHint)
	case who != nil && target.Flow.ID == "" && target.Next == "":
		return page.Redirect(w, r, "/")
	case who != nil:
		form.Set("pin", who.Account.PIN) // proves anew who they are
	}
	onward := ""
	if who != nil && (target.Flow.ID == "" && s.Door.IsFresh(*who) || target.Flow.Takes(who.Session.AuthAt)) { // gone back to, or opened twice
		onward = target.End()
	}
	return page.Render(w, r, http.StatusOK, passwordPage(s, form, target, onward))
}

func (s *SignIn) takePassword(w http.ResponseWriter, r *http.Request) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	typedPIN := form.Need("pin", 40)
	password := form.Get("password") // as typed: blanks may belong to it
	if password == "" {
		form.Fail("password", "kit.field.required")
	}
	status := http.StatusUnprocessableEntity
	if form.OK() {
		secret, err := s.password(r.Context(), attempt{
			pin: typedPIN, password: password, remember: form.Get("remember") != "", browser: s.Door.Browser(w, r), place: door.PlaceOf(r),
			flow: target.Flow.ID, next: target.Next,
		})
		if err == nil {
			s.setEntry(w, target, secret)
			return page.Redirect(w, r, target.To("/sign-in/code"))
		}
		if !throttle.Told(form, err) && !form.Take(err) {
			if fail.Is(err, fail.Forbidden) && fail.As(err).Key == noFactor { // the way in which it was begun
				page.LeadsOn(r, target.To("/sign-in/card"), text.T(r.Context(), "identity.no_factor_way"))
			}
			return err
		}
		status = throttle.Status(err)
	}
	return page.Render(w, r, status, passwordPage(s, form, target, ""))
}

func (s *SignIn) cancel(w http.ResponseWriter, r *http.Request) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	if target.Flow.ID == "" {
		return page.Redirect(w, r, "/")
	}
	if err := s.Provider.Deny(r.Context(), target.Flow.ID); err != nil {
		return err
	}
	return page.Redirect(w, r, target.End())
}
