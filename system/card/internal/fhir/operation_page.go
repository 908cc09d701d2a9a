package fhir

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
)

// Operation is what a neighbouring room does beside reading and searching:
// /Patient/id/$everything, /Patient/$export, /$export.
type Operation struct {
	Kind       string // the type that it is about; "" the whole
	Name       string // "$everything"
	Instance   bool   // it is about one resource
	Below      bool   // the path goes on behind the name
	Methods    []string
	Definition string // canonical address of the OperationDefinition; "" tells nobody of it
	Serve      func(w http.ResponseWriter, r *http.Request, on Target) error
}

// Target is what an operation is asked of.
type Target struct {
	Kind, ID string
	Rest     []string // of the path, behind the name
}

// Operate offers the operation. It is called before the first request.
func (a *API) Operate(o Operation) { a.operations = append(a.operations, o) }

// operation finds what the path names.
func (a *API) operation(parts []string) (Operation, Target, bool) {
	at := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(p, "$") })
	if at < 0 || at > 2 {
		return Operation{}, Target{}, false
	}
	var on Target
	if at > 0 {
		on.Kind = parts[0]
	}
	if at > 1 {
		on.ID = parts[1]
	}
	on.Rest = parts[at+1:]
	for _, o := range a.operations {
		if o.Name == parts[at] && o.Kind == on.Kind && o.Instance == (on.ID != "") && (o.Below || len(on.Rest) == 0) {
			return o, on, on.ID == "" || find.ValidID(on.ID)
		}
	}
	return Operation{}, Target{}, false
}

// Caller is who asks.
type Caller struct {
	api *API
	c   access.Caller
}

// Item is one resource that a caller was let through to.
type Item struct{ i *find.Item }

// Kind is its type.
func (i Item) Kind() string { return i.i.Kind }

// ID is its id within the type.
func (i Item) ID() string { return i.i.ID }

// JSON is the resource as it is sent.
func (i Item) JSON() []byte { return i.i.JSON }

// Updated is the latest moment that its rows know of; zero: they know none.
func (i Item) Updated() time.Time { return i.i.Updated }

// Unchanged says that the resource is surely as it was at the moment. Of what the
// card has itself that is known of the types that have _lastUpdated alone: the rows of
// others leave no moment of some of their changes; late says that rows come in,
// too, which were written elsewhere before.
func (a *API) Unchanged(i Item, since time.Time, late bool) bool {
	if i.i.Updated.IsZero() || !i.i.Updated.Before(since) {
		return false
	}
	if i.i.Foreign() {
		return true
	}
	_, known := a.kinds[i.i.Kind].Params["_lastUpdated"]
	return known && !late
}

// Late says whether rows come in that were written elsewhere before: see Unchanged.
func (a *API) Late(ctx context.Context) (bool, error) { return a.archive.Late(ctx) }

// Reader is by what the card is read: within Snapshot, the one reading.
func (a *API) Reader(ctx context.Context) db.Querier { return a.archive.Reader(ctx) }

// Caller is who sent the request.
func (a *API) Caller(r *http.Request) (Caller, error) {
	token, ok := bearer(r)
	if !ok {
		return Caller{}, fail.New(fail.SignedOut, "card.fhir.no_token")
	}
	c, err := a.caller(r.Context(), token)
	return Caller{a, c}, err
}

// Client is the id of the caller's system, Machine whether nobody stands behind it.
func (c Caller) Client() (id string, machine bool) { return c.c.Token.ClientID, c.c.Token.Machine }

// May says whether the caller may search the type.
func (c Caller) May(kind string) bool {
	_, err := c.c.Reach(kind, access.SearchAction)
	return err == nil
}

// Need is May as an error.
func (c Caller) Need(kind string) error {
	_, err := c.c.Reach(kind, access.SearchAction)
	return err
}

// Find is one page of a search within the caller's reach, and the place of the
// next one; nil at the end.
func (c Caller) Find(ctx context.Context, kind string, params url.Values, count int, after []string) ([]Item, []string, error) {
	allowed, err := c.c.Reach(kind, access.SearchAction)
	if err != nil {
		return nil, nil, err
	}
	return c.api.page(ctx, allowed, kind, params, count, after)
}

// FindAll is Find of everything that there is, for what was allowed before.
func (a *API) FindAll(ctx context.Context, kind string, params url.Values, count int, after []string) ([]Item, []string, error) {
	return a.page(ctx, access.Reach{All: true}, kind, params, count, after)
}

