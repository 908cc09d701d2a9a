package equipment

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages takes the counts of organisations and shows the report of the ministry.
type Pages struct {
	Book Book
	// Staff are the posts of an organisation today: a new count begins with them.
	Staff func(ctx context.Context, organisation string) ([]workforceapi.Post, error)
}

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	const at = "/organisations/{code}/equipment"
	o.Own("GET "+at, p.show)
	o.Edited("GET "+at+"/count", p.form)
	o.Edited("POST "+at+"/count", p.take)
	o.Kept("GET /equipment", p.report)
	o.Kept("GET /equipment/export", p.export)
	o.Kept("POST /equipment/ask", p.ask)
}

// shown is how many reports of an organisation are shown.
const shown = 12

type showView struct {
	o       organisation.Organisation
	reports []Report
	edits   bool
	calls   []Call
	today   clock.Date
}

func (p Pages) organisation(r *http.Request) (organisation.Organisation, error) {
	o, err := organisation.Find(r.Context(), p.Book.DB.Read, r.PathValue("code"), p.Book.Today())
	if err == nil && o.Kind != "hospital" && o.Kind != "outpatient" {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	return o, err
}

func (p Pages) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	v := showView{o: o, edits: office.Of(ctx).Edits(o.Code) && !o.Shut, today: p.Book.Today()}
	if v.reports, err = reports(ctx, p.Book.DB.Read, o.Code, shown); err != nil {
		return err
	}
	if v.calls, err = Calls(ctx, p.Book.DB.Read); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, showPage(v))
}

// due is the call that is open today and what became of it.
func (v showView) due() (Call, Answer, bool) {
	for i := len(v.calls) - 1; i >= 0; i-- {
		if c := v.calls[i]; !v.today.Before(c.Since) {
			return c, answer(c, v.reports, v.today), true
		}
	}
	return Call{}, "", false
}

// countView is the form of a count: a line for each department.
type countView struct {
	o     organisation.Organisation
	lines []Line
	form  *page.Form
}

// lines are the open departments and, at last, what belongs to none.
func lines(o organisation.Organisation) []Line {
	var list []Line
	for _, d := range o.Departments {
		list = append(list, Line{Code: d.Code, Name: d.Name})
	}
	return append(list, Line{})
}

// form begins with the last count; doctors and nurses are those of the register.
func (p Pages) form(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	known, err := reports(ctx, p.Book.DB.Read, o.Code, 1)
	if err != nil {
		return err
	}
	form := page.NewForm("day", p.Book.Today().String(), "before", "0")
	v := countView{o, lines(o), form}
	set := func(name string, l Line, n int) { form.Set(name+"-"+l.field(), strconv.Itoa(n)) }
	for _, l := range v.lines {
		for _, name := range figureNames {
			set(name, l, 0)
		}
	}
	if len(known) > 0 {
		form.Set("internet", known[0].Internet)
		form.Set("before", strconv.FormatInt(known[0].Number, 10))
		for _, l := range known[0].Lines {
			for _, f := range l.named() {
				set(f.name, l, f.value)
			}
		}
	}
	staff, err := p.Staff(ctx, o.Code)
	if err != nil {
		return err
	}
	doctors, nurses := counted(staff)
	for _, l := range v.lines {
		set("doctors", l, doctors[l.Code])
		set("nurses", l, nurses[l.Code])
	}
	return page.Render(w, r, http.StatusOK, countPage(v))
}

// counted is how many people are doctors and nurses in each department. Who
// holds two posts in one counts once.
func counted(staff []workforceapi.Post) (doctors, nurses map[string]int) {
	doctors, nurses = map[string]int{}, map[string]int{}
	seen := map[string]bool{}
	for _, p := range staff {
		kind := doctors
		switch p.Role {
		case workforceapi.Doctor, workforceapi.Head:
		case workforceapi.Nurse:
			kind = nurses
		default:
			continue
		}
		key := p.PIN + " " + p.Department
		if p.Replaces == "" && !seen[key] {
			seen[key] = true
			kind[p.Department]++
		}
	}
	return doctors, nurses
}

