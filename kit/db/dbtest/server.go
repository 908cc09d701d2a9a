package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sanarip/sanarip/kit/porttest"
)

// Server is a PostgreSQL server of the test's own, which it may stop and start.
type Server struct {
	Address string // of its database postgres
	t       testing.TB
	bin     string
	dir     string
	port    int
}

// StartServer starts one, or skips the test where PostgreSQL's programs are not
// installed (unless SANARIP_TEST_REQUIRE_POSTGRES=1).
func StartServer(t testing.TB) *Server {
	t.Helper()
	if os.Getenv("SANARIP_TEST_POSTGRES") == "" {
		t.Skip("SANARIP_TEST_POSTGRES is not set: see `make test`")
	}
	bin := binaries()
	if bin == "" {
		if os.Getenv("SANARIP_TEST_REQUIRE_POSTGRES") == "1" {
			t.Fatal("initdb was not found")
		}
		t.Skip("initdb was not found")
	}
	dir, err := os.MkdirTemp("", "sanarip-pg-") // not t.TempDir: the server's user must reach it
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, bin: bin, dir: dir, port: porttest.Free(t)} // it is stopped and started on the same
	s.Address = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port)
	if os.Geteuid() == 0 {
		if out, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil { //nolint:noctx // at once
			t.Fatalf("%v: %s", err, out)
		}
	}
	t.Cleanup(func() {
		_ = s.command("pg_ctl", "-D", s.data(), "-m", "immediate", "stop").Run()
		_ = os.RemoveAll(dir)
	})
	s.must("initdb", "-D", s.data(), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
	s.Start()
	return s
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts the stopped server and waits until it answers.
func (s *Server) Start() {
	s.must("pg_ctl", "-D", s.data(), "-l", filepath.Join(s.dir, "log"), "-w", "start",
		"-o", fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1", s.port, s.dir))
}

// Stop stops it as a crash would: no farewell to its clients.
func (s *Server) Stop() { s.must("pg_ctl", "-D", s.data(), "-m", "immediate", "stop") }

func (s *Server) must(program string, args ...string) {
	s.t.Helper()
	if out, err := s.command(program, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v: %s", program, err, out)
	}
}

// command runs a program of PostgreSQL; as root, under the user of its package,
// because the server refuses to run as root.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	path := filepath.Join(s.bin, program)
	if os.Geteuid() == 0 {
		args = append([]string{"-u", "postgres", "--", path}, args...)
		path = "runuser"
	}
	command := exec.Command(path, args...) //nolint:noctx,gosec // fixed programs, bounded by -w
	command.Dir = "/"
	return command
}

func binaries() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}
