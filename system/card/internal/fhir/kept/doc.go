// Package kept makes FHIR resources of the rows that the card keeps: patients,
// stays, diagnoses, operations, treated cases, and the directory of hospitals,
// places and staff. A file a type, its SQL in store_*.go.
package kept