func (p Pages) take(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.organisation(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v := countView{o, lines(o), form}
	report := Report{Organisation: o.Code, Day: form.Date("day"), Internet: form.Get("internet")}
	for _, l := range v.lines {
		for i, into := range []*int{&l.Computers, &l.Working, &l.Online, &l.Printers, &l.Doctors, &l.Nurses} {
			*into = figure(form.Get(figureNames[i] + "-" + l.field()))
		}
		report.Lines = append(report.Lines, l)
	}
	before, _ := strconv.ParseInt(form.Get("before"), 10, 64)
	status := http.StatusUnprocessableEntity
	if form.OK() {
		err := p.Book.Take(ctx, report, before, office.Of(ctx).Actor(o.Code))
		switch {
		case err == nil:
			page.Notice(w, "workforce.equipment.done")
			return page.Redirect(w, r, organisation.Address(o.Code, "/equipment"))
		case !form.Take(err):
			return err
		case fail.As(err).Key == "workforce.equipment.changed":
			// Sending it once more is then done knowingly: the other's stays, before it.
			status = http.StatusConflict
			now, err := last(ctx, p.Book.DB.Read, o.Code)
			if err != nil {
				return err
			}
			form.Set("before", strconv.FormatInt(now, 10))
		}
	}
	return page.Render(w, r, status, countPage(v))
}

// figure reads a whole number; an empty one is 0, anything else than a number is
// -1, which Check refuses.
func figure(s string) int {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func lineName(ctx context.Context, l Line) string {
	if l.Code == "" {
		return text.T(ctx, "workforce.equipment.elsewhere")
	}
	return l.Code + " · " + l.Name.Here(ctx)
}

// cell is the input of one figure; the table's head and the row's name label it.
func (v countView) cell(ctx context.Context, name string, l Line) templCell {
	field := name + "-" + l.field()
	return templCell{field, v.form.Get(field), v.form.Error(ctx, field), text.T(ctx, "workforce.field."+name) + ", " + lineName(ctx, l)} // text: workforce.field.*
}

// templCell is an input within a table.
type templCell struct{ name, value, wrong, label string }

func figureHeads(ctx context.Context, first string) []design.Column {
	columns := []design.Column{{Label: first}}
	for _, name := range figureNames {
		columns = append(columns, design.Column{Label: text.T(ctx, "workforce.field."+name), Numeric: true})
	}
	return columns
}

func (v countView) field(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.field."+name)
	if name == "day" {
		f.Label = text.T(ctx, "workforce.equipment.day")
	}
	return f
}

func internetOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: "—"}}
	for _, i := range Internets {
		options = append(options, design.Option{Value: i, Label: text.T(ctx, "workforce.internet."+i)}) // text: workforce.internet.*
	}
	return options
}

func figureCells(f Figures) []design.Cell {
	var cells []design.Cell
	for _, each := range f.named() {
		cells = append(cells, design.Cell{Text: strconv.Itoa(each.value), Numeric: true})
	}
	return cells
}

// hundredths writes 125 as 1,25 or 1.25; a dash for what cannot be told.
func hundredths(ctx context.Context, n int) string {
	if n < 0 {
		return "—"
	}
	return text.Decimal(ctx, fmt.Sprintf("%d.%02d", n/100, n%100))
}

func reportRows(ctx context.Context, r Report) [][]design.Cell {
	rows := [][]design.Cell{}
	for _, l := range r.Lines {
		if l.Code == "" && l.Figures == (Figures{}) {
			continue
		}
		rows = append(rows, append([]design.Cell{{Text: lineName(ctx, l)}}, figureCells(l.Figures)...))
	}
	return append(rows, append([]design.Cell{{Text: text.T(ctx, "workforce.total")}}, figureCells(r.Sum())...))
}

var tones = map[Answer]string{InTime: "done", Late: "attention", Waiting: "info", Overdue: "danger"}

func answerWord(ctx context.Context, a Answer) string {
	return text.T(ctx, "workforce.equipment."+string(a)) // text: workforce.equipment.*
}
