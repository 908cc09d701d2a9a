package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var keys = []Key{
	{Name: "addr", Default: "127.0.0.1:8080", Doc: "where to listen"},
	{Name: "demo", Default: "false", Doc: "demo data"},
	{Name: "connections", Default: "6", Doc: "most connections"},
	{Name: "site_card", Doc: "address of the card"},
	{Name: "secret", Doc: "master secret", Secret: true},
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sanarip.toml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheStrongerPlaceWins(t *testing.T) {
	path := file(t, "# ours\naddr = \":1\"\nconnections = 9\ndemo = true\n")
	v, err := Load(keys, path, []string{"SANARIP_ADDR=:2", "PATH=/bin", "SANARIP_SECRET=topsecret", "SANARIP_TEST_POSTGRES=x"}, map[string]string{"addr": ":3"})
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Text("addr"); got != ":3" {
		t.Errorf("addr %q", got)
	}
	if n, err := v.Int("connections"); err != nil || n != 9 {
		t.Errorf("connections %d %v", n, err)
	}
	if demo, err := v.Bool("demo"); err != nil || !demo {
		t.Errorf("demo %v %v", demo, err)
	}
	for _, value := range v.All() {
		if strings.Contains(value.Shown(), "topsecret") {
			t.Error("a secret is shown")
		}
	}
	if v.Given("site_card") || !v.Given("secret") {
		t.Error("Given is wrong")
	}
}

func TestUnknownKeysAreRefusedWithTheNearest(t *testing.T) {
	path := file(t, "adr = \":1\"\n[table]\nx = 1\n")
	_, err := Load(keys, path, []string{"SANARIP_SITE_CRAD=secretvalue"}, map[string]string{"demoo": "1"})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"no key adr; did you mean addr?", "SANARIP_SITE_CRAD; did you mean SANARIP_SITE_CARD?", "demoo; did you mean demo?", "table must be"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secretvalue") {
		t.Error("the error shows a value")
	}
}

func TestWrongValuesAreNamed(t *testing.T) {
	v, err := Load(keys, "", []string{"SANARIP_DEMO=perhaps", "SANARIP_CONNECTIONS=0"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Bool("demo"); err == nil {
		t.Error("demo=perhaps accepted")
	}
	if _, err := v.Int("connections"); err == nil {
		t.Error("connections=0 accepted")
	}
}
