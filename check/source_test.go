package check_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sanarip/sanarip/"

// goFile is one source file with its path from the root of the repository.
type goFile struct {
	path      string // "system/card/system.go"
	syntax    *ast.File
	positions *token.FileSet
	test      bool
	generated bool
}

func (f goFile) dir() string { return filepath.ToSlash(filepath.Dir(f.path)) }

// imports are the packages of this module that the file imports, without the module's name.
func (f goFile) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if own, ok := strings.CutPrefix(path, module); ok {
			paths = append(paths, own)
		}
	}
	return paths
}

func (f goFile) importsAny(path string) bool {
	for _, spec := range f.syntax.Imports {
		if got, _ := strconv.Unquote(spec.Path.Value); got == path {
			return true
		}
	}
	return false
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// walk visits every file of the repository that is its own source.
func walk(t *testing.T, visit func(path string, data []byte)) {
	t.Helper()
	top := root(t)
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name == "node_modules" || name == ".git" || name == "data" || name == "bin" || name == "artifacts" || name == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		switch filepath.Ext(name) {
		case ".go", ".templ", ".sql", ".json", ".css", ".js", ".mjs", ".sh", ".md", ".yml", ".toml":
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			visit(filepath.ToSlash(rel), data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	walk(t, func(path string, data []byte) {
		if filepath.Ext(path) != ".go" {
			return
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, path, data, parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		files = append(files, goFile{
			path: path, syntax: syntax, positions: set,
			test: strings.HasSuffix(path, "_test.go"), generated: ast.IsGenerated(syntax),
		})
	})
	if len(files) < 50 {
		t.Fatalf("only %d Go files found: the check reads the wrong folder", len(files))
	}
	return files
}
