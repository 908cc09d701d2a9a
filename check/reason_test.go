package check_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Each time and limit of ЕСИ is a key of the configuration, which the handbook
// lists (cmd/sanarip compares them), or a constant with its reason beside it: in
// the comment of its line, of the line above, or of its declaration.
func TestTimesAndLimitsOfIdentityHaveTheirReasons(t *testing.T) {
	files, found := 0, 0
	walk(t, func(path string, data []byte) {
		path = filepath.ToSlash(path)
		if !strings.Contains(path, "system/identity/") || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.HasSuffix(path, "_templ.go") || strings.Contains(path, "/facetest/") {
			return
		}
		files++
		n, wrong := unreasoned(t, path, data)
		found += n
		for _, each := range wrong {
			t.Error(each + ": a time or limit without a reason beside it; make it a setting, or say why it is so")
		}
	})
	if files < 100 || found < 60 {
		t.Errorf("%d times and limits in %d files: the check looks at nothing", found, files)
	}
}

// The check itself sees what has no reason, and only that.
func TestUnreasonedTimesAreSeen(t *testing.T) {
	for source, want := range map[string]int{
		"const most = 500": 1,
		"const most = 500 // rows: a page is read in a second":                 0,
		"// most rows a page has: it is read in a second.\nconst most = 500":   0,
		"// What a page has.\nconst (\n\tmost = 500\n)":                        0,
		"var wait = 5 * time.Second":                                           1,
		"var wait = time.Minute":                                               1,
		"var wait = setting.Time(\"x\", 5 * time.Second)":                      0,
		"func f() bool { return since() > time.Minute }":                       1,
		"func f() { g(30 * time.Second) }":                                     1,
		"func f() {\n\t// The provider has a while.\n\tg(30 * time.Second)\n}": 0,
		"func f() int { return int(age / (24 * time.Hour)) }":                  0,
		"func f() time.Duration { return time.Duration(n) * time.Second }":     0,
		"const few = 3": 0,
	} {
		if _, wrong := unreasoned(t, "x.go", []byte("package x\n\n"+source+"\n")); len(wrong) != want {
			t.Errorf("%s: %v", source, wrong)
		}
	}
}

// unreasoned counts times and limits and gives the places of those without a
// reason. A limit is a constant of 10 and more; conversions between units are none.
func unreasoned(t *testing.T, path string, data []byte) (found int, wrong []string) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, data, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	said := map[int]bool{} // lines with a comment, or just below one
	for _, group := range file.Comments {
		for line := set.Position(group.Pos()).Line; line <= set.Position(group.End()).Line+1; line++ {
			said[line] = true
		}
	}
	// A comment behind a line of code speaks of that line alone.
	source := strings.Split(string(data), "\n")
	for _, group := range file.Comments {
		at := set.Position(group.Pos())
		if strings.TrimSpace(source[at.Line-1][:at.Column-1]) != "" {
			next := at.Line + 1
			said[next] = false
			for _, other := range file.Comments {
				if begin := set.Position(other.Pos()); begin.Line == next || set.Position(other.End()).Line == next-1 && begin.Line > at.Line {
					said[next] = true
				}
			}
		}
	}
	look := func(node ast.Node, explained bool) {
		found++
		if at := set.Position(node.Pos()); !explained && !said[at.Line] {
			wrong = append(wrong, path+":"+strconv.Itoa(at.Line))
		}
	}
	explained := false // by the comment of the declaration that is being read
	var read func(node ast.Node) bool
	read = func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GenDecl:
			before := explained
			explained = n.Doc != nil && n.Tok != token.TYPE
			for _, spec := range n.Specs {
				ast.Inspect(spec, read)
			}
			explained = before
			return false
		case *ast.ValueSpec:
			for _, value := range n.Values {
				if limit(value) {
					look(value, explained || n.Doc != nil || n.Comment != nil)
				}
			}
		case *ast.CallExpr:
			if name := called(n); name == "setting.Time" || name == "setting.Number" || name == "Declare" || name == "throttle.Declare" {
				return false // configured, with its reason in the handbook
			}
			for _, arg := range n.Args {
				if unit(arg) {
					return false // of a conversion: Truncate(time.Second), span(…, time.Hour)
				}
			}
		case *ast.BinaryExpr:
			switch {
			case n.Op == token.QUO:
				ast.Inspect(n.X, read)
				return false // a number of units
			case n.Op == token.MUL && span(n):
				look(n, explained)
				return false
			case n.Op == token.MUL:
				return false // so many units
			case n.Op == token.GTR || n.Op == token.LSS || n.Op == token.GEQ || n.Op == token.LEQ:
				if unit(n.Y) {
					look(n, explained)
				}
			}
		}
		return true
	}
	ast.Inspect(file, read)
	return found, wrong
}

// limit says that it is a number of 10 and more, a shifted one, or a unit of time.
func limit(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.BasicLit:
		n, err := strconv.ParseFloat(strings.ReplaceAll(v.Value, "_", ""), 64)
		return (v.Kind == token.INT || v.Kind == token.FLOAT) && err == nil && n >= 10
	case *ast.BinaryExpr:
		return v.Op == token.SHL && limit(v.Y)
	}
	return unit(value)
}

// span is a literal times a unit of time: 5 * time.Second, 30 * 24 * time.Hour.
func span(e ast.Expr) bool {
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != token.MUL || !unit(b.Y) {
		return false
	}
	literal := true
	ast.Inspect(b.X, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.BasicLit, *ast.BinaryExpr, *ast.ParenExpr:
		default:
			literal = false
		}
		return literal
	})
	return literal
}

// unit is time.Second and its like, and a day.
func unit(e ast.Expr) bool {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.MUL {
		day, literal := b.X.(*ast.BasicLit)
		hour, named := b.Y.(*ast.SelectorExpr)
		return literal && named && day.Value == "24" && hour.Sel.Name == "Hour"
	}
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	of, ok := s.X.(*ast.Ident)
	return ok && of.Name == "time" && (s.Sel.Name == "Second" || s.Sel.Name == "Minute" || s.Sel.Name == "Hour" || s.Sel.Name == "Millisecond")
}

// called is the name of what is called, with its package where it has one.
func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); ok {
			return of.Name + "." + f.Sel.Name
		}
	}
	return ""
}
