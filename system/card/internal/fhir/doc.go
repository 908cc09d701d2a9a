// Package fhir offers what the card keeps to other systems as FHIR R4
// (hl7.org/fhir/R4), at card.localhost/fhir/R4, and takes what they write. Who may
// do so is decided by a token of ЕСИ with SMART scopes; every access to a person's
// data is recorded before it is answered.
//
// The way of a request: serve_page.go finds the kind and the caller (access);
// read_page.go, search_page.go, history_page.go, write_page.go and bundle_page.go
// answer. A search is understood and done by find; kept makes resources of the
// card's own rows, the shelf holds what others wrote, checked by r4. Neighbouring
// rooms offer further types (offer.go: clinical) and operations
// (operation_page.go: gather, document, bulk).
//
// Data flows one way: datatype, sealing, outcome, access, profile ← find ← kept,
// shelf, definition ← fhir ← the neighbouring rooms.
package fhir
