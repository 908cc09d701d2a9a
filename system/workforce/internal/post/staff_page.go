package post

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows staff and lets the management change it.
type Pages struct {
	Register   Register
	Population populationapi.Client
}

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	const staff, posts = "GET /organisations/{code}/staff", "/organisations/{code}/posts/"
	o.Own(staff, p.Staff)
	o.Own(staff+"/export", p.export)
	o.Edited("GET "+posts+"add", p.AddForm)
	o.Edited("POST "+posts+"add", p.Add)
	o.Edited("GET "+posts+"{id}/end", p.EndForm)
	o.Edited("POST "+posts+"{id}/end", p.End)
	o.Managed("GET "+posts+"{id}/transfer", p.transferForm)
	o.Managed("POST "+posts+"{id}/transfer", p.transfer)
	o.Managed("GET "+posts+"{id}/replace", p.replaceForm)
	o.Managed("POST "+posts+"{id}/replace", p.replace)
}

// staffView is the staff of an organisation on a day.
type staffView struct {
	o              organisation.Organisation
	posts          []workforceapi.Post
	names          map[string]string // of those who are replaced, by post
	absent         map[string]workforceapi.Post
	on, today      clock.Date
	department     string
	departments    []design.Option // open on the day, or to open
	edits, manages bool
}

func (p Pages) organisation(r *http.Request) (organisation.Organisation, error) {
	return organisation.Find(r.Context(), p.Register.DB.Read, r.PathValue("code"), p.Register.Today())
}

// staff are those of today and to come, or, with ?on=, those of that day; with
// ?department= of one department.
func (p Pages) staff(r *http.Request) (staffView, error) {
	ctx := r.Context()
	v := staffView{today: p.Register.Today(), names: map[string]string{}, absent: map[string]workforceapi.Post{}}
	var err error
	if v.o, err = p.organisation(r); err != nil {
		return v, err
	}
	m := office.Of(ctx)
	v.on, v.edits, v.manages = v.today, m.Edits(v.o.Code), m.Manages(v.o.Code)
	if asked, ok := clock.ParseDate(r.URL.Query().Get("on")); ok && asked != v.today {
		v.on = asked
		v.posts, err = p.Register.On(ctx, v.o.Code, asked)
	} else {
		v.posts, err = p.Register.Waiting(ctx, v.o.Code)
	}
	for _, held := range v.posts {
		v.names[held.ID] = held.PersonName
		if held.Replaces != "" && InForce(held.From, held.Until, v.on) {
			v.absent[held.Replaces] = held
		}
	}
	where := places{today: v.on}
	if err == nil {
		where.spans, err = organisation.Spans(ctx, p.Register.DB.Read, v.o.Code, v.on)
	}
	v.departments = where.options(ctx, "")
	v.department = r.URL.Query().Get("department")
	if v.department != "" {
		v.posts = slices.DeleteFunc(v.posts, func(held workforceapi.Post) bool { return held.Department != v.department })
	}
	return v, err
}

// Staff is GET /organisations/{code}/staff.
func (p Pages) Staff(w http.ResponseWriter, r *http.Request) error {
	v, err := p.staff(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, staffPage(v))
}

// export is GET /organisations/{code}/staff/export?format=xlsx|csv.
func (p Pages) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v, err := p.staff(r)
	if err != nil {
		return err
	}
	sheet := spreadsheet.Sheet{Name: text.T(ctx, "workforce.tab.staff"), Columns: []spreadsheet.Column{
		{Label: text.T(ctx, "workforce.add.name"), Width: 40},
		{Label: text.T(ctx, "workforce.add.post"), Width: 28},
		{Label: text.T(ctx, "workforce.add.department"), Width: 30},
		{Label: text.T(ctx, "workforce.add.from"), Width: 14},
		{Label: text.T(ctx, "workforce.field.until"), Width: 14},
		{Label: text.T(ctx, "workforce.field.replaces"), Width: 40},
	}}
	for _, held := range v.posts {
		sheet.Rows = append(sheet.Rows, []any{held.PersonName, held.Title.Here(ctx), department(ctx, held), held.From, held.Until, v.names[held.Replaces]})
	}
	return organisation.Send(w, "nisur-staff-"+v.o.Code+"-"+v.on.String(), r.URL.Query().Get("format"), sheet)
}

