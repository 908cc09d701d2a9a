package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/porttest"
)

// needE2E skips the journey where it is not asked for; where it is, another may
// go on beside it: each has its own product, browsers and ports.
func needE2E(t *testing.T) {
	t.Helper()
	if os.Getenv("SANARIP_TEST_E2E") != "1" {
		t.Skip("SANARIP_TEST_E2E is not 1: see `make test`")
	}
	t.Parallel()
}

// clientPort is held by those who listen on 9400, the port of the demo's clients.
var clientPort sync.Mutex

// bin is where the program is built to, "" until it is.
var bin string

func TestMain(m *testing.M) {
	code := m.Run()
	if bin != "" {
		_ = os.RemoveAll(bin)
	}
	os.Exit(code)
}

var build = sync.OnceValues(func() (string, error) {
	var err error
	if bin, err = os.MkdirTemp("", "sanarip-bin-"); err != nil {
		return "", err
	}
	binary := filepath.Join(bin, "sanarip")
	out, err := exec.Command("go", "build", "-o", binary, "../cmd/sanarip").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

// patience is how long a step may take before the journey fails. It is long: a
// machine busy with other tests, under the race detector, is ten times slower.
const patience = 90 * time.Second

// process is one running `sanarip run`.
type process struct {
	t       *testing.T
	command *exec.Cmd
	log     *lockedBuffer
	ended   chan struct{} // closed when the program has ended
	err     error         // what it ended with; read after ended
}

// started are the journeys' programs in the order they were started.
var started = struct {
	mu  sync.Mutex
	all map[*testing.T][]*process
}{all: map[*testing.T][]*process{}}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// launch starts the program with the arguments and environment and waits until
// the address answers /ready.
func launch(t *testing.T, port int, env []string, args ...string) *process {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, log: &lockedBuffer{}, ended: make(chan struct{})}
	p.command = exec.Command(binary, append([]string{"run", "--addr", fmt.Sprintf("127.0.0.1:%d", port)}, args...)...)
	// The program refuses SANARIP_ variables that are no keys of its own.
	clean := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SANARIP_") })
	p.command.Env = append(clean, append([]string{"CI=true"}, env...)...)
	p.command.Stdout, p.command.Stderr = p.log, p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	started.mu.Lock()
	first := len(started.all[t]) == 0
	started.all[t] = append(started.all[t], p)
	started.mu.Unlock()
	t.Cleanup(p.kill)
	if first {
		t.Cleanup(func() { sayLogs(t) })
	}
	deadline := time.Now().Add(2 * patience)
	for time.Now().Before(deadline) {
		select {
		case <-p.ended:
			// A failing program says why at the end: a port that another holds, for one.
			t.Fatalf("the program on port %d ended before it was ready: %v", port, p.err)
		case <-time.After(50 * time.Millisecond):
		}
		response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ready", port))
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return p
			}
		}
	}
	t.Fatalf("the program on port %d was not ready within %s", port, 2*patience)
	return nil
}

// sayLogs tells the end of what the journey's last two programs wrote, if it has
// failed: no more, or the failing line is not to be found among it.
func sayLogs(t *testing.T) {
	started.mu.Lock()
	programs := started.all[t]
	delete(started.all, t)
	started.mu.Unlock()
	if !t.Failed() {
		return
	}
	for _, p := range programs[max(0, len(programs)-2):] {
		t.Logf("the program %s said:\n%s", strings.Join(p.command.Args[1:], " "), tail(p.log.String(), 2000))
	}
}

// kill is kill -9. The program has ended and let go of its port afterwards.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Errorf("the program does not end when it is killed")
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + strings.ToValidUTF8(s[len(s)-n:], "")
	}
	return s
}

// freePort is a port for a program that may be killed and started again.
func freePort(t *testing.T) int { t.Helper(); return porttest.Free(t) }

// local reaches *.localhost on this machine, as browsers do.
var local = &http.Client{
	Timeout: patience,
	Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
	}},
}

// world is where the systems of one journey are.
type world struct {
	t    *testing.T
	site map[string]string // "card": "http://card.localhost:8080"
}

var hosts = map[string]string{
	"identity": "esi", "portal": "portal", "card": "card", "workforce": "nisur", "insurance": "foms",
	"exchange": "tunduk", "payment": "pay", "message": "mail", "signature": "sign", "population": "register",
}

// worldAt is where the systems of one process are.
func worldAt(t *testing.T, port int) world {
	w := world{t: t, site: map[string]string{"start": fmt.Sprintf("http://localhost:%d", port)}}
	for system, host := range hosts {
		w.site[system] = fmt.Sprintf("http://%s.localhost:%d", host, port)
	}
	return w
}

// oneProcess starts everything in one process; database "" is SQLite.
func oneProcess(t *testing.T, database string) (world, *process) {
	t.Helper()
	port := freePort(t)
	w := worldAt(t, port)
	args := []string{"--demo", "--data", t.TempDir(), "--open=false"}
	if database != "" {
		args = append(args, "--database", database)
	}
	p := launch(t, port, nil, args...)
	w.demoWritten()
	return w, p
}

// demoWritten waits until the card has admitted the demo's patients. It does so in
// a job, beside serving: who comes before sees wards half filled, and may choose a
// bed that is given away meanwhile.
func (w world) demoWritten() {
	w.t.Helper()
	w.until("the demo's patients are written", func() bool {
		response, err := local.Get(w.site["exchange"] + "/metrics")
		if err != nil {
			return false
		}
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(data), `sanarip_jobs{kind="demo",state="done",system="card"} 1`)
	})
}

// letter is a message in the demo's inbox.
type letter struct {
	Channel string `json:"channel"`
	PIN     string `json:"pin"`
	Subject string `json:"subject"`
	Body    string `json:"body"`
	Code    string `json:"code"`
}

func (w world) inbox() []letter {
	w.t.Helper()
	response, err := local.Get(w.site["message"] + "/inbox.json")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var letters []letter
	if err := json.Unmarshal(data, &letters); err != nil {
		w.t.Fatalf("%v: %s", err, tail(string(data), 400))
	}
	return letters
}

// await waits for a message to the person that want accepts, newest first.
func (w world) await(p demo.Person, want func(letter) bool) letter {
	w.t.Helper()
	var found letter
	w.until("a message to "+p.Name(), func() bool {
		for _, l := range w.inbox() {
			if l.PIN == p.PIN && want(l) {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

// until waits until so says true.
func (w world) until(what string, so func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for !so() {
		if time.Now().After(deadline) {
			w.t.Fatalf("never: %s; the inbox holds %+v", what, w.inbox())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// leaksNothing looks through what the program wrote for people's data: no ПИН, no
// name, no diagnosis, no code, no password.
func (p *process) leaksNothing() {
	p.t.Helper()
	// Lines that begin with spaces are the words for the person who started it.
	lines := slices.DeleteFunc(strings.Split(p.log.String(), "\n"), func(line string) bool { return strings.HasPrefix(line, "  ") })
	log := strings.Join(lines, "\n")
	if !strings.Contains(log, "{") {
		p.t.Error("the program has written no log")
	}
	for _, person := range demo.People() {
		for _, secret := range []string{person.PIN, person.FamilyName, person.Phone, person.TOTP, demo.Password} {
			if secret != "" && strings.Contains(log, secret) {
				p.t.Errorf("the log tells %q: %s", secret, around(log, secret))
			}
		}
	}
}

func around(s, what string) string {
	at := strings.Index(s, what)
	return s[max(0, at-200):min(len(s), at+200)]
}
