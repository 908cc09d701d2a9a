package formregister

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts the register in. reconcile is the fund's page that holds a month
// against the card's forms.
func Mount(d *desk.Desk, reconcile string) {
	p := pages{d, reconcile}
	d.Page("GET /forms", readers, p.list)
	d.Page("POST /forms", readers, p.find)
	d.Page("POST /forms/export", readers, p.export)
	d.Page("GET /forms/summary", summers, p.summary)
	d.Page("GET /forms/summary.xlsx", summers, p.summaryFile)
}

type pages struct {
	desk      *desk.Desk
	reconcile string
}

// sheetRows is the most that a workbook holds; a longer register goes out as CSV.
const sheetRows = 20_000

type registerOf struct {
	Filter       Filter
	Form         *page.Form
	Rows         []Row
	More         bool
	After        string
	Organisation workforceapi.Organisation
	Doctors      []Attending
	Tally        map[string]int // how many are found, by state
	Own          bool           // a head: one department
}

// lastMonthFor is how far into a month the month before is shown too: it is what
// its first days are spent on.
const lastMonthFor = 10 * 24 * time.Hour

// read is the filter as it was sent; the period is this month where none was, in
// its first days with the one before.
func (p pages) read(q *page.Form) Filter {
	now := p.desk.Clock.Now()
	today, near := clock.DateOf(now), clock.DateOf(now.Add(-lastMonthFor))
	if !q.Has("from") {
		q.Set("from", clock.Date{Year: near.Year, Month: near.Month, Day: 1}.String())
	}
	if !q.Has("until") {
		q.Set("until", today.String())
	}
	f := Filter{
		From: q.Date("from"), Until: q.Date("until"), Department: q.Text("department", 2), Doctor: q.Text("doctor", 40),
		State: q.Choice("state", append([]string{""}, States...)...), Code: strings.ToUpper(q.Text("code", 7)),
		Outcome: q.Choice("outcome", append([]string{""}, form.Outcomes...)...), Number: strings.ReplaceAll(q.Text("number", 24), " ", ""),
	}
	if q.OK() && f.Until.Before(f.From) {
		q.Fail("until", "card.forms.until_before")
	}
	return f
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), page.QueryForm(r)
	find := q.Text("find", 36)
	code, number, err := findOf(ctx, p.desk.DB.Read, find, desk.Of(ctx).PIN)
	if err != nil {
		return err
	}
	q.Set("code", code) // in the address nothing is said of an illness or a person
	q.Set("number", number)
	f := p.read(q)
	f.Find = find
	return p.render(w, r, f, q, q.Text("after", 40), http.StatusOK)
}

// keptFinds is how long the address of a search shows what was found.
const keptFinds = 24 * time.Hour

// find takes the filter and leads to the page that shows it: a code tells of an
// illness and a number of a person, so they are kept here.
func (p pages) find(w http.ResponseWriter, r *http.Request) error {
	q, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	f := p.read(q)
	if !q.OK() {
		return p.render(w, r, f, q, "", http.StatusUnprocessableEntity)
	}
	if f.Code != "" || f.Number != "" {
		f.Find = id.New()
		ctx, now := r.Context(), p.desk.Clock.Now()
		err := p.desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return keepFind(ctx, tx, f, desk.Of(ctx).PIN, now, now.Add(-keptFinds))
		})
		if err != nil {
			return err
		}
	}
	return page.Redirect(w, r, f.href(""))
}

