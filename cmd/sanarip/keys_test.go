package main

import (
	"os"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/config"
)

// The operator's page of documentation has every key, as the program means it.
func TestEveryKeyIsInTheDocumentation(t *testing.T) {
	data, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, begun := strings.Cut(string(data), "<!-- keys:")
	rest, _, ended := strings.Cut(rest, "<!-- /keys -->")
	_, written, closed := strings.Cut(rest, "-->\n")
	if !begun || !ended || !closed {
		t.Fatal("docs/operate.md has no place for the keys")
	}
	if want := keyTable(); written != want {
		t.Errorf("docs/operate.md should have, between its marks:\n%s", want)
	}
}

// keyTable is every key; those that each system has stand there once.
func keyTable() string {
	var b strings.Builder
	b.WriteString("| key | default | |\n|---|---|---|\n")
	first := systems[0]
	for _, key := range append(keys(), config.Key{Name: "config", Doc: "file of key = value lines"}) {
		if of := systemOf(key.Name); of == first.name {
			swap := strings.NewReplacer(first.name, "SYSTEM", first.host+".localhost", "HOST.localhost")
			key.Name, key.Doc = swap.Replace(key.Name), swap.Replace(key.Doc)
		} else if of != "" {
			continue
		}
		def := ""
		if key.Default != "" {
			def = "`" + key.Default + "`"
		}
		b.WriteString("| `" + key.Name + "` | " + def + " | " + key.Doc + " |\n")
	}
	return b.String()
}

// systemOf is the system of a key that every system has, "" for the others.
func systemOf(key string) string {
	for _, prefix := range []string{"site_", "exchange_key_", "client_secret_", "seal_"} {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			return name
		}
	}
	return ""
}
