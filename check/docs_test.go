package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence    = regexp.MustCompile("(?s)```.*?```")
	makeCall = regexp.MustCompile(`(?:^|[\x60\s])make ([a-z][a-z-]*)`)
	sanarip  = regexp.MustCompile(`(?m)(?:^|\(|\x60)sanarip ([a-z][a-z0-9-]*)`)
	target   = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	command  = regexp.MustCompile(`(?m)^\t\t\{"([a-z][a-z-]*)", ["a-z]`) // of the table in main.go
)

// Every relative link of the documentation leads to a file that is there.
func TestLinksOfTheDocumentation(t *testing.T) {
	walk(t, func(path string, data []byte) {
		if filepath.Ext(path) != ".md" {
			return
		}
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(data), ""), -1) {
			address, _, _ := strings.Cut(found[1], "#")
			if address == "" || strings.Contains(address, ":") {
				continue // within the page, or elsewhere in the world
			}
			if _, err := os.Stat(filepath.Join(root(t), filepath.Dir(path), filepath.FromSlash(address))); err != nil {
				t.Errorf("%s leads to %s, which is not there", path, found[1])
			}
		}
	})
}

// What the first pages tell people to type exists.
func TestCommandsOfTheDocumentation(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(filepath.Join(root(t), path))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	names := func(pattern *regexp.Regexp, text string) map[string]bool {
		all := map[string]bool{}
		for _, found := range pattern.FindAllStringSubmatch(text, -1) {
			all[found[1]] = true
		}
		return all
	}
	targets, commands := names(target, read("Makefile")), names(command, read("cmd/sanarip/main.go"))
	commands["help"] = true
	if len(targets) < 5 || len(commands) < 5 {
		t.Fatalf("targets %v, commands %v: read wrongly", targets, commands)
	}
	for _, path := range []string{"README.md", "CONTRIBUTING.md", "docs/operate.md", "docs/integrate.md", "bench/README.md"} {
		text := read(path)
		// `make` in prose is a verb: only what is set as code counts.
		for name := range names(makeCall, strings.Join(regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").FindAllString(text, -1), "\n")) {
			if !targets[name] {
				t.Errorf("%s says make %s, which is no target", path, name)
			}
		}
		for name := range names(sanarip, text) {
			if !commands[name] {
				t.Errorf("%s says sanarip %s, which is no command", path, name)
			}
		}
	}
}
