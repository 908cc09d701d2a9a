package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// ending is how a module of the conformance suite ended: a line of conformance.mjs.
type ending struct {
	Target string   `json:"target"`
	Plan   string   `json:"plan"`
	Module string   `json:"module"`
	Result string   `json:"result"`
	Notes  []string `json:"notes"`
	Fault  string   `json:"fault"` // what was broken on purpose
	Want   string   `json:"want"`  // how the module is to end then
}

// conformance runs e2e/openid/conformance.mjs.
func conformance(t *testing.T, arguments ...string) []ending {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	var problems lockedBuffer
	command := exec.CommandContext(ctx, "node", append([]string{"openid/conformance.mjs"}, arguments...)...)
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s (npm ci in e2e/openid)", err, tail(problems.String(), 3000))
	}
	var endings []ending
	for line := range strings.Lines(string(out)) {
		var e ending
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		endings = append(endings, e)
	}
	return endings
}

// row is a line of the table in docs/conformance.md.
type row struct{ module, esi, control string }

var tableRow = regexp.MustCompile("^\\| `([A-Za-z0-9_-]+)` \\| .* \\| ([A-Z]+) \\| ([A-Z]+) \\|$")

func conformanceTable(t *testing.T) []row {
	t.Helper()
	file, err := os.Open("../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var rows []row
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if m := tableRow.FindStringSubmatch(lines.Text()); m != nil {
			rows = append(rows, row{m[1], m[2], m[3]})
		}
	}
	return rows
}

// The modules of the OpenID Foundation's plans end for ЕСИ and for npm's
// oidc-provider, with which the suite is tried, as docs/conformance.md says; and
// each module notices an oidc-provider that is broken where it looks.
func TestConformance(t *testing.T) {
	needE2E(t)
	clientPort.Lock()
	defer clientPort.Unlock()
	table := conformanceTable(t)
	var listed, written []string
	for _, e := range conformance(t, "--list") {
		listed = append(listed, e.Module)
	}
	for _, r := range table {
		written = append(written, r.module)
	}
	if len(listed) == 0 || !slices.Equal(listed, written) {
		t.Fatalf("docs/conformance.md has the modules\n%v\nand the suite\n%v", written, listed)
	}

	w, _ := oneProcess(t, "")
	var people []map[string]string
	for _, p := range demo.SignIns {
		if p.Account && p.TOTP == "" { // a code of an authenticator is good once in 30 s
			people = append(people, map[string]string{"pin": p.PIN, "password": demo.Password})
		}
	}
	who, err := json.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	ended, tried := map[string]ending{}, map[string]bool{}
	for _, e := range conformance(t, "--control", "--faults", "--issuer", w.site["identity"], "--inbox", w.site["message"]+"/inbox.json", "--people", string(who)) {
		if e.Fault == "" {
			ended[e.Target+" "+e.Module] = e
			continue
		}
		tried[e.Module] = true
		t.Run("fault/"+e.Module+"/"+e.Fault, func(t *testing.T) {
			if e.Result != e.Want {
				t.Errorf("the module ended %s and not %s: %s", e.Result, e.Want, strings.Join(e.Notes, "; "))
			}
		})
	}
	for _, r := range table {
		if !tried[r.module] {
			t.Errorf("no fault shows that %s can fail", r.module)
		}
		for target, want := range map[string]string{"esi": r.esi, "control": r.control} {
			t.Run(target+"/"+r.module, func(t *testing.T) {
				e, ok := ended[target+" "+r.module]
				if !ok {
					t.Fatal("did not run")
				}
				if e.Result != want {
					t.Errorf("ended %s, docs/conformance.md says %s: %s", e.Result, want, strings.Join(e.Notes, "; "))
				}
				if e.Result == "FAILED" {
					t.Errorf("a module that fails is no conformance: %s", strings.Join(e.Notes, "; "))
				}
			})
		}
	}
}
