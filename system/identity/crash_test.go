package identity_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

const crashAddress = "SANARIP_TEST_CRASH_ADDRESS"

// TestSignInUntilKilled is the process that TestACodeOutlivesAKilledProcess
// kills: it gives two codes, redeems the first and waits for its end.
func TestSignInUntilKilled(t *testing.T) {
	address := os.Getenv(crashAddress)
	if address == "" {
		t.Skip("only as a process of its own")
	}
	h := open(t, address)
	b := h.browser()
	if got := h.redeem(h.code(b, demo.Doctor).Get("code")); got.status != http.StatusOK {
		t.Fatal(got)
	}
	carried := func() string { return b.answerOf(b.stay().get(h.request())).Get("code") }
	redeemed, waiting := carried(), carried()
	if got := h.redeem(redeemed); got.status != http.StatusOK {
		t.Fatal(got)
	}
	_, _ = os.Stdout.WriteString("codes " + redeemed + " " + waiting + "\n")
	select {}
}

// A process is killed (kill -9) while a person's browser carries a code, which is
// written nowhere: after the start it is redeemed, and once. What was redeemed
// before stays so.
func TestACodeOutlivesAKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	run := func(t *testing.T, address string) {
		command := exec.Command(os.Args[0], "-test.run", "^TestSignInUntilKilled$")         //nolint:gosec // ourselves, killed below
		command.Env = append(os.Environ(), crashAddress+"="+address, "TMPDIR="+t.TempDir()) // what it leaves behind goes with this test
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		stuck := time.AfterFunc(2*time.Minute, func() { _ = command.Process.Kill() }) // should it give no codes
		defer stuck.Stop()
		var said, codes []string
		for lines := bufio.NewScanner(out); codes == nil && lines.Scan(); {
			if rest, ok := strings.CutPrefix(lines.Text(), "codes "); ok {
				codes = strings.Fields(rest)
			}
			said = append(said, lines.Text())
		}
		_ = command.Process.Kill()
		_ = command.Wait()
		if len(codes) != 2 {
			t.Fatalf("no codes: %s", strings.Join(said, "\n"))
		}
		redeemed, waiting := codes[0], codes[1]

		h := open(t, address)
		if again := h.redeem(redeemed); again.Error != "invalid_grant" {
			t.Errorf("the code that was redeemed before the end, a second time: %+v", again)
		}
		first := h.redeem(waiting)
		if first.status != http.StatusOK {
			t.Fatalf("the code carried over the end: %+v", first)
		}
		if status, _ := h.userInfo(first.Access); status != http.StatusOK {
			t.Errorf("its token: %d", status)
		}
		if again := h.redeem(waiting); again.Error != "invalid_grant" {
			t.Errorf("the code carried over the end, a second time: %+v", again)
		}
		if status, _ := h.userInfo(first.Access); status != http.StatusUnauthorized {
			t.Errorf("the token of a code that came twice: %d", status)
		}
	}
	dbtest.Both(t,
		func(t *testing.T) { run(t, peopled.SQLite(t)) },
		func(t *testing.T) { run(t, peopled.Postgres(t)) })
}
