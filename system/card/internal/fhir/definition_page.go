package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// defining are the types by which the API says what its resources are like. They
// tell of nobody and are for everybody, like /metadata. Of ValueSet, which systems
// write too, everybody without a token is shown ours (see publicSets).
var defining = []string{"CodeSystem", "StructureDefinition"}

// definingParams are by what definitions are found, and how the statement names
// the type of the parameter.
var definingParams = map[string]find.ParamType{"_id": find.TokenParam, "url": "uri", "name": find.StringParam, "type": find.TokenParam}

// publicSets says that the request is for our value sets: nobody has said who
// asks.
func publicSets(r *http.Request, parts []string) bool {
	_, sent := bearer(r)
	return parts[0] == "ValueSet" && !sent && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPost && parts[len(parts)-1] == "_search")
}

// ownSets are our value sets beside those that systems write, for whoever has a
// token for the type. Nobody changes them.
func ownSets() *find.Kind {
	entries := func() (all []find.Entry) {
		for _, d := range profile.All() {
			if d.Kind == "ValueSet" {
				all = append(all, find.Entry{
					ID: d.ID, Tokens: map[string][]datatype.Coding{"_id": {{Code: d.ID}}, "url": {{Code: d.URL}}, "status": {{Code: "active"}}}, Names: map[string][]string{"name": {d.Name}},
					Make: func() *find.Item {
						line := bytes.Buffer{}
						_ = json.Compact(&line, d.JSON) // it is ours: it is JSON
						return find.ForeignItem(&shelf.Resource{Kind: "ValueSet", ID: d.ID, Version: 1, Updated: profile.Written(), Body: line.Bytes()})
					},
				})
			}
		}
		return all
	}
	k := &find.Kind{Name: "ValueSet", Params: map[string]find.Param{"name": {Kind: find.StringParam}, "status": {Kind: find.TokenParam}, "url": {Kind: find.TokenParam}}}
	k.Find = func(_ context.Context, _ access.Reach, q *find.Query) (find.Found, error) {
		return find.FindEntries(entries(), q), nil
	}
	k.Load = func(_ context.Context, ids []string) ([]*find.Item, error) {
		var items []*find.Item
		for _, e := range entries() {
			if slices.Contains(ids, e.ID) {
				items = append(items, e.Make())
			}
		}
		return items, nil
	}
	return k
}

// definitions answers GET /StructureDefinition/id and the search by url, name and
// type, of CodeSystem alike.
func (a *API) definitions(w http.ResponseWriter, r *http.Request, parts []string) error {
	known := slices.DeleteFunc(slices.Clone(profile.All()), func(d profile.Definition) bool { return d.Kind != parts[0] })
	switch {
	case len(parts) == 1:
		return a.only(w, r, func(w http.ResponseWriter, r *http.Request) error { return a.definitionsFound(w, r, parts[0], known) }, http.MethodGet)
	case len(parts) == 2 && parts[1] == "_search":
		return a.only(w, r, func(w http.ResponseWriter, r *http.Request) error { return a.definitionsFound(w, r, parts[0], known) }, http.MethodPost)
	case len(parts) == 2 && find.ValidID(parts[1]):
		return a.only(w, r, func(w http.ResponseWriter, _ *http.Request) error {
			for _, d := range known {
				if d.ID == parts[1] {
					send(w, http.StatusOK, d.JSON)
					return nil
				}
			}
			return fail.New(fail.NotFound, "card.fhir.not_found")
		}, http.MethodGet)
	}
	return outcome.Troubled(http.StatusNotFound, "not-supported", "card.fhir.unknown_operation")
}

func (a *API) definitionsFound(w http.ResponseWriter, r *http.Request, kind string, known []profile.Definition) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if tooLarge(err) {
			return fail.Wrap(err, fail.TooLarge, "card.fhir.too_many_parameters")
		}
		return fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	used, count, after := url.Values{}, find.DefaultCount, ""
	in := r.Form
	if hidden := in.Get("_cursor"); hidden != "" {
		c, ok := a.openCursor(kind, hidden)
		if !ok || len(c.After) != 1 {
			return fail.New(fail.BadRequest, "card.fhir.bad_cursor")
		}
		in, after = c.Params, c.After[0]
	}
	for name, values := range in {
		_, ok := definingParams[name]
		switch {
		case name == "_format" || name == "_pretty":
			continue
		case name == "_count":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 0 {
				return outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.bad_count", "Name", name)
			}
			count = min(n, find.MaxCount)
		case !ok || name == "type" && kind != "StructureDefinition":
			return &outcome.Trouble{Status: http.StatusBadRequest, Issues: []outcome.Issue{{
				Code: "not-supported", Key: "card.fhir.unknown_parameter", Args: fail.Args("Name", find.Clip(name)), Expression: find.Clip(name),
			}}}
		}
		used[name] = values
	}
	found := slices.DeleteFunc(known, func(d profile.Definition) bool { return !defined(d, used) })
	total := len(found)
	b := &datatype.Bundle{Type: "searchset", Timestamp: datatype.Instant(a.clock.Now()), Total: &total, Link: []datatype.BundleLink{{Relation: "self", URL: a.base + "/" + kind}}}
	b.ResourceType = "Bundle"
	if r.Method != http.MethodPost && len(used) > 0 {
		b.Link[0].URL += "?" + used.Encode()
	}
	from := slices.IndexFunc(found, func(d profile.Definition) bool { return d.ID == after }) + 1
	page := found[from:min(from+count, total)]
	for _, d := range page {
		b.Entry = append(b.Entry, datatype.BundleEntry{FullURL: a.base + "/" + kind + "/" + d.ID, Resource: json.RawMessage(d.JSON), Search: &datatype.BundleSearch{Mode: "match"}})
	}
	if len(page) > 0 && from+count < total {
		next, err := a.cursorLink(kind, used, []string{page[len(page)-1].ID})
		if err != nil {
			return err
		}
		b.Link = append(b.Link, datatype.BundleLink{Relation: "next", URL: next})
	}
	return Send(w, http.StatusOK, b)
}

// defined says that the definition meets every criterion.
func defined(d profile.Definition, used url.Values) bool {
	for name, values := range used {
		if name == "_count" {
			continue
		}
		for _, raw := range values {
			meets := func(one string) bool {
				switch one = find.Unescape(one); name {
				case "_id":
					return d.ID == one
				case "url":
					return d.URL == one
				case "name":
					return find.NameMatches(d.Name, "", one)
				}
				return d.Of == one
			}
			if !slices.ContainsFunc(find.SplitEscaped(raw, ','), meets) {
				return false
			}
		}
	}
	return true
}

// capabilityOfDefining is what is offered of such a type.
func capabilityOfDefining(kind string) CapabilityResource {
	r := CapabilityResource{
		Type: kind, Interaction: []CapabilityInteraction{{"read"}, {"search-type"}}, Versioning: "no-version", CondDelete: "not-supported",
		ConditionalRead: "not-supported", ReferencePolicy: []string{"literal"},
	}
	for _, name := range []string{"_id", "name", "type", "url"} {
		if name != "type" || kind == "StructureDefinition" {
			r.SearchParam = append(r.SearchParam, CapabilityParam{Name: name, Type: definingParams[name]})
		}
	}
	return r
}
