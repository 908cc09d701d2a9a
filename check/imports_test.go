package check_test

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// trespass says why the package in dir may not import the package target, or "".
//
//	cmd → system → design, demo → kit; a system sees only another's …api.
func trespass(dir, target string) string {
	from, _, _ := strings.Cut(dir, "/")
	to, _, _ := strings.Cut(target, "/")
	switch from {
	case "kit":
		if to != "kit" {
			return "kit knows no system and no design"
		}
	case "design":
		if to != "kit" && to != "design" {
			return "design knows kit alone"
		}
	case "demo":
		if to != "kit" {
			return "demo is plain data"
		}
	case "system":
		if to == "cmd" || to == "check" || to == "e2e" || to == "bench" {
			return "a system does not know who runs it"
		}
		if to == "system" && systemOf(dir) != systemOf(target) && !isContract(target) {
			return "a system knows another only by its contract"
		}
		if isContract(dir) && to == "system" && !isContract(target) {
			return "a contract rests on contracts alone"
		}
	}
	return ""
}

func systemOf(dir string) string {
	parts := strings.Split(dir, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// isContract recognises system/card/cardapi and what lies below it.
func isContract(dir string) bool {
	parts := strings.Split(dir, "/")
	return len(parts) >= 3 && parts[0] == "system" && parts[2] == parts[1]+"api"
}

func TestEveryPackageImportsOnlyWhatItMay(t *testing.T) {
	for _, file := range goFiles(t) {
		for _, target := range file.imports() {
			if why := trespass(file.dir(), target); why != "" {
				t.Errorf("%s imports %s: %s", file.path, target, why)
			}
		}
	}
}

// The rule itself must be able to fail.
func TestTrespassIsSeen(t *testing.T) {
	for _, pair := range [][2]string{
		{"kit/page", "system/card"},
		{"kit/page", "design"},
		{"design", "system/card/cardapi"},
		{"system/card/internal/ward", "system/insurance"},
		{"system/card/internal/ward", "system/insurance/internal/price"},
		{"system/card/cardapi", "system/card/internal/ward"},
		{"demo", "system/card/cardapi"},
	} {
		if trespass(pair[0], pair[1]) == "" {
			t.Errorf("%s may import %s, says the rule", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{
		{"system/card/internal/ward", "system/insurance/insuranceapi"},
		{"system/card/internal/ward", "system/card/internal/stay"},
		{"system/card/cardapi", "system/insurance/insuranceapi"},
		{"cmd/sanarip", "system/card"},
	} {
		if why := trespass(pair[0], pair[1]); why != "" {
			t.Errorf("%s may not import %s: %s", pair[0], pair[1], why)
		}
	}
}

// Only pages, contracts, providers and system.go know net/http (rule 4).
func TestUseCasesAndStoresDoNotKnowHTTP(t *testing.T) {
	for _, file := range goFiles(t) {
		if !strings.HasPrefix(file.path, "system/") || !strings.Contains(file.path, "/internal/") || file.test || file.generated {
			continue
		}
		name := path.Base(file.path)
		if strings.HasPrefix(name, "store") && file.importsAny("net/http") {
			t.Errorf("%s: a store knows net/http", file.path)
		}
	}
}

var statement = regexp.MustCompile(`(?s)^\s*(SELECT\s.+\sFROM|INSERT INTO|UPDATE\s\S+\sSET|DELETE FROM)\s`)

// SQL stands in store*.go alone (rule 4), and names no value by concatenation
// of what a user typed: arguments are $1, $2…
func TestSQLStandsInStores(t *testing.T) {
	for _, file := range goFiles(t) {
		if !strings.HasPrefix(file.path, "system/") || file.test || strings.HasPrefix(path.Base(file.path), "store") {
			continue
		}
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			if value, err := strconv.Unquote(literal.Value); err == nil && statement.MatchString(value) {
				t.Errorf("%s: SQL outside a store", file.positions.Position(literal.Pos()))
			}
			return true
		})
	}
}

// Files are given out by kit/page alone, which quotes their names and keeps the
// language of the pages.
func TestFilesAreGivenOutOneWay(t *testing.T) {
	for _, file := range goFiles(t) {
		if file.test || strings.HasPrefix(file.path, "kit/page/") {
			continue
		}
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Value == `"Content-Disposition"` {
				t.Errorf("%s: page.Attach and page.ShowPDF give files out", file.positions.Position(literal.Pos()))
			}
			return true
		})
	}
}

// Rows are read by db.Rows, db.List and db.Column, which close them and say whether
// all of them came; what a statement changed is told by db.Changed and db.ChangedOne.
func TestRowsAreReadOneWay(t *testing.T) {
	const anyColumns = "system/identity/internal/cabinet/store.go" // has to ask which columns there are
	for _, file := range goFiles(t) {
		if file.test || strings.HasPrefix(file.path, "kit/db/") || file.path == anyColumns {
			continue
		}
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			asked, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch asked.Sel.Name {
			case "QueryContext":
				t.Errorf("%s: rows are read by db.Rows or db.List", file.positions.Position(call.Pos()))
			case "RowsAffected":
				t.Errorf("%s: what changed is told by db.Changed or db.ChangedOne", file.positions.Position(call.Pos()))
			}
			return true
		})
	}
}

func TestNoRoomIsCalledUtil(t *testing.T) {
	for _, file := range goFiles(t) {
		switch path.Base(file.dir()) {
		case "util", "utils", "common", "helpers", "helper", "models", "types", "misc", "shared":
			t.Errorf("%s: a package is named for what it is about", file.path)
		}
	}
}

func TestFilesTellOneStory(t *testing.T) {
	const most = 600 // about 500, says the house; past this the file must be split
	walk(t, func(file string, data []byte) {
		switch {
		case strings.HasSuffix(file, "_templ.go"), !strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, ".templ"):
			return
		}
		if lines := strings.Count(string(data), "\n"); lines > most {
			t.Errorf("%s has %d lines", file, lines)
		}
	})
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

func TestNothingUnfinishedIsLeftBehind(t *testing.T) {
	walk(t, func(file string, data []byte) {
		if strings.HasPrefix(file, "check/") || strings.Contains(file, "package-lock") {
			return
		}
		switch path.Ext(file) {
		case ".go", ".templ", ".sql":
			for i, line := range strings.Split(string(data), "\n") {
				if unfinished.MatchString(line) {
					t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
				}
			}
		}
	})
}

var inline = regexp.MustCompile(`(?i)(<script>|<style|\sstyle=|\son(click|change|load|submit|input|keydown|focus)=)`)

// The Content-Security-Policy forbids inline scripts and styles: a page with
// one would be broken only in the browser, so it is refused here.
func TestPagesCarryNoInlineScriptsOrStyles(t *testing.T) {
	walk(t, func(file string, data []byte) {
		if path.Ext(file) != ".templ" {
			return
		}
		for i, line := range strings.Split(string(data), "\n") {
			if inline.MatchString(line) {
				t.Errorf("%s:%d: %s", file, i+1, strings.TrimSpace(line))
			}
		}
	})
}
