package keystore_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/internal/keystore/softhsm"
)

func TestSoftware(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	store, err := keystore.Open(keystore.Settings{}, secret)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(nil)
	for _, algorithm := range []keystore.Algorithm{keystore.P256, keystore.RSA2048} {
		handle, public, err := store.Make(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		key, err := store.Open(handle)
		if err != nil {
			t.Fatal(err)
		}
		if equal, ok := public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !equal.Equal(key.Public()) {
			t.Error("another key comes back")
		}
		if _, err := key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
			t.Error(err)
		}
		for name, other := range map[string]func() (crypto.Signer, error){
			"another secret": func() (crypto.Signer, error) {
				s, err := keystore.NewSoftware(bytes.Repeat([]byte{8}, 32))
				if err != nil {
					t.Fatal(err)
				}
				return s.Open(handle)
			},
			"a changed handle": func() (crypto.Signer, error) {
				prefix, text, _ := strings.Cut(handle, ":")
				data, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					t.Fatal(err)
				}
				data[len(data)/2] ^= 1
				return store.Open(prefix + ":" + base64.StdEncoding.EncodeToString(data))
			},
			"a handle of a module": func() (crypto.Signer, error) { return store.Open("pkcs11:00") },
			"no handle":            func() (crypto.Signer, error) { return store.Open("") },
		} {
			if _, err := other(); err == nil {
				t.Errorf("%s opens the key", name)
			}
		}
	}
	if _, _, err := store.Make("dsa"); err == nil {
		t.Error("a key of an unknown kind is made")
	}
	if _, err := keystore.NewSoftware(secret[:16]); err == nil {
		t.Error("a short secret is taken")
	}
	for _, bad := range []string{"hsm", "PKCS11"} {
		if _, err := keystore.Open(keystore.Settings{"keystore": bad}, secret); err == nil {
			t.Errorf("keystore %q is taken", bad)
		}
	}
}

// TestWithTheTag runs the tests of the module's store, which need cgo and the
// tag, where softhsm2 and a C compiler are installed.
func TestWithTheTag(t *testing.T) {
	if testing.Short() {
		t.Skip("builds with another tag")
	}
	if softhsm.Module() == "" {
		t.Skip("softhsm2 is not installed")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler")
	}
	command := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-tags", "pkcs11", "-run", "^TestToken", "-v", ".", "../authority")
	command.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("go test -tags pkcs11: %v\n%s", err, out)
	}
	for _, want := range []string{"--- PASS: TestToken ", "--- PASS: TestTokenAuthority "} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
