package department

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// Pages shows departments and lets the management change them.
type Pages struct{ Book Book }

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	const list, one = "/organisations/{code}/departments", "/organisations/{code}/departments/{id}"
	o.Own("GET "+list, p.list)
	o.Edited("GET "+list+"/open", p.openForm)
	o.Edited("POST "+list+"/open", p.open)
	o.Own("GET "+one, p.show)
	o.Edited("POST "+one+"/edit", p.edit)
	o.Edited("POST "+one+"/close", p.close)
	o.Edited("POST "+one+"/cancel", p.cancel)
	o.Edited("POST "+one+"/beds", p.addBeds)
	o.Edited("POST "+one+"/beds/close", p.closeBed)
}

func knownProfile(profile string) bool { return slices.Contains(Profiles, profile) }

// ProfileWord is the profile in the reader's language; a code that is none of
// ours stands as it is.
func ProfileWord(ctx context.Context, profile string) string {
	if !knownProfile(profile) {
		return profile
	}
	return text.T(ctx, "workforce.profile."+profile) // text: workforce.profile.*
}

func profileOptions(ctx context.Context, none string) []design.Option {
	options := []design.Option{{Value: "", Label: none}}
	for _, p := range Profiles {
		options = append(options, design.Option{Value: p, Label: ProfileWord(ctx, p)})
	}
	return options
}

type listView struct {
	o     organisation.Organisation
	all   []Department
	on    clock.Date
	past  bool
	edits bool
}

func (p Pages) organisation(r *http.Request) (organisation.Organisation, error) {
	return organisation.Find(r.Context(), p.Book.DB.Read, r.PathValue("code"), p.Book.Today())
}

func (p Pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	all, err := All(ctx, p.Book.DB.Read, o.Code)
	if err != nil {
		return err
	}
	v := listView{o: o, all: all, on: p.Book.Today(), edits: office.Of(ctx).Edits(o.Code) && !o.Shut}
	if asked, ok := clock.ParseDate(r.URL.Query().Get("on")); ok {
		v.past, v.on = asked != v.on, asked
	}
	return page.Render(w, r, http.StatusOK, listPage(v))
}

// open are the departments that are open on the day; shut those that are not.
func (v listView) open() []Department {
	return slices.DeleteFunc(slices.Clone(v.all), func(d Department) bool { return !OpenOn(d.From, d.Until, v.on) })
}

func (v listView) shut() []Department {
	return slices.DeleteFunc(slices.Clone(v.all), func(d Department) bool { return OpenOn(d.From, d.Until, v.on) })
}

func (v listView) href(d Department) string { return address(d, "") }

func address(d Department, action string) string {
	return organisation.Address(d.Organisation, "/departments/"+d.ID+action)
}

func (v listView) rows(ctx context.Context, all []Department) [][]design.Cell {
	rows := [][]design.Cell{}
	for _, d := range all {
		beds := d.OpenBeds(v.on)
		rows = append(rows, []design.Cell{
			{Text: d.Code},
			{Text: d.Name.Here(ctx), Href: v.href(d)},
			{Text: ProfileWord(ctx, d.Profile)},
			{Text: strconv.Itoa(len(roomsOf(beds)))},
			{Text: strconv.Itoa(len(beds))},
			{Text: text.Date(d.From)},
			{Text: text.Date(d.Until)},
		})
	}
	return rows
}

func headings(ctx context.Context) []design.Column {
	return []design.Column{
		{Label: text.T(ctx, "workforce.about.code")},
		{Label: text.T(ctx, "workforce.list.name")},
		{Label: text.T(ctx, "workforce.field.profile")},
		{Label: text.T(ctx, "workforce.department.rooms"), Numeric: true},
		{Label: text.T(ctx, "workforce.departments.number"), Numeric: true},
		{Label: text.T(ctx, "workforce.field.from")},
		{Label: text.T(ctx, "workforce.field.until")},
	}
}

