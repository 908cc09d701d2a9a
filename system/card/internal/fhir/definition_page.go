package fhir

import (
	"encoding/json"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/definition"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
)

// publicSets says that the request is for our value sets: nobody has said who
// asks.
func publicSets(r *http.Request, parts []string) bool {
	_, sent := bearer(r)
	return parts[0] == "ValueSet" && !sent && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPost && parts[len(parts)-1] == "_search")
}

// definitions answers GET /StructureDefinition/id and the search by url, name and
// type, of CodeSystem alike.
func (a *API) definitions(w http.ResponseWriter, r *http.Request, parts []string) error {
	search := func(w http.ResponseWriter, r *http.Request) error { return a.definitionsFound(w, r, parts[0]) }
	switch {
	case len(parts) == 1:
		return a.only(w, r, search, http.MethodGet)
	case len(parts) == 2 && parts[1] == "_search":
		return a.only(w, r, search, http.MethodPost)
	case len(parts) == 2 && find.ValidID(parts[1]):
		return a.only(w, r, func(w http.ResponseWriter, _ *http.Request) error {
			for _, d := range definition.Known(parts[0]) {
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

func (a *API) definitionsFound(w http.ResponseWriter, r *http.Request, kind string) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		if tooLarge(err) {
			return fail.Wrap(err, fail.TooLarge, "card.fhir.too_many_parameters")
		}
		return fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	in, after := r.Form, ""
	if hidden := in.Get("_cursor"); hidden != "" {
		c, ok := a.openCursor(kind, hidden)
		if !ok || len(c.After) != 1 {
			return fail.New(fail.BadRequest, "card.fhir.bad_cursor")
		}
		in, after = c.Params, c.After[0]
	}
	asked, err := definition.Ask(kind, in)
	if err != nil {
		return err
	}
	page, total, more := asked.Find(kind, after)
	b := &datatype.Bundle{Type: "searchset", Timestamp: datatype.Instant(a.clock.Now()), Total: &total, Link: []datatype.BundleLink{{Relation: "self", URL: a.base + "/" + kind}}}
	b.ResourceType = "Bundle"
	if r.Method != http.MethodPost && len(asked.Used) > 0 {
		b.Link[0].URL += "?" + asked.Used.Encode()
	}
	for _, d := range page {
		b.Entry = append(b.Entry, datatype.BundleEntry{FullURL: a.base + "/" + kind + "/" + d.ID, Resource: json.RawMessage(d.JSON), Search: &datatype.BundleSearch{Mode: "match"}})
	}
	if more {
		next, err := a.cursorLink(kind, asked.Used, []string{page[len(page)-1].ID})
		if err != nil {
			return err
		}
		b.Link = append(b.Link, datatype.BundleLink{Relation: "next", URL: next})
	}
	return Send(w, http.StatusOK, b)
}

// capabilityOfDefining is what is offered of such a type.
func capabilityOfDefining(kind string) CapabilityResource {
	r := CapabilityResource{
		Type: kind, Interaction: []CapabilityInteraction{{"read"}, {"search-type"}}, Versioning: "no-version", CondDelete: "not-supported",
		ConditionalRead: "not-supported", ReferencePolicy: []string{"literal"},
	}
	for _, name := range []string{"_id", "name", "type", "url"} {
		if definition.Has(kind, name) {
			r.SearchParam = append(r.SearchParam, CapabilityParam{Name: name, Type: definition.Params[name]})
		}
	}
	return r
}
