package responsible

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
	"github.com/sanarip/sanarip/system/workforce/internal/scan"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows who answers for what, and takes orders.
type Pages struct{ Book Book }

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	const at = "/organisations/{code}/responsible"
	o.Own("GET "+at, p.list)
	o.Managed("POST "+at, p.name)
	o.Edited("POST "+at+"/{id}/release", p.release)
	o.Kept("GET /responsible", p.all)
	o.Kept("GET /responsible/export", p.export)
}

type view struct {
	o       organisation.Organisation
	all     []Person
	staff   []workforceapi.Post
	today   clock.Date
	form    *page.Form
	manages bool
	edits   bool
}

func (p Pages) view(r *http.Request, form *page.Form) (view, error) {
	ctx := r.Context()
	o, err := organisation.Find(ctx, p.Book.DB.Read, r.PathValue("code"), p.Book.Today())
	if err != nil {
		return view{}, err
	}
	m := office.Of(ctx)
	v := view{o: o, today: p.Book.Today(), form: form, manages: m.Manages(o.Code) && !o.Shut, edits: m.Edits(o.Code)}
	if v.all, err = Of(ctx, p.Book.DB.Read, o.Code); err != nil {
		return v, err
	}
	v.staff, err = p.Book.Staff(ctx, o.Code)
	return v, err
}

func (p Pages) list(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r, page.NewForm("from", p.Book.Today().String(), "order_day", p.Book.Today().String(), "rollout", "1", "monitoring", "1"))
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listPage(v))
}

// name takes the person by the id of their post: a ПИН stands in no form.
func (p Pages) name(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, pdf, err := scan.ReadForm(w, r, "scan")
	if err != nil {
		return err
	}
	v, err := p.view(r, form)
	if err != nil {
		return err
	}
	person := Person{
		Organisation: v.o.Code, Phone: form.Text("phone", 20), From: form.Date("from"),
		Order: organisation.Order{Number: form.Text("order_number", 60), Day: form.Date("order_day")},
	}
	for _, held := range v.staff {
		if held.ID == form.Get("person") {
			person.PIN = held.PIN
		}
	}
	var duties []workforceapi.Duty
	for _, d := range Duties {
		if form.Get(string(d)) != "" {
			duties = append(duties, d)
		}
	}
	if !form.OK() {
		form.Findings = append(form.Findings, scan.Wrong("scan", pdf)...)
	}
	if form.OK() {
		err := p.Book.Name(ctx, person, duties, pdf, office.Of(ctx).Actor(v.o.Code))
		if err == nil {
			page.Notice(w, "workforce.responsible.done")
			return page.Redirect(w, r, organisation.Address(v.o.Code, "/responsible"))
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, listPage(v))
}

func (p Pages) release(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	code := r.PathValue("code")
	if err := p.Book.Release(ctx, code, r.PathValue("id"), office.Of(ctx).Actor(code)); err != nil {
		return err
	}
	page.Notice(w, "workforce.responsible.release_done")
	return page.Redirect(w, r, organisation.Address(code, "/responsible"))
}

// DutyWord is the duty in the reader's language.
func DutyWord(ctx context.Context, d workforceapi.Duty) string {
	return text.T(ctx, "workforce.duty."+string(d)) // text: workforce.duty.*
}

// state says whether the person still answers for it: not who was released, and
// not who holds no post here any more.
func (v view) state(ctx context.Context, p Person) (label, tone string) {
	works := slices.ContainsFunc(v.staff, func(held workforceapi.Post) bool { return held.PIN == p.PIN })
	switch {
	case !p.Until.IsZero():
		return text.T(ctx, "workforce.responsible.released", "Day", text.Date(p.Until)), "neutral"
	case !works:
		return text.T(ctx, "workforce.responsible.left"), "danger"
	case v.today.Before(p.From):
		return text.T(ctx, "workforce.responsible.later"), "info"
	}
	return text.T(ctx, "workforce.responsible.in_force"), "done"
}

func (v view) field(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.field."+name)
	f.Autocomplete = "off"
	switch name {
	case "phone":
		f.Required, f.InputMode, f.Hint = false, "tel", "+996 700 123 456"
	case "scan":
		f.Required, f.Placeholder, f.Hint = false, ".pdf,application/pdf", text.T(ctx, "workforce.scan.hint", "Count", scan.MaxBytes>>20)
	}
	return f
}

func (v view) duty(ctx context.Context, d workforceapi.Duty) design.Field {
	f := design.Field{Name: string(d), Label: DutyWord(ctx, d), Value: v.form.Get(string(d)), Required: true}
	if d == Duties[0] {
		f.Error = v.form.Error(ctx, "duty")
	}
	return f
}

func (v view) people(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: "—"}}
	seen := map[string]bool{}
	for _, held := range v.staff {
		if !seen[held.PIN] {
			seen[held.PIN] = true
			options = append(options, design.Option{Value: held.ID, Label: held.PersonName + " — " + office.PostTitle(text.LangOf(ctx), held)})
		}
	}
	return options
}

