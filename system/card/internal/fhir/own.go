package fhir

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// own tells the shelf of the card's own records.
type own struct{ api *API }

type readerKey struct{}

// reader is what kinds read by: the transaction of a write that looks for
// something, or the pool for reading.
func (a *API) reader(ctx context.Context) db.Querier {
	if q, ok := ctx.Value(readerKey{}).(db.Querier); ok {
		return q
	}
	return a.db.Read
}

// Has implements shelf.Own.
func (o own) Has(ctx context.Context, q db.Querier, kind string, ids []string) (map[string]shelf.Person, error) {
	if query, ok := ownRecords[kind]; ok {
		return loadOwn(ctx, q, query, ids)
	}
	all := map[string]shelf.Person{}
	if k := o.api.kinds[kind]; k != nil && k.own != nil && !slices.Contains([]string{"Practitioner", "PractitionerRole", "Claim", "ClaimResponse", "Location"}, kind) {
		c := criterion{name: "_id", param: k.params["_id"]}
		for _, id := range ids {
			c.values = append(c.values, value{text: id})
		}
		f, err := k.own(context.WithValue(ctx, readerKey{}, q), reach{all: true}, &query{criteria: []criterion{c}, count: len(ids)})
		for _, id := range f.ids {
			all[id] = shelf.Person{}
		}
		return all, err
	}
	for _, id := range ids {
		ok := false
		switch kind {
		case "Practitioner":
			_, ok = o.api.ids.staffPIN(id)
		case "PractitionerRole":
			_, _, _, ok = o.api.ids.roleKey(id)
		case "Claim", "ClaimResponse":
			_, _, ok = o.api.ids.claimKey(id)
		case "Location":
			entries, err := o.api.locationEntries(context.WithValue(ctx, readerKey{}, q), []string{id})
			if err != nil {
				return nil, err
			}
			ok = slices.ContainsFunc(entries, func(e entry) bool { return e.id == id })
		}
		if ok {
			all[id] = shelf.Person{}
		}
	}
	return all, nil
}

// Bearer implements shelf.Own.
func (o own) Bearer(ctx context.Context, q db.Querier, pin string) (string, error) {
	return bearerOf(ctx, q, pin)
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
	search.count = 2
	f, err := k.find(context.WithValue(ctx, readerKey{}, q), reach{all: true}, search)
	return f.ids, err
}

// condition reads the parameters of a conditional write. They must be
// understood wholly and say something: what was left out would make two of one.
func (a *API) condition(k *kind, condition string) (*query, error) {
	bad := &shelf.Refusal{Status: http.StatusBadRequest, Code: "invalid", Key: "card.fhir.bad_condition", Entry: -1}
	values, err := url.ParseQuery(condition)
	if err != nil || len(condition) > maxAddress {
		return nil, bad
	}
	q, err := readQuery(a.kinds, k, values, a.base, true, a.clock.Now())
	if err != nil {
		var t *trouble
		if errors.As(err, &t) && len(t.issues) > 0 {
			first := t.issues[0]
			return nil, &shelf.Refusal{Status: http.StatusBadRequest, Code: first.code, Key: first.key, Args: pairs(first.args), Entry: -1}
		}
		return nil, err
	}
	if len(q.criteria) == 0 || len(q.includes)+len(q.reverse) > 0 {
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
