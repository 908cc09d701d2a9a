package post

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows staff and lets the management change it. Who acts, and whether
// they may, is the office's to say.
type Pages struct {
	Register   Register
	Population populationapi.Client
	// Actor is who acts in the organisation; Manages whether they are its management.
	Actor   func(ctx context.Context, organisation string) Actor
	Manages func(ctx context.Context, organisation string) bool
}

// Staff is GET /organisations/{code}/staff.
func (p Pages) Staff(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := organisation.Find(ctx, p.Register.DB.Read, r.PathValue("code"))
	if err != nil {
		return err
	}
	posts, err := p.Register.Waiting(ctx, o.Code)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, staffPage(o, posts, p.Register.Today(), p.Manages(ctx, o.Code)))
}

// AddForm is GET /organisations/{code}/posts/add.
func (p Pages) AddForm(w http.ResponseWriter, r *http.Request) error {
	o, err := organisation.Find(r.Context(), p.Register.DB.Read, r.PathValue("code"))
	if err != nil {
		return err
	}
	form := page.NewForm("from", p.Register.Today().String())
	return page.Render(w, r, http.StatusOK, addPage(o, form))
}

// Add is POST /organisations/{code}/posts/add: first the person is found and
// shown, then, confirmed, appointed.
func (p Pages) Add(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := organisation.Find(ctx, p.Register.DB.Read, r.PathValue("code"))
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	a := Appointment{
		PIN: form.Text("pin", 40), Title: form.Get("title"), Organisation: o.Code,
		Department: form.Get("department"), From: form.Date("from"),
	}
	if number, err := pin.Parse(a.PIN); err == nil {
		a.PIN = number
	}
	form.Findings = append(form.Findings, Check(a, o, p.Register.Today())...)
	again := func(status int) error { return page.Render(w, r, status, addPage(o, form)) }
	if !form.OK() {
		return again(http.StatusUnprocessableEntity)
	}
	by := p.Actor(ctx, o.Code)
	// The name is asked for anew on confirmation too: what a form carries could
	// have been changed on the way.
	person, err := p.Population.Person(ctx, a.PIN, by.PIN, Purpose)
	switch {
	case fail.Is(err, fail.NotFound):
		form.Fail("pin", "workforce.add.unknown_pin")
		return again(http.StatusUnprocessableEntity)
	case err != nil:
		return err
	case person.Deceased:
		form.Fail("pin", "workforce.add.deceased")
		return again(http.StatusUnprocessableEntity)
	}
	a.Name = person.Name()
	if form.Get("confirmed") != a.PIN {
		return page.Render(w, r, http.StatusOK, confirmPage(o, a))
	}
	if err := p.Register.Add(ctx, a, by); err != nil {
		if form.Take(err) {
			return again(fail.As(err).Kind.Status())
		}
		return err
	}
	page.Notice(w, "workforce.add.done")
	return page.Redirect(w, r, "/organisations/"+o.Code+"/staff")
}

// EndForm is GET /organisations/{code}/posts/{id}/end.
func (p Pages) EndForm(w http.ResponseWriter, r *http.Request) error {
	held, err := p.Register.Find(r.Context(), r.PathValue("code"), r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("until", p.Register.Today().String())
	return page.Render(w, r, http.StatusOK, endPage(held, form))
}

// End is POST /organisations/{code}/posts/{id}/end.
func (p Pages) End(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	held, err := p.Register.Find(ctx, r.PathValue("code"), r.PathValue("id"))
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	until := form.Date("until")
	if form.OK() {
		err := p.Register.End(ctx, held.Organisation, held.ID, until, p.Actor(ctx, held.Organisation))
		if err == nil {
			page.Notice(w, "workforce.end.done")
			return page.Redirect(w, r, "/organisations/"+held.Organisation+"/staff")
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, endPage(held, form))
}

func titleOptions(ctx context.Context, kind string) []design.Option {
	options := []design.Option{{Value: "", Label: "—"}}
	for _, t := range Titles {
		if t.Kind == kind {
			options = append(options, design.Option{Value: t.Code, Label: t.Name.Here(ctx)})
		}
	}
	return options
}

func departmentOptions(ctx context.Context, o organisation.Organisation) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "workforce.add.whole")}}
	for _, d := range o.Departments {
		options = append(options, design.Option{Value: d.Code, Label: d.Code + " · " + d.Name.Here(ctx)})
	}
	return options
}

func departmentName(ctx context.Context, o organisation.Organisation, code string) string {
	for _, d := range o.Departments {
		if d.Code == code {
			return d.Name.Here(ctx)
		}
	}
	return text.T(ctx, "workforce.add.whole")
}

func titleName(ctx context.Context, code string) string {
	t, _ := TitleOf(code)
	return t.Name.Here(ctx)
}

func stateOf(ctx context.Context, p workforceapi.Post, today clock.Date) (label, tone string) {
	switch {
	case !InForce(p.From, p.Until, today):
		return text.T(ctx, "workforce.staff.later"), "info"
	case !p.Until.IsZero():
		return text.T(ctx, "workforce.staff.leaving", "Day", text.Date(p.Until)), "attention"
	}
	return text.T(ctx, "workforce.staff.now"), "done"
}

func department(ctx context.Context, p workforceapi.Post) string {
	if p.Department == "" {
		return "—"
	}
	return p.Department + " · " + p.DepartmentName.Here(ctx)
}

func staffColumns(ctx context.Context, manages bool) []design.Column {
	columns := []design.Column{
		{Label: text.T(ctx, "workforce.add.name")},
		{Label: text.T(ctx, "workforce.add.post")},
		{Label: text.T(ctx, "workforce.add.department")},
		{Label: text.T(ctx, "workforce.add.from")},
		{Label: text.T(ctx, "workforce.staff.state")},
	}
	if manages {
		columns = append(columns, design.Column{})
	}
	return columns
}

func pinField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "pin", "workforce.add.pin")
	f.Hint, f.InputMode, f.Autocomplete = text.T(ctx, "workforce.add.pin_hint"), "numeric", "off"
	return f
}

func untilField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "until", "workforce.end.until")
	f.Hint = text.T(ctx, "workforce.end.hint")
	return f
}

// ownManagement says that the post is the one by which the reader manages: it
// is not theirs to end.
func ownManagement(ctx context.Context, p workforceapi.Post) bool {
	user := page.Of(ctx).User
	return user != nil && user.PIN == p.PIN && p.Role == workforceapi.Manager
}
