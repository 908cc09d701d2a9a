// Package fail holds the one kind of error that reaches a person: it has a kind,
// which decides the HTTP status, and a translation key, which decides the words.
// Whatever lies behind it (Cause) is for the log and is never shown.
package fail

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind says what went wrong in the sense of who can mend it.
type Kind string

// The kinds, each with one HTTP status.
const (
	Invalid     Kind = "invalid"      // what was entered is wrong: 422
	NotFound    Kind = "not_found"    // there is no such thing, or not for you: 404
	Gone        Kind = "gone"         // it was there, and is over or has run out: 410
	NoMethod    Kind = "no_method"    // the page is there, but not to be asked like this: 405
	SignedOut   Kind = "signed_out"   // sign in first: 401
	Forbidden   Kind = "forbidden"    // signed in, but without the right: 403
	Conflict    Kind = "conflict"     // somebody else was first, or the state forbids it: 409
	TooLarge    Kind = "too_large"    // more bytes than we take: 413
	TooMany     Kind = "too_many"     // too often: 429
	Unavailable Kind = "unavailable"  // a neighbour or the store is out of reach: 503
	Internal    Kind = "internal"     // our own fault: 500
	BadRequest  Kind = "bad_request"  // not a request that a page of ours makes: 400
	BadNeighbor Kind = "bad_neighbor" // a neighbour answered garbage: 502
)

// Status is the HTTP status of the kind.
func (k Kind) Status() int {
	switch k {
	case Invalid:
		return http.StatusUnprocessableEntity
	case NotFound:
		return http.StatusNotFound
	case Gone:
		return http.StatusGone
	case NoMethod:
		return http.StatusMethodNotAllowed
	case SignedOut:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case Conflict:
		return http.StatusConflict
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case TooMany:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	case BadRequest:
		return http.StatusBadRequest
	case BadNeighbor:
		return http.StatusBadGateway
	case Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// Finding is one thing wrong with one field.
type Finding struct {
	Field string         `json:"field"`          // name of the form field or path of the member
	Key   string         `json:"key"`            // translation key of the sentence
	Args  map[string]any `json:"args,omitempty"` // values for the sentence
}

// Error is what handlers return and what pages show.
type Error struct {
	Kind     Kind
	Key      string // translation key of the sentence for the reader
	Title    string // translation key of the page's heading; "" is that of the kind
	Args     map[string]any
	Findings []Finding
	Cause    error // for the log only
}

// New makes an error; pairs are name, value, name, value… for the sentence.
func New(kind Kind, key string, pairs ...any) *Error {
	return &Error{Kind: kind, Key: key, Args: Args(pairs...)}
}

// Wrap gives a kind and a sentence to an error from below. A nil cause gives nil.
func Wrap(cause error, kind Kind, key string, pairs ...any) error {
	if cause == nil {
		return nil
	}
	return &Error{Kind: kind, Key: key, Args: Args(pairs...), Cause: cause}
}

// Fields is an Invalid error with a finding for each field.
func Fields(findings ...Finding) *Error {
	return &Error{Kind: Invalid, Key: "kit.check_fields", Findings: findings}
}

// Args turns name, value pairs into a map; an odd tail is dropped.
func Args(pairs ...any) map[string]any {
	if len(pairs) < 2 {
		return nil
	}
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return args
}

// Titled gives the page of the error a heading of its own, where that of the kind
// would say something else: «no access» is not what keeps out who has no cookies.
func (e *Error) Titled(key string) *Error {
	e.Title = key
	return e
}

// Error is for logs: the key, and the cause if there is one.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Key + ": " + e.Cause.Error()
	}
	return e.Key
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// As finds the *Error in err; any other error becomes Internal with err as cause.
// nil stays nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Key: "kit.internal", Cause: err}
}

// Is says whether err is of the kind.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}
