package formregister

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

func reasonField(ctx context.Context, entered *page.Form) design.Field {
	f := design.FieldOf(ctx, entered, "reason", "card.forms.reason")
	f.Wide, f.MaxLength, f.Hint = true, 300, text.T(ctx, "card.forms.reason_hint")
	return f
}

func resultColumns(ctx context.Context) []design.Column {
	columns := []design.Column{{Label: text.T(ctx, "card.forms.department")}}
	for _, r := range results {
		columns = append(columns, design.Column{Label: form.ResultWord(ctx, r), Numeric: true})
	}
	return columns
}

func classColumns(ctx context.Context, v summaryOf) []design.Column {
	columns := []design.Column{{Label: text.T(ctx, "card.forms.class_head")}}
	for _, s := range v.lines() {
		columns = append(columns, design.Column{Label: v.name(ctx, s), Numeric: true})
	}
	return columns
}
