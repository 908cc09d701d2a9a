package find

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Kind is a type of resource that is offered.
type Kind struct {
	Name   string
	Params map[string]Param
	// Find gives the ids of one page of what matches the query within the reach.
	// It is the only gate: whatever is loaded has been found first.
	Find func(ctx context.Context, r access.Reach, q *Query) (Found, error)
	// Load makes the resources of ids that find has let through. An id that is
	// no more is left out.
	Load func(ctx context.Context, ids []string) ([]*Item, error)
	// Own finds the card's own records alone; nil where there are none.
	Own func(ctx context.Context, r access.Reach, q *Query) (Found, error)
	// Foreign says that all of it comes from outside: the card has none of its own.
	Foreign bool
	About   string   // what a reader of the statement must know beside
	places  []Finder // where the card has its own, if that is in several places
}

// Finder finds one page of what matches the query within the reach.
type Finder func(ctx context.Context, r access.Reach, q *Query) (Found, error)

// Places are where the card has its own records of the type.
func (k *Kind) Places() []Finder {
	if k.places == nil {
		return []Finder{k.Find}
	}
	return k.places
}

// Join adds another place in which the card has records of the type. A parameter
// that one of them does not know finds nothing there.
func (k *Kind) Join(other *Kind) {
	k.places = append(k.Places(), other.Find)
	k.Find = Together(k.places...)
	for name, p := range other.Params {
		known, ok := k.Params[name]
		if !ok {
			k.Params[name] = p
			continue
		}
		for _, target := range p.Targets {
			if !slices.Contains(known.Targets, target) {
				known.Targets = append(slices.Clone(known.Targets), target)
			}
		}
		known.Sorts = known.Sorts || p.Sorts
		k.Params[name] = known
	}
	k.About += other.About
	load := k.Load
	k.Load = func(ctx context.Context, ids []string) ([]*Item, error) {
		items, err := load(ctx, ids)
		if err != nil || len(items) == len(ids) {
			return items, err
		}
		more, err := other.Load(ctx, Without(ids, items))
		return append(items, more...), err
	}
}

// Without are the ids of which there is no item.
func Without(ids []string, items []*Item) []string {
	have := make(map[string]bool, len(items))
	for _, i := range items {
		have[i.ID] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return have[id] })
}

// Together searches several places as one.
func Together(places ...Finder) Finder {
	return func(ctx context.Context, r access.Reach, q *Query) (Found, error) {
		finds := make([]func(*Query) (Found, error), len(places))
		for at, find := range places {
			finds[at] = func(q *Query) (Found, error) { return find(ctx, r, q) }
		}
		return Both(q, finds...)
	}
}

// Found is one page of a search.
type Found struct {
	IDs   []string
	Total int
	After []string   // keys of the last id, if there is a page behind
	keys  [][]string // of each id
	items []*Item    // those of the ids that were read on the way
}

// Whole is all that a search has found, read already.
func Whole(items []*Item) Found {
	f := Found{Total: len(items), items: items}
	for _, i := range items {
		f.IDs, f.keys = append(f.IDs, i.ID), append(f.keys, []string{i.ID})
	}
	return f
}

// Among lets through those of the ids that are within the reach.
func (k *Kind) Among(ctx context.Context, r access.Reach, ids []string) ([]string, error) {
	var passed []string
	for chunk := range slices.Chunk(ids, MaxIncluded) {
		c := Criterion{Name: "_id", Param: k.Params["_id"]}
		for _, id := range chunk {
			c.Values = append(c.Values, Value{Text: id})
		}
		f, err := k.Find(ctx, r, &Query{Criteria: []Criterion{c}, Count: len(chunk)})
		if err != nil {
			return nil, err
		}
		passed = append(passed, f.IDs...)
	}
	return passed, nil
}

// Items are the resources of those ids that are within the reach, in the order
// of find.
func (k *Kind) Items(ctx context.Context, r access.Reach, ids []string) ([]*Item, error) {
	passed, err := k.Among(ctx, r, ids)
	if err != nil || len(passed) == 0 {
		return nil, err
	}
	return k.Ordered(ctx, passed)
}

