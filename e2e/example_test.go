package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// examples are the programs of one page of docs/integrate, as they stand there;
// the product's port alone is another. Each must be run before the page is done.
type examples struct {
	t    *testing.T
	page string
	left []block
}

type block struct{ lang, text string }

var fenced = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

func examplesOf(t *testing.T, page string, port int) *examples {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	e := &examples{t: t, page: page}
	for _, found := range fenced.FindAllStringSubmatch(string(data), -1) {
		if lang := found[1]; lang != "json" { // those are answers
			e.left = append(e.left, block{lang, strings.ReplaceAll(found[2], "localhost:8080", fmt.Sprintf("localhost:%d", port))})
		}
	}
	t.Cleanup(func() {
		if !t.Failed() && len(e.left) > 0 {
			t.Errorf("%s: %d programs were not run, the first is\n%s", page, len(e.left), e.left[0].text)
		}
	})
	return e
}

// next is the page's next program, in which the words must stand.
func (e *examples) next(lang, words string) string {
	e.t.Helper()
	if len(e.left) == 0 || e.left[0].lang != lang || !strings.Contains(e.left[0].text, words) {
		e.t.Fatalf("%s: no program in %s with %q follows: %q", e.page, lang, words, e.left)
	}
	text := e.left[0].text
	e.left = e.left[1:]
	return text
}

// with is the program whose empty variable is filled, as the page asks.
func with(t *testing.T, program, name, value string) string {
	t.Helper()
	empty := regexp.MustCompile(`(?m)^` + name + `= +#.*$`)
	if len(empty.FindAllString(program, -1)) != 1 {
		t.Fatalf("no empty %s in\n%s", name, program)
	}
	return empty.ReplaceAllLiteralString(program, name+"='"+value+"'")
}

// shell is one terminal of the engineer's, in a folder like the project's after
// `make run`.
type shell struct {
	t     *testing.T
	in    io.Writer
	lines chan string
}

const done = "--- the end of what was pasted, with "

func newShell(t *testing.T, folder string, env ...string) *shell {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, "bash")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it started ends with it
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.Dir = folder
	command.Env = append(os.Environ(), env...)
	command.WaitDelay = 5 * time.Second
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	s := &shell{t, in, make(chan string)}
	go func() {
		defer close(s.lines)
		reader := bufio.NewReader(out)
		for {
			line, err := reader.ReadString('\n')
			if line != "" {
				select {
				case s.lines <- line:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		_ = command.Wait()
	})
	return s
}

// paste runs the program and is what it wrote; its last command must succeed and
// the words be there.
func (s *shell) paste(program string, words ...string) string {
	s.t.Helper()
	s.start(program)
	return s.ends(words...)
}

func (s *shell) start(program string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, program+"\necho; echo '"+done+"' $?\n"); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shell) ends(words ...string) string {
	s.t.Helper()
	said, status := s.until(done)
	if strings.TrimSpace(status) != "0" {
		s.t.Fatalf("ends with%s\n%s", status, tail(said, 3000))
	}
	for _, each := range words {
		if !strings.Contains(said, each) {
			s.t.Errorf("%q is not in\n%s", each, tail(said, 3000))
		}
	}
	return said
}

// until reads to the line that begins so: what stood before it and its rest.
func (s *shell) until(begins string) (before, rest string) {
	s.t.Helper()
	end := time.After(2 * patience)
	for {
		select {
		case line, more := <-s.lines:
			if !more {
				s.t.Fatalf("the shell has ended:\n%s", tail(before, 3000))
			}
			if rest, found := strings.CutPrefix(line, begins); found {
				return before, rest
			}
			if strings.HasPrefix(line, done) {
				s.t.Fatalf("no %q comes:\n%s", begins, tail(before, 3000))
			}
			before += line
		case <-end:
			s.t.Fatalf("no %q comes:\n%s", begins, tail(before, 3000))
		}
	}
}

// engineer is a stranger with the pages and the demo.
type engineer struct {
	t      *testing.T
	w      world
	port   int
	folder string
	own    *plain // their browser, signed in: their system signs in them alone until it is approved
}

// in is the engineer in a test of the test.
func (e *engineer) in(t *testing.T) *engineer {
	own := *e.own
	own.t = t
	return &engineer{t, world{t, e.w.site}, e.port, e.folder, &own}
}

