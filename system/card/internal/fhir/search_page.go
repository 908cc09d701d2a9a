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
	"github.com/sanarip/sanarip/kit/pin"
)

const (
	maxForm    = 64 << 10 // bytes of a search by POST
	maxAddress = 16 << 10 // bytes of the parameters in a URL; a cursor is long
)

// search answers GET /Type and POST /Type/_search.
func (a *API) search(w http.ResponseWriter, r *http.Request, k *kind) error {
	ctx := r.Context()
	c, allowed, err := a.admitted(r, k, searchAction)
	if err != nil {
		return err
	}
	params, after, err := a.parameters(w, r, k)
	if err != nil {
		return err
	}
	q, err := readQuery(a.kinds, k, params, a.base, strict(r), a.clock.Now())
	if err != nil {
		return err
	}
	q.after = after
	f, err := k.find(ctx, allowed, q)
	if err != nil {
		return err
	}
	matches, err := k.ordered(ctx, f.ids)
	if err != nil {
		return err
	}
	included, err := a.included(ctx, c, k, q, matches)
	if err != nil {
		return err
	}
	if err := a.record(ctx, c, "fhir.search", q.askedPIN(), append(slices.Clone(matches), included...)); err != nil {
		return err
	}
	self, err := a.self(r, k, q)
	if err != nil {
		return err
	}
	b := &Bundle{Type: "searchset", Timestamp: instant(a.clock.Now()), Total: &f.total, Link: []BundleLink{{"self", self}}}
	b.ResourceType = "Bundle"
	if f.after != nil {
		next, err := a.cursorLink(k.name, q.used, f.after)
		if err != nil {
			return err
		}
		b.Link = append(b.Link, BundleLink{"next", next})
	}
	for _, i := range matches {
		b.Entry = append(b.Entry, a.bundled(i, "match"))
	}
	for _, i := range included {
		b.Entry = append(b.Entry, a.bundled(i, "include"))
	}
	if len(q.ignored) > 0 {
		entry, err := leftOut(ctx, q.ignored)
		if err != nil {
			return err
		}
		b.Entry = append(b.Entry, entry)
	}
	data, err := encode(b)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, data)
	return nil
}

func (a *API) bundled(i *item, mode string) BundleEntry {
	return BundleEntry{FullURL: a.base + "/" + i.kind + "/" + i.id, Resource: i.json, Search: &BundleSearch{mode}}
}

// leftOut names the parameters that were not understood.
func leftOut(ctx context.Context, ignored []string) (BundleEntry, error) {
	var issues []issue
	for _, name := range ignored {
		issues = append(issues, issue{severity: "warning", code: "not-supported", key: "card.fhir.unknown_parameter", args: fail.Args("Name", name), expression: name})
	}
	data, err := encode(outcome(ctx, issues))
	return BundleEntry{Resource: data, Search: &BundleSearch{"outcome"}}, err
}

// parameters are those of the search, from the URL, the body or a cursor.
func (a *API) parameters(w http.ResponseWriter, r *http.Request, k *kind) (params url.Values, after []string, err error) {
	if len(r.URL.RawQuery) > maxAddress {
		return nil, nil, fail.New(fail.BadRequest, "card.fhir.too_many_parameters")
	}
	params, err = url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, nil, fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	if hidden := params.Get("_cursor"); hidden != "" {
		c, ok := a.openCursor(k.name, hidden)
		if !ok {
			return nil, nil, fail.New(fail.BadRequest, "card.fhir.bad_cursor")
		}
		return c.Params, c.After, nil
	}
	if name, ok := carriesPIN(params); ok && r.Context().Value(insideKey{}) == nil {
		t := troubled(http.StatusBadRequest, "security", "card.fhir.pin_in_url")
		t.issues[0].expression = clip(name)
		return nil, nil, t
	}
	if r.Method != http.MethodPost {
		return params, nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, nil, troubled(http.StatusUnsupportedMediaType, "not-supported", "card.fhir.form_only")
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
func (a *API) self(r *http.Request, k *kind, q *query) (string, error) {
	if r.Method == http.MethodPost || r.Context().Value(insideKey{}) != nil || r.URL.Query().Get("_cursor") != "" {
		return a.cursorLink(k.name, q.used, q.after)
	}
	link := a.base + "/" + k.name
	if encoded := q.used.Encode(); encoded != "" {
		link += "?" + encoded
	}
	return link, nil
}

// askedPIN is the ПИН that the search names, if it names one alone.
func (q *query) askedPIN() string {
	for _, c := range q.criteria {
		if c.param.secret && len(c.values) == 1 && (!c.values[0].hasSystem || c.values[0].system == sidPIN) {
			if asked, err := pin.Parse(c.values[0].text); err == nil {
				return asked
			}
		}
	}
	return ""
}

// included are the resources that the matches lead to, and those that lead to
// them, each once and within what the caller may see of its kind. A kind that
// the token does not open is left out.
func (a *API) included(ctx context.Context, c caller, k *kind, q *query, matches []*item) ([]*item, error) {
	have := map[string]bool{}
	for _, i := range matches {
		have[i.kind+"/"+i.id] = true
	}
	wanted := map[string][]string{} // ids by kind
	want := func(kind, id string) {
		if !have[kind+"/"+id] {
			have[kind+"/"+id] = true
			wanted[kind] = append(wanted[kind], id)
		}
	}
	for _, include := range q.includes {
		for _, i := range matches {
			for _, reference := range i.leads(k, include.param) {
				kind, id, _ := strings.Cut(reference, "/")
				if include.target == "" || include.target == kind {
					want(kind, id)
				}
			}
		}
	}
	for _, include := range q.reverse {
		if err := a.reverse(ctx, c, include, matches, want); err != nil {
			return nil, err
		}
	}
	var all []*item
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		target := a.kinds[name]
		allowed, err := c.reach(name, searchAction)
		if fail.Is(err, fail.Forbidden) {
			continue
		}
		if err != nil {
			return nil, err
		}
		items, err := target.items(ctx, allowed, wanted[name])
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
	}
	if len(all) > maxIncluded {
		return nil, troubled(http.StatusBadRequest, "too-costly", "card.fhir.too_many_included")
	}
	return all, nil
}

// reverse finds what leads to the matches.
func (a *API) reverse(ctx context.Context, c caller, i include, matches []*item, want func(kind, id string)) error {
	if len(matches) == 0 {
		return nil
	}
	from := a.kinds[i.kind]
	allowed, err := c.reach(i.kind, searchAction)
	if fail.Is(err, fail.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	by := criterion{name: i.param, param: from.params[i.param]}
	for _, m := range matches {
		by.values = append(by.values, value{text: m.id})
	}
	f, err := from.find(ctx, allowed, &query{criteria: []criterion{by}, count: maxIncluded})
	if err != nil {
		return err
	}
	if f.total > maxIncluded {
		return troubled(http.StatusBadRequest, "too-costly", "card.fhir.too_many_included")
	}
	for _, id := range f.ids {
		want(i.kind, id)
	}
	return nil
}

func tooLarge(err error) bool {
	var most *http.MaxBytesError
	return errors.As(err, &most)
}
