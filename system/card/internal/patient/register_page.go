package patient

import (
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// registerPage registers a person by hand and leads a doctor to the admission,
// which is what nearly always follows.
func registerPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, today := r.Context(), clock.DateOf(d.Clock.Now())
	p := readPerson(form, today)
	if form.OK() && form.Get("another") == "" {
		others, err := alike(ctx, d, p)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			form.Fail("another", "card.register.alike", "Count", len(others))
		}
	}
	if !form.OK() {
		form.Arrange("kind", "sex", "age", "birth_date", "description", "family_name", "given_name", "patronymic", "pin", "citizenship", "passport", "address", "another")
		return page.Render(w, r, http.StatusUnprocessableEntity, registerView(form, ""))
	}
	p, isNew, err := Register(ctx, d, p)
	if err != nil {
		return err
	}
	if !isNew {
		page.Notice(w, "card.register.known")
		return page.Redirect(w, r, "/patients/"+p.ID)
	}
	page.Notice(w, "card.register.done")
	if slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) {
		return page.Redirect(w, r, "/patients/"+p.ID+"/admit")
	}
	return page.Redirect(w, r, "/patients/"+p.ID)
}
