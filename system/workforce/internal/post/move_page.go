package post

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// moveView is the page of a transfer or of a replacement.
type moveView struct {
	o         organisation.Organisation
	held      workforceapi.Post
	where     places
	form      *page.Form
	replace   bool
	colleague []design.Option
}

func (p Pages) moveView(r *http.Request, form *page.Form, replace bool) (moveView, error) {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return moveView{}, err
	}
	v := moveView{o: o, form: form, replace: replace}
	if v.held, err = p.Register.Find(ctx, o.Code, r.PathValue("id")); err != nil {
		return v, err
	}
	if !replace {
		v.where, err = p.Register.places(ctx, p.Register.DB.Read, o.Code)
		return v, err
	}
	staff, err := p.Register.Staff(ctx, o.Code)
	if err != nil {
		return v, err
	}
	// Those of the same department come first.
	slices.SortStableFunc(staff, func(a, b workforceapi.Post) int {
		switch first, second := a.Department == v.held.Department, b.Department == v.held.Department; {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	v.colleague = []design.Option{{Value: "", Label: "—"}}
	seen := map[string]bool{v.held.PIN: true}
	for _, each := range staff {
		if !seen[each.PIN] {
			seen[each.PIN] = true
			v.colleague = append(v.colleague, design.Option{Value: each.ID, Label: each.PersonName + " — " + office.PostTitle(text.LangOf(ctx), each)})
		}
	}
	return v, nil
}

func (p Pages) transferForm(w http.ResponseWriter, r *http.Request) error {
	v, err := p.moveView(r, page.NewForm("from", p.Register.Today().String()), false)
	if err != nil {
		return err
	}
	if v.held.Department == "" {
		return fail.New(fail.NotFound, "kit.not_found") // a post of the whole organisation has nowhere to move
	}
	return page.Render(w, r, http.StatusOK, movePage(v))
}

func (p Pages) transfer(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v, err := p.moveView(r, form, false)
	if err != nil {
		return err
	}
	from := form.Date("from")
	if form.OK() {
		err = p.Register.Transfer(ctx, v.o.Code, v.held.ID, form.Get("department"), from, office.Of(ctx).Actor(v.o.Code))
	}
	return v.after(w, r, err, "workforce.transfer.done")
}

func (p Pages) replaceForm(w http.ResponseWriter, r *http.Request) error {
	v, err := p.moveView(r, page.NewForm("from", p.Register.Today().String()), true)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, movePage(v))
}

func (p Pages) replace(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v, err := p.moveView(r, form, true)
	if err != nil {
		return err
	}
	from, until := form.Date("from"), form.Date("until")
	if form.OK() {
		err = p.Register.Replace(ctx, v.o.Code, v.held.ID, form.Get("colleague"), from, until, office.Of(ctx).Actor(v.o.Code))
	}
	return v.after(w, r, err, "workforce.replace.done")
}

// after leads back to the staff, or shows the form with what is wrong.
func (v moveView) after(w http.ResponseWriter, r *http.Request, err error, done string) error {
	if err == nil && v.form.OK() {
		page.Notice(w, done)
		return page.Redirect(w, r, organisation.Address(v.o.Code, "/staff"))
	}
	if err != nil && !v.form.Take(err) {
		return err
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, movePage(v))
}

func (v moveView) action() string {
	if v.replace {
		return "/organisations/" + v.o.Code + "/posts/" + v.held.ID + "/replace"
	}
	return "/organisations/" + v.o.Code + "/posts/" + v.held.ID + "/transfer"
}

// others are the departments to which the person may move.
func (v moveView) others(ctx context.Context) []design.Option {
	return append([]design.Option{{Value: "", Label: "—"}}, v.where.options(ctx, v.held.Department)...)
}

func (v moveView) title(ctx context.Context) string {
	if v.replace {
		return text.T(ctx, "workforce.replace.title")
	}
	return text.T(ctx, "workforce.transfer.title")
}
