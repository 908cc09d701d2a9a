package fhir

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
)

// OperationOutcome says what went wrong, or what was left out.
type OperationOutcome struct {
	Base
	Language string         `json:"language,omitempty"`
	Issue    []OutcomeIssue `json:"issue"`
}

// OutcomeIssue is one fault or notice.
type OutcomeIssue struct {
	Severity    string   `json:"severity"` // error, warning, information
	Code        string   `json:"code"`     // issue-type
	Details     *Concept `json:"details,omitempty"`
	Diagnostics string   `json:"diagnostics,omitempty"`
	Expression  []string `json:"expression,omitempty"`
}

// issue is an OutcomeIssue before its words are known.
type issue struct {
	severity   string // "" is error
	code       string
	key        string
	args       map[string]any
	expression string // name of the search parameter
	path       string // of the element
	about      string // Type/id of the record that is in the way
}

// trouble is an error with an HTTP status that FHIR prescribes and fail.Kind
// has none for.
type trouble struct {
	status int
	issues []issue
	header http.Header
}

func (t *trouble) Error() string {
	if len(t.issues) == 0 {
		return http.StatusText(t.status)
	}
	return t.issues[0].key
}

func troubled(status int, code, key string, pairs ...any) *trouble {
	return &trouble{status: status, issues: []issue{{code: code, key: key, args: fail.Args(pairs...)}}}
}

var issueCodes = map[fail.Kind]string{
	fail.Invalid: "invalid", fail.NotFound: "not-found", fail.SignedOut: "login", fail.Forbidden: "forbidden",
	fail.Conflict: "conflict", fail.TooLarge: "too-long", fail.TooMany: "throttled", fail.Unavailable: "transient",
	fail.Internal: "exception", fail.BadRequest: "invalid", fail.BadNeighbor: "transient",
}

// outcome is the issues in the reader's language.
func outcome(ctx context.Context, issues []issue) *OperationOutcome {
	o := &OperationOutcome{Language: string(text.LangOf(ctx))}
	o.ResourceType = "OperationOutcome"
	for _, i := range issues {
		severity := i.severity
		if severity == "" {
			severity = "error"
		}
		out := OutcomeIssue{Severity: severity, Code: i.code, Details: &Concept{Text: text.TArgs(ctx, i.key, i.args)}}
		if i.expression != "" {
			out.Expression = []string{"http." + i.expression}
		}
		if i.path != "" {
			out.Expression = []string{i.path}
		}
		out.Diagnostics = i.about
		o.Issue = append(o.Issue, out)
	}
	return o
}
