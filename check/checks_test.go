package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	namedTest = regexp.MustCompile("`([a-z0-9]+)\\.(Test[A-Za-z0-9]+)`([²ᴾ]*)")
	testFunc  = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(t \*testing\.T\) \{`)
	onEngines = regexp.MustCompile(`\b(?:each|overEngines|dbtest\.Each|dbtest\.Both|dbtest\.Postgres)\(`)
)

// docs/checks.md has twenty checks, each with tests that are there; and those that
// it says run on both engines do.
func TestTheTwentyChecksHaveTheirTests(t *testing.T) {
	bodies := map[string]string{} // "identity.TestX": its source
	walk(t, func(path string, data []byte) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		folder, source := filepath.Base(filepath.Dir(path)), string(data)
		for _, at := range testFunc.FindAllStringSubmatchIndex(source, -1) {
			body, _, _ := strings.Cut(source[at[0]:], "\n}\n")
			bodies[folder+"."+source[at[2]:at[3]]] = body
		}
	})
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "checks.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		number, err := strconv.Atoi(strings.TrimSpace(cells[1]))
		if err != nil {
			continue // the head
		}
		if rows++; number != rows {
			t.Errorf("check %d stands at %d", number, rows)
		}
		tests := namedTest.FindAllStringSubmatch(cells[3], -1)
		if len(tests) == 0 || len(tests) != strings.Count(cells[3], "`")/2 {
			t.Errorf("check %d: its tests cannot be read: %s", number, cells[3])
		}
		for _, test := range tests {
			body, there := bodies[test[1]+"."+test[2]]
			switch {
			case !there:
				t.Errorf("check %d: there is no %s.%s", number, test[1], test[2])
			case strings.Contains(test[3], "²") && !onEngines.MatchString(body):
				t.Errorf("check %d: %s.%s does not run on both engines", number, test[1], test[2])
			}
		}
	}
	if rows != 20 {
		t.Errorf("%d checks", rows)
	}
}