func (v listView) profileRows(ctx context.Context) [][]design.Cell {
	rows := [][]design.Cell{}
	total := 0
	for _, p := range ByProfile(v.all, v.on) {
		rows = append(rows, []design.Cell{{Text: ProfileWord(ctx, p.Profile)}, {Text: strconv.Itoa(p.Beds)}})
		total += p.Beds
	}
	if total > 0 {
		rows = append(rows, []design.Cell{{Text: text.T(ctx, "workforce.total")}, {Text: strconv.Itoa(total)}})
	}
	return rows
}

// room is a ward with its beds.
type room struct {
	name string
	beds []Bed
}

func roomsOf(beds []Bed) []room {
	var list []room
	for _, b := range beds {
		i := slices.IndexFunc(list, func(r room) bool { return r.name == b.Room })
		if i < 0 {
			list = append(list, room{name: b.Room})
			i = len(list) - 1
		}
		list[i].beds = append(list[i].beds, b)
	}
	return list
}

// showView is the page of a department with its forms.
type showView struct {
	o      organisation.Organisation
	d      Department
	today  clock.Date
	edits  bool
	plans  bool       // may take back what is planned
	form   *page.Form // of the form that came back; of editing at first
	which  string     // form that came back: "edit", "close", "beds", ""
	missed []change.Change
}

func (p Pages) view(r *http.Request) (showView, error) {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return showView{}, err
	}
	d, err := Find(ctx, p.Book.DB.Read, o.Code, r.PathValue("id"))
	v := showView{o: o, d: d, today: p.Book.Today()}
	v.plans = office.Of(ctx).Edits(o.Code) && !o.Shut
	v.edits = v.plans && d.Until.IsZero()
	return v, err
}

func (p Pages) show(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, showPage(v))
}

// planned says what is still to come.
func (v showView) planned(ctx context.Context) string {
	if v.d.Opens(v.today) {
		return text.T(ctx, "workforce.cancel.opens", "Day", text.Date(v.d.From))
	}
	return text.T(ctx, "workforce.cancel.closes", "Day", text.Date(v.d.Until))
}

// formOf is the form as it came back, or one filled with what is known.
func (v showView) formOf(which string) *page.Form {
	if v.which == which && v.form != nil {
		return v.form
	}
	form := page.NewForm("version", strconv.FormatInt(v.d.Version, 10), "from", v.today.String(), "until", v.today.String())
	if which == "edit" {
		for _, each := range v.d.values()[:5] {
			form.Set(each.Name, each.Value)
		}
	}
	return form
}

// field is a field of one of the page's forms; ids are told apart, since the
// page has several.
func (v showView) field(ctx context.Context, which, name string) design.Field {
	f := design.FieldOf(ctx, v.formOf(which), name, "workforce.field."+name)
	f.Autocomplete = "off"
	if v.which != which {
		f.ID = which + "-" + name
	}
	if which == "beds" {
		switch name {
		case "profile":
			f.Required = false
		case "beds":
			f.InputMode, f.Narrow = "numeric", true
		case "room":
			f.Narrow = true
		}
	}
	return f
}