// AddForm is GET /organisations/{code}/posts/add.
func (p Pages) AddForm(w http.ResponseWriter, r *http.Request) error {
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	where, err := p.Register.places(r.Context(), p.Register.DB.Read, o.Code)
	if err != nil {
		return err
	}
	form := page.NewForm("from", p.Register.Today().String())
	return page.Render(w, r, http.StatusOK, addPage(o, where, form))
}

// Add is POST /organisations/{code}/posts/add: first the person is found and
// shown, then, confirmed, appointed.
func (p Pages) Add(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	where, err := p.Register.places(ctx, p.Register.DB.Read, o.Code)
	if err != nil {
		return err
	}
	a := Appointment{
		PIN: form.Text("pin", 40), Title: form.Get("title"), Organisation: o.Code,
		Department: form.Get("department"), From: form.Date("from"),
		ManagersOnly: !office.Of(ctx).Manages(o.Code),
	}
	if number, err := pin.Parse(a.PIN); err == nil {
		a.PIN = number
	}
	form.Findings = append(form.Findings, Check(a, o, where)...)
	form.Arrange("pin", "title", "department", "from")
	again := func(status int) error { return page.Render(w, r, status, addPage(o, where, form)) }
	if !form.OK() {
		return again(http.StatusUnprocessableEntity)
	}
	by := office.Of(ctx).Actor(o.Code)
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
		return page.Render(w, r, http.StatusOK, confirmPage(o, where, a))
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
		err := p.Register.End(ctx, held.Organisation, held.ID, until, form.Get("all") != "", office.Of(ctx).Actor(held.Organisation))
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

// titleOptions are the titles that the reader may give.
func titleOptions(ctx context.Context, o organisation.Organisation) []design.Option {
	options := []design.Option{{Value: "", Label: "—"}}
	for _, t := range workforceapi.Titles {
		if t.In(o.Kind) && (t.Role == workforceapi.Manager || office.Of(ctx).Manages(o.Code)) {
			options = append(options, design.Option{Value: t.Code, Label: t.Name.Here(ctx)})
		}
	}
	return options
}

func titleName(ctx context.Context, code string) string {
	t, _ := workforceapi.TitleOf(code)
	return t.Name.Here(ctx)
}

func (v staffView) stateOf(ctx context.Context, p workforceapi.Post) (label, tone string) {
	today := v.on
	by, away := v.absent[p.ID]
	switch {
	case away:
		return text.T(ctx, "workforce.staff.away", "Day", text.Date(by.Until)), "info"
	case p.Replaces != "" && InForce(p.From, p.Until, today):
		return text.T(ctx, "workforce.staff.replacing", "Day", text.Date(p.Until)), "attention"
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

func staffColumns(ctx context.Context, edits bool) []design.Column {
	columns := []design.Column{
		{Label: text.T(ctx, "workforce.add.name")},
		{Label: text.T(ctx, "workforce.add.post")},
		{Label: text.T(ctx, "workforce.add.department")},
		{Label: text.T(ctx, "workforce.add.from")},
		{Label: text.T(ctx, "workforce.staff.state")},
	}
	if edits {
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

func allField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "all", "workforce.end.all")
	f.Hint = text.T(ctx, "workforce.end.all_hint")
	return f
}

// nobody is what is said where no staff is shown: there may be some in another
// department or on another day.
func (v staffView) nobody(ctx context.Context) string {
	if v.department != "" || v.on != v.today {
		return text.T(ctx, "workforce.staff.none_found")
	}
	return text.T(ctx, "workforce.staff.none")
}
