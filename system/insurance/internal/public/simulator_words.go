package public

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

func caseField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "case", "insurance.simulator.case")
	f.Wide, f.Rows = true, 24
	return f
}

func steps(ctx context.Context, d insuranceapi.Decision) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.steps"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.step")}, {Label: text.T(ctx, "insurance.case.value"), Numeric: true}, {Label: text.T(ctx, "insurance.case.after"), Numeric: true}},
	}
	for _, s := range d.Steps {
		t.Rows = append(t.Rows, []design.Cell{{Text: s.Name.Here(ctx)}, {Text: text.Decimal(ctx, s.Value)}, {Text: text.Money(ctx, s.Result)}})
	}
	return t
}
