package contract_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const systemDir = "../../.."

var (
	registered = regexp.MustCompile(`exchangeapi\.Serve\(p, (\w+), "([^"]*)"`)
	constant   = regexp.MustCompile(`(?m)^\s*(?:const )?(Service\w+)\s*=\s*"([^"]+)"`)
	used       = regexp.MustCompile(`\b(\w+)api\.\w*Client\{`)
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// alike says that several systems offer the service in the same way, by the
// function of another one's contract.
func alike(service string) bool {
	return slices.Contains([]string{exchangeapi.ServiceOperations, exchangeapi.ServiceAccesses, workforceapi.ServiceChanges}, service)
}

// What the contracts serve and what the exchange knows of are the same.
func TestEveryEndpointOfEveryContractIsKnown(t *testing.T) {
	for name, system := range exchangeapi.Systems {
		if name == "exchange" {
			continue
		}
		files, err := filepath.Glob(filepath.Join(systemDir, name, name+"api", "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no contract: %v", name, err)
		}
		var source strings.Builder
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				source.WriteString(read(t, file))
			}
		}
		codes := map[string]string{}
		for _, m := range constant.FindAllStringSubmatch(source.String(), -1) {
			codes[m[1]] = m[2]
		}
		var served []string
		for _, m := range registered.FindAllStringSubmatch(source.String(), -1) {
			served = append(served, codes[m[1]]+m[2])
		}
		var known []string
		for _, e := range contract.All {
			if e.Provider == system && !alike(e.Service) {
				known = append(known, e.Service+e.Path)
			}
		}
		slices.Sort(served)
		slices.Sort(known)
		if !slices.Equal(served, known) {
			t.Errorf("%s serves %v, the exchange knows %v", name, served, known)
		}
	}
}

// Least privilege: whoever uses a contract has a right to something of it, and
// whoever has a right uses the contract.
func TestRightsAreThoseThatAreUsed(t *testing.T) {
	uses := map[[2]string]bool{}
	for name := range exchangeapi.Systems {
		err := filepath.WalkDir(filepath.Join(systemDir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "api"+string(filepath.Separator)) {
				return err
			}
			for _, m := range used.FindAllStringSubmatch(read(t, path), -1) {
				if m[1] != "exchange" {
					uses[[2]string{name, m[1]}] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The operator's command verify speaks as the exchange.
	uses[[2]string{"exchange", "portal"}] = true
	given := map[[2]string]bool{}
	for _, e := range contract.All {
		if alike(e.Service) {
			continue
		}
		for _, client := range e.Clients {
			given[[2]string{exchangeapi.NameOf(client), exchangeapi.NameOf(e.Provider)}] = true
		}
	}
	for pair := range uses {
		// What speaks to its own kind may do so with another installation alone.
		if _, api := exchangeapi.Systems[pair[1]]; api && !given[pair] && pair[0] != pair[1] {
			t.Errorf("%s calls %s without a right", pair[0], pair[1])
		}
	}
	for pair := range given {
		if !uses[pair] {
			t.Errorf("%s has a right at %s that it never uses", pair[0], pair[1])
		}
	}
}

// Every description is complete: each reference in it leads to a schema.
func TestOpenAPIOfEveryService(t *testing.T) {
	reference := regexp.MustCompile(`"#/components/schemas/([^"]+)"`)
	for _, system := range contract.Systems {
		for _, service := range contract.Services(system) {
			data, err := json.Marshal(contract.OpenAPI(contract.Of(system, service)))
			if err != nil {
				t.Fatal(err)
			}
			var d struct {
				Paths      map[string]any `json:"paths"`
				Components struct {
					Schemas map[string]any `json:"schemas"`
				} `json:"components"`
			}
			if err := json.Unmarshal(data, &d); err != nil || len(d.Paths) != len(contract.Of(system, service)) {
				t.Errorf("%s/%s: %v", system.Code, service, err)
			}
			for _, m := range reference.FindAllStringSubmatch(string(data), -1) {
				if _, ok := d.Components.Schemas[m[1]]; !ok {
					t.Errorf("%s/%s: no schema %s", system.Code, service, m[1])
				}
			}
		}
	}
}
