package outcome

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// OperationOutcome says what went wrong, or what was left out.
type OperationOutcome struct {
	datatype.Base
	Language string         `json:"language,omitempty"`
	Issue    []OutcomeIssue `json:"issue"`
}

// OutcomeIssue is one fault or notice.
type OutcomeIssue struct {
	Severity    string            `json:"severity"` // error, warning, information
	Code        string            `json:"code"`     // issue-type
	Details     *datatype.Concept `json:"details,omitempty"`
	Diagnostics string            `json:"diagnostics,omitempty"`
	Expression  []string          `json:"expression,omitempty"`
}

// Issue is an OutcomeIssue before its words are known.
type Issue struct {
	Severity   string // "" is error
	Code       string
	Key        string
	Args       map[string]any
	Expression string // name of the search parameter
	Path       string // of the element
	About      string // Type/id of the record that is in the way
}

// Trouble is an error with an HTTP status that FHIR prescribes and fail.Kind
// has none for.
type Trouble struct {
	Status int
	Issues []Issue
	Header http.Header
}

func (t *Trouble) Error() string {
	if len(t.Issues) == 0 {
		return http.StatusText(t.Status)
	}
	return t.Issues[0].Key
}

func Troubled(status int, code, key string, pairs ...any) *Trouble {
	return &Trouble{Status: status, Issues: []Issue{{Code: code, Key: key, Args: fail.Args(pairs...)}}}
}

var IssueCodes = map[fail.Kind]string{
	fail.Invalid: "invalid", fail.NotFound: "not-found", fail.Gone: "deleted", fail.SignedOut: "login", fail.Forbidden: "forbidden",
	fail.Conflict: "conflict", fail.TooLarge: "too-long", fail.TooMany: "throttled", fail.Unavailable: "transient",
	fail.Internal: "exception", fail.BadRequest: "invalid", fail.BadNeighbor: "transient",
}

// Of is the issues in the reader's language.
func Of(ctx context.Context, issues []Issue) *OperationOutcome {
	o := &OperationOutcome{Language: string(text.LangOf(ctx))}
	o.ResourceType = "OperationOutcome"
	for _, i := range issues {
		severity := i.Severity
		if severity == "" {
			severity = "error"
		}
		out := OutcomeIssue{Severity: severity, Code: i.Code, Details: &datatype.Concept{Text: text.TArgs(ctx, i.Key, i.Args)}}
		if i.Expression != "" {
			out.Expression = []string{"http." + i.Expression}
		}
		if i.Path != "" {
			out.Expression = []string{i.Path}
		}
		out.Diagnostics = i.About
		o.Issue = append(o.Issue, out)
	}
	return o
}
