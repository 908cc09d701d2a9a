package fhir

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// caller finds out about the token, and the posts of a user.
func (a *API) caller(ctx context.Context, bearer string) (access.Caller, error) {
	token, err := a.tokens.Introspect(ctx, bearer)
	if err != nil {
		return access.Caller{}, err
	}
	if !token.Active || !token.Expires.IsZero() && !a.clock.Now().Before(token.Expires) {
		return access.Caller{}, fail.New(fail.SignedOut, "card.fhir.bad_token")
	}
	c := access.Caller{Token: token}
	needsPosts := slices.ContainsFunc(token.Scopes, func(s string) bool { return strings.HasPrefix(s, access.UserContext+"/") })
	if token.PIN != "" && needsPosts {
		if c.Posts, err = a.posts.Posts(ctx, token.PIN); err != nil {
			return access.Caller{}, err
		}
		c.Posts = slices.DeleteFunc(slices.Clone(c.Posts), func(p workforceapi.Post) bool { return !slices.Contains(desk.Records, p.Role) })
	}
	return c, nil
}

// record writes down that the caller was shown the items, once a person and
// type, before they are sent. asked is a ПИН that was searched for: its bearer
// is told even if nothing was found.
func (a *API) record(ctx context.Context, c access.Caller, action, asked string, items []*find.Item) error {
	type seen struct{ subject, kind, object string }
	var all []seen
	for _, i := range items {
		if !i.Person {
			continue
		}
		at := slices.IndexFunc(all, func(s seen) bool { return s.subject == i.Subject && s.kind == i.Kind && i.Subject != "" })
		if at >= 0 {
			all[at].object = i.Kind // more than one of them
			continue
		}
		all = append(all, seen{i.Subject, i.Kind, i.Kind + "/" + i.ID})
	}
	if asked != "" && !slices.ContainsFunc(all, func(s seen) bool { return s.subject == asked }) {
		all = append(all, seen{asked, "Patient", "Patient"})
	}
	if len(all) == 0 {
		return nil
	}
	records := make([]audit.Record, len(all))
	for i, s := range all {
		records[i] = c.RecordOf(s.subject, action, s.object)
	}
	return a.shelf.Note(ctx, records)
}

// bearer is the token of the request: RFC 6750, in the header alone.
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
