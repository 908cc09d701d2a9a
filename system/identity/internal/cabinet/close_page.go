package cabinet

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

func (c *Cabinet) showClose(w http.ResponseWriter, r *http.Request, _ door.Person) error {
	return page.Render(w, r, http.StatusOK, closePage(page.NewForm()))
}

func (c *Cabinet) takeClose(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if form.Get("sure") == "" {
		form.Fail("sure", "identity.close.sure_needed")
		return page.Render(w, r, http.StatusUnprocessableEntity, closePage(form))
	}
	if err := c.close(r.Context(), p.Account, door.PlaceOf(r)); err != nil {
		if !fail.Is(err, fail.Forbidden) {
			return err
		}
		form.Fail("sure", fail.As(err).Key, "Until", fail.As(err).Args["Until"])
		return page.Render(w, r, http.StatusForbidden, closePage(form))
	}
	c.Sessions.Set(w, "", false)
	view := page.Of(r.Context())
	view.User, view.Nav, view.SignOut = nil, nil, ""
	return page.Render(w, r, http.StatusOK, closedPage())
}
