package fhir

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// own tells the shelf of the card's own records.
type own struct{ api *API }

// Has implements shelf.Own.
func (o own) Has(ctx context.Context, q db.Querier, kind string, ids []string) (map[string]shelf.Person, error) {
	if query, ok := kept.OwnRecords[kind]; ok {
		return kept.LoadOwn(ctx, q, query, ids)
	}
	all := map[string]shelf.Person{}
	if k := o.api.kinds[kind]; k != nil && k.Own != nil && !slices.Contains([]string{"Practitioner", "PractitionerRole", "Claim", "ClaimResponse", "Location"}, kind) {
		c := find.Criterion{Name: "_id", Param: k.Params["_id"]}
		for _, id := range ids {
			c.Values = append(c.Values, find.Value{Text: id})
		}
		f, err := k.Own(kept.Reading(ctx, q), access.Reach{All: true}, &find.Query{Criteria: []find.Criterion{c}, Count: len(ids)})
		for _, id := range f.IDs {
			all[id] = shelf.Person{}
		}
		return all, err
	}
	for _, id := range ids {
		ok := false
		switch kind {
		case "Practitioner":
			_, ok = o.api.ids.StaffPIN(id)
		case "PractitionerRole":
			_, _, _, ok = o.api.ids.RoleKey(id)
		case "Claim", "ClaimResponse":
			_, _, ok = o.api.ids.ClaimKey(id)
		case "Location":
			var err error
			if ok, err = o.api.archive.HasLocation(kept.Reading(ctx, q), id); err != nil {
				return nil, err
			}
		}
		if ok {
			all[id] = shelf.Person{}
		}
	}
	return all, nil
}

// Bearer implements shelf.Own.
func (o own) Bearer(ctx context.Context, q db.Querier, pin string) (string, error) {
	return kept.BearerOf(ctx, q, pin)
}

// Match implements shelf.Own: a search of everything there is, two matches at
// most.
func (o own) Match(ctx context.Context, q db.Querier, kind, condition string) ([]string, error) {
	a := o.api
	k, ok := a.kinds[kind]
	if !ok {
		return nil, &shelf.Refusal{Status: http.StatusBadRequest, Code: "not-supported", Key: "card.fhir.bad_condition", Entry: -1}
	}
	search, err := a.condition(k, condition)
	if err != nil {
		return nil, err
	}
	search.Count = 2
	f, err := k.Find(kept.Reading(ctx, q), access.Reach{All: true}, search)
	return f.IDs, err
}

// condition reads the parameters of a conditional write. They must be
// understood wholly and say something: what was left out would make two of one.
func (a *API) condition(k *find.Kind, condition string) (*find.Query, error) {
	bad := &shelf.Refusal{Status: http.StatusBadRequest, Code: "invalid", Key: "card.fhir.bad_condition", Entry: -1}
	values, err := url.ParseQuery(condition)
	if err != nil || len(condition) > maxAddress {
		return nil, bad
	}
	q, err := find.ReadQuery(a.kinds, k, values, a.base, true, a.clock.Now())
	if err != nil {
		var t *outcome.Trouble
		if errors.As(err, &t) && len(t.Issues) > 0 {
			first := t.Issues[0]
			return nil, &shelf.Refusal{Status: http.StatusBadRequest, Code: first.Code, Key: first.Key, Args: pairs(first.Args), Entry: -1}
		}
		return nil, err
	}
	turned := slices.ContainsFunc(q.Criteria, find.Criterion.Modified) // would fit nearly everything
	if len(q.Criteria) == 0 || len(q.Includes)+len(q.Reverse)+len(q.Chains)+len(q.Has) > 0 || turned {
		return nil, bad
	}
	return q, nil
}

func pairs(args map[string]any) []any {
	var all []any
	for name, value := range args {
		all = append(all, name, value)
	}
	return all
}
