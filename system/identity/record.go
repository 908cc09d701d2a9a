package identity

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// claims are what the scopes open of the person (FACTS: names of the real ЕСИ).
// Not every person has every claim; an empty one is left out.
func (s *System) claims(ctx context.Context, accountID string, scopes []string) (map[string]any, error) {
	a, found, err := s.accounts.ByID(ctx, accountID)
	if err != nil || !found {
		return nil, err
	}
	claims := map[string]any{}
	set := func(name, value string) {
		if value != "" {
			claims[name] = value
		}
	}
	if slices.Contains(scopes, openid.ScopeProfile) {
		set("pin", a.PIN)
		set("citizenship", a.Citizenship)
		set("name", a.Name())
		set("family_name", a.FamilyName)
		set("given_name", a.GivenName)
		set("middle_name", a.Patronymic)
		if a.Sex != "unknown" {
			set("gender", a.Sex)
		}
		set("birthdate", a.BirthDate.String())
	}
	if slices.Contains(scopes, openid.ScopeOrganizations) {
		organisations, err := s.organisations.Claims(ctx, a.PIN, a.Lang)
		if err != nil {
			return nil, err
		}
		claims["organizations"] = organisations
	}
	if slices.Contains(scopes, openid.ScopeEmail) && a.Email != "" {
		claims["email"], claims["email_verified"] = a.Email, a.EmailVerified
	}
	if slices.Contains(scopes, openid.ScopePhone) && a.Phone != "" {
		claims["phone_number"], claims["phone_number_verified"] = a.Phone, a.PhoneVerified
	}
	return claims, nil
}

// What a system gets. It is the record's object, a client or a system of ours, and
// has a name in each language.
const (
	handedAction   = "data.handed"
	contactsAction = "contacts.read"
)

// record writes what a person did with their own account.
func (s *System) record(ctx context.Context, pin, name, action, object string) error {
	r := audit.Record{Subject: pin, ActorName: name, Action: action, Purpose: "own-account", Object: object}
	if name != "" {
		r.ActorPIN = pin // known to be the person: not so at a failed sign-in
	}
	return s.add(ctx, r)
}

// handed records that the person's data go to a system.
func (s *System) handed(ctx context.Context, tx *sql.Tx, accountID string, client openid.Client) error {
	pin, name, err := s.accounts.Named(ctx, tx, accountID)
	if err != nil || pin == "" {
		return err
	}
	return audit.Add(ctx, tx, s.clock, audit.Record{
		Subject: pin, ActorPIN: pin, ActorName: name, Organisation: client.Name.RU, Via: "identity", Action: handedAction, Purpose: "own-account", Object: client.ID,
	})
}

func (s *System) add(ctx context.Context, r audit.Record) error {
	r.Via = "identity"
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return audit.Add(ctx, tx, s.clock, r) })
}

// words gives a record the words of its codes.
func (s *System) words(r *audit.Record) {
	r.ActionWords = s.texts.WordsOr("identity.action."+r.Action, r.Action)     // text: identity.action.*
	r.PurposeWords = s.texts.WordsOr("identity.purpose."+r.Purpose, r.Purpose) // text: identity.purpose.*
	s.naming.Give(r)
	switch {
	case r.Object == "": // written before systems were named in it
	case r.Action == contactsAction:
		r.OrganisationWords = s.clientName(r.Object)
	case r.Action == handedAction:
		if c, known := s.provider.Client(r.Object); known {
			r.OrganisationWords = c.Name
		}
	}
}

// naming knows the organisations of НИСУР, whose staff are ЕСИ's operators.
func naming(env host.Env) *audit.Naming {
	register := workforceapi.Client{Exchange: exchangeapi.NewClient(env, exchangeapi.Identity)}
	return &audit.Naming{Clock: env.Clock, Names: func(ctx context.Context) ([]text.Words, error) {
		all, err := register.Organisations(ctx)
		names := make([]text.Words, 0, 2*len(all))
		for _, o := range all {
			names = append(names, o.Name, o.ShortName)
		}
		return names, err
	}}
}
