package check_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`([a-z0-9]+)\\.(Test[A-Za-z0-9]+)`([²ᴾ]*)")
	testFunc  = regexp.MustCompile(`^func (Test[A-Za-z0-9]+)\(t \*testing\.T\) \{`)
	anyFunc   = regexp.MustCompile(`(?m)^func ([A-Za-z0-9]+)\(`)
	onEngines = regexp.MustCompile(`\b(?:formtest\.Each|dbtest\.Each|dbtest\.Both|dbtest\.Postgres)\(`)
)

// docs/checks.md has twenty checks and docs/cases.md thirty cases, each with tests
// that are there; and those that a page says run on both engines do.
func TestChecksAndCasesHaveTheirTests(t *testing.T) {
	bodies, both := allTests(t)
	for page, want := range map[string]int{"checks.md": 20, "cases.md": 30} {
		data, err := os.ReadFile(filepath.Join(root(t), "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for line := range strings.Lines(string(data)) {
			cells := strings.Split(line, "|")
			if len(cells) < 4 {
				continue
			}
			number, err := strconv.Atoi(strings.TrimSpace(cells[1]))
			if err != nil {
				continue // the head
			}
			if rows++; number != rows {
				t.Errorf("%s: %d stands at %d", page, number, rows)
			}
			tests := namedTest.FindAllStringSubmatch(cells[3], -1)
			if len(tests) == 0 || len(tests) != strings.Count(cells[3], "`")/2 {
				t.Errorf("%s, %d: its tests cannot be read: %s", page, number, cells[3])
			}
			for _, test := range tests {
				name := test[1] + "." + test[2]
				body, there := bodies[name]
				switch {
				case !there:
					t.Errorf("%s, %d: there is no %s", page, number, name)
				case test[1] != "e2e" && strings.Contains(test[3], "²") != both(name, body):
					t.Errorf("%s, %d: %s runs on both engines: %v", page, number, name, both(name, body))
				}
			}
		}
		if rows != want {
			t.Errorf("%s has %d rows, not %d", page, rows, want)
		}
	}
}

// allTests are the sources of all tests by their names, as "identity.TestX", and
// whether one runs on both engines.
func allTests(t *testing.T) (bodies map[string]string, both func(test, body string) bool) {
	t.Helper()
	bodies = map[string]string{}
	folders := map[string]map[string]string{} // "identity.TestX": its source
	walk(t, func(path string, data []byte) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		dir, source := filepath.Dir(path), string(data)
		if folders[dir] == nil {
			folders[dir] = map[string]string{}
		}
		for _, at := range anyFunc.FindAllStringSubmatchIndex(source, -1) {
			body, _, _ := strings.Cut(source[at[0]:], "\n}\n")
			name := source[at[2]:at[3]]
			folders[dir][name] = body
			if testFunc.MatchString(body) {
				bodies[filepath.Base(dir)+"."+name] = body
			}
		}
	})
	// A package's own helper may be what opens both engines, or call one that does.
	opening := map[string]*regexp.Regexp{} // by folder's name: those helpers
	for dir, funcs := range folders {
		var helpers []string
		for opens, grown := onEngines, true; grown; {
			grown = false
			for name, body := range funcs {
				if !strings.HasPrefix(name, "Test") && !slices.Contains(helpers, name) && opens.MatchString(body) {
					helpers, grown = append(helpers, name), true
				}
			}
			if len(helpers) > 0 {
				opens = regexp.MustCompile(`\b(?:` + strings.Join(helpers, "|") + `)\(`)
				opening[filepath.Base(dir)] = opens
			}
		}
	}
	return bodies, func(test, body string) bool {
		folder, _, _ := strings.Cut(test, ".")
		return onEngines.MatchString(body) || opening[folder] != nil && opening[folder].MatchString(body)
	}
}

// docs/standards.md says of each rule how it is kept and which tests hold it; a rule
// that is not kept says so in words, with no test.
func TestStandardsHaveTheirTests(t *testing.T) {
	bodies, both := allTests(t)
	data, err := os.ReadFile(filepath.Join(root(t), "docs", "standards.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows, open := map[string]int{}, 0
	standard := ""
	for line := range strings.Lines(string(data)) {
		if heading, found := strings.CutPrefix(line, "## "); found {
			standard = strings.TrimSpace(heading)
		}
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[1]) == "section" {
			continue
		}
		rows[standard]++
		tests := namedTest.FindAllStringSubmatch(cells[4], -1)
		if len(tests) != strings.Count(cells[4], "`")/2 {
			t.Errorf("%s, %s: its tests cannot be read: %s", standard, cells[1], cells[4])
		}
		if len(tests) == 0 {
			open++
			if !strings.HasPrefix(strings.TrimSpace(cells[3]), "**Not") {
				t.Errorf("%s, %s: no test holds it: %s", standard, cells[1], cells[3])
			}
		}
		for _, test := range tests {
			name := test[1] + "." + test[2]
			body, there := bodies[name]
			switch {
			case !there:
				t.Errorf("%s, %s: there is no %s", standard, cells[1], name)
			case test[1] != "e2e" && strings.Contains(test[3], "²") != both(name, body):
				t.Errorf("%s, %s: %s runs on both engines: %v", standard, cells[1], name, both(name, body))
			}
		}
	}
	for _, each := range []string{"9700", "7636", "9126", "9449", "9207", "8628", "7662", "7009", "8414", "logout"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(rows)), func(s string) bool { return strings.Contains(s, each) }) {
			t.Errorf("there is no table of %s", each)
		}
	}
	if rows["RFC 9700: security of OAuth 2.0"] < 20 || open > 8 {
		t.Errorf("%v, %d of them open", rows, open)
	}
}
