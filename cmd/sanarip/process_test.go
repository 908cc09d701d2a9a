package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/porttest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// process is the built program, running.
type process struct {
	cmd  *exec.Cmd
	port string
	log  *output
	done chan error
}

// output is what a process that runs has written so far.
type output struct {
	mu      sync.Mutex
	written bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.written.Write(data)
}

// String implements fmt.Stringer.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.written.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	return strconv.Itoa(porttest.Free(t))
}

func startProcess(t *testing.T, program, port string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{port: port, log: &output{}, done: make(chan error, 1)}
	p.cmd = exec.Command(program, append([]string{"run", "--addr", "127.0.0.1:" + port}, args...)...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, environment...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	client := &http.Client{Timeout: 10 * time.Second}
	for range 1500 {
		if response, err := client.Get("http://127.0.0.1:" + port + "/ready"); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return p
			}
		}
		select {
		case err := <-p.done:
			t.Fatalf("ended: %v\n%s", err, p.log)
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("not ready\n%s", p.log)
	return nil
}

// stop asks for a graceful stop and says how it ended.
func (p *process) stop(t *testing.T) error {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.done:
		return err
	case <-time.After(time.Minute):
		return fmt.Errorf("did not stop")
	}
}

// Each authority runs its own system: three processes, keys handed out one by
// one, no master secret shared, and a call passes through all three.
func TestEX1SystemsInProcessesOfTheirOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program := filepath.Join(t.TempDir(), "sanarip")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	database := dbtest.Postgres(t)
	masterData := t.TempDir()
	ports := map[string]string{"exchange": freePort(t), "population": freePort(t), "again": freePort(t)}
	places := []string{
		"SANARIP_SITE_EXCHANGE=http://tunduk.localhost:" + ports["exchange"],
		"SANARIP_SITE_POPULATION=http://register.localhost:" + ports["population"],
	}
	secret := func(kind, system string) string {
		out, err := exec.Command(program, kind, "--data", masterData, system).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	withMaster := append(places, "SANARIP_DATABASE="+database)
	exchange := startProcess(t, program, ports["exchange"], withMaster, "--only", "exchange", "--data", masterData)
	registerData := t.TempDir()
	register := startProcess(t, program, ports["population"], append(places,
		"SANARIP_EXCHANGE_KEY_POPULATION="+secret("exchange-key", "population"),
		"SANARIP_CLIENT_SECRET_POPULATION="+secret("client-secret", "population"),
		"SANARIP_SEAL_POPULATION="+strings.Repeat("s", 40)), "--only", "population", "--data", registerData, "--demo", "--open=false")
	if _, err := os.Stat(filepath.Join(registerData, "secret")); err == nil {
		t.Error("a process with its own keys made a master secret")
	}
	ask := func(port, key string) (populationapi.Person, error) {
		client := populationapi.Client{Exchange: &exchangeapi.Client{
			Self: exchangeapi.Card, Address: "http://tunduk.localhost:" + port, Key: key, HTTP: inproc.New(nil).Client(),
		}}
		return client.Person(context.Background(), demo.Patient.PIN, demo.Doctor.PIN, "treatment")
	}
	key := secret("exchange-key", "card")
	person, err := ask(ports["exchange"], key)
	for range 900 { // the demo's people are written beside serving
		if err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
		person, err = ask(ports["exchange"], key)
	}
	if err != nil || person.GivenName != demo.Patient.GivenName {
		t.Fatalf("%+v %v\n%s\n%s", person, err, exchange.log, register.log)
	}
	if _, err := ask(ports["exchange"], "wrong"); err == nil {
		t.Error("a wrong key opens")
	}
	// A second exchange on the same PostgreSQL takes over when the first stops.
	startProcess(t, program, ports["again"], withMaster, "--only", "exchange", "--data", masterData)
	if err := exchange.stop(t); err != nil {
		t.Errorf("stop: %v\n%s", err, exchange.log)
	}
	if _, err := ask(ports["again"], key); err != nil {
		t.Errorf("through the second exchange: %v", err)
	}
	if err := register.stop(t); err != nil {
		t.Errorf("stop: %v\n%s", err, register.log)
	}
	if _, err := ask(ports["again"], key); !fail.Is(err, fail.Unavailable) {
		t.Errorf("with the register gone: %v", err)
	}
	for _, p := range []*process{exchange, register} {
		if strings.Contains(p.log.String(), demo.Patient.PIN) && p == exchange {
			t.Error("a ПИН in the exchange's log")
		}
	}
}

func TestAnUnknownVariableIsRefused(t *testing.T) {
	t.Setenv("SANARIP_SITE_CRAD", "x")
	if err := dispatch(context.Background(), []string{"run", "--addr", "127.0.0.1:0", "--data", t.TempDir()}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "SANARIP_SITE_CARD") {
		t.Errorf("%v", err)
	}
}
