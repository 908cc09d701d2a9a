package formregister

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

type summaryOf struct {
	Month
	Organisation workforceapi.Organisation
	Months       []design.Option
	Reconcile    string
}

// summaryMonths is how many months back one can look.
const summaryMonths = 24

func (p pages) summary(w http.ResponseWriter, r *http.Request) error {
	v, err := p.summarised(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, summaryView(v))
}

// summaryFile is the summary as a workbook: a line for each department. It names
// nobody.
func (p pages) summaryFile(w http.ResponseWriter, r *http.Request) error {
	v, err := p.summarised(r)
	if err != nil {
		return err
	}
	data, err := v.sheet(r.Context()).XLSX()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.ContentType, "summary-"+v.Month.Month+".xlsx", data)
}

func (p pages) summarised(r *http.Request) (summaryOf, error) {
	ctx := r.Context()
	today := clock.DateOf(p.desk.Clock.Now())
	first := clock.Date{Year: today.Year, Month: today.Month, Day: 1}
	if asked, ok := clock.ParseDate(r.URL.Query().Get("month") + "-01"); ok {
		first = asked
	}
	v := summaryOf{}
	var err error
	if v.Month, err = MonthOf(ctx, p.desk, first); err != nil {
		return v, err
	}
	post := desk.Of(ctx).Post
	if v.Organisation, err = p.desk.Directory.Organisation(ctx, post.Organisation); err != nil {
		return v, err
	}
	for back := range summaryMonths {
		month := clock.DateOf(clock.Date{Year: today.Year, Month: today.Month, Day: 1}.Start().AddDate(0, -back, 0)).String()[:7]
		v.Months = append(v.Months, design.Option{Value: month, Label: month[5:] + "." + month[:4], Selected: month == v.Month.Month})
	}
	v.Reconcile = p.reconcile + "?" + url.Values{"organisation": {post.Organisation}, "month": {v.Month.Month}}.Encode()
	return v, nil
}

// decimal writes tenths: 12,3; a dash where there is nothing.
func decimal(n int, ok bool) string {
	if !ok {
		return "—"
	}
	return strconv.Itoa(n/10) + "," + strconv.Itoa(n%10)
}

func (v summaryOf) name(ctx context.Context, s Sum) string {
	if s.Department == "" {
		return text.T(ctx, "card.forms.total")
	}
	return s.Department + " · " + directory.DepartmentName(v.Organisation, s.Department).Here(ctx)
}

func (v summaryOf) lines() []Sum { return append(slices.Clone(v.Departments), v.Total) }

// bars are the forms by department; the label is the code, which the table names.
func (v summaryOf) bars(ctx context.Context) design.BarChart {
	c := design.BarChart{Caption: text.T(ctx, "card.forms.by_department"), Unit: text.T(ctx, "card.forms.forms"), Label: text.T(ctx, "card.forms.department_code")}
	for _, s := range v.Departments {
		c.Bars = append(c.Bars, design.Bar{Label: s.Department, Value: float64(s.Forms), Text: strconv.Itoa(s.Forms)})
	}
	return c
}

// year are the forms of the year's months, this one marked.
func (v summaryOf) year(ctx context.Context) design.BarChart {
	c := design.BarChart{Caption: text.T(ctx, "card.forms.by_month"), Unit: text.T(ctx, "card.forms.forms"), Label: text.T(ctx, "card.forms.month")}
	for _, m := range v.Past {
		c.Bars = append(c.Bars, design.Bar{Label: m.Month[5:] + "." + m.Month[2:4], Value: float64(m.Forms), Text: strconv.Itoa(m.Forms), Mark: m.Month == v.Month.Month})
	}
	return c
}

// file is the address of the summary as a workbook.
func (v summaryOf) file() string {
	return "/forms/summary.xlsx?" + url.Values{"month": {v.Month.Month}}.Encode()
}

func (v summaryOf) sheet(ctx context.Context) spreadsheet.Sheet {
	s := spreadsheet.Sheet{Name: text.T(ctx, "card.forms.summary") + " " + v.Month.Month, Total: true, Columns: []spreadsheet.Column{
		{Label: text.T(ctx, "card.forms.department_code"), Width: 11}, {Label: text.T(ctx, "card.forms.department"), Width: 34},
	}}
	number := func(label string) { s.Columns = append(s.Columns, spreadsheet.Column{Label: label, Width: 15}) }
	for _, key := range bedColumns {
		number(text.T(ctx, key))
	}
	for _, r := range results {
		number(form.ResultWord(ctx, r))
	}
	classes := v.classes()
	for _, c := range classes {
		number(className(ctx, c))
	}
	for _, line := range v.lines() {
		name := text.T(ctx, "card.forms.total")
		if line.Department != "" {
			name = directory.DepartmentName(v.Organisation, line.Department).Here(ctx)
		}
		row := []any{line.Department, name, line.Beds, line.Admitted, line.Forms, line.Discharged, line.Transferred, line.Died, line.BedDays}
		row = append(row, ratio(line.MeanStay()), line.PatientDays, ratio(line.Occupancy(v.Days)), ratio(line.Lethality()))
		for _, r := range results {
			row = append(row, line.Results[r])
		}
		for _, c := range classes {
			row = append(row, line.Classes[c])
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}

// ratio is a cell: empty where there is nothing to divide by.
func ratio(n int, ok bool) any {
	if !ok {
		return ""
	}
	return spreadsheet.Tenths(n)
}

// bedColumns are the figures of the work of beds, in the order of the table.
var bedColumns = []string{
	"card.forms.beds", "card.forms.admitted_count", "card.forms.forms", "card.forms.discharged", "card.forms.transferred", "card.forms.died",
	"card.forms.bed_days", "card.forms.mean", "card.forms.nights", "card.forms.occupancy", "card.forms.lethality",
}

func bedHeads(ctx context.Context) []design.Column {
	columns := []design.Column{{Label: text.T(ctx, "card.forms.department")}}
	for _, key := range bedColumns {
		columns = append(columns, design.Column{Label: text.T(ctx, key), Numeric: true})
	}
	return columns
}

func className(ctx context.Context, class string) string {
	if class == "" {
		return text.T(ctx, "card.forms.no_class")
	}
	return strings.ToUpper(class) + ". " + text.T(ctx, "card.forms.class."+class) // text: card.forms.class.*
}

// classes are the chapters that occurred.
func (v summaryOf) classes() []string {
	return slices.DeleteFunc(slices.Clone(Classes), func(c string) bool { return v.Total.Classes[c] == 0 })
}