// Filter refuses parameters that are no search of the type by its own criteria, and a
// ПИН among them, which stand in a URL.
func (a *API) Filter(kind string, params url.Values) error {
	if name, ok := find.CarriesPIN(params); ok {
		t := outcome.Troubled(http.StatusBadRequest, "security", "card.fhir.pin_in_url")
		t.Issues[0].Expression = find.Clip(name)
		return t
	}
	q, err := find.ReadQuery(a.kinds, a.kinds[kind], params, a.base, true, a.clock.Now())
	if err != nil {
		return err
	}
	if n := len(params); len(q.Criteria) == 0 || len(q.Criteria) < n {
		return Refuse(http.StatusBadRequest, "not-supported", "card.fhir.filter_criteria")
	}
	return nil
}

func (a *API) page(ctx context.Context, r access.Reach, kind string, params url.Values, count int, after []string) ([]Item, []string, error) {
	k := a.kinds[kind]
	q, err := find.ReadQuery(a.kinds, k, params, a.base, true, a.clock.Now())
	if err != nil {
		return nil, nil, err
	}
	q.Count, q.After = count, after
	f, err := k.Find(ctx, r, q)
	if err != nil {
		return nil, nil, err
	}
	items, err := k.Ordered(ctx, f.IDs)
	return wrapped(items), f.After, err
}

// Items are those of the ids that the caller reaches.
func (c Caller) Items(ctx context.Context, kind string, ids []string) ([]Item, error) {
	k, ok := c.api.kinds[kind]
	if !ok {
		return nil, nil
	}
	allowed, err := c.c.Reach(kind, access.ReadAction)
	if err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !find.ValidID(id) })
	items, err := k.Items(ctx, allowed, ids)
	return wrapped(items), err
}

// Tell records that the caller was shown the items; it is called before they are
// sent.
func (c Caller) Tell(ctx context.Context, action string, items []Item) error {
	bare := make([]*find.Item, len(items))
	for i, one := range items {
		bare[i] = one.i
	}
	return c.api.record(ctx, c.c, action, "", bare)
}

func wrapped(items []*find.Item) []Item {
	all := make([]Item, len(items))
	for i, one := range items {
		all[i] = Item{one}
	}
	return all
}

// Kinds are the types that are offered, sorted.
func (a *API) Kinds() []string { return slices.Sorted(maps.Keys(a.kinds)) }

// Sorting is the first of the parameters by which the type can be ordered, "" for
// none.
func (a *API) Sorting(kind string, names ...string) string {
	for _, name := range names {
		if k := a.kinds[kind]; k != nil && k.Params[name].Sorts {
			return name
		}
	}
	return ""
}

// Leading is the search parameter of the type that leads to the other: the first
// of the names that does; "" for none.
func (a *API) Leading(kind, to string, among ...string) string {
	k, ok := a.kinds[kind]
	if !ok {
		return ""
	}
	for _, name := range among {
		if p, ok := k.Params[name]; ok && p.Kind == find.ReferenceParam && slices.Contains(p.Targets, to) {
			return name
		}
	}
	return ""
}

// Hide makes a text that this installation alone can read and nobody can change.
func (a *API) Hide(plain []byte) string { return a.ids.Hide(plain) }

// Reveal reads what Hide made.
func (a *API) Reveal(hidden string) ([]byte, bool) { return a.ids.Reveal(hidden) }

// Refuse is an error with a status of HTTP and a code of FHIR's issue types.
func Refuse(status int, code, key string, pairs ...any) error {
	return outcome.Troubled(status, code, key, pairs...)
}

// Send answers with a resource.
func Send(w http.ResponseWriter, status int, resource any) error {
	data, err := datatype.Encode(resource)
	if err != nil {
		return err
	}
	send(w, status, data)
	return nil
}

// CapabilityOperation is an operation that is offered.
type CapabilityOperation struct {
	Name       string `json:"name"`
	Definition string `json:"definition"`
}

func (a *API) operationsOf(kind string) []CapabilityOperation {
	var all []CapabilityOperation
	for _, o := range a.operations {
		one := CapabilityOperation{strings.TrimPrefix(o.Name, "$"), o.Definition}
		if o.Kind == kind && o.Definition != "" && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