// line is an organisation with those who answer for it.
type line struct {
	o      organisation.Organisation
	people map[workforceapi.Duty][]workforceapi.Responsible
}

type allView struct {
	lines   []line
	without int
	only    bool // those with a duty that is nobody's
	region  string
	form    *page.Form
	// addresses of the pages before and after, "" for none
	prev, next string
}

// lines are those of the page of the list that is asked for, or all of them.
func (p Pages) lines(r *http.Request, paged bool) (allView, error) {
	ctx, today := r.Context(), p.Book.Today()
	form := page.QueryForm(r)
	v := allView{only: form.Get("only") != "", region: form.Get("region"), form: form}
	q := p.Book.DB.Read
	without, err := count(ctx, q, today, v.region, lacking)
	if err != nil {
		return v, err
	}
	with := 0
	if !v.only {
		all, err := count(ctx, q, today, v.region, everybody)
		if err != nil {
			return v, err
		}
		with = all - without
	}
	v.without = without
	limit, skip := without+with, 0
	if paged {
		limit = organisation.PageSize
		skip, v.prev, v.next = organisation.Leaf("/responsible", r.URL.Query(), without+with)
	}
	var these []string // what is missing stands at the top
	for _, one := range []struct {
		part   part
		number int
	}{{lacking, without}, {lackless, with}} {
		if skip < one.number && len(these) < limit {
			more, err := codes(ctx, q, today, v.region, one.part, limit-len(these), skip)
			if err != nil {
				return v, err
			}
			these = append(these, more...)
		}
		skip = max(0, skip-one.number)
	}
	of, asked := map[string]map[workforceapi.Duty][]workforceapi.Responsible{}, these
	if !paged { // a statement has no room for all of them
		asked = nil
	}
	organisations, err := organisation.Of(ctx, q, asked, today)
	if err != nil {
		return v, err
	}
	people, err := p.Book.of(ctx, asked)
	if err != nil {
		return v, err
	}
	for _, each := range people {
		if of[each.Organisation] == nil {
			of[each.Organisation] = map[workforceapi.Duty][]workforceapi.Responsible{}
		}
		of[each.Organisation][each.Duty] = append(of[each.Organisation][each.Duty], each)
	}
	for _, code := range these {
		v.lines = append(v.lines, line{organisations[code], of[code]})
	}
	return v, nil
}

func (p Pages) all(w http.ResponseWriter, r *http.Request) error {
	v, err := p.lines(r, true)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, allPage(v))
}

func (v allView) exportHref() string {
	href := "/responsible/export?format=xlsx"
	if region.Known(v.region) {
		href += "&region=" + v.region
	}
	if v.only {
		href += "&only=1"
	}
	return href
}

func (p Pages) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v, err := p.lines(r, false)
	if err != nil {
		return err
	}
	sheet := spreadsheet.Sheet{Name: text.T(ctx, "workforce.tab.responsible")}
	for _, c := range []struct {
		key   string
		width int
	}{
		{"workforce.about.code", 9},
		{"workforce.list.name", 44},
		{"workforce.list.region", 16},
		{"workforce.field.duty", 16},
		{"workforce.field.person", 36},
		{"workforce.field.post", 28},
		{"workforce.field.phone", 18},
		{"workforce.field.order_number", 16},
		{"workforce.field.order_day", 14},
		{"workforce.field.from", 14},
	} {
		sheet.Columns = append(sheet.Columns, spreadsheet.Column{Label: text.T(ctx, c.key), Width: c.width})
	}
	for _, l := range v.lines {
		for _, d := range Duties {
			head := []any{l.o.Code, l.o.Name.Here(ctx), region.Name(l.o.Region).Here(ctx), DutyWord(ctx, d)}
			for _, each := range l.people[d] {
				sheet.Rows = append(sheet.Rows, append(slices.Clone(head), each.PersonName, each.Post.Here(ctx), each.Phone, each.OrderNumber, each.OrderDay, each.From))
			}
			if len(l.people[d]) == 0 {
				sheet.Rows = append(sheet.Rows, append(head, text.T(ctx, "workforce.responsible.nobody"), "", "", "", "", ""))
			}
		}
	}
	return organisation.Send(w, "nisur-responsible-"+p.Book.Today().String(), page.QueryForm(r).Get("format"), sheet)
}
