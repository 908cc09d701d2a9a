// Package placetest makes a small table of places for tests.
package placetest

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// File is a file with the table. It knows 212.112.0.0/16 (Bishkek), 212.42.0.0/16
// (Uzgen, in English alone), 5.44.0.0/16 (Hamburg), 41.90.0.0/16 (Kenya, without
// a town), 2a02:2d8::/32 (Bishkek), and false places for private networks.
func File(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(name, Bytes(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Bytes is what stands in File.
func Bytes(t testing.TB) []byte {
	t.Helper()
	bishkek := at(t, [2]string{"Бишкек", "Bishkek"}, "KG", [2]string{"Киргизия", "Kyrgyzstan"})
	wrong := at(t, [2]string{"Где-то", "Somewhere"}, "XX", [2]string{"Нигде", "Nowhere"})
	return table(t, "Sanarip-Test-City", map[string]mmdbtype.Map{
		"212.112.0.0/16": bishkek,
		"2a02:2d8::/32":  bishkek,
		"212.42.0.0/16":  at(t, [2]string{"", "Uzgen (Centre)"}, "KG", [2]string{"Киргизия", "Kyrgyzstan"}),
		"5.44.0.0/16":    at(t, [2]string{"Гамбург", "Hamburg"}, "DE", [2]string{"Германия", "Germany"}),
		"41.90.0.0/16":   at(t, [2]string{"", ""}, "KE", [2]string{"Кения", "Kenya"}),
		"9.9.0.0/16":     at(t, [2]string{"", ""}, "", [2]string{"", "\u202egpj.\x00evil"}),
		"9.10.0.0/16":    at(t, [2]string{"", strings.Repeat("я", 500)}, "", [2]string{"", strings.Repeat("long ", 500)}),
		"10.0.0.0/8":     wrong,
		"192.168.0.0/16": wrong,
		"172.16.0.0/12":  wrong,
		"100.64.0.0/10":  wrong,
		"127.0.0.0/8":    wrong,
		"169.254.0.0/16": wrong,
	})
}

// Networks is a table of the same format that says whose a network is, and not where.
func Networks(t testing.TB) []byte {
	t.Helper()
	return table(t, "Sanarip-Test-ASN", map[string]mmdbtype.Map{
		"212.112.0.0/16": {"autonomous_system_organization": mmdbtype.String("Test")},
	})
}

func at(t testing.TB, town [2]string, code string, country [2]string) mmdbtype.Map {
	t.Helper()
	entry := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code), "names": named(country)}}
	if town != [2]string{} {
		entry["city"] = mmdbtype.Map{"names": named(town)}
	}
	return entry
}

func named(pair [2]string) mmdbtype.Map {
	all := mmdbtype.Map{}
	for i, lang := range []mmdbtype.String{"ru", "en"} {
		if pair[i] != "" {
			all[lang] = mmdbtype.String(pair[i])
		}
	}
	return all
}

func table(t testing.TB, kind string, entries map[string]mmdbtype.Map) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: kind, Languages: []string{"ru", "en"}, Description: map[string]string{"en": "for tests"}, IncludeReservedNetworks: true, BuildEpoch: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	for network, entry := range entries {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(n, entry); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := tree.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
