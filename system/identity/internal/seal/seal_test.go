package seal_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/identity/internal/seal"
)

func TestSealedOpensOnlyWhereItBelongs(t *testing.T) {
	box, err := seal.New(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := box.Seal("totp", "a", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "secret") {
		t.Fatal("not sealed")
	}
	if plain, err := box.Open("totp", "a", sealed); err != nil || string(plain) != "secret" {
		t.Fatalf("%q, %v", plain, err)
	}
	other, _ := seal.New(bytes.Repeat([]byte{8}, 32))
	changed := []byte(sealed)
	changed[20] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another row":     func() ([]byte, error) { return box.Open("totp", "b", sealed) },
		"another purpose": func() ([]byte, error) { return box.Open("key", "a", sealed) },
		"another secret":  func() ([]byte, error) { return other.Open("totp", "a", sealed) },
		"changed":         func() ([]byte, error) { return box.Open("totp", "a", string(changed)) },
		"garbage":         func() ([]byte, error) { return box.Open("totp", "a", "?") },
	} {
		if plain, err := open(); err == nil {
			t.Errorf("%s: opened to %q", name, plain)
		}
	}
	if _, err := seal.New([]byte("short")); err == nil {
		t.Error("a short secret was taken")
	}
}

func TestCodesDifferByOwnerAndNumber(t *testing.T) {
	box, _ := seal.New(bytes.Repeat([]byte{7}, 32))
	seen := map[string]bool{}
	for _, owner := range []string{"a", "b"} {
		for number := range int64(50) {
			code, err := box.Code(owner, number)
			if err != nil || len(code) != 6 {
				t.Fatalf("%q, %v", code, err)
			}
			seen[code] = true
		}
	}
	if len(seen) < 98 {
		t.Fatalf("only %d different codes of 100", len(seen))
	}
}
