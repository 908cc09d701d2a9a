package total

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows totals.
type Pages struct {
	DB        *db.DB
	Clock     clock.Clock
	Directory *directory.Directory
}

func (p Pages) totals(r *http.Request) (Totals, string, []workforceapi.Organisation, error) {
	organisation := page.QueryForm(r).Text("organisation", 6)
	if own := office.Of(r.Context()).Hospital(); own != "" {
		organisation = own
	}
	t, err := Of(r.Context(), p.DB.Read, Months(clock.DateOf(p.Clock.Now()), Span), organisation)
	return t, organisation, p.Directory.Organisations(r.Context()), err
}

// Show is GET /totals.
func (p Pages) Show(w http.ResponseWriter, r *http.Request) error {
	t, organisation, all, err := p.totals(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, totalsPage(t, organisation, all, office.Of(r.Context()).Hospital() == ""))
}

// CSV is GET /totals.csv.
func (p Pages) CSV(w http.ResponseWriter, r *http.Request) error {
	t, _, all, err := p.totals(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	sheet := spreadsheet.Sheet{Name: text.T(ctx, "insurance.totals.title")}
	for _, key := range []string{
		"insurance.hospital_code", "insurance.hospital", "insurance.month", "insurance.totals.cases", "insurance.totals.accepted", "insurance.totals.returned", "insurance.totals.sum",
	} {
		sheet.Columns = append(sheet.Columns, spreadsheet.Column{Label: text.T(ctx, key)})
	}
	for _, row := range t.Rows {
		sheet.Rows = append(sheet.Rows, []any{
			row.Organisation, directory.Name(all, row.Organisation).Here(ctx), row.Month, row.Cases, row.Accepted, row.Returned, spreadsheet.Tyiyn(row.Price),
		})
	}
	data, err := sheet.CSV()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.CSVType, "totals.csv", data)
}

// Hospitals are the options of a filter by hospital.
func Hospitals(ctx context.Context, all []workforceapi.Organisation, chosen string) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "insurance.all_hospitals")}}
	for _, o := range all {
		if o.Kind == "hospital" {
			options = append(options, design.Option{Value: o.Code, Label: o.ShortName.Here(ctx), Selected: o.Code == chosen})
		}
	}
	return options
}

// MonthName is «11.2026».
func MonthName(month string) string {
	year, m, ok := strings.Cut(month, "-")
	if !ok {
		return month
	}
	return m + "." + year
}

func (t Totals) chart(ctx context.Context, caption, unit string, value func(Sum) (float64, string)) design.BarChart {
	c := design.BarChart{Caption: caption, Unit: unit, Label: text.T(ctx, "insurance.month")}
	busy := t.Busy()
	for i, m := range busy {
		v, written := value(t.ByMonth(m))
		c.Bars = append(c.Bars, design.Bar{Label: MonthName(m), Value: v, Text: written, Mark: i == len(busy)-1})
	}
	return c
}

func (t Totals) cases(ctx context.Context) design.BarChart {
	return t.chart(ctx, text.T(ctx, "insurance.totals.cases_by_month"), text.T(ctx, "insurance.totals.cases"), func(s Sum) (float64, string) {
		return float64(s.Cases), fmt.Sprint(s.Cases)
	})
}

// sums is drawn in thousands of som, so that numbers fit over the bars; the
// table has them whole.
func (t Totals) sums(ctx context.Context) design.BarChart {
	return t.chart(ctx, text.T(ctx, "insurance.totals.sum_by_month"), text.T(ctx, "insurance.totals.sum_thousands"), func(s Sum) (float64, string) {
		return float64(s.Price), text.Amount(ctx, (s.Price+50_000)/100_000*100)
	})
}

func (t Totals) rows(ctx context.Context, all []workforceapi.Organisation) [][]design.Cell {
	rows := [][]design.Cell{}
	line := func(name, month string, s Sum, href string) []design.Cell {
		return []design.Cell{
			{Text: name}, {Text: month}, {Text: fmt.Sprint(s.Cases), Href: href}, {Text: fmt.Sprint(s.Accepted)}, {Text: fmt.Sprint(s.Returned)}, {Text: text.Amount(ctx, s.Price)},
		}
	}
	for _, r := range t.Rows {
		href := ""
		if office.Of(ctx).OpensCases() {
			href = "/cases?" + url.Values{"organisation": {r.Organisation}, "month": {r.Month}}.Encode()
		}
		rows = append(rows, line(directory.Name(all, r.Organisation).Here(ctx), MonthName(r.Month), r.Sum, href))
	}
	if len(rows) > 0 {
		rows = append(rows, line(text.T(ctx, "insurance.totals.all"), "", t.All(), ""))
	}
	return rows
}

func csvAddress(organisation string) string {
	if organisation == "" {
		return "/totals.csv"
	}
	return "/totals.csv?organisation=" + url.QueryEscape(organisation)
}
