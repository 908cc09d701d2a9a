// Package definition finds what the card defines itself: profiles, code systems
// and value sets. They tell of nobody and are for everybody, like /metadata.
package definition

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

// Types are those by which the API says what its resources are like. ValueSet,
// which systems write too, is not among them: see Sets.
var Types = []string{"CodeSystem", "StructureDefinition"}

// Params are by what definitions are found, and how the statement names the type
// of the parameter.
var Params = map[string]find.ParamType{"_id": find.TokenParam, "url": "uri", "name": find.StringParam, "type": find.TokenParam}

// Has says that definitions of the type are found by the parameter.
func Has(kind, param string) bool {
	_, ok := Params[param]
	return ok && (param != "type" || kind == "StructureDefinition")
}

// Sets are our value sets beside those that systems write, for whoever has a
// token for the type. Nobody changes them.
func Sets() *find.Kind {
	entries := func() (all []find.Entry) {
		for _, d := range Known("ValueSet") {
			all = append(all, find.Entry{
				ID: d.ID, Tokens: map[string][]datatype.Coding{"_id": {{Code: d.ID}}, "url": {{Code: d.URL}}, "status": {{Code: "active"}}}, Names: map[string][]string{"name": {d.Name}},
				Make: func() *find.Item {
					line := bytes.Buffer{}
					_ = json.Compact(&line, d.JSON) // it is ours: it is JSON
					return find.ForeignItem(&shelf.Resource{Kind: "ValueSet", ID: d.ID, Version: 1, Updated: profile.Written(), Body: line.Bytes()})
				},
			})
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

// Known are the definitions of the type.
func Known(kind string) []profile.Definition {
	return slices.DeleteFunc(slices.Clone(profile.All()), func(d profile.Definition) bool { return d.Kind != kind })
}

// Asked is a search for definitions.
type Asked struct {
	Used  url.Values // what was understood
	Count int        // of a page
}

// Ask reads the parameters of a search. One that is not known is an error: there
// is nothing to be recorded, and a reader who misspells it wants to know.
func Ask(kind string, in url.Values) (Asked, error) {
	a := Asked{url.Values{}, find.DefaultCount}
	for name, values := range in {
		switch {
		case name == "_format" || name == "_pretty":
			continue
		case name == "_count":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 0 {
				return a, outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.bad_count", "Name", name)
			}
			a.Count = min(n, find.MaxCount)
		case !Has(kind, name):
			return a, &outcome.Trouble{Status: http.StatusBadRequest, Issues: []outcome.Issue{{
				Code: "not-supported", Key: "card.fhir.refused_parameter", Args: fail.Args("Name", find.Clip(name)), Expression: find.Clip(name),
			}}}
		}
		a.Used[name] = values
	}
	return a, nil
}

// Find gives the page behind the id, "" for the first, how many there are in all,
// and whether more follow.
func (a Asked) Find(kind, after string) (page []profile.Definition, total int, more bool) {
	found := slices.DeleteFunc(Known(kind), func(d profile.Definition) bool { return !a.met(d) })
	from := slices.IndexFunc(found, func(d profile.Definition) bool { return d.ID == after }) + 1
	page = found[from:min(from+a.Count, len(found))]
	return page, len(found), len(page) > 0 && from+a.Count < len(found)
}

// met says that the definition meets every criterion.
func (a Asked) met(d profile.Definition) bool {
	for name, values := range a.Used {
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
