// Package profile holds the HL7 FHIR R4 profiles of what the card itself tells:
// StructureDefinitions with their extensions, value sets and code systems. They
// are true to the code beside them: docs/fhir has them as files, made from here,
// and examples from the real API that are checked against those files.
//
// Vocabulary: a profile narrows a type of R4 by a differential; a slice is one
// of several things that stand in the same list.
package profile
