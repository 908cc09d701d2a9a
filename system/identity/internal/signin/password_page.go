package signin

import (
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// Mount puts the pages into the mux.
func (s *SignIn) Mount(mux *http.ServeMux) {
	s.Site.Handle(mux, "GET /sign-in", s.showPassword)
	s.Site.Handle(mux, "POST /sign-in", s.takePassword)
	s.Site.Handle(mux, "POST /sign-in/cancel", s.cancel)
	s.Site.Handle(mux, "GET /sign-in/code", s.showCode)
	s.Site.Handle(mux, "POST /sign-in/code", s.takeCode)
	s.Site.Handle(mux, "POST /sign-in/code/send", s.sendCode)
}

// of is the flow that the sign-in is for; a zero Flow for ЕСИ's own pages.
func (s *SignIn) of(w http.ResponseWriter, r *http.Request) (openid.Flow, error) {
	flowID := r.URL.Query().Get("flow")
	if flowID == "" {
		return openid.Flow{}, nil
	}
	flow, found, err := s.Provider.Flow(r.Context(), flowID)
	if err != nil {
		return openid.Flow{}, err
	}
	if !found {
		return openid.Flow{}, fail.New(fail.NotFound, "identity.flow_gone")
	}
	if !flow.Mine(s.Sessions.Browser(w, r, id.Secret)) {
		return openid.Flow{}, fail.New(fail.Forbidden, "identity.other_browser")
	}
	return flow, nil
}

// with keeps the flow and the language in the address of the next page.
func with(r *http.Request, path string) string {
	query := url.Values{}
	for _, name := range []string{"flow", "ui_locales"} {
		if value := r.URL.Query().Get(name); value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

func (s *SignIn) showPassword(w http.ResponseWriter, r *http.Request) error {
	flow, err := s.of(w, r)
	if err != nil {
		return err
	}
	if flow.ID == "" {
		session, err := s.Sessions.Request(r)
		if err != nil {
			return err
		}
		if session != nil {
			return page.Redirect(w, r, "/")
		}
	}
	return page.Render(w, r, http.StatusOK, passwordPage(page.NewForm(), flow, with(r, "/sign-in"), with(r, "/sign-in/cancel")))
}

func (s *SignIn) takePassword(w http.ResponseWriter, r *http.Request) error {
	flow, err := s.of(w, r)
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
		secret, err := s.password(r.Context(), typedPIN, password, page.Address(r), s.Sessions.Browser(w, r, id.Secret), flow.ID)
		if err == nil {
			s.setEntry(w, secret)
			return page.Redirect(w, r, with(r, "/sign-in/code"))
		}
		switch {
		case fail.Is(err, fail.TooMany):
			form.Fail("password", fail.As(err).Key, "Count", fail.As(err).Args["Count"])
			status = http.StatusTooManyRequests
		case !form.Take(err):
			return err
		}
	}
	return page.Render(w, r, status, passwordPage(form, flow, with(r, "/sign-in"), with(r, "/sign-in/cancel")))
}

func (s *SignIn) cancel(w http.ResponseWriter, r *http.Request) error {
	flow, err := s.of(w, r)
	if err != nil {
		return err
	}
	if flow.ID == "" {
		return page.Redirect(w, r, "/")
	}
	if err := s.Provider.Deny(r.Context(), flow.ID); err != nil {
		return err
	}
	return page.Redirect(w, r, flow.Continue())
}
