package fhir

import (
	"context"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

const (
	maxForm    = 64 << 10 // bytes of a search by POST
	maxAddress = 16 << 10 // bytes of the parameters in a URL; a cursor is long
)

// search answers GET /Type and POST /Type/_search.
func (a *API) search(w http.ResponseWriter, r *http.Request, k *find.Kind) error {
	ctx := r.Context()
	c, allowed, err := a.admitted(r, k, access.SearchAction)
	if err != nil {
		return err
	}
	params, after, err := a.parameters(w, r, k)
	if err != nil {
		return err
	}
	q, err := find.ReadQuery(a.kinds, k, params, a.base, strict(r), a.clock.Now())
	if err != nil {
		return err
	}
	q.After = after
	if err := a.follow(ctx, c, k, q); err != nil {
		return err
	}
	f, err := k.Find(ctx, allowed, q)
	if err != nil {
		return err
	}
	matches, err := k.Page(ctx, f)
	if err != nil {
		return err
	}
	included, err := a.included(ctx, c, q, matches)
	if err != nil {
		return err
	}
	if err := a.record(ctx, c, "fhir.search", q.AskedPIN(), slices.Concat(matches, included)); err != nil {
		return err
	}
	self, err := a.self(r, k, q)
	if err != nil {
		return err
	}
	b := &datatype.Bundle{Type: "searchset", Timestamp: datatype.Instant(a.clock.Now()), Total: &f.Total, Link: []datatype.BundleLink{{Relation: "self", URL: self}}}
	b.ResourceType = "Bundle"
	b.Entry = make([]datatype.BundleEntry, 0, len(matches)+len(included)+1)
	if f.After != nil {
		next, err := a.cursorLink(k.Name, q.Used, f.After)
		if err != nil {
			return err
		}
		b.Link = append(b.Link, datatype.BundleLink{Relation: "next", URL: next})
	}
	for _, i := range matches {
		one := a.bundled(i, "match")
		if one.Resource, err = part(i, q.Elements, q.Summary); err != nil {
			return err
		}
		b.Entry = append(b.Entry, one)
	}
	for _, i := range included {
		b.Entry = append(b.Entry, a.bundled(i, "include"))
	}
	if len(q.Ignored) > 0 {
		entry, err := leftOut(ctx, q.Ignored)
		if err != nil {
			return err
		}
		b.Entry = append(b.Entry, entry)
	}
	data, err := b.Encode()
	if err != nil {
		return err
	}
	send(w, http.StatusOK, data)
	return nil
}

// follow finds what is around the resources that are searched for: what chained
// parameters lead to and what leads here by _has, each within what the caller may
// search of its type.
func (a *API) follow(ctx context.Context, c access.Caller, k *find.Kind, q *find.Query) error {
	for _, chain := range q.Chains {
		led, err := a.around(ctx, c, chain.Kind, chain.Query, find.MaxLed)
		if err != nil {
			return err
		}
		q.Criteria = append(q.Criteria, chain.Among(led.IDs))
	}
	for _, has := range q.Has {
		led, err := a.around(ctx, c, has.Kind, has.Query, find.MaxHaving)
		if err != nil {
			return err
		}
		items, err := a.kinds[has.Kind].Page(ctx, led)
		if err != nil {
			return err
		}
		q.Criteria = append(q.Criteria, has.To(a.kinds, k, items))
	}
	return nil
}

// around is a search of the kind that another search asks for, which may mean so
// many.
func (a *API) around(ctx context.Context, c access.Caller, kind string, q *find.Query, most int) (find.Found, error) {
	allowed, err := c.Reach(kind, access.SearchAction)
	if err != nil {
		return find.Found{}, err
	}
	k := a.kinds[kind]
	if err := a.follow(ctx, c, k, q); err != nil {
		return find.Found{}, err
	}
	led, err := k.Find(ctx, allowed, q)
	if err == nil && led.Total > most {
		err = outcome.Troubled(http.StatusBadRequest, "too-costly", "card.fhir.chain_too_wide")
	}
	return led, err
}

func (a *API) bundled(i *find.Item, mode string) datatype.BundleEntry {
	return datatype.BundleEntry{FullURL: a.base + "/" + i.Kind + "/" + i.ID, Resource: i.JSON, Search: &datatype.BundleSearch{Mode: mode}}
}

// part is of the resource what _elements and _summary ask for.
func part(i *find.Item, elements []string, summary string) ([]byte, error) {
	switch {
	case elements != nil:
		return r4.Some(i.JSON, i.Kind, elements)
	case summary != "":
		return r4.Summary(i.JSON, i.Kind, summary)
	}
	return i.JSON, nil
}

// leftOut names the parameters that were not understood.
func leftOut(ctx context.Context, ignored []string) (datatype.BundleEntry, error) {
	var issues []outcome.Issue
	for _, name := range ignored {
		issues = append(issues, outcome.Issue{Severity: "warning", Code: "not-supported", Key: "card.fhir.unknown_parameter", Args: fail.Args("Name", name), Expression: name})
	}
	data, err := datatype.Encode(outcome.Of(ctx, issues))
	return datatype.BundleEntry{Resource: data, Search: &datatype.BundleSearch{Mode: "outcome"}}, err
}

// parameters are those of the search, from the URL, the body or a cursor.
func (a *API) parameters(w http.ResponseWriter, r *http.Request, k *find.Kind) (params url.Values, after []string, err error) {
	if len(r.URL.RawQuery) > maxAddress {
		return nil, nil, fail.New(fail.BadRequest, "card.fhir.too_many_parameters")
	}
	params, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	if hidden := params.Get("_cursor"); hidden != "" {
		c, ok := a.openCursor(k.Name, hidden)
		if !ok {
			return nil, nil, fail.New(fail.BadRequest, "card.fhir.bad_cursor")
		}
		return c.Params, c.After, nil
	}
	if name, ok := find.CarriesPIN(params); ok && r.Context().Value(insideKey{}) == nil {
		t := outcome.Troubled(http.StatusBadRequest, "security", "card.fhir.pin_in_url")
		t.Issues[0].Expression = find.Clip(name)
		return nil, nil, t
	}
	if r.Method != http.MethodPost {
		return params, nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, nil, outcome.Troubled(http.StatusUnsupportedMediaType, "not-supported", "card.fhir.form_only")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if tooLarge(err) {
			return nil, nil, fail.Wrap(err, fail.TooLarge, "card.fhir.too_many_parameters")
		}
		return nil, nil, fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	if err := page.ReadableValues(r.PostForm); err != nil {
		return nil, nil, err
	}
	for name, values := range r.PostForm {
		params[name] = append(params[name], values...)
	}
	return params, nil, nil
}

// strict says that the caller wants unknown parameters refused.
func strict(r *http.Request) bool {
	for _, header := range r.Header.Values("Prefer") {
		for one := range strings.FieldsFuncSeq(header, func(c rune) bool { return c == ',' || c == ';' }) {
			if strings.EqualFold(strings.ReplaceAll(one, " ", ""), "handling=strict") {
				return true
			}
		}
	}
	return false
}

// self is the link to this search as it was understood. What came in a body
// stays out of the URL.
func (a *API) self(r *http.Request, k *find.Kind, q *find.Query) (string, error) {
	if r.Method == http.MethodPost || r.Context().Value(insideKey{}) != nil || inAddress(r, "_cursor") != "" {
		return a.cursorLink(k.Name, q.Used, q.After)
	}
	link := a.base + "/" + k.Name
	if encoded := q.Used.Encode(); encoded != "" {
		link += "?" + encoded
	}
	return link, nil
}

// included are the resources that the matches lead to, and those that lead to
// them, each once and within what the caller may see of its kind. A kind that
// the token does not open is left out. What :iterate asks for is looked for in
// what was included, too, until nothing new is found.
func (a *API) included(ctx context.Context, c access.Caller, q *find.Query, matches []*find.Item) ([]*find.Item, error) {
	if len(q.Includes)+len(q.Reverse) == 0 {
		return nil, nil
	}
	have := map[string]bool{}
	for _, i := range matches {
		have[i.Kind+"/"+i.ID] = true
	}
	var all []*find.Item
	for from, again := matches, false; len(from) > 0; again = true {
		found, err := a.step(ctx, c, q, from, again, have)
		if err != nil {
			return nil, err
		}
		if all = append(all, found...); len(all) > find.MaxIncluded {
			return nil, outcome.Troubled(http.StatusBadRequest, "too-costly", "card.fhir.too_many_included")
		}
		from = found
	}
	return all, nil
}

// step is one step from resources to those around them that are not had yet;
// again says that the resources were themselves included.
func (a *API) step(ctx context.Context, c access.Caller, q *find.Query, from []*find.Item, again bool, have map[string]bool) ([]*find.Item, error) {
	wanted := map[string][]string{} // ids by kind
	want := func(kind, id string) {
		if !have[kind+"/"+id] {
			have[kind+"/"+id] = true
			wanted[kind] = append(wanted[kind], id)
		}
	}
	for _, include := range q.Includes {
		for _, i := range from {
			if i.Kind != include.Kind || again && !include.Iterate {
				continue
			}
			for _, reference := range i.Leads(a.kinds[i.Kind], include.Param) {
				kind, id, _ := strings.Cut(reference, "/")
				if include.Target == "" || include.Target == kind {
					want(kind, id)
				}
			}
		}
	}
	for _, include := range q.Reverse {
		if again && !include.Iterate {
			continue
		}
		if err := a.reverse(ctx, c, include, from, want); err != nil {
			return nil, err
		}
	}
	var all []*find.Item
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		target := a.kinds[name]
		allowed, err := c.Reach(name, access.SearchAction)
		if fail.Is(err, fail.Forbidden) {
			continue
		}
		if err != nil {
			return nil, err
		}
		items, err := target.Items(ctx, allowed, wanted[name])
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	return all, nil
}

// reverse finds what leads to the matches.
func (a *API) reverse(ctx context.Context, c access.Caller, i find.Include, matches []*find.Item, want func(kind, id string)) error {
	from := a.kinds[i.Kind]
	by := find.Criterion{Name: i.Param, Param: from.Params[i.Param]}
	for _, m := range matches {
		if slices.Contains(by.Param.Targets, m.Kind) && (i.Target == "" || i.Target == m.Kind) {
			by.Values = append(by.Values, find.Leading(m.Kind, m.ID))
		}
	}
	if len(by.Values) == 0 {
		return nil
	}
	allowed, err := c.Reach(i.Kind, access.SearchAction)
	if fail.Is(err, fail.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := from.Find(ctx, allowed, &find.Query{Criteria: []find.Criterion{by}, Count: find.MaxIncluded})
	if err != nil {
		return err
	}
	if f.Total > find.MaxIncluded {
		return outcome.Troubled(http.StatusBadRequest, "too-costly", "card.fhir.too_many_included")
	}
	for _, id := range f.IDs {
		want(i.Kind, id)
	}
	return nil
}

func tooLarge(err error) bool {
	var most *http.MaxBytesError
	return errors.As(err, &most)
}
