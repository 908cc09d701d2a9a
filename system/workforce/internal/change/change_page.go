package change

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
)

// pageSize is how many changes stand on a page.
const pageSize = 30

// Next is the page after these, "" when there is none.
func Next(r *http.Request, changes []Change) string {
	if len(changes) <= pageSize {
		return ""
	}
	return r.URL.Path + "?before=" + changes[pageSize-1].ID
}

// PageSize is how many changes to read for a page: one more tells that there is
// a next one.
const PageSize = pageSize + 1

// Shown is what of them stands on the page.
func Shown(changes []Change) []Change { return changes[:min(len(changes), pageSize)] }

// names are the fields that have words; another stands as its code.
var names = []string{
	"code", "kind", "ownership", "level", "inn", "okpo", "name_ky", "name_ru", "name_en", "short_ky", "short_ru", "short_en",
	"region", "territory", "address", "phone", "successor", "closed", "from", "until", "order", "profile", "room", "beds", "bed",
	"number", "licence_kind", "withdrawn", "person", "post", "department", "duty", "replaces", "scan", "day",
	"computers", "working", "online", "printers", "doctors", "nurses", "internet",
}

func nameOf(ctx context.Context, name string) string {
	if !slices.Contains(names, name) {
		return name
	}
	return text.T(ctx, "workforce.field."+name) // text: workforce.field.*
}

// actions have words, all of them.
func actionOf(ctx context.Context, action string) string {
	return text.T(ctx, "workforce.action."+action) // text: workforce.action.*
}

// coded are the fields whose values are codes with words, and where these stand.
var coded = map[string]string{
	"kind": "workforce.kind.", "ownership": "workforce.ownership.", "level": "workforce.level.",
	"duty": "workforce.duty.", "licence_kind": "workforce.licence.kind.", "profile": "workforce.profile.", "internet": "workforce.internet.",
}

// say is a value in the reader's language: a code by its word, a day as days are written.
func say(ctx context.Context, field, value string) string {
	if value == "" {
		return "—"
	}
	if prefix, ok := coded[field]; ok {
		return text.T(ctx, prefix+value) // text: workforce.duty.* // text: workforce.licence.kind.* // text: workforce.profile.* // text: workforce.internet.*
	}
	if day, ok := clock.ParseDate(value); ok && len(value) == len("2026-11-22") {
		return text.Date(day)
	}
	return value
}
