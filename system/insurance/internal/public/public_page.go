// Package public is what the fund shows to everybody: what it is, its catalogue
// of rules and its table of rates. Hospitals and makers of programs build on it.
package public

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

// Pages shows the catalogue and the rates.
type Pages struct {
	Address   string // of the site
	Clock     clock.Clock
	Catalogue rule.Catalogue
	Tables    price.Source
	// Procedures is the table of operations.
	Procedures *procedure.Book
	Simulate   func(context.Context, insuranceapi.Case) (insuranceapi.Decision, error)
}

// Start is GET /.
func (p Pages) Start(w http.ResponseWriter, r *http.Request) error {
	return page.Render(w, r, http.StatusOK, startPage(len(p.rules(clock.DateOf(p.Clock.Now()))), page.Of(r.Context()).User != nil))
}

func (p Pages) rules(on clock.Date) []insuranceapi.Rule { return p.Catalogue.On(on) }

// asked is the rules of ?on=, or with ?all=1 all that there were and will be.
func (p Pages) asked(r *http.Request, on clock.Date) (rules []insuranceapi.Rule, all bool) {
	if r.URL.Query().Get("all") == "1" {
		return p.Catalogue.All(), true
	}
	return p.rules(on), false
}

// day is the day of ?on=, today without one.
func (p Pages) day(r *http.Request) (clock.Date, error) {
	asked := r.URL.Query().Get("on")
	if asked == "" {
		return clock.DateOf(p.Clock.Now()), nil
	}
	d, ok := clock.ParseDate(asked)
	if !ok {
		return d, fail.New(fail.BadRequest, "kit.field.date")
	}
	return d, nil
}

// Rules is GET /rules.
func (p Pages) Rules(w http.ResponseWriter, r *http.Request) error {
	on, err := p.day(r)
	if err != nil {
		return err
	}
	rules, all := p.asked(r, on)
	return page.Render(w, r, http.StatusOK, rulesPage(rules, on, all))
}

// RulesJSON is GET /rules.json: the same for programs.
func (p Pages) RulesJSON(w http.ResponseWriter, r *http.Request) error {
	on, err := p.day(r)
	if err != nil {
		return page.JSON(w, http.StatusBadRequest, map[string]string{"error": "on is no day: write 2026-11-22"})
	}
	rules, _ := p.asked(r, on)
	return page.JSON(w, http.StatusOK, rules)
}

// Prices is GET /prices: every table known, the one in force first.
func (p Pages) Prices(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Tables.Tables(r.Context())
	if err != nil {
		return err
	}
	current, ok := all.On(clock.DateOf(p.Clock.Now()))
	tables := price.Tables{}
	if ok {
		tables = append(tables, current)
	}
	for _, t := range slices.Backward(all) {
		if t.ID != current.ID && !t.Trial {
			tables = append(tables, t)
		}
	}
	return page.Render(w, r, http.StatusOK, pricesPage(tables, current.ID))
}

func period(ctx context.Context, from, until clock.Date) string {
	if until.IsZero() {
		return text.T(ctx, "insurance.prices.from", "From", text.Date(from))
	}
	return text.T(ctx, "insurance.prices.from_until", "From", text.Date(from), "Until", text.Date(until))
}

func severity(ctx context.Context, s string) (label, tone string) {
	if s == rule.Error {
		return text.T(ctx, "insurance.severity.error"), "danger"
	}
	return text.T(ctx, "insurance.severity.warning"), "attention"
}

func conditions(ctx context.Context, g price.Group) string {
	var list []string
	switch g.Operation {
	case "yes":
		list = append(list, text.T(ctx, "insurance.prices.with_operation"))
	case "no":
		list = append(list, text.T(ctx, "insurance.prices.without_operation"))
	}
	if len(g.Operations) > 0 {
		list = append(list, text.T(ctx, "insurance.prices.with_operations", "Codes", strings.Join(g.Operations, ", ")))
	}
	switch g.Complication {
	case "yes":
		list = append(list, text.T(ctx, "insurance.prices.with_complication"))
	case "no":
		list = append(list, text.T(ctx, "insurance.prices.without_complication"))
	}
	if g.AgeFrom > 0 {
		list = append(list, text.T(ctx, "insurance.prices.age_from", "Age", g.AgeFrom))
	}
	if g.AgeUntil > 0 {
		list = append(list, text.T(ctx, "insurance.prices.age_until", "Age", g.AgeUntil))
	}
	if len(list) == 0 {
		return "—"
	}
	return strings.Join(list, ", ")
}

func groups(ctx context.Context, t price.Table) design.TableData {
	data := design.TableData{
		Caption: text.T(ctx, "insurance.prices.groups"),
		Columns: []design.Column{
			{Label: text.T(ctx, "insurance.case.group")},
			{Label: text.T(ctx, "insurance.prices.name")},
			{Label: text.T(ctx, "insurance.prices.diagnoses")},
			{Label: text.T(ctx, "insurance.prices.conditions")},
			{Label: text.T(ctx, "insurance.case.weight"), Numeric: true},
		},
	}
	for _, g := range t.Groups {
		data.Rows = append(data.Rows, []design.Cell{{Text: g.Code}, {Text: g.Name.Here(ctx)}, {Text: strings.Join(g.Diagnoses, ", ")}, {Text: conditions(ctx, g)}, {Text: text.Decimal(ctx, price.Decimal(g.Weight))}})
	}
	return data
}

func adjustments(ctx context.Context, t price.Table) design.TableData {
	data := design.TableData{
		Caption: text.T(ctx, "insurance.prices.adjustments"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.prices.name")}, {Label: text.T(ctx, "insurance.case.value"), Numeric: true}},
	}
	for _, a := range t.Adjustments {
		data.Rows = append(data.Rows, []design.Cell{{Text: a.Name.Here(ctx)}, {Text: text.Decimal(ctx, a.Text())}})
	}
	return data
}
