package fhir

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Token is what ЕСИ says of an access token.
type Token struct {
	Active   bool
	Scopes   []string
	ClientID string
	Machine  bool   // a system by itself, nobody behind it
	PIN      string // of the user
	Name     string // of the user
	Expires  time.Time
}

// Tokens tells what a token is. The real one asks ЕСИ.
type Tokens interface {
	Introspect(ctx context.Context, token string) (Token, error)
}

// Posts tells which posts a person holds. The real one is НИСУР.
type Posts interface {
	Posts(ctx context.Context, pin string) ([]workforceapi.Post, error)
}

// reach is the part of the card that a token opens: all of it, what was done in
// organisations, what is of one person, or of both.
type reach struct {
	all           bool
	organisations []string
	pin           string
}

func (r reach) empty() bool { return !r.all && len(r.organisations) == 0 && r.pin == "" }

// caller is who asks.
type caller struct {
	token Token
	posts []workforceapi.Post // in hospitals, asked for only where a scope of a user needs them
}

// caller finds out about the token, and the posts of a user.
func (a *API) caller(ctx context.Context, bearer string) (caller, error) {
	token, err := a.tokens.Introspect(ctx, bearer)
	if err != nil {
		return caller{}, err
	}
	if !token.Active || !token.Expires.IsZero() && !a.clock.Now().Before(token.Expires) {
		return caller{}, fail.New(fail.SignedOut, "card.fhir.bad_token")
	}
	c := caller{token: token}
	needsPosts := slices.ContainsFunc(token.Scopes, func(s string) bool { return strings.HasPrefix(s, userContext+"/") })
	if token.PIN != "" && needsPosts {
		if c.posts, err = a.posts.Posts(ctx, token.PIN); err != nil {
			return caller{}, err
		}
		c.posts = slices.DeleteFunc(slices.Clone(c.posts), func(p workforceapi.Post) bool { return !slices.Contains(desk.Everybody, p.Role) })
	}
	return c, nil
}

// reach is what the caller may see of the kind by the action; fail.Forbidden if
// nothing. A scope for systems counts for machines alone, one for users or
// patients only with a person behind the token.
func (c caller) reach(kind string, want action) (reach, error) {
	var r reach
	for _, s := range c.token.Scopes {
		switch {
		case c.token.Machine:
			r.all = r.all || grants(s, systemContext, kind, want)
		case c.token.PIN == "": // a person whom the token does not tell
		case grants(s, userContext, kind, want):
			r.pin = c.token.PIN
			for _, p := range c.posts {
				if !slices.Contains(r.organisations, p.Organisation) {
					r.organisations = append(r.organisations, p.Organisation)
				}
			}
		case grants(s, patientContext, kind, want):
			r.pin = c.token.PIN
		}
	}
	if r.empty() {
		return r, fail.New(fail.Forbidden, "card.fhir.no_scope", "Kind", kind)
	}
	return r, nil
}

// purpose is why the caller looks, as far as the token tells.
func (c caller) purpose(subject string) string {
	switch {
	case c.token.Machine:
		return "fhir-exchange"
	case c.token.PIN == subject:
		return "fhir-own"
	case len(c.posts) > 0:
		return "treatment"
	}
	return "fhir-exchange"
}

// record writes down that the caller was shown the items, once a person and
// type, before they are sent. asked is a ПИН that was searched for: its bearer
// is told even if nothing was found.
func (a *API) record(ctx context.Context, c caller, action, asked string, items []*item) error {
	type seen struct{ subject, kind, object string }
	var all []seen
	for _, i := range items {
		if !i.person {
			continue
		}
		at := slices.IndexFunc(all, func(s seen) bool { return s.subject == i.subject && s.kind == i.kind && i.subject != "" })
		if at >= 0 {
			all[at].object = i.kind // more than one of them
			continue
		}
		all = append(all, seen{i.subject, i.kind, i.kind + "/" + i.id})
	}
	if asked != "" && !slices.ContainsFunc(all, func(s seen) bool { return s.subject == asked }) {
		all = append(all, seen{asked, "Patient", "Patient"})
	}
	if len(all) == 0 {
		return nil
	}
	r := audit.Record{ActorPIN: c.token.PIN, ActorName: c.token.Name, Via: "card", Action: action}
	if r.ActorName == "" {
		r.ActorName = c.token.ClientID
	}
	if len(c.posts) > 0 {
		r.ActorRole, r.Organisation = c.posts[0].Title.RU, c.posts[0].OrganisationName.RU
	}
	return a.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range all {
			r.Subject, r.Object, r.Purpose = s.subject, s.object, c.purpose(s.subject)
			if err := audit.Add(ctx, tx, a.clock, r); err != nil {
				return err
			}
		}
		return nil
	})
}
