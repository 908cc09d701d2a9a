package compare

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/rerun"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows comparisons: tables in force to everybody, drafts and the effect
// on a month to the fund's experts.
type Pages struct {
	Clock     clock.Clock
	Tables    price.Source
	Months    func(context.Context) ([]string, error)
	Directory *directory.Directory
	Runs      rerun.Runs
}

type view struct {
	tables              price.Tables // that the reader may choose
	a, b                string
	pair                *Pair // nil: nothing to compare
	fund                bool
	months              []string
	all                 []workforceapi.Organisation
	month, organisation string
	effect              *Effect
	run                 *rerun.Run
}

// Show is GET /prices/compare.
func (p Pages) Show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := page.QueryForm(r)
	v := view{a: form.Text("a", 100), b: form.Text("b", 100), fund: office.Of(ctx).OfFund()}
	known, err := p.Tables.Tables(ctx)
	if err != nil {
		return err
	}
	v.tables = slices.DeleteFunc(slices.Clone(known), func(t price.Table) bool { return t.Trial && !v.fund })
	if v.a == "" && v.b == "" {
		v.a, v.b = usual(v.tables, clock.DateOf(p.Clock.Now()))
	}
	a, okA := v.tables.Find(v.a)
	b, okB := v.tables.Find(v.b)
	if okA && okB && v.a != v.b {
		pair := Of(a, b)
		v.pair = &pair
	}
	if v.fund {
		if err := p.month(ctx, w, &v, form); err != nil {
			return err
		}
	}
	return page.Render(w, r, http.StatusOK, comparePage(v))
}

func (p Pages) month(ctx context.Context, w http.ResponseWriter, v *view, form *page.Form) error {
	v.month, v.organisation, v.all = form.Text("month", 7), form.Text("organisation", 6), p.Directory.Organisations(ctx)
	var err error
	if v.months, err = p.Months(ctx); err != nil {
		return err
	}
	if v.pair == nil || !slices.Contains(v.months, v.month) {
		return nil
	}
	run, err := p.Runs.Of(ctx, rerun.Asked{Month: v.month, Organisation: v.organisation, Tables: []string{v.a, v.b}})
	if err != nil {
		return err
	}
	v.run = &run
	if run.Done() {
		effect := EffectOf(run.Result)
		v.effect = &effect
	}
	rerun.Wait(w, run)
	return nil
}

// usual is what is compared when nothing is chosen: the table in force with a
// draft, else with the one that came before it.
func usual(tables price.Tables, day clock.Date) (a, b string) {
	current, ok := tables.On(day)
	if !ok {
		return "", ""
	}
	before := ""
	for _, t := range tables {
		if t.Trial {
			return current.ID, t.ID
		}
		if t.ID != current.ID && before == "" {
			before = t.ID
		}
	}
	return before, current.ID
}

func (v view) tableOptions(ctx context.Context, chosen string) []design.Option {
	var options []design.Option
	for _, t := range v.tables {
		options = append(options, design.Option{Value: t.ID, Label: t.ID + ", " + when(ctx, t), Selected: t.ID == chosen})
	}
	return options
}

func when(ctx context.Context, t price.Table) string {
	switch {
	case t.Trial:
		return text.T(ctx, "insurance.rerun.trial")
	case t.Until.IsZero():
		return text.T(ctx, "insurance.prices.from", "From", text.Date(t.From))
	}
	return text.T(ctx, "insurance.prices.from_until", "From", text.Date(t.From), "Until", text.Date(t.Until))
}

func (v view) monthOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "insurance.compare.no_month")}}
	for _, m := range v.months {
		options = append(options, design.Option{Value: m, Label: total.MonthName(m), Selected: m == v.month})
	}
	return options
}

// rerunAddress leads to the month's cases one by one under the second table.
func (v view) rerunAddress() string {
	return "/rerun?" + url.Values{"month": {v.month}, "organisation": {v.organisation}, "table": {v.b}}.Encode()
}

// weight is a weight as it is written, «—» where the table has no such group.
func weight(ctx context.Context, w int64) string {
	if w == 0 {
		return "—"
	}
	return text.Decimal(ctx, price.Decimal(w))
}

func cost(ctx context.Context, tyiyn int64) string {
	if tyiyn == 0 {
		return "—"
	}
	return text.Amount(ctx, tyiyn)
}

// percent is the change of a weight in tenths of a hundredth: «+ 4,5 %».
func percent(ctx context.Context, a, b int64) string {
	switch {
	case a == 0:
		return text.T(ctx, "insurance.compare.new")
	case b == 0:
		return text.T(ctx, "insurance.compare.gone")
	case a == b:
		return "0 %"
	}
	sign, by := "+", b-a
	if by < 0 {
		sign, by = "−", -by
	}
	tenths := (by*1000 + a/2) / a
	return sign + " " + text.Decimal(ctx, fmt.Sprintf("%d.%d", tenths/10, tenths%10)) + " %"
}

