package away

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Mount puts in the sign-in without ЕСИ and the page on which its code is chosen.
func (d *Door) Mount() {
	d.Desk.Site.Handle(d.Desk.Mux, "GET /away", d.signInPage)
	d.Desk.Site.Handle(d.Desk.Mux, "POST /away", d.enterPage)
	d.Desk.Page("GET /away/code", desk.Everybody, d.codePage)
	d.Desk.Page("POST /away/code", desk.Everybody, d.enrolPage)
}

func (d *Door) signInPage(w http.ResponseWriter, r *http.Request) error {
	next := page.Local(r.URL.Query().Get("next"))
	if !d.Down() {
		return page.Redirect(w, r, next)
	}
	return page.Render(w, r, http.StatusOK, signInView(page.NewForm("next", next)))
}

func (d *Door) enterPage(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	number, parseErr := pin.Parse(form.Need("pin", 30))
	if form.OK() && parseErr != nil {
		form.Fail("code", "card.away.wrong")
	}
	form.Need("code", MostDigits)
	status := http.StatusUnprocessableEntity
	if form.OK() {
		_, seat, err := d.Enter(r.Context(), number, form.Get("code"))
		if err == nil {
			if err := d.Desk.Sessions.End(w, r); err != nil {
				return err
			}
			if err := d.Desk.Sessions.Start(r.Context(), w, number, "away", seat); err != nil {
				return err
			}
			return page.Redirect(w, r, page.Local(form.Get("next")))
		}
		switch refused := fail.As(err); refused.Kind {
		case fail.TooMany: // what to do next stands in the words
			status = http.StatusTooManyRequests
			form.Fail("code", refused.Key)
		case fail.Forbidden:
			status = http.StatusForbidden
			form.Fail("code", refused.Key)
		default:
			if !form.Take(err) {
				return err
			}
		}
	}
	form.Set("code", "")
	return page.Render(w, r, status, signInView(form))
}

func (d *Door) codePage(w http.ResponseWriter, r *http.Request) error {
	return d.renderCode(w, r, page.NewForm(), http.StatusOK)
}

func (d *Door) renderCode(w http.ResponseWriter, r *http.Request, form *page.Form, status int) error {
	enrolled, err := d.Enrolled(r.Context(), desk.Of(r.Context()).PIN)
	if err != nil {
		return err
	}
	return page.Render(w, r, status, codeView(form, enrolled, d.Down(), int(d.Trust.Hours())))
}

func (d *Door) enrolPage(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	code, again := form.Need("code", MostDigits), form.Need("again", MostDigits)
	if form.OK() && code != again {
		form.Fail("again", "card.away.not_same")
	}
	if form.OK() {
		err := d.Enrol(r.Context(), code)
		if err == nil {
			page.Notice(w, "card.away.kept")
			return page.Redirect(w, r, "/node")
		}
		if fail.Is(err, fail.Conflict) || !form.Take(err) {
			return err
		}
	}
	form.Set("code", "")
	form.Set("again", "")
	return d.renderCode(w, r, form, http.StatusUnprocessableEntity)
}

func pinField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "pin", "card.away.pin")
	f.InputMode, f.MaxLength, f.Autocomplete = "numeric", 30, "username"
	return f
}

func codeField(ctx context.Context, form *page.Form, name, key string) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.InputMode, f.MaxLength, f.Autocomplete = "numeric", MostDigits, "current-password"
	if name == "code" && key == "card.away.new_code" {
		f.Hint, f.Autocomplete = text.T(ctx, "card.away.code_hint"), "new-password"
	}
	return f
}
