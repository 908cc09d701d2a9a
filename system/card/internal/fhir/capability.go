package fhir

import (
	"maps"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/definition"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/patch"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
)

// CapabilityStatement is the FHIR resource that says what is offered.
type CapabilityStatement struct {
	datatype.Base
	URL            string             `json:"url"`
	Version        string             `json:"version"`
	Name           string             `json:"name"`
	Title          string             `json:"title"`
	Status         string             `json:"status"`
	Date           string             `json:"date"`
	Publisher      string             `json:"publisher"`
	Kind           string             `json:"kind"`
	Software       CapabilitySoftware `json:"software"`
	Implementation CapabilityPlace    `json:"implementation"`
	FHIRVersion    string             `json:"fhirVersion"`
	Format         []string           `json:"format"`
	PatchFormat    []string           `json:"patchFormat"`
	Rest           []CapabilityRest   `json:"rest"`
}

// CapabilitySoftware names the product.
type CapabilitySoftware struct {
	Name string `json:"name"`
}

// CapabilityPlace names this installation.
type CapabilityPlace struct {
	Description string `json:"description"`
	URL         string `json:"url"`
}

// CapabilityRest is the interface.
type CapabilityRest struct {
	Mode        string                  `json:"mode"`
	Document    string                  `json:"documentation"`
	Security    CapabilitySecurity      `json:"security"`
	Resource    []CapabilityResource    `json:"resource"`
	Interaction []CapabilityInteraction `json:"interaction"`
	Operation   []CapabilityOperation   `json:"operation,omitempty"`
}

// CapabilitySecurity says how to get in.
type CapabilitySecurity struct {
	Extension []datatype.Extension `json:"extension,omitempty"`
	Service   []datatype.Concept   `json:"service"`
}

// CapabilityResource is what is offered of one type.
type CapabilityResource struct {
	Type             string                  `json:"type"`
	SupportedProfile []string                `json:"supportedProfile,omitempty"`
	Documentation    string                  `json:"documentation,omitempty"`
	Interaction      []CapabilityInteraction `json:"interaction"`
	Versioning       string                  `json:"versioning"`
	ReadHistory      bool                    `json:"readHistory"`
	UpdateCreate     bool                    `json:"updateCreate"`
	CondCreate       bool                    `json:"conditionalCreate"`
	ConditionalRead  string                  `json:"conditionalRead"`
	CondUpdate       bool                    `json:"conditionalUpdate"`
	CondDelete       string                  `json:"conditionalDelete"`
	ReferencePolicy  []string                `json:"referencePolicy"`
	SearchInclude    []string                `json:"searchInclude,omitempty"`
	SearchRevInclude []string                `json:"searchRevInclude,omitempty"`
	SearchParam      []CapabilityParam       `json:"searchParam"`
	Operation        []CapabilityOperation   `json:"operation,omitempty"`
}

// CapabilityInteraction is read or search-type.
type CapabilityInteraction struct {
	Code string `json:"code"`
}

// CapabilityParam is a search parameter.
type CapabilityParam struct {
	Name          string         `json:"name"`
	Type          find.ParamType `json:"type"`
	Documentation string         `json:"documentation,omitempty"`
}

// beside says what R4's statement has no members for.
const beside = "All types: _count, _sort by up to five parameters, _elements, _summary, _total, _include=*, :iterate of _include and _revinclude, _has over several steps, chains of up to four links; " +
	":missing of every parameter but _id, :not of tokens, :exact and :contains of strings, a type of references. Any other modifier is refused. " +
	"Histories take _count, _since and _at. Exports take _type, _typeFilter, _since and _outputFormat. Within a Bundle PATCH takes a Binary with a JSON Patch."

// capability is made from the same tables by which searches are read, so it
// cannot promise what is not there.
func (a *API) capability() *CapabilityStatement {
	s := &CapabilityStatement{
		URL: a.base + "/metadata", Version: "1.0.0", Name: "SanaripPatientCard", Title: "Цифровая медицинская карта пациента: FHIR R4",
		Status: "active", Date: "2026-11-22", Publisher: "Sanarip", Kind: "instance",
		Software:       CapabilitySoftware{Name: "Sanarip"},
		Implementation: CapabilityPlace{Description: "Patient card", URL: a.base},
		FHIRVersion:    "4.0.1", Format: []string{"json", mediaType}, PatchFormat: []string{patch.MediaType},
	}
	s.ResourceType = "CapabilityStatement"
	rest := CapabilityRest{Mode: "server", Document: beside, Security: CapabilitySecurity{
		Extension: []datatype.Extension{{
			URL: "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
			Extension: []datatype.Extension{
				{URL: "authorize", ValueURI: a.issuer + "/connect/authorize"},
				{URL: "token", ValueURI: a.issuer + "/connect/token"},
				{URL: "introspect", ValueURI: a.issuer + "/connect/introspect"},
			},
		}},
		Service: []datatype.Concept{*datatype.Code(datatype.HL7+"restful-security-service", "SMART-on-FHIR", "SMART-on-FHIR")},
	}}
	for _, name := range find.Names(a.kinds) {
		rest.Resource = append(rest.Resource, a.capabilityOf(a.kinds[name]))
	}
	for _, name := range definition.Types {
		one := capabilityOfDefining(name)
		one.Operation = a.operationsOf(name)
		rest.Resource = append(rest.Resource, one)
	}
	slices.SortFunc(rest.Resource, func(a, b CapabilityResource) int { return strings.Compare(a.Type, b.Type) })
	rest.Interaction = []CapabilityInteraction{{"transaction"}, {"batch"}}
	rest.Operation = a.operationsOf("")
	s.Rest = []CapabilityRest{rest}
	return s
}

func (a *API) capabilityOf(k *find.Kind) CapabilityResource {
	r := CapabilityResource{
		Type: k.Name, Interaction: []CapabilityInteraction{{"read"}, {"search-type"}, {"vread"}, {"history-instance"}, {"history-type"}}, Versioning: "versioned",
		ReadHistory: true, CondDelete: "not-supported", ConditionalRead: "not-match", ReferencePolicy: []string{"literal", "logical"}, SupportedProfile: profile.Profiles(k.Name),
	}
	if writable(k) {
		for _, code := range []string{"create", "update", "patch", "delete"} {
			r.Interaction = append(r.Interaction, CapabilityInteraction{code})
		}
		r.UpdateCreate, r.CondCreate, r.CondUpdate, r.CondDelete = true, true, true, "single"
	}
	r.Documentation = k.About
	if k.Foreign {
		r.ConditionalRead = "full-support" // see unchanged
	}
	if writable(k) && k.Own != nil {
		r.Documentation = strings.TrimSpace("Records of the card's own are read-only (405); what other systems write stands beside them. " + k.About)
	}
	r.Operation = a.operationsOf(k.Name)
	for _, name := range slices.Sorted(maps.Keys(k.Params)) {
		p := k.Params[name]
		offered := CapabilityParam{Name: name, Type: p.Kind}
		if p.Secret {
			offered.Documentation = "A national personal number is taken in the body of POST _search alone, never in a URL."
		}
		r.SearchParam = append(r.SearchParam, offered)
		if p.Kind == find.ReferenceParam {
			r.SearchInclude = append(r.SearchInclude, k.Name+":"+name)
		}
	}
	for _, other := range find.Names(a.kinds) {
		for _, name := range slices.Sorted(maps.Keys(a.kinds[other].Params)) {
			if slices.Contains(a.kinds[other].Params[name].Targets, k.Name) {
				r.SearchRevInclude = append(r.SearchRevInclude, other+":"+name)
			}
		}
	}
	return r
}