// post reads the form and acts; what is wrong is shown beside the field.
func (p Pages) post(w http.ResponseWriter, r *http.Request, which, done string, act func(v showView, form *page.Form, by change.Actor) error) error {
	ctx := r.Context()
	v, err := p.view(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v.form, v.which = form, which
	err = act(v, form, office.Of(ctx).Actor(v.o.Code))
	status := http.StatusUnprocessableEntity
	switch {
	case err == nil && form.OK():
		page.Notice(w, done)
		return page.Redirect(w, r, address(v.d, ""))
	case err != nil && !form.Take(err):
		return err
	case err != nil && fail.As(err).Key == "workforce.edit.changed":
		status = http.StatusConflict
		read, _ := strconv.ParseInt(form.Get("version"), 10, 64)
		if v.missed, err = change.Since(ctx, p.Book.DB.Read, v.o.Code, v.d.object(), read); err != nil {
			return err
		}
		form.Set("version", strconv.FormatInt(v.d.Version, 10))
	}
	return page.Render(w, r, status, showPage(v))
}

func versionOf(form *page.Form) int64 {
	n, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	return n
}

func namesOf(form *page.Form) text.Words {
	return text.Words{KY: form.Text("name_ky", 150), RU: form.Text("name_ru", 150), EN: form.Text("name_en", 150)}
}

func (p Pages) edit(w http.ResponseWriter, r *http.Request) error {
	return p.post(w, r, "edit", "workforce.edit.done", func(v showView, form *page.Form, by change.Actor) error {
		names := namesOf(form)
		if !form.OK() {
			return nil
		}
		return p.Book.Edit(r.Context(), v.o.Code, v.d.ID, versionOf(form), by, func(d *Department) { d.Name, d.Profile = names, form.Get("profile") })
	})
}

func (p Pages) close(w http.ResponseWriter, r *http.Request) error {
	return p.post(w, r, "close", "workforce.department.close_done", func(v showView, form *page.Form, by change.Actor) error {
		until := form.Date("until")
		if !form.OK() {
			return nil
		}
		return p.Book.Close(r.Context(), v.o.Code, v.d.ID, versionOf(form), until, by)
	})
}

// cancel takes back what is planned.
func (p Pages) cancel(w http.ResponseWriter, r *http.Request) error {
	ctx, code := r.Context(), r.PathValue("code")
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	gone, err := p.Book.Cancel(ctx, code, r.PathValue("id"), versionOf(form), office.Of(ctx).Actor(code))
	if err != nil {
		return err
	}
	page.Notice(w, "workforce.cancel.done")
	if gone {
		return page.Redirect(w, r, organisation.Address(code, "/departments"))
	}
	return page.Redirect(w, r, organisation.Address(code, "/departments/"+r.PathValue("id")))
}

func (p Pages) addBeds(w http.ResponseWriter, r *http.Request) error {
	return p.post(w, r, "beds", "workforce.department.beds_done", func(v showView, form *page.Form, by change.Actor) error {
		from := form.Date("from")
		count, _ := strconv.Atoi(form.Get("beds"))
		if !form.OK() {
			return nil
		}
		return p.Book.AddBeds(r.Context(), v.o.Code, v.d.ID, form.Text("room", maxRoom), count, form.Get("profile"), from, by)
	})
}

func (p Pages) closeBed(w http.ResponseWriter, r *http.Request) error {
	return p.post(w, r, "bed", "workforce.department.bed_done", func(v showView, form *page.Form, by change.Actor) error {
		return p.Book.CloseBed(r.Context(), v.o.Code, v.d.ID, form.Get("bed"), v.today, by)
	})
}

type openView struct {
	o    organisation.Organisation
	form *page.Form
}

func (p Pages) openForm(w http.ResponseWriter, r *http.Request) error {
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, openPage(openView{o, page.NewForm("from", p.Book.Today().String())}))
}

func (p Pages) open(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	d := Department{Organisation: o.Code, Code: form.Text("code", 2), Name: namesOf(form), Profile: form.Get("profile"), From: form.Date("from")}
	if form.OK() {
		opened, err := p.Book.Open(ctx, d, office.Of(ctx).Actor(o.Code))
		if err == nil {
			page.Notice(w, "workforce.department.open_done")
			return page.Redirect(w, r, organisation.Address(o.Code, "/departments/"+opened))
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, openPage(openView{o, form}))
}

func (v openView) field(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.field."+name)
	f.Autocomplete = "off"
	if name == "code" {
		f.InputMode, f.Narrow, f.Hint = "numeric", true, text.T(ctx, "workforce.department.code_hint")
	}
	return f
}
