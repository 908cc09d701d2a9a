package idcard

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPagesReachTheAgentThatIsConfigured(t *testing.T) {
	for name, test := range map[string]struct {
		setting string
		demo    bool
		want    []string
	}{
		"as usual":   {"", false, []string{"wss://127.0.0.1:6127"}},
		"demo":       {"", true, []string{"ws://127.0.0.1:6127", "wss://127.0.0.1:6127"}},
		"configured": {"wss://localhost:6127/tumarcsp/, wss://127.0.0.1:7000/x", true, []string{"wss://localhost:6127", "wss://127.0.0.1:7000"}},
	} {
		a, err := ReadAgent(test.setting, "", test.demo)
		if err != nil || !slices.Equal(a.origins(), test.want) {
			t.Errorf("%s: %v, %v", name, a.origins(), err)
		}
	}
	// What would widen the page's policy is refused.
	for _, bad := range []string{"https://127.0.0.1:6127/", "127.0.0.1:6127", "*", "wss://", "wss://a; script-src *", "wss://127.0.0.1:6127/,"} {
		if a, err := ReadAgent(bad, "", false); err == nil {
			t.Errorf("%q gives %v", bad, a.origins())
		}
	}
}

func TestRootsComeFromAFile(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "roots.pem")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if roots, err := ReadRoots(file("two:\n" + one + one)); err != nil || len(roots) != 2 {
		t.Errorf("%d roots, %v", len(roots), err)
	}
	if roots, err := ReadRoots(""); err != nil || roots != nil {
		t.Errorf("%v, %v", roots, err)
	}
	for name, content := range map[string]string{"empty": "", "no certificate": "text", "broken": strings.Replace(one, "\nM", "\nA", 1)} {
		if roots, err := ReadRoots(file(content)); err == nil {
			t.Errorf("%s: %v", name, roots)
		}
	}
	if _, err := ReadRoots(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there gives no root, and everybody's is trusted")
	}
}
