package bulk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
)

// Limits of _typeFilter.
const (
	mostFilters = 20 // of a type
	idsAtOnce   = 50 // as many values as one parameter takes
)

// filters reads _typeFilter: searches of a type, "Condition?code=I21.0", parted by
// commas within a value where none stands inside of one, and repeated. They hold
// criteria of the type's own alone: what would lead to other resources, or tell of
// the matches in part or in an order, an export has no answer for.
func (d *Desk) filters(request *Request, values []string) error {
	refuse := func(key string, pairs ...any) error {
		return fhir.Refuse(http.StatusBadRequest, "invalid", key, append(pairs, "Name", "_typeFilter")...)
	}
	for _, value := range values {
		for _, one := range parted(value, d.API.Kinds()) {
			kind, search, ok := strings.Cut(one, "?")
			if !ok || !slices.Contains(d.API.Kinds(), kind) {
				return refuse("card.fhir.filter_type")
			}
			params, err := url.ParseQuery(search)
			if err != nil {
				return refuse("card.fhir.bad_query")
			}
			if err := d.API.Filter(kind, params); err != nil {
				return err
			}
			if request.Filters == nil {
				request.Filters = map[string][]string{}
			}
			if !slices.Contains(request.Filters[kind], params.Encode()) {
				request.Filters[kind] = append(request.Filters[kind], params.Encode())
			}
			if len(request.Filters[kind]) > mostFilters {
				return refuse("card.fhir.too_many_parameters")
			}
		}
	}
	return nil
}

// parted are the searches of one value: a comma ends one where the next begins, with
// a type and a question mark.
func parted(value string, kinds []string) []string {
	var all []string
	for part := range strings.SplitSeq(value, ",") {
		kind, _, begins := strings.Cut(part, "?")
		if len(all) > 0 && (!begins || !slices.Contains(kinds, kind)) {
			all[len(all)-1] += "," + part
			continue
		}
		all = append(all, part)
	}
	return all
}

// query is one by which a type is read. What meets one before it, of the same
// patients, has been told.
type query struct {
	params url.Values
	before []url.Values
}

func queriesOf(r Request, link gather.Link) ([]query, error) {
	filters := []url.Values{{}}
	if asked := r.Filters[link.Kind]; len(asked) > 0 {
		filters = nil
		for _, one := range asked {
			params, err := url.ParseQuery(one)
			if err != nil {
				return nil, err
			}
			filters = append(filters, params)
		}
	}
	groups := []url.Values{{}}
	if r.Group {
		groups = nil
		for chunk := range slices.Chunk(r.Members, 50) {
			groups = append(groups, url.Values{link.Param: {strings.Join(chunk, ",")}})
		}
	}
	var all []query
	for _, group := range groups {
		for i, filter := range filters {
			all = append(all, query{both(filter, group), filters[:i]})
		}
	}
	return all, nil
}

// both are the parameters of the two, which narrow each other.
func both(a, b url.Values) url.Values {
	all := url.Values{}
	for _, one := range []url.Values{a, b} {
		for name, values := range one {
			all[name] = append(all[name], values...)
		}
	}
	return all
}

// untold are the items that meet none of the searches before.
func (w *writing) untold(ctx context.Context, kind string, items []fhir.Item, before []url.Values) ([]fhir.Item, error) {
	told := map[string]bool{}
	for _, search := range before {
		for chunk := range slices.Chunk(items, idsAtOnce) {
			ids := make([]string, len(chunk))
			for i, one := range chunk {
				ids[i] = one.ID()
			}
			found, _, err := w.API.FindAll(ctx, kind, both(url.Values{"_id": {strings.Join(ids, ",")}}, search), idsAtOnce, nil)
			if err != nil {
				return nil, err
			}
			for _, one := range found {
				told[one.ID()] = true
			}
		}
	}
	return slices.DeleteFunc(items, func(i fhir.Item) bool { return told[i.ID()] }), nil
}
