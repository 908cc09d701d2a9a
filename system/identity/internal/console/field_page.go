package console

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/place"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

func pinField(f design.Field) design.Field {
	f.InputMode, f.MaxLength, f.Autocomplete = "numeric", 20, "off"
	return f
}

func area(f design.Field, hint string) design.Field {
	f.Hint, f.Rows, f.MaxLength = hint, 3, 300
	return f
}

// reasonField asks why; the person reads it.
func reasonField(ctx context.Context, form *page.Form) design.Field {
	return area(design.FieldOf(ctx, form, "reason", "identity.console.reason"), text.T(ctx, "identity.console.reason_hint"))
}

func ownerReasonField(ctx context.Context, form *page.Form) design.Field {
	return area(design.FieldOf(ctx, form, "reason", "identity.console.reason"), text.T(ctx, "identity.console.reason_owner"))
}

func plainReasonField(ctx context.Context, form *page.Form) design.Field {
	return area(design.FieldOf(ctx, form, "reason", "identity.console.reason"), "")
}

func noteField(ctx context.Context, form *page.Form) design.Field {
	return area(design.FieldOf(ctx, form, "reason", "identity.console.note"), text.T(ctx, "identity.console.note_hint"))
}

// thawField and backField are the operator's choice at the end of an incident.
func thawField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "thaw", "identity.console.thaw_at_end")
	f.Hint = text.T(ctx, "identity.console.thaw_hint")
	return f
}

func backField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "back", "identity.console.give_back")
	f.Hint, f.Required = text.T(ctx, "identity.console.give_back_hint"), false
	return f
}

func numberField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "number", "identity.console.number_told")
	f.MaxLength, f.Required, f.Autocomplete = 40, false, "off"
	return f
}

func dayField(ctx context.Context, form *page.Form, name, key string) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.Required = false
	return f
}

func sessionRows(ctx context.Context, all []sso.Session) [][]design.Cell {
	var rows [][]design.Cell
	for _, s := range all {
		rows = append(rows, []design.Cell{
			{Text: moment(s.Created)},
			{Text: moment(s.Seen)},
			{Text: text.T(ctx, "identity.console.method."+s.Method)},
			{Text: levelWord(ctx, string(s.Level))},
			{Text: orDash(s.Agent)},
			{Text: orDash(place.Here(ctx, s.Address))},
		})
	}
	return rows
}

func deviceRows(all []Device) [][]design.Cell {
	var rows [][]design.Cell
	for _, d := range all {
		rows = append(rows, []design.Cell{{Text: d.Name}, {Text: orDash(d.Agent)}, {Text: moment(d.Created)}, {Text: moment(d.Seen)}})
	}
	return rows
}

func eventRows(ctx context.Context, all []notice.Event) [][]design.Cell {
	var rows [][]design.Cell
	for _, e := range all {
		rows = append(rows, []design.Cell{
			{Text: moment(e.At)}, {Text: text.T(ctx, "identity.notice."+string(e.Kind))}, {Text: orDash(e.Detail)}, {Text: moment(e.Disowned)},
		})
	}
	return rows
}

// actionOptions are what the trail can be narrowed to.
func actionOptions(ctx context.Context, chosen string) []design.Option {
	options := []design.Option{{Label: text.T(ctx, "identity.console.anything")}}
	for _, each := range []struct{ prefix, key string }{
		{"sign_in", "identity.console.trail.sign_in"},
		{"account.", "identity.console.trail.account"},
		{"consent.", "identity.console.trail.consent"},
		{"data.handed", "identity.console.trail.handed"},
		{"console.", "identity.console.trail.console"},
	} {
		options = append(options, design.Option{Value: each.prefix, Label: text.T(ctx, each.key), Selected: each.prefix == chosen})
	}
	return options
}

// Keys that pages compute.
//
// text: identity.console.do.*
// text: identity.console.client_do.*
// text: identity.console.incident_hint.*
// text: identity.console.method.*
// text: identity.notice.*
