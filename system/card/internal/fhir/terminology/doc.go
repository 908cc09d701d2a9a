// Package terminology answers the operations of FHIR R4's terminology module over
// what the card knows: its own code systems and value sets, ICD-10 as its table
// has it on a day, and the ConceptMaps on the shelf. It tells of nobody, so all but
// $translate answers without a token.
//
// Vocabulary: a system has concepts; a concept has words in some languages; a set
// is concepts of one system or several.
package terminology
