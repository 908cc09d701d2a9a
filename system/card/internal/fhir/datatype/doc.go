// Package datatype holds the data types of FHIR R4 that our resources are made
// of (hl7.org/fhir/R4/datatypes.html), the names of our own codes, identifiers
// and extensions, and how times, names and amounts are written.
package datatype
