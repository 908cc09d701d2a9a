package fhir

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Everything that the API says of the seeded stay passes three independent
// validators (e2e/fhir). Needs Node.js and `npm ci` in e2e/fhir, as `make test`
// has done; SANARIP_TEST_E2E=1 makes their absence an error.
func TestIndependentValidators(t *testing.T) {
	if os.Getenv("SANARIP_TEST_E2E") != "1" {
		t.Skip("SANARIP_TEST_E2E is not 1")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is needed: ", err)
	}
	program, err := filepath.Abs("../../../../e2e/fhir/validate.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(program), "node_modules", "fhir")); err != nil {
		t.Fatal("run `npm ci` in e2e/fhir first: ", err)
	}
	docs, err := filepath.Abs("../../../../docs/fhir") // the profiles and their examples
	if err != nil {
		t.Fatal(err)
	}
	s := lite(t)
	dir := t.TempDir()
	paths := s.paths()
	for name := range s.kinds { // everything there is, as a search gives it
		paths["search-"+name] = "/" + name + "?_count=100&unknown=1"
	}
	for name, path := range paths {
		a := s.ask(t, http.MethodGet, path, "machine", nil)
		if a.status >= 500 || len(a.body) == 0 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), a.body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{program, dir, docs, filepath.Join(docs, "examples")}, {"--test", filepath.Dir(program) + "/validate.test.mjs"}} {
		out, err := exec.CommandContext(t.Context(), node, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		t.Logf("%s", out)
	}
}