func (p pages) render(w http.ResponseWriter, r *http.Request, f Filter, entered *page.Form, after string, status int) error {
	ctx := r.Context()
	post := desk.Of(ctx).Post
	v := registerOf{Filter: own(ctx, f), Form: entered, After: after, Own: own(ctx, Filter{}).Department != ""}
	var err error
	if v.Organisation, err = p.desk.Directory.Organisation(ctx, post.Organisation); err != nil {
		return err
	}
	if !f.From.IsZero() && !f.Until.IsZero() && !f.Until.Before(f.From) {
		if v.Rows, v.More, err = List(ctx, p.desk, f, after); err != nil {
			return err
		}
		if v.Tally, err = Tally(ctx, p.desk, f); err != nil {
			return err
		}
		if v.Doctors, err = doctors(ctx, p.desk.DB.Read, post.Organisation, f.From, f.Until); err != nil {
			return err
		}
	}
	if !entered.OK() && status == http.StatusOK {
		status = http.StatusUnprocessableEntity
	}
	return page.Render(w, r, status, registerView(v))
}

// export gives the filtered register as a file. It is a POST: it leaves a record
// about everybody in it.
func (p pages) export(w http.ResponseWriter, r *http.Request) error {
	q, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	f, reason, format := p.read(q), q.Need("reason", 300), q.Choice("format", "xlsx", "csv")
	if !q.OK() {
		return p.render(w, r, f, q, "", http.StatusUnprocessableEntity)
	}
	ctx := r.Context()
	o, err := p.desk.Directory.Organisation(ctx, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return err
	}
	columns := columnsOf(ctx)
	w.Header().Set("Cache-Control", "no-store")
	if format == "csv" {
		return p.csv(w, r, f, reason, o, columns)
	}
	s := spreadsheet.Sheet{Name: text.T(ctx, "card.forms.title"), Columns: columns}
	err = Export(ctx, p.desk, f, reason, func(row Row) error {
		if len(s.Rows) >= sheetRows {
			return fail.Fields(fail.Finding{Field: "format", Key: "card.forms.too_long", Args: fail.Args("Count", sheetRows)})
		}
		s.Rows = append(s.Rows, row.cells(ctx, o))
		return nil
	})
	if q.Take(err) {
		return p.render(w, r, f, q, "", http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	data, err := s.XLSX()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.ContentType, "forms.xlsx", data)
}

// csv writes row by row. Once bytes are on their way an error can only cut the
// file off: a reader must not take it for whole.
func (p pages) csv(w http.ResponseWriter, r *http.Request, f Filter, reason string, o workforceapi.Organisation, columns []spreadsheet.Column) error {
	ctx := r.Context()
	page.Attached(w, spreadsheet.CSVType, "forms.csv")
	out, err := spreadsheet.NewCSV(w, columns)
	if err != nil {
		return err
	}
	err = Export(ctx, p.desk, f, reason, func(row Row) error { return out.Row(row.cells(ctx, o)...) })
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		p.desk.Log.ErrorContext(ctx, "an export was cut off", "system", "card", "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}

func columnsOf(ctx context.Context) []spreadsheet.Column {
	return []spreadsheet.Column{
		{Label: text.T(ctx, "card.work.number"), Width: 20},
		{Label: text.T(ctx, "card.forms.state"), Width: 14},
		{Label: text.T(ctx, "card.work.patient"), Width: 34},
		{Label: text.T(ctx, "card.forms.department"), Width: 28},
		{Label: text.T(ctx, "card.form.doctor"), Width: 30},
		{Label: text.T(ctx, "card.forms.admitted"), Width: 17},
		{Label: text.T(ctx, "card.work.discharged"), Width: 17},
		{Label: text.T(ctx, "card.forms.bed_days"), Width: 10},
		{Label: text.T(ctx, "card.forms.outcome"), Width: 28},
		{Label: text.T(ctx, "card.forms.result"), Width: 16},
		{Label: text.T(ctx, "card.forms.code"), Width: 10},
		{Label: text.T(ctx, "card.forms.diagnosis"), Width: 50},
		{Label: text.T(ctx, "card.forms.replaces"), Width: 20},
		{Label: text.T(ctx, "card.forms.replaced_by"), Width: 20},
		{Label: text.T(ctx, "card.forms.void_reason"), Width: 30},
	}
}

func (r Row) cells(ctx context.Context, o workforceapi.Organisation) []any {
	return []any{
		r.Number, stateWord(ctx, r.State), r.name(ctx), directory.DepartmentName(o, r.Department).Here(ctx), r.Doctor,
		r.AdmittedAt, r.DischargedAt, r.BedDays(), form.OutcomeWord(ctx, r.Outcome), form.ResultWord(ctx, r.Result),
		r.Code, r.Diagnosis, r.Replaces, r.ReplacedBy, r.VoidReason,
	}
}

func (r Row) name(ctx context.Context) string {
	if r.Patient == "" {
		return text.T(ctx, "card.patient.unknown_person")
	}
	return r.Patient
}

func stateWord(ctx context.Context, state string) string {
	return text.T(ctx, "card.forms.state."+state) // text: card.forms.state.*
}

func stateTone(state string) string {
	switch state {
	case Accepted:
		return "done"
	case Returned:
		return "danger"
	case Void:
		return "neutral"
	}
	return "info"
}

// fields are the filter as a form sends it.
func (f Filter) fields() map[string]string {
	all := map[string]string{"department": f.Department, "doctor": f.Doctor, "state": f.State, "code": f.Code, "outcome": f.Outcome, "number": f.Number}
	if !f.From.IsZero() {
		all["from"] = f.From.String()
	}
	if !f.Until.IsZero() {
		all["until"] = f.Until.String()
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

func (f Filter) href(after string) string {
	q := url.Values{}
	for name, value := range f.fields() {
		if name != "code" && name != "number" {
			q.Set(name, value)
		}
	}
	if f.Find != "" {
		q.Set("find", f.Find)
	}
	if after != "" {
		q.Set("after", after)
	}
	return "/forms?" + q.Encode()
}

// found are the forms by state, each with the way to those alone; "" is all.
func (v registerOf) found() []foundState {
	f, all := v.Filter, 0
	var states []foundState
	for _, s := range States {
		if n := v.Tally[s]; n > 0 || s == v.Filter.State {
			f.State, all = s, all+n
			states = append(states, foundState{s, n, f.href(""), s == v.Filter.State})
		}
	}
	f.State = ""
	return append([]foundState{{"", all, f.href(""), v.Filter.State == ""}}, states...)
}

type foundState struct {
	State   string
	Count   int
	Href    string
	Current bool
}

func (f foundState) word(ctx context.Context) string {
	if f.State == "" {
		return text.T(ctx, "card.forms.found")
	}
	return stateWord(ctx, f.State)
}

func (v registerOf) next() string {
	if !v.More {
		return ""
	}
	return v.Filter.href(v.Rows[len(v.Rows)-1].cursor())
}

func (v registerOf) first() string {
	if v.After == "" {
		return ""
	}
	return v.Filter.href("")
}

func (v registerOf) department(ctx context.Context, code string) string {
	return directory.DepartmentName(v.Organisation, code).Here(ctx)
}

func (v registerOf) departments(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "card.forms.all")}}
	for _, d := range v.Organisation.Departments {
		if !v.Own || d.Code == v.Filter.Department {
			options = append(options, design.Option{Value: d.Code, Label: d.Name.Here(ctx), Selected: d.Code == v.Filter.Department})
		}
	}
	if v.Own {
		options = options[1:]
	}
	return options
}

func (v registerOf) doctors(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "card.forms.all")}}
	for _, d := range v.Doctors {
		options = append(options, design.Option{Value: d.StayID, Label: d.Name, Selected: d.StayID == v.Filter.Doctor})
	}
	return options
}

func (v registerOf) states(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "card.forms.all")}}
	for _, s := range States {
		options = append(options, design.Option{Value: s, Label: stateWord(ctx, s), Selected: s == v.Filter.State})
	}
	return options
}

func (v registerOf) outcomes(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "card.forms.all")}}
	for _, o := range form.Outcomes {
		options = append(options, design.Option{Value: o, Label: form.OutcomeWord(ctx, o), Selected: o == v.Filter.Outcome})
	}
	return options
}

func short(f design.Field) design.Field {
	f.Required = true
	return f
}
