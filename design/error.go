package design

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// errorTitle and errorNext are the headings and the next steps of the error
// pages. The switch spells the keys out so that a search for a key finds it.
func errorTitle(k fail.Kind) string {
	switch k {
	case fail.Invalid, fail.BadRequest:
		return "design.error_invalid"
	case fail.NotFound:
		return "design.error_not_found"
	case fail.Gone:
		return "design.error_gone"
	case fail.NoMethod:
		return "design.error_no_method"
	case fail.SignedOut:
		return "design.error_signed_out"
	case fail.Forbidden:
		return "design.error_forbidden"
	case fail.Conflict:
		return "design.error_conflict"
	case fail.TooLarge:
		return "design.error_too_large"
	case fail.TooMany:
		return "design.error_too_many"
	case fail.Unavailable, fail.BadNeighbor:
		return "design.error_unavailable"
	case fail.Internal:
	}
	return "design.error_internal"
}

func errorNext(k fail.Kind) string {
	switch k {
	case fail.Invalid, fail.BadRequest:
		return "design.next_invalid"
	case fail.NotFound:
		return "design.next_not_found"
	case fail.Gone:
		return "design.next_gone"
	case fail.NoMethod:
		return "design.next_no_method"
	case fail.SignedOut:
		return "design.next_signed_out"
	case fail.Forbidden:
		return "design.next_forbidden"
	case fail.Conflict:
		return "design.next_conflict"
	case fail.TooLarge:
		return "design.next_too_large"
	case fail.TooMany:
		return "design.next_too_many"
	case fail.Unavailable, fail.BadNeighbor:
		return "design.next_unavailable"
	case fail.Internal:
	}
	return "design.next_internal"
}

// errorHead is the heading: the error's own, or that of its kind.
func errorHead(ctx context.Context, v page.ErrorView) string {
	if v.Title != "" {
		return v.Title
	}
	return text.T(ctx, errorTitle(v.Kind))
}

// errorMessage is what the heading has not said already: whole sentences.
func errorMessage(ctx context.Context, v page.ErrorView) string {
	title := errorHead(ctx, v)
	if v.Message == title {
		return ""
	}
	if rest, said := strings.CutPrefix(v.Message, title+"."); said {
		return strings.TrimSpace(rest)
	}
	return v.Message
}

// generalNext says that the next step of the kind belongs on the page: one who may
// not do something for a reason of their own is told it by the message, which
// sends nobody to the administrator of an organisation; and what is over is begun
// again elsewhere each time.
func generalNext(ctx context.Context, v page.ErrorView) bool {
	own := map[fail.Kind]string{fail.Forbidden: "kit.forbidden", fail.Gone: "kit.gone"}[v.Kind]
	return own == "" || v.Message == text.T(ctx, own)
}

// retryable says that the same page may well open a moment later.
func retryable(k fail.Kind) bool {
	switch k {
	case fail.Unavailable, fail.BadNeighbor, fail.Internal, fail.TooMany, fail.Conflict:
		return true
	case fail.Invalid, fail.NotFound, fail.Gone, fail.NoMethod, fail.SignedOut, fail.Forbidden, fail.TooLarge, fail.BadRequest:
	}
	return false
}

// labelOf is "Surname: " for the field of the name, "" if it is not among them.
func labelOf(name string, fields []Field) string {
	for _, f := range fields {
		if f.Name == name && f.Label != "" {
			return f.Label + ": "
		}
	}
	return ""
}

// summaryTitle asks to mend what was entered only where a field is at fault.
func summaryTitle(form *page.Form) string {
	for _, finding := range form.Findings {
		if finding.Field != "" {
			return "design.error_summary"
		}
	}
	return "design.error_summary_whole"
}
