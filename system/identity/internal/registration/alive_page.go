package registration

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/face"
)

func (g *Registrations) showAlive(w http.ResponseWriter, r *http.Request, reg Registration) error {
	return g.renderAlive(w, r, http.StatusOK, reg, page.NewForm())
}

func (g *Registrations) renderAlive(w http.ResponseWriter, r *http.Request, status int, reg Registration, form *page.Form) error {
	task, err := g.task(reg)
	if err != nil {
		return err
	}
	page.PermitCamera(w)
	return page.Render(w, r, status, alivePage(form, task))
}

func (g *Registrations) takeAlive(w http.ResponseWriter, r *http.Request, reg Registration) error {
	data, _, err := upload(w, r)
	if err == nil {
		reg, err = g.alive(r.Context(), reg, data)
	}
	if err == nil {
		if reg.PhotoDoubt != "" {
			page.Notice(w, "identity.register.alive_operator")
		}
		return page.Redirect(w, r, string(reg.afterPhoto()))
	}
	form := page.NewForm()
	if !take(form, err) {
		return err
	}
	return g.renderAlive(w, r, http.StatusUnprocessableEntity, reg, form)
}

func (g *Registrations) takeSkip(w http.ResponseWriter, r *http.Request, reg Registration) error {
	reg, err := g.unproved(r.Context(), reg)
	if err != nil {
		return err
	}
	page.Notice(w, "identity.register.alive_operator")
	return page.Redirect(w, r, string(reg.afterPhoto()))
}

// aliveKey is the key of the task's words.
func aliveKey(task face.Task) string {
	return "identity.register.alive." + string(task) // text: identity.register.alive.*
}
