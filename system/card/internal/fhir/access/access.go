package access

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
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

// Reach is the part of the card that a token opens: all of it, what was done in
// organisations, what is of one person, or of both.
type Reach struct {
	All           bool
	Organisations []string
	PIN           string
}

func (r Reach) empty() bool { return !r.All && len(r.Organisations) == 0 && r.PIN == "" }

// Caller is who asks.
type Caller struct {
	Token Token
	Posts []workforceapi.Post // in hospitals, asked for only where a scope of a user needs them
}

// Reach is what the caller may see of the kind by the action; fail.Forbidden if
// nothing. A scope for systems counts for machines alone, one for users or
// patients only with a person behind the token.
func (c Caller) Reach(kind string, want Action) (Reach, error) {
	var r Reach
	for _, s := range c.Token.Scopes {
		switch {
		case c.Token.Machine:
			r.All = r.All || grants(s, SystemContext, kind, want)
		case c.Token.PIN == "": // a person whom the token does not tell
		case grants(s, UserContext, kind, want):
			r.PIN = c.Token.PIN
			for _, p := range c.Posts {
				if !slices.Contains(r.Organisations, p.Organisation) {
					r.Organisations = append(r.Organisations, p.Organisation)
				}
			}
		case grants(s, patientContext, kind, want):
			r.PIN = c.Token.PIN
		}
	}
	if r.empty() {
		return r, fail.New(fail.Forbidden, "card.fhir.no_scope", "Kind", kind)
	}
	return r, nil
}

// Purpose is why the caller looks, as far as the token tells.
func (c Caller) Purpose(subject string) string {
	switch {
	case c.Token.Machine:
		return "fhir-exchange"
	case c.Token.PIN == subject:
		return "fhir-own"
	case len(c.Posts) > 0:
		return "treatment"
	}
	return "fhir-exchange"
}

// RecordOf is an access record of what the caller did.
func (c Caller) RecordOf(subject, action, object string) audit.Record {
	r := audit.Record{
		ActorPIN: c.Token.PIN, ActorName: c.Token.Name, Via: "card", Action: action, Subject: subject, Object: object, Purpose: c.Purpose(subject),
	}
	if r.ActorName == "" {
		r.ActorName = c.Token.ClientID
	}
	if len(c.Posts) > 0 {
		r.ActorRole, r.Organisation = c.Posts[0].Title.RU, c.Posts[0].OrganisationName.RU
	}
	return r
}

// Author is who wrote a version.
func (c Caller) Author() string { return c.Token.ClientID }
