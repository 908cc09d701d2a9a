package signin

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// askKey gives the page's script the question for a key, bound to the browser.
func (s *SignIn) askKey(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Door.Target(w, r); err != nil {
		return err
	}
	question, err := s.Keys.AskEnter(s.Door.Browser(w, r))
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, question)
}

// takeKey signs in with a key alone.
func (s *SignIn) takeKey(w http.ResponseWriter, r *http.Request) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, place := r.Context(), door.PlaceOf(r)
	err = s.Throttle.Try(ctx, throttle.Address, place.Address)
	if err == nil {
		a, key, enterErr := s.Keys.Enter(ctx, s.Door.Browser(w, r), form.Get("ticket"), form.Get("answer"), place)
		if enterErr == nil {
			if err := s.Throttle.Refund(ctx, throttle.Address, place.Address); err != nil {
				return err
			}
			way := door.Way{Method: door.Passkey, AMR: key.AMR(), Level: assurance.High, Remember: form.Get("remember") != ""}
			return s.Door.Enter(w, r, a, way, target)
		}
		err = enterErr
	}
	if !throttle.Told(form, err) && !form.Take(err) {
		return err
	}
	return page.Render(w, r, throttle.Status(err), passwordPage(s, form, target, ""))
}

// askSecond gives the question for a key after the password.
func (s *SignIn) askSecond(w http.ResponseWriter, r *http.Request) error {
	e, a, err := s.entered(r)
	if err != nil {
		return err
	}
	question, err := s.Keys.AskSecond(r.Context(), a, e.hash)
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, question)
}
