package check_test

import (
	"go/ast"
	"go/parser"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// logging are the methods of slog.Logger, and its functions.
var logging = []string{
	"Debug", "Info", "Warn", "Error", "Log", "LogAttrs",
	"DebugContext", "InfoContext", "WarnContext", "ErrorContext",
}

// ofRequest are the members of a request that hold what somebody typed.
var ofRequest = []string{"URL", "RequestURI", "RawQuery", "RawPath", "Form", "PostForm", "MultipartForm", "Referer", "Query", "EscapedPath"}

// spilled is the member of a request that the call writes to a log, "" when it
// writes none or logs nothing.
func spilled(call *ast.CallExpr) string {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(logging, method.Sel.Name) {
		return ""
	}
	found := ""
	for _, argument := range call.Args {
		ast.Inspect(argument, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains(ofRequest, s.Sel.Name) {
				if owner, ok := s.X.(*ast.Ident); !ok || owner.Name != "http" {
					found = s.Sel.Name
				}
			}
			return found == ""
		})
	}
	return found
}

// No line of a log has an address as it was asked for, a query or a field of a
// form: the route's pattern says enough.
func TestNoLogHasWhatSomebodyTyped(t *testing.T) {
	lines := 0
	for _, file := range goFiles(t) {
		if file.test || !strings.HasPrefix(file.path, "kit/") && !strings.HasPrefix(file.path, "system/") && !strings.HasPrefix(file.path, "cmd/") {
			continue
		}
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if method, ok := call.Fun.(*ast.SelectorExpr); ok && strings.HasSuffix(method.Sel.Name, "Context") && slices.Contains(logging, method.Sel.Name) {
				lines++
			}
			if member := spilled(call); member != "" {
				t.Errorf("%s writes %s of a request to a log", file.positions.Position(call.Pos()), member)
			}
			return true
		})
	}
	if lines < 20 {
		t.Errorf("only %d lines of logs were read", lines)
	}
}

// The rule itself must be able to fail.
func TestASpilledQueryIsSeen(t *testing.T) {
	for source, want := range map[string]string{
		`log.InfoContext(ctx, "asked", "address", r.URL.String())`:  "URL",
		`s.Log.Error("asked", "query", r.URL.Query().Get("q"))`:     "Query",
		`slog.Warn("asked", slog.String("address", r.RequestURI))`:  "RequestURI",
		`log.Log(ctx, slog.LevelInfo, "came", "from", r.Referer())`: "Referer",
		`log.InfoContext(ctx, "asked", "route", r.Pattern)`:         "",
		`t.Fatal(r.URL)`: "",
	} {
		parsed, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		call, _ := parsed.(*ast.CallExpr)
		if got := spilled(call); got != want && (want == "" || got == "") {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

// asksByAddress finds a combobox whose words would stand in an address.
var asksByAddress = regexp.MustCompile(`(?s)@design\.Combobox\([^\n]*Open: true[^\n]*`)

// What is typed into a combobox stands in an address in the portal's catalogue
// alone, which is about nobody: a diagnosis being looked for is about a patient.
func TestWordsLookedForStandInNoAddress(t *testing.T) {
	walk(t, func(path string, data []byte) {
		if !strings.HasSuffix(path, ".templ") || !strings.HasPrefix(path, "system/") || strings.HasPrefix(path, "system/portal/internal/catalogue/") {
			return
		}
		if found := asksByAddress.Find(data); found != nil {
			t.Errorf("%s: %s", path, found)
		}
	})
	for _, file := range goFiles(t) {
		if !strings.HasPrefix(file.path, "system/card/") || file.test {
			continue
		}
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(lit.Value, `"GET /`) && strings.Contains(lit.Value, "/search") {
				t.Errorf("%s: %s is asked by its address", file.positions.Position(lit.Pos()), lit.Value)
			}
			return true
		})
	}
}
