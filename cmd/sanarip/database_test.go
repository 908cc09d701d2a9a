package main

import (
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/inproc"
)

// wire leads connections to a database and can be cut, as a network is.
type wire struct {
	to       string
	listener net.Listener
	mu       sync.Mutex
	cut      bool
	open     []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: to, listener: listener}
	t.Cleanup(func() {
		_ = listener.Close()
		w.set(true)
	})
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go w.lead(from)
		}
	}()
	return w
}

func (w *wire) lead(from net.Conn) {
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		_ = from.Close()
		return
	}
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		_ = from.Close()
		_ = to.Close()
		return
	}
	w.open = append(w.open, from, to)
	w.mu.Unlock()
	go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
	_, _ = io.Copy(from, to)
	_ = from.Close()
}

// set cuts the wire, with all that goes over it, or mends it.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if !cut {
		return
	}
	for _, each := range w.open {
		_ = each.Close()
	}
	w.open = nil
}

// The database goes away under a running ЕСИ and comes back: /ready says so, people
// see a page that tells them to come back, in their language and without internals,
// and all goes on by itself.
func TestADatabaseThatGoesAwayComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program := filepath.Join(t.TempDir(), "sanarip")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address, err := url.Parse(dbtest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	between := newWire(t, address.Host)
	address.Host = between.listener.Addr().String()
	port := freePort(t)
	p := startProcess(t, program, port, []string{"SANARIP_DATABASE=" + address.String()}, "--only", "identity", "--data", t.TempDir())
	client := inproc.New(nil).Client()
	client.Jar, _ = cookiejar.New(nil)
	esi := "http://esi.localhost:" + port
	ask := func(path, lang string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, esi+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", lang)
		r.Header.Set("Accept", "text/html")
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	until := func(status int) {
		t.Helper()
		got := 0
		for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(50 * time.Millisecond) {
			if got, _ = ask("/ready", "ru"); got == status {
				return
			}
		}
		t.Fatalf("/ready is %d, not %d\n%s", got, status, p.log)
	}
	for range 2 {
		status, body := ask("/sign-in", "ru")
		if status != http.StatusOK || !strings.Contains(body, `name="password"`) {
			t.Fatalf("%d %s", status, body)
		}
		form := url.Values{}
		for _, each := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			form.Set(each[1], each[2])
		}
		form.Set("pin", "20101199000017")
		form.Set("password", "some password 123")
		between.set(true)
		until(http.StatusServiceUnavailable)
		if status, _ := ask("/health", "ru"); status != http.StatusOK {
			t.Errorf("/health: %d: who is alive would be killed", status)
		}
		for lang, words := range map[string]string{"ky": "Бир нече мүнөттөн кийин", "ru": "через несколько минут", "en": "in a few minutes"} {
			r, err := http.NewRequest(http.MethodPost, esi+"/sign-in", strings.NewReader(form.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Accept-Language", lang)
			r.Header.Set("Origin", esi)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			response, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			page, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			body := string(page)
			if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `lang="`+lang+`"`) || !strings.Contains(body, words) {
				t.Errorf("%s: %d without %q", lang, response.StatusCode, words)
			}
			for _, inner := range []string{"dial tcp", "EOF", "SQLSTATE", "127.0.0.1", "pgx", form.Get("pin"), form.Get("password")} {
				if strings.Contains(body, inner) {
					t.Errorf("%s: the page holds %q", lang, inner)
				}
			}
		}
		for _, path := range []string{"/.well-known/openid-configuration"} {
			if status, _ := ask(path, "ru"); status != http.StatusOK {
				t.Errorf("%s: %d", path, status)
			}
		}
		between.set(false)
		until(http.StatusOK)
	}
	if strings.Contains(p.log.String(), "some password") || strings.Contains(p.log.String(), "panic") {
		t.Error(p.log.String())
	}
}
