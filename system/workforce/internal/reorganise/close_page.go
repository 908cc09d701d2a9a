package reorganise

import (
	"context"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/notice"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// Pages closes organisations, for those who keep the register.
type Pages struct {
	Book organisation.Book
	Tell notice.Tell
	// Staff is how many posts there are, today or later.
	Staff func(ctx context.Context, organisation string) (int, error)
}

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	o.Kept("GET /organisations/{code}/close", p.form)
	o.Kept("POST /organisations/{code}/close", p.close)
	o.Kept("POST /organisations/{code}/close/successors", p.suggest)
	o.Edited("POST /organisations/{code}/planned/cancel", p.cancel)
}

type view struct {
	o      organisation.Organisation
	staff  int
	form   *page.Form
	missed []change.Change
}

func (p Pages) view(r *http.Request, form *page.Form) (view, error) {
	ctx := r.Context()
	v := view{form: form}
	var err error
	if v.o, err = organisation.Find(ctx, p.Book.DB.Read, r.PathValue("code"), p.Book.Today()); err != nil {
		return v, err
	}
	if v.o.Shut {
		return v, fail.New(fail.Conflict, "workforce.edit.closed")
	}
	v.staff, err = p.Staff(ctx, v.o.Code)
	return v, err
}

func (p Pages) form(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r, page.NewForm("from", p.Book.Today().String()))
	if err != nil {
		return err
	}
	v.form.Set("version", strconv.FormatInt(v.o.Version, 10))
	return page.Render(w, r, http.StatusOK, closePage(v))
}

func (p Pages) close(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v, err := p.view(r, form)
	if err != nil {
		return err
	}
	successor, err := p.successor(ctx, v.o, form)
	if err != nil {
		return err
	}
	read, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	c := Closing{Code: v.o.Code, Version: read, From: form.Date("from"), Order: organisation.TakeOrder(form), Successor: successor}
	status := http.StatusUnprocessableEntity
	if form.OK() {
		err := Close(ctx, p.Book, p.Tell, c, office.Of(ctx).Actor(c.Code))
		switch {
		case err == nil:
			page.Notice(w, "workforce.close.done")
			return page.Redirect(w, r, organisation.Address(c.Code, ""))
		case !form.Take(err):
			return err
		case fail.As(err).Key == "workforce.edit.changed":
			status = http.StatusConflict
			if v.missed, err = change.Since(ctx, p.Book.DB.Read, c.Code, organisation.Object, read); err != nil {
				return err
			}
			form.Set("version", strconv.FormatInt(v.o.Version, 10))
		}
	}
	return page.Render(w, r, status, closePage(v))
}

func (v view) field(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.field."+name)
	f.Autocomplete = "off"
	f.Required = name != "successor"
	return f
}

func (v view) successor(ctx context.Context) design.Field {
	f := v.field(ctx, "successor")
	f.Hint, f.Placeholder, f.Wide = text.T(ctx, "workforce.close.successor_hint"), v.form.Get("successor_text"), true
	return f
}

// cancel takes a planned change back. A closing is taken back by who keeps the
// register: theirs it was.
func (p Pages) cancel(w http.ResponseWriter, r *http.Request) error {
	ctx, code := r.Context(), r.PathValue("code")
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	versions, err := organisation.Versions(ctx, p.Book.DB.Read, code)
	if err != nil {
		return err
	}
	m := office.Of(ctx)
	if planned, ok := organisation.Planned(versions, p.Book.Today()); ok && planned.Shut && !m.Keeps() {
		return fail.New(fail.Forbidden, "workforce.keepers_only")
	}
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	number, _ := strconv.ParseInt(form.Get("number"), 10, 64)
	if err := Cancel(ctx, p.Book, p.Tell, code, version, number, m.Actor(code)); err != nil {
		return err
	}
	page.Notice(w, "workforce.cancel.done")
	return page.Redirect(w, r, organisation.Address(code, ""))
}