// Ordered loads what find has let through and seals it.
func (k *Kind) Ordered(ctx context.Context, ids []string) ([]*Item, error) {
	return k.Page(ctx, Found{IDs: ids})
}

// Page is Ordered for what was found, which may have been read on the way.
func (k *Kind) Page(ctx context.Context, f Found) ([]*Item, error) {
	if len(f.IDs) == 0 {
		return nil, nil
	}
	ids, loaded := f.IDs, f.items
	missing := ids
	if len(loaded) > 0 {
		missing = Without(ids, loaded)
	}
	if len(missing) > 0 {
		more, err := k.Load(ctx, missing)
		if err != nil {
			return nil, err
		}
		loaded = append(more, loaded...)
	}
	byID := make(map[string]*Item, len(loaded))
	for _, i := range loaded {
		byID[i.ID] = i
	}
	items := make([]*Item, 0, len(ids))
	for _, id := range ids {
		i, ok := byID[id]
		if !ok {
			continue
		}
		if i.JSON == nil {
			if err := i.seal(); err != nil {
				return nil, err
			}
		}
		items = append(items, i)
	}
	return items, nil
}

// Entry is a resource of the directory (organisations, places, staff), which
// is small and held in memory while it is searched.
type Entry struct {
	ID     string
	Tokens map[string][]datatype.Coding // by search parameter
	Names  map[string][]string          // by search parameter
	Refs   map[string][]string          // by search parameter, ids alone
	Make   func() *Item
}

// FindEntries searches a directory. Entries are in the order of their ids.
func FindEntries(entries []Entry, q *Query) Found {
	sorts, down := q.order()
	keys := func(id string) []string { // the rest of what it may be ordered by it does not know
		all := make([]string, len(sorts), len(sorts)+1)
		for at := range all {
			all[at] = "0"
		}
		return append(all, id)
	}
	after, follows := "", len(q.After) == len(sorts)+1
	if follows {
		after = q.After[len(sorts)]
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		switch {
		case a.ID == b.ID:
			return 0
		case (a.ID < b.ID) != down:
			return -1
		}
		return 1
	})
	var f Found
	last := ""
	for _, e := range entries {
		if !e.matches(q.Criteria) {
			continue
		}
		f.Total++
		if follows && (e.ID == after || (e.ID < after) != down) {
			continue
		}
		if len(f.IDs) == q.Count {
			if q.Count > 0 {
				f.After = keys(last)
			}
			continue
		}
		f.IDs, f.keys = append(f.IDs, e.ID), append(f.keys, keys(e.ID))
		last = e.ID
	}
	return f
}

func (e Entry) matches(criteria []Criterion) bool {
	for _, c := range criteria {
		met := slices.ContainsFunc(c.Values, func(v Value) bool { return e.has(c, v) })
		if c.modifier == missingModifier {
			met = len(e.Tokens[c.Name])+len(e.Names[c.Name])+len(e.Refs[c.Name]) > 0
		}
		if met == c.Negative() {
			return false
		}
	}
	return true
}

func (e Entry) has(c Criterion, v Value) bool {
	if c.Name == "_id" {
		return v.Text == e.ID && v.System == ""
	}
	switch c.Param.Kind {
	case TokenParam:
		return slices.ContainsFunc(e.Tokens[c.Name], func(t datatype.Coding) bool {
			return (!v.HasSystem || v.System == t.System) && (v.Text == t.Code || v.HasSystem && v.Text == "")
		})
	case ReferenceParam:
		return slices.Contains(e.Refs[c.Name], v.Text)
	case StringParam:
		return slices.ContainsFunc(e.Names[c.Name], func(name string) bool { return NameMatches(name, c.modifier, v.Text) })
	case DateParam:
	}
	return false
}

// Names of kinds, sorted.
func Names(kinds map[string]*Kind) []string { return slices.Sorted(maps.Keys(kinds)) }

func FlagText(b bool) string { return strconv.FormatBool(b) }
