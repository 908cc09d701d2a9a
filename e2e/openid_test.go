package e2e_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// ЕСИ passes a run by npm's openid-client, a certified relying party.
func TestOpenIDClient(t *testing.T) {
	needE2E(t)
	clientPort.Lock()
	defer clientPort.Unlock()
	w, _ := oneProcess(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "node", "openid/client.mjs", w.site["identity"], w.site["message"]+"/inbox.json",
		demo.Patient.PIN, demo.Password, demo.Patient.Phone).CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), " passed, 0 failed") {
		t.Fatal(err)
	}
}
