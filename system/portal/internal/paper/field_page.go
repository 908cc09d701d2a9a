package paper

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

func number(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "number", "portal.document.number")
	f.Hint, f.InputMode, f.Autocomplete = text.T(ctx, "portal.verify.number_hint"), "text", "off"
	return f
}

func checkCode(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "code", "portal.verify.code")
	f.Hint, f.Autocomplete = text.T(ctx, "portal.verify.code_hint"), "off"
	return f
}

func file(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "file", "portal.verify.file")
	f.Hint, f.Placeholder, f.Value = text.T(ctx, "portal.verify.file_hint"), ".pdf,application/pdf", ""
	return f
}
