package check_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// A transaction may be done again from its start (db.Tx): after a clash, after a
// lost connection, with a neighbour whose commit it shared. What its function
// changes outside itself the second run would meet changed, so nothing outside
// may be read before it is written.
func TestTransactionsCanBeDoneAgain(t *testing.T) {
	found := 0
	for _, f := range goFiles(t) {
		if f.test || f.generated {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if inside := transaction(call); inside != nil {
				found++
				for _, path := range carried(inside) {
					t.Errorf("%s: the transaction reads and then changes %s, which a second run would find changed: a copy of its own mends it",
						f.positions.Position(inside.Pos()), path)
				}
			}
			return true
		})
	}
	if found < 100 {
		t.Errorf("only %d transactions found", found)
	}
}

// TestWhatATransactionCarriesIsSeen holds the check against itself.
func TestWhatATransactionCarriesIsSeen(t *testing.T) {
	for body, want := range map[string]string{
		`n++`:                             "n",
		`n += 2`:                          "n",
		`all = append(all, 1)`:            "all",
		`all = all[:0]; n = 1`:            "all",
		`use(w.Root); w.Root = "x"`:       "w.Root",
		`use(w); w.Root = "x"`:            "w.Root",
		`use(w.Root); w = other`:          "w",
		`if n > 1 { n = 0 }`:              "n",
		`func() { n++ }()`:                "n",
		`n = 0; n++`:                      "",
		`all = nil; all = append(all, 1)`: "",
		`w := w; w.Root = w.Once`:         "",
		`n, err = ask(); use(n)`:          "",
		`row.Scan(&n); n++`:               "",
		`for n := range 3 { n++ }`:        "",
		`use(n)`:                          "",
	} {
		syntax, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc f() { d.Tx(ctx, func(ctx int, tx int) error { "+body+"; return nil }) }", 0)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		ast.Inspect(syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if inside := transaction(call); inside != nil {
					got = carried(inside)
				}
			}
			return true
		})
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// transaction is the function that the call runs in a transaction, nil for another call.
func transaction(call *ast.CallExpr) *ast.FuncLit {
	name, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || name.Sel.Name != "Tx" || len(call.Args) != 2 {
		return nil
	}
	inside, _ := call.Args[1].(*ast.FuncLit)
	return inside
}

// touch is a reading or a writing of a variable or a field, in the order of the text.
type touch struct {
	path  string // "w.Root"
	wrote bool
}

// carried are the paths from outside the function that it reads before it first
// writes them, and writes.
func carried(inside *ast.FuncLit) []string {
	var touches []touch
	own := map[string]bool{}
	declare := func(e ast.Expr) {
		if name, ok := e.(*ast.Ident); ok {
			own[name.Name] = true
		}
	}
	var visit func(n ast.Node) bool
	look := func(n ast.Node) { ast.Inspect(n, visit) }
	see := func(e ast.Expr, wrote bool) {
		path := pathOf(e)
		first, _, _ := strings.Cut(path, ".")
		if path != "" && !own[first] {
			touches = append(touches, touch{path, wrote})
		}
	}
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			for _, field := range n.Type.Params.List {
				for _, name := range field.Names {
					declare(name)
				}
			}
			look(n.Body)
			return false
		case *ast.ValueSpec:
			for _, value := range n.Values {
				look(value)
			}
			for _, name := range n.Names {
				declare(name)
			}
			return false
		case *ast.RangeStmt:
			look(n.X)
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if e != nil && n.Tok == token.DEFINE {
					declare(e)
				} else if e != nil {
					see(e, true)
				}
			}
			look(n.Body)
			return false
		case *ast.IncDecStmt:
			see(n.X, false)
			see(n.X, true)
			return false
		case *ast.AssignStmt:
			for _, e := range n.Rhs {
				look(e)
			}
			for _, e := range n.Lhs {
				switch {
				case n.Tok == token.DEFINE:
					declare(e)
				case pathOf(e) == "":
					look(e) // an element: its list is read, its place is written
				default:
					if n.Tok != token.ASSIGN {
						see(e, false)
					}
					see(e, true)
				}
			}
			return false
		case *ast.UnaryExpr:
			if n.Op == token.AND && pathOf(n.X) != "" {
				see(n.X, true) // what it is for in a transaction: to be read into
				return false
			}
		case *ast.KeyValueExpr:
			look(n.Value)
			return false
		case *ast.SelectorExpr:
			if pathOf(n) != "" {
				see(n, false)
				return false
			}
		case *ast.Ident:
			see(n, false)
		}
		return true
	}
	look(inside)
	var carried []string
	for _, written := range touches {
		if !written.wrote || slices.Contains(carried, written.path) {
			continue
		}
		for _, before := range touches {
			if before.wrote && (before.path == written.path || strings.HasPrefix(written.path, before.path+".")) {
				break
			}
			if !before.wrote && (before.path == written.path || strings.HasPrefix(before.path, written.path+".") || strings.HasPrefix(written.path, before.path+".")) {
				carried = append(carried, written.path)
				break
			}
		}
	}
	return carried
}

// pathOf is the variable or the field as it is written, "" for what is neither.
func pathOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if e.Name == "_" || e.Name == "nil" || e.Name == "true" || e.Name == "false" {
			return ""
		}
		return e.Name
	case *ast.SelectorExpr:
		if of := pathOf(e.X); of != "" {
			return of + "." + e.Sel.Name
		}
	case *ast.StarExpr:
		return pathOf(e.X)
	case *ast.ParenExpr:
		return pathOf(e.X)
	}
	return ""
}
