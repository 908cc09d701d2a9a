package act

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
)

func today(k Acts) clock.Date { return clock.DateOf(k.Clock.Now()) }

// note stands at the foot of each page: what is signed on the last one, where the cases
// fill those before it, is said there too.
func (v actView) note(ctx context.Context) string {
	return text.T(ctx, "insurance.act.paper_note", "Number", v.Number(), "Cases", v.Cases, "Sum", text.Money(ctx, v.Price))
}

// pdf is the act on paper. It names no patient: cases stand by their numbers.
func (v actView) pdf(ctx context.Context) ([]byte, error) {
	issuer := v.fund.Name.In(v.lang)
	d := document.New(document.Options{
		Title: text.T(ctx, "insurance.act.paper_title"), Subtitle: text.T(ctx, "insurance.act.paper_subtitle", "Month", total.MonthName(v.Month)),
		Issuer: issuer, Number: "№ " + v.Number(), Lang: v.lang, At: v.MadeAt, Note: v.note(ctx),
	})
	d.Rows(
		document.Row{Key: text.T(ctx, "insurance.hospital"), Value: v.Organisation + " · " + v.name()},
		document.Row{Key: text.T(ctx, "insurance.totals.cases"), Value: strconv.Itoa(v.Cases)},
		document.Row{Key: text.T(ctx, "insurance.act.sum"), Value: text.Money(ctx, v.Price)},
		document.Row{Key: text.T(ctx, "insurance.act.made_at"), Value: text.Moment(v.MadeAt) + ", " + v.MadeByName},
	)
	t := document.Table{Columns: []document.Column{
		{Label: "№", Width: 0.6, Right: true},
		{Label: text.T(ctx, "insurance.case.number"), Width: 2.6},
		{Label: text.T(ctx, "insurance.case.discharged"), Width: 2},
		{Label: text.T(ctx, "insurance.case.group"), Width: 1},
		{Label: text.T(ctx, "insurance.act.som"), Width: 1.6, Right: true},
	}}
	for i, l := range v.Lines {
		t.Rows = append(t.Rows, []string{strconv.Itoa(i + 1), rule.Grouped(l.Number), text.Moment(l.DischargedAt), l.Group, text.Amount(ctx, l.Price)})
	}
	t.Rows = append(t.Rows, []string{"", v.all(ctx), "", "", text.Amount(ctx, v.Price)})
	d.Heading(text.T(ctx, "insurance.act.cases"))
	d.Table(t)
	d.Signatures(
		document.Signature{Role: text.T(ctx, "insurance.act.for_fund"), Name: v.MadeByName},
		document.Signature{Role: text.T(ctx, "insurance.act.for_hospital")},
	)
	return d.PDF()
}
