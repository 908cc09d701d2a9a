package rerun

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows re-runs to experts of the fund.
type Pages struct {
	Tables    price.Source
	Months    func(context.Context) ([]string, error)
	Directory *directory.Directory
	Runs      Runs
}

type view struct {
	months              []string
	tables              price.Tables
	all                 []workforceapi.Organisation
	month, organisation string
	table               string
	unknown             bool // no such month or table
	run                 *Run
	result              *Result // of run, once it is done
}

// Show is GET /rerun.
func (p Pages) Show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := page.QueryForm(r)
	v := view{month: form.Text("month", 7), organisation: form.Text("organisation", 6), table: form.Text("table", 100), all: p.Directory.Organisations(ctx)}
	var err error
	if v.months, err = p.Months(ctx); err != nil {
		return err
	}
	if v.tables, err = p.Tables.Tables(ctx); err != nil {
		return err
	}
	_, ok := v.tables.Find(v.table)
	v.unknown = (v.month != "" || v.table != "") && (!ok || !slices.Contains(v.months, v.month))
	if ok && v.month != "" && !v.unknown {
		run, err := p.Runs.Of(ctx, Asked{v.month, v.organisation, []string{v.table}})
		if err != nil {
			return err
		}
		v.run = &run
		if run.Done() {
			v.result = &run.Result[0]
		}
		Wait(w, run)
	}
	return page.Render(w, r, http.StatusOK, rerunPage(v))
}

// Wait makes the page come again, until the re-run is done.
func Wait(w http.ResponseWriter, run Run) {
	if !run.Done() && !run.GivenUp {
		w.Header().Set("Refresh", "2") // works without scripts
	}
}

// Anew is POST /rerun: the same is counted again, of the cases as they are now. It
// leads back to the page that shows it.
func (p Pages) Anew(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	asked := Asked{form.Text("month", 7), form.Text("organisation", 6), []string{form.Text("table", 100)}}
	values := url.Values{"month": {asked.Month}, "organisation": {asked.Organisation}, "table": {asked.Tables[0]}}
	address := "/rerun?"
	if first := form.Text("first", 100); first != "" { // two tables are compared
		asked.Tables = []string{first, asked.Tables[0]}
		values.Set("a", first)
		values.Set("b", values.Get("table"))
		values.Del("table")
		address = "/prices/compare?"
	}
	months, err := p.Months(ctx)
	if err != nil {
		return err
	}
	tables, err := p.Tables.Tables(ctx)
	if err != nil {
		return err
	}
	for _, name := range asked.Tables {
		if _, ok := tables.Find(name); !ok || !slices.Contains(months, asked.Month) {
			return page.Redirect(w, r, "/rerun") // nothing of the lists: choose anew
		}
	}
	last, err := p.Runs.Of(ctx, asked)
	if err == nil && (last.Done() || last.GivenUp) && last.AskedAt.Before(p.Runs.Clock.Now()) {
		_, err = p.Runs.Begin(ctx, asked)
	}
	if err != nil {
		return err
	}
	return page.Redirect(w, r, address+values.Encode())
}

func (v view) monthOptions() []design.Option {
	var options []design.Option
	for _, m := range v.months {
		options = append(options, design.Option{Value: m, Label: total.MonthName(m), Selected: m == v.month})
	}
	return options
}

func (v view) tableOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, t := range v.tables {
		label := t.ID + ", " + text.Date(t.From)
		switch {
		case t.Trial:
			label = t.ID + " · " + text.T(ctx, "insurance.rerun.trial")
		case !t.Until.IsZero():
			label += " – " + text.Date(t.Until)
		}
		options = append(options, design.Option{Value: t.ID, Label: label, Selected: t.ID == v.table})
	}
	return options
}

func (v view) name(ctx context.Context, code string) string {
	return directory.Name(v.all, code).Here(ctx)
}

// mostDrawn bounds the hospitals in the picture; the table has them all.
const mostDrawn = 8

// chart draws the hospitals with the greatest differences as they were and, with
// an arrow, as they would be, in thousands of som.
func (v view) chart(ctx context.Context) design.BarChart {
	c := design.BarChart{Caption: text.T(ctx, "insurance.rerun.chart"), Unit: text.T(ctx, "insurance.totals.sum_thousands"), Label: text.T(ctx, "insurance.hospital"), First: true}
	bar := func(label string, sum int64, mark bool) {
		c.Bars = append(c.Bars, design.Bar{Label: label, Value: float64(sum), Text: text.Amount(ctx, (sum+50_000)/100_000*100), Mark: mark})
	}
	drawn := slices.Clone(v.result.ByHospital)
	slices.SortStableFunc(drawn, func(a, b Sum) int { return cmp.Compare(size(b.Difference()), size(a.Difference())) })
	for _, s := range drawn[:min(len(drawn), mostDrawn)] {
		bar(s.Key, s.Before, false)
		bar("→ "+s.Key[max(0, len(s.Key)-3):], s.After, true)
	}
	return c
}

func (v view) sums(ctx context.Context, caption, label string, sums []Sum, name func(string) string) design.TableData {
	t := design.TableData{Caption: caption, Columns: []design.Column{
		{Label: label},
		{Label: text.T(ctx, "insurance.totals.cases"), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.changed"), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.before_som"), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.after_som"), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.difference"), Numeric: true},
	}}
	row := func(title string, s Sum) {
		t.Rows = append(t.Rows, []design.Cell{{Text: title}, {Text: fmt.Sprint(s.Cases)}, {Text: fmt.Sprint(s.Changed)}, {Text: text.Amount(ctx, s.Before)}, {Text: text.Amount(ctx, s.After)}, {Text: text.Change(ctx, s.Difference())}})
	}
	for _, s := range sums {
		row(name(s.Key), s)
	}
	row(text.T(ctx, "insurance.totals.all"), v.result.All)
	return t
}

func (v view) lines(ctx context.Context) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.rerun.lines"), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.case.number")},
		{Label: text.T(ctx, "insurance.hospital")},
		{Label: text.T(ctx, "insurance.case.group")},
		{Label: text.T(ctx, "insurance.rerun.before_som"), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.after_som"), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.difference"), Numeric: true},
	}}
	for _, l := range v.result.Changed {
		group := l.Was
		if l.Now != l.Was {
			group += " → " + l.Now
		}
		t.Rows = append(t.Rows, []design.Cell{
			{Text: rule.Grouped(l.Number), Href: "/cases/" + l.ID},
			{Text: v.name(ctx, l.Organisation)},
			{Text: group},
			{Text: text.Amount(ctx, l.Before)},
			{Text: text.Amount(ctx, l.After)},
			{Text: text.Change(ctx, l.Difference())},
		})
	}
	return t
}
