package writing

import (
	"context"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// MayWrite says whether the reader writes what doctors write.
func MayWrite(ctx context.Context) bool { return slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) }

// MayMark says whether the reader writes what nurses write.
func MayMark(ctx context.Context) bool { return slices.Contains(desk.Ward, desk.Of(ctx).Post.Role) }

// Whole reads a number that a page of ours wrote; 0 for anything else.
func Whole(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// Area is a text area filled from the form.
func Area(ctx context.Context, form *page.Form, name, labelKey string, rows int) design.Field {
	f := design.FieldOf(ctx, form, name, labelKey)
	f.Rows, f.MaxLength, f.Wide = rows, MaxBody, true
	return f
}

// Line is a text field of the width of its column.
func Line(ctx context.Context, form *page.Form, name, labelKey string, required bool) design.Field {
	f := design.FieldOf(ctx, form, name, labelKey)
	f.Wide, f.Required = true, required
	return f
}