func (v view) groups(ctx context.Context, caption string, list []Group) design.TableData {
	t := design.TableData{Caption: caption, Empty: text.T(ctx, "insurance.compare.same_groups"), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.case.group")},
		{Label: text.T(ctx, "insurance.prices.name")},
		{Label: text.T(ctx, "insurance.compare.weight_in", "Table", v.a), Numeric: true},
		{Label: text.T(ctx, "insurance.compare.weight_in", "Table", v.b), Numeric: true},
		{Label: text.T(ctx, "insurance.compare.change"), Numeric: true},
		{Label: text.T(ctx, "insurance.compare.cost_in", "Table", v.a), Numeric: true},
		{Label: text.T(ctx, "insurance.compare.cost_in", "Table", v.b), Numeric: true},
	}}
	for _, g := range list {
		name := g.Name.Here(ctx)
		if g.Moved {
			name += " · " + text.T(ctx, "insurance.compare.moved")
		}
		t.Rows = append(t.Rows, []design.Cell{
			{Text: g.Code}, {Text: name}, {Text: weight(ctx, g.A)}, {Text: weight(ctx, g.B)}, {Text: percent(ctx, g.A, g.B)}, {Text: cost(ctx, g.CostA)}, {Text: cost(ctx, g.CostB)},
		})
	}
	return t
}

func (v view) adjustments(ctx context.Context) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.compare.adjustments"), Empty: text.T(ctx, "insurance.compare.same_adjustments"), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.prices.name")}, {Label: v.a, Numeric: true}, {Label: v.b, Numeric: true},
	}}
	value := func(a *price.Adjustment) string {
		if a == nil {
			return "—"
		}
		return text.Decimal(ctx, a.Text())
	}
	for _, x := range v.pair.Adjustments {
		named := x.B
		if named == nil {
			named = x.A
		}
		t.Rows = append(t.Rows, []design.Cell{{Text: named.Name.Here(ctx)}, {Text: value(x.A)}, {Text: value(x.B)}})
	}
	return t
}

func (v view) effects(ctx context.Context) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.compare.by_group"), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.compare.group_had")},
		{Label: text.T(ctx, "insurance.totals.cases"), Numeric: true},
		{Label: text.T(ctx, "insurance.compare.som_by", "Table", v.a), Numeric: true},
		{Label: text.T(ctx, "insurance.compare.som_by", "Table", v.b), Numeric: true},
		{Label: text.T(ctx, "insurance.rerun.difference"), Numeric: true},
	}}
	row := func(title string, s Sum) {
		t.Rows = append(t.Rows, []design.Cell{{Text: title}, {Text: fmt.Sprint(s.Cases)}, {Text: text.Amount(ctx, s.A)}, {Text: text.Amount(ctx, s.B)}, {Text: text.Change(ctx, s.Difference())}})
	}
	for _, s := range v.effect.ByGroup {
		row(s.Group, s)
	}
	row(text.T(ctx, "insurance.totals.all"), v.effect.All)
	return t
}

// Measures of the drawing in its own units; its height is that of every chart.
const (
	mostDrawn = 12
	pairStep  = 112
	barWidth  = 44
	barHeight = 150.0
	barTop    = 26.0
	baseLine  = barTop + barHeight
)

type drawn struct {
	Code                    string
	middle                  string
	left, right             string // middles of the bars, x
	leftX, rightX           string
	leftY, rightY           string
	leftHeight, rightHeight string
	leftAbove, rightAbove   string
	a, b                    int64
}

// draw places a pair of bars for each group, the first table's left.
func draw(list []Group) []drawn {
	top := int64(1)
	for _, g := range list {
		top = max(top, g.A, g.B)
	}
	var all []drawn
	for i, g := range list {
		middle := float64(i*pairStep) + pairStep/2
		a, b := float64(g.A)/float64(top)*barHeight, float64(g.B)/float64(top)*barHeight
		all = append(all, drawn{
			Code: g.Code, middle: units(middle), left: units(middle - barWidth/2 - 2), right: units(middle + barWidth/2 + 2),
			leftX: units(middle - barWidth - 2), rightX: units(middle + 2),
			leftY: units(baseLine - a), rightY: units(baseLine - b), leftHeight: units(a), rightHeight: units(b),
			leftAbove: units(baseLine - a - 6), rightAbove: units(baseLine - b - 6), a: g.A, b: g.B,
		})
	}
	return all
}

func units(f float64) string { return fmt.Sprintf("%.1f", f) }

func viewBox(pairs int) string { return fmt.Sprintf("0 0 %d 206", pairs*pairStep) }

func width(pairs int) string { return fmt.Sprint(pairs * pairStep) }
