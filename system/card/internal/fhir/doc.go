// Package fhir offers what the card keeps to other systems as FHIR R4
// (hl7.org/fhir/R4), at card.localhost/fhir/R4: read and search, JSON, nothing
// is written here. Who may read is decided by a token of ЕСИ with SMART scopes;
// every access to a person's data is recorded before it is answered.
//
// Vocabulary: a kind is a type of resource that is offered; an item is one
// resource, made from rows; the reach of a caller is the part of the card that
// the caller's token opens; a criterion is one search parameter with its values.
//
// The way of a request: serve_page.go finds the kind and the caller,
// read_page.go and search_page.go answer; query.go reads the parameters;
// store.go turns criteria and reach into SQL and is the only place that lets a
// row through; patient.go, encounter.go… make resources of rows.
package fhir
