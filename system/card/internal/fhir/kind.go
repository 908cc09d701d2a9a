package fhir

import (
	"context"
	"maps"
	"slices"
	"strconv"
)

// kind is a type of resource that is offered.
type kind struct {
	name   string
	params map[string]param
	// find gives the ids of one page of what matches the query within the reach.
	// It is the only gate: whatever is loaded has been found first.
	find func(ctx context.Context, r reach, q *query) (found, error)
	// load makes the resources of ids that find has let through. An id that is
	// no more is left out.
	load func(ctx context.Context, ids []string) ([]*item, error)
	// own finds the card's own records alone; nil where there are none.
	own func(ctx context.Context, r reach, q *query) (found, error)
	// foreign says that all of it comes from outside: the card has none of its own.
	foreign bool
}

// found is one page of a search.
type found struct {
	ids   []string
	total int
	after []string   // keys of the last id, if there is a page behind
	keys  [][]string // of each id
}

func (a *API) kindsOffered() map[string]*kind {
	all := map[string]*kind{}
	own := []*kind{
		a.patientKind(), a.encounterKind(), a.conditionKind(), a.procedureKind(), a.claimKind(), a.claimResponseKind(),
		a.organizationKind(), a.locationKind(), a.practitionerKind(), a.practitionerRoleKind(),
	}
	for _, offer := range a.offers {
		own = append(own, a.offered(offer(a)))
	}
	for _, k := range own {
		k.params["_id"] = param{kind: tokenParam, sorts: true}
		all[k.name] = k
	}
	a.shelve(all)
	return all
}

// among lets through those of the ids that are within the reach.
func (k *kind) among(ctx context.Context, r reach, ids []string) ([]string, error) {
	var passed []string
	for chunk := range slices.Chunk(ids, maxIncluded) {
		c := criterion{name: "_id", param: k.params["_id"]}
		for _, id := range chunk {
			c.values = append(c.values, value{text: id})
		}
		f, err := k.find(ctx, r, &query{criteria: []criterion{c}, count: len(chunk)})
		if err != nil {
			return nil, err
		}
		passed = append(passed, f.ids...)
	}
	return passed, nil
}

// items are the resources of those ids that are within the reach, in the order
// of find.
func (k *kind) items(ctx context.Context, r reach, ids []string) ([]*item, error) {
	passed, err := k.among(ctx, r, ids)
	if err != nil || len(passed) == 0 {
		return nil, err
	}
	return k.ordered(ctx, passed)
}

// ordered loads what find has let through and seals it.
func (k *kind) ordered(ctx context.Context, ids []string) ([]*item, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	loaded, err := k.load(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*item, len(loaded))
	for _, i := range loaded {
		byID[i.id] = i
	}
	items := make([]*item, 0, len(ids))
	for _, id := range ids {
		i, ok := byID[id]
		if !ok {
			continue
		}
		if i.json == nil {
			if err := i.seal(); err != nil {
				return nil, err
			}
		}
		items = append(items, i)
	}
	return items, nil
}

// entry is a resource of the directory (organisations, places, staff), which
// is small and held in memory while it is searched.
type entry struct {
	id     string
	tokens map[string][]Coding // by search parameter
	names  map[string][]string // by search parameter
	refs   map[string][]string // by search parameter, ids alone
	make   func() *item
}

// findEntries searches a directory. Entries are in the order of their ids.
func findEntries(entries []entry, q *query) found {
	slices.SortFunc(entries, func(a, b entry) int {
		switch {
		case a.id == b.id:
			return 0
		case (a.id < b.id) != q.down:
			return -1
		}
		return 1
	})
	var f found
	last := ""
	for _, e := range entries {
		if !e.matches(q.criteria) {
			continue
		}
		f.total++
		if len(q.after) == 1 && (e.id == q.after[0] || (e.id < q.after[0]) != q.down) {
			continue
		}
		if len(f.ids) == q.count {
			if q.count > 0 {
				f.after = []string{last}
			}
			continue
		}
		f.ids, f.keys = append(f.ids, e.id), append(f.keys, []string{e.id})
		last = e.id
	}
	return f
}

func (e entry) matches(criteria []criterion) bool {
	for _, c := range criteria {
		if !slices.ContainsFunc(c.values, func(v value) bool { return e.has(c, v) }) {
			return false
		}
	}
	return true
}

func (e entry) has(c criterion, v value) bool {
	if c.name == "_id" {
		return v.text == e.id && v.system == ""
	}
	switch c.param.kind {
	case tokenParam:
		return slices.ContainsFunc(e.tokens[c.name], func(t Coding) bool {
			return (!v.hasSystem || v.system == t.System) && (v.text == t.Code || v.hasSystem && v.text == "")
		})
	case referenceParam:
		return slices.Contains(e.refs[c.name], v.text)
	case stringParam:
		return slices.ContainsFunc(e.names[c.name], func(name string) bool { return nameMatches(name, c.modifier, v.text) })
	case dateParam:
	}
	return false
}

// names of kinds, sorted.
func names(kinds map[string]*kind) []string { return slices.Sorted(maps.Keys(kinds)) }

func flagText(b bool) string { return strconv.FormatBool(b) }
