// Package find is how resources are searched for: it reads the parameters of a
// search (hl7.org/fhir/R4/search.html) and turns them and the caller's reach into
// SQL. It is the only place that lets a row through.
//
// Vocabulary: a kind is a type of resource that is offered; an item is one
// resource; a criterion is one search parameter with its values; a table is where
// rows of a kind are found; an entry is a resource of a directory, which is small
// and searched in memory; a mark is what the shelf notes of a resource from
// outside, for its search.
package find
