package check_test

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/text"
)

// words is every key of the house and the file it stands in.
func words(t *testing.T) map[string]string {
	t.Helper()
	keys := map[string]string{}
	walk(t, func(file string, data []byte) {
		if path.Ext(file) != ".json" || path.Base(path.Dir(file)) != "text" {
			return
		}
		var entries map[string]json.RawMessage
		if err := json.Unmarshal(data, &entries); err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		for key := range entries {
			if other, twice := keys[key]; twice {
				t.Errorf("key %s stands in %s and in %s", key, other, file)
			}
			keys[key] = file
		}
	})
	if len(keys) < 100 {
		t.Fatalf("only %d keys found: the check reads the wrong folder", len(keys))
	}
	return keys
}

// Load itself refuses a key without one of the three languages.
func TestEveryWordIsSpokenInThreeLanguages(t *testing.T) {
	var folders []string
	for _, file := range words(t) {
		folders = append(folders, path.Dir(path.Dir(file)))
	}
	slices.Sort(folders)
	for _, folder := range slices.Compact(folders) {
		if _, err := text.Load(os.DirFS(filepath.Join(root(t), folder))); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

var (
	keyShape     = regexp.MustCompile(`^[a-z]+(\.[a-z0-9_-]+)+$`)
	declared     = regexp.MustCompile(`// ?text: ([a-z0-9_.*-]+)`)
	templLiteral = regexp.MustCompile("\"[^\"\\n]*\"|`[^`]*`")
)

// usage is the string literals of all sources, and the prefixes declared by
// comments such as "// text: card.stage.*" where a key is computed.
func usage(t *testing.T) (literals map[string]string, prefixes []string) {
	t.Helper()
	literals = map[string]string{}
	for _, file := range goFiles(t) {
		if strings.HasPrefix(file.path, "check/") || file.generated {
			continue // the .templ source of a generated file is read below
		}
		ast.Inspect(file.syntax, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if value, err := strconv.Unquote(literal.Value); err == nil && keyShape.MatchString(value) {
					literals[value] = file.positions.Position(literal.Pos()).String()
				}
			}
			return true
		})
	}
	walk(t, func(file string, data []byte) {
		if path.Ext(file) == ".templ" {
			for _, quoted := range templLiteral.FindAllString(string(data), -1) {
				if value := quoted[1 : len(quoted)-1]; keyShape.MatchString(value) {
					literals[value] = file
				}
			}
		}
		if ext := path.Ext(file); ext == ".templ" || ext == ".go" {
			for _, match := range declared.FindAllStringSubmatch(string(data), -1) {
				prefixes = append(prefixes, strings.TrimSuffix(match[1], "*"))
			}
		}
	})
	return literals, prefixes
}

func TestEveryKeyIsUsed(t *testing.T) {
	literals, prefixes := usage(t)
	for _, key := range slices.Sorted(maps.Keys(words(t))) {
		if _, ok := literals[key]; ok {
			continue
		}
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			continue
		}
		t.Errorf("key %s is spoken nowhere", key)
	}
}

var spoken = regexp.MustCompile(`(?:text\.T|TArgs|fail\.New|fail\.Wrap|\.Fail|page\.Notice|Key:)\b[^"\n]*"([a-z]+(?:\.[a-z0-9_-]+)+)"`)

// A key that code speaks must exist in the words.
func TestEveryKeySpokenExists(t *testing.T) {
	keys := words(t)
	walk(t, func(file string, data []byte) {
		ext := path.Ext(file)
		if ext != ".go" && ext != ".templ" || strings.HasPrefix(file, "check/") || strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, "_templ.go") {
			return
		}
		for i, line := range strings.Split(string(data), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "//") {
				continue
			}
			for _, match := range spoken.FindAllStringSubmatch(line, -1) {
				if _, ok := keys[match[1]]; !ok {
					t.Errorf("%s:%d: no words for %s", file, i+1, match[1])
				}
			}
		}
	})
}