// What stands on the pages for those who connect systems runs as it stands:
// against the demo's client, and against one that the engineer has registered.
func TestExamplesOfThePages(t *testing.T) {
	needE2E(t)
	clientPort.Lock()
	defer clientPort.Unlock()
	e := &engineer{t: t, port: freePort(t), folder: t.TempDir()}
	e.w = worldAt(t, e.port)
	// The first line of the guest's part starts the product; `make run` is this.
	pages := examplesOf(t, "integrate.md", e.port)
	_ = pages.next("http", "POST /r1/") // the form of a message
	guest := regexp.MustCompile(`(?m)^SANARIP_EXCHANGE_GUESTS='(.*)' make run$`)
	var setting string
	for i, each := range pages.left {
		if found := guest.FindStringSubmatch(strings.TrimSpace(each.text)); found != nil {
			setting = found[1]
			pages.left = append(pages.left[:i:i], pages.left[i+1:]...)
			break
		}
	}
	if setting == "" {
		t.Fatal("the page does not say how a guest is named")
	}
	launch(t, e.port, []string{"SANARIP_EXCHANGE_GUESTS=" + setting}, "--demo", "--data", filepath.Join(e.folder, "data"), "--open=false")
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(e.folder, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(e.folder, "bin", "sanarip")); err != nil {
		t.Fatal(err)
	}
	id, secret := e.registers()
	for name, env := range map[string][]string{"the demo's": nil, "my own": {"CLIENT_ID=" + id, "CLIENT_SECRET=" + secret}} {
		e.curl(name, env)
		e.golang(name, env)
		e.node(name, env)
	}
	e.systems(pages)
}

// registers connects a system as the page says.
func (e *engineer) registers() (id, secret string) {
	b := newPlain(e.t)
	e.own = b
	b.goTo(e.w.site["identity"] + "/systems")
	b.signIn(e.w, demo.Doctor)
	b.goTo(e.w.site["identity"] + "/systems/new?lang=en")
	if !strings.Contains(b.text(), "A system on a server") {
		e.t.Fatal(b.text())
	}
	b.submit("redirects", map[string]string{
		"kind": "web", "name": "Пример", "redirects": "http://127.0.0.1:9400/callback", "scope:profile": "1", "scope:phone": "1",
	})
	words := regexp.MustCompile(`client_id (\S+) .*?Client secret .*? ([A-Za-z0-9_-]{43}) `).FindStringSubmatch(b.text())
	if words == nil {
		e.t.Fatal(b.text())
	}
	return words[1], words[2]
}

// answered listens where the page's programs are answered, and is the answer
// that came when the person has opened the address and signed in.
func (e *engineer) answered(address string) url.Values {
	e.t.Helper()
	came := make(chan url.Values, 1)
	server := &http.Server{Addr: "127.0.0.1:9400", ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case came <- r.URL.Query():
		default:
		}
	})}
	go func() { _ = server.ListenAndServe() }()
	defer func() { _ = server.Close() }()
	e.opens(address)
	select {
	case values := <-came:
		return values
	case <-time.After(patience):
		e.t.Fatal("no answer came")
		return nil
	}
}

// opens is where the engineer comes who opens the address and agrees.
func (e *engineer) opens(address string) *plain {
	e.t.Helper()
	e.own.goTo(address)
	if strings.Contains(e.own.at.Path, "/consent") {
		e.own.submit("decision", map[string]string{"decision": "allow", "agreement": "1", "phone": "1"})
	}
	return e.own
}

var anAddress = regexp.MustCompile(`http://esi\.localhost:\d+/connect/authorize\?\S+`)

func (e *engineer) curl(name string, env []string) {
	e.t.Run("curl, "+name, func(t *testing.T) {
		e := e.in(t)
		pages, s := examplesOf(t, "integrate/curl.md", e.port), newShell(t, e.folder, env...)
		said := s.paste(pages.next("sh", "openid-configuration"), `"token_endpoint"`, `"keys"`)
		answer := e.answered(anAddress.FindString(said))
		if answer.Get("state") == "" || answer.Get("iss") != e.w.site["identity"] {
			t.Errorf("%v", answer)
		}
		s.paste(with(t, pages.next("sh", "CODE="), "CODE", answer.Get("code")), `"pin":"`+demo.Doctor.PIN+`"`, `"nonce"`, `"active":true`, `{"active":false}`)
		s.paste(pages.next("sh", "client_credentials"), `"access_token"`, `"scope":"system/*.read"`)
	})
}

// reads is what the page's program says when somebody has signed in through it.
func (e *engineer) reads(s *shell, install string) {
	e.t.Helper()
	s.start(install)
	_, address := s.until("Open ")
	b := e.opens(strings.TrimSpace(address))
	if !strings.Contains(b.text(), "Signed in.") {
		e.t.Errorf("%s says %s", b.at.Path, tail(b.text(), 500))
	}
	s.ends("Signed in: "+demo.Doctor.Name(), demo.Doctor.PIN, demo.Doctor.Phone)
}

