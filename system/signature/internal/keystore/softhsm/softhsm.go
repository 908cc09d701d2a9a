// Package softhsm gives a test a PKCS #11 token in software (Debian's softhsm2).
package softhsm

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Module is the library where Debian, Fedora or SANARIP_TEST_PKCS11 has it; ""
// when there is none.
func Module() string {
	if _, err := exec.LookPath("softhsm2-util"); err != nil {
		return ""
	}
	for _, path := range []string{os.Getenv("SANARIP_TEST_PKCS11"), "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so"} {
		if _, err := os.Stat(path); path != "" && err == nil {
			return path
		}
	}
	return ""
}

// Settings makes an empty token and gives the settings that lead to it.
func Settings(t testing.TB) map[string]string {
	t.Helper()
	module := Module()
	if module == "" {
		t.Skip("softhsm2 is not installed")
	}
	dir := t.TempDir()
	tokens, config := filepath.Join(dir, "tokens"), filepath.Join(dir, "softhsm2.conf")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", config)
	out, err := exec.CommandContext(t.Context(), "softhsm2-util", "--init-token", "--free", "--label", "sanarip-test", "--so-pin", "12345678", "--pin", "87654321").CombinedOutput()
	if err != nil {
		t.Fatalf("softhsm2-util: %v\n%s", err, out)
	}
	return map[string]string{"keystore": "pkcs11", "pkcs11_module": module, "pkcs11_token": "sanarip-test", "pkcs11_pin": "87654321"}
}
