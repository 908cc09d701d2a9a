// Package outcome says what is wrong with a request, as an OperationOutcome in
// the reader's language and a status of HTTP.
package outcome