func (e *engineer) golang(name string, env []string) {
	e.t.Run("Go, "+name, func(t *testing.T) {
		e := e.in(t)
		pages, folder := examplesOf(t, "integrate/go.md", e.port), t.TempDir()
		install, program := pages.next("sh", "go run ."), pages.next("go", "package main")
		write(t, filepath.Join(folder, "main.go"), program)
		// The versions of the page are those of this module, which are here.
		cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
		if err != nil {
			t.Fatal(err)
		}
		env := append(env, "GOPROXY=file://"+filepath.Join(strings.TrimSpace(string(cache)), "cache", "download"), "GOSUMDB=off", "GOFLAGS=")
		e.reads(newShell(t, folder, env...), install)
	})
}

func (e *engineer) node(name string, env []string) {
	e.t.Run("Node, "+name, func(t *testing.T) {
		e := e.in(t)
		pages, folder := examplesOf(t, "integrate/node.md", e.port), t.TempDir()
		install, program := pages.next("sh", "node signin.mjs"), pages.next("js", "openid-client")
		write(t, filepath.Join(folder, "signin.mjs"), program)
		// npm's registry is not asked: the page's version is the one that is here.
		var have struct{ Dependencies map[string]string }
		data, err := os.ReadFile(filepath.Join("openid", "package.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &have); err != nil {
			t.Fatal(err)
		}
		here, err := filepath.Abs(filepath.Join("openid", "node_modules"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(folder, "bin"), 0o700); err != nil {
			t.Fatal(err)
		}
		npm := filepath.Join(folder, "bin", "npm")
		write(t, npm, fmt.Sprintf(`#!/bin/sh
case "$*" in
"init -y") echo '{"name":"signin"}' > package.json;;
"install openid-client@%s") ln -s '%s' node_modules;;
*) echo "npm $* is not known here" >&2; exit 1;;
esac
`, have.Dependencies["openid-client"], here))
		if err := os.Chmod(npm, 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
		e.reads(newShell(t, folder, append(env, "PATH="+filepath.Dir(npm)+":"+os.Getenv("PATH"))...), install)
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// systems are the parts of the page on the exchange, the fund's simulator,
// referrals and the two signatures.
func (e *engineer) systems(pages *examples) {
	t := e.t
	s := newShell(t, e.folder)
	s.paste(pages.next("sh", "persons/find"), "200 OK", "X-Road-Request-Hash", `"family_name":"Жумабеков"`)
	_ = pages.next("http", "200 OK") // the answer
	s.paste(pages.next("sh", "listMethods"), `"service_code":"persons"`, `"openapi"`)
	s.paste(pages.next("sh", "simulator"), `"state":"accepted"`, `"state":"returned"`, `"field":`)
	said := s.paste(pages.next("sh", "treated-cases/submit"), `"rule":"ADM-002"`, "409 Conflict", "insurance.submit.other_content", `"revision":2,"state":"accepted"`)
	if n := strings.Count(said, `"revision":2,"state":"accepted"`); n != 2 {
		t.Errorf("accepted %d times of two:\n%s", n, said)
	}

	s.paste(pages.next("sh", "referrals/capacity"), `"beds"`, `"state":"sent"`)
	s.paste(pages.next("sh", "clinic.py"), "200 OK", `"free": 5`, "Server.ServerProxy.UnknownService", "Server.ServerProxy.NetworkError")
	s.paste(pages.next("sh", "senders.csv"), "Server.ServerProxy.AccessDenied", "not_its_sender", `"state":"accepted"`, "not_its_sender")

	said = s.paste(pages.next("sh", "esi ask"), `"state":"asked"`)
	signer := newPlain(t)
	signer.goTo(regexp.MustCompile(`http://esi\.localhost:\d+/sign/[^"]+`).FindString(said))
	signer.signIn(e.w, demo.Patient)
	signer.submit("decision", map[string]string{"decision": "sign"})
	s.paste(pages.next("sh", "esi find"), `"state":"signed"`)
	s.paste(pages.next("sh", "esi check"), `{"valid":true}`)

	before := e.w.cloudPINs(demo.Patient)
	s.paste(pages.next("sh", "pin-code"), `"isSuccesfull":true`)
	s.paste(with(t, pages.next("sh", "account/auth"), "PIN", e.w.nextPIN(demo.Patient, before)), `"commonName"`, `"verified":true`, "Verification successful")
}
