// Package r4 knows the resources of FHIR R4 (4.0.1): it checks one against HL7's
// definitions, finds what it refers to and by what it is found, and writes it
// anew with other references. Members are kept byte for byte: what the card does
// not understand, an extension or the zeros of a decimal, is not lost.
//
// r4.json.gz is made of HL7's definitions (CC0) by e2e/fhir/definitions.mjs.
//
// Vocabulary: a resource is one JSON object with its tree; a fault is what is
// wrong with it, with the path of the element; a link is a reference in it; a
// mark is a value under which a search finds it.
package r4
