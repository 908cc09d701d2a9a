package identity_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// routes are the patterns of all pages of ЕСИ, read from the sources: a page that
// is added tomorrow is held to the same.
func routes(t *testing.T) []string {
	t.Helper()
	pattern := regexp.MustCompile(`"((?:GET|POST) /[^"]*)"`)
	var found []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range pattern.FindAllStringSubmatch(string(source), -1) {
			found = append(found, match[1])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if len(found) < 100 {
		t.Fatalf("only %d routes found: the test reads the wrong places", len(found))
	}
	return found
}

var braces = regexp.MustCompile(`\{[^}]*\}`)

// protocol is what programs ask, that prove themselves without cookies; whatever
// else takes a POST takes none from another site.
func protocol(path string) bool {
	return strings.HasPrefix(path, "/connect/") || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/exchange/")
}

// Every page of ЕСИ, signed in or not: a strict policy without inline scripts, no
// frame around it, nothing kept in caches; and no form of it works from another
// site.
func TestEveryPageIsGuarded(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	in, out := h.browser(), h.browser()
	h.signIn(in, in.get(h.base+"/sign-in"), demo.Doctor)
	for _, route := range routes(t) {
		method, path, _ := strings.Cut(route, " ")
		address := h.base + braces.ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), "x")
		for name, b := range map[string]*browser{"in": in, "out": out} {
			if method == http.MethodPost {
				if protocol(path) {
					continue
				}
				r, _ := http.NewRequest(http.MethodPost, address, strings.NewReader("sure=1&link=x&pin=1&format=json"))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", "cross-site")
				r.Header.Set("Origin", "https://evil.example")
				if p := b.stay().do(r); p.status != http.StatusForbidden {
					t.Errorf("%s, signed %s: a form of another site is answered %d", route, name, p.status)
				}
				// A browser too old to say where a form comes from names its origin.
				r, _ = http.NewRequest(http.MethodPost, address, strings.NewReader("sure=1&link=x&pin=1&format=json"))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Origin", "https://evil.example")
				if p := b.stay().do(r); p.status != http.StatusForbidden {
					t.Errorf("%s, signed %s: a form of another origin is answered %d", route, name, p.status)
				}
				continue
			}
			if path == "/sign-out" || protocol(path) {
				continue // the first is below, the others answer programs
			}
			p := b.stay().get(address)
			if !strings.Contains(p.header.Get("Content-Type"), "text/html") || p.status == http.StatusSeeOther {
				if p.header.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s, signed %s: %d %v", route, name, p.status, p.header)
				}
				continue
			}
			guarded(t, route+", signed "+name, p)
		}
	}
	guarded(t, "sign-out", in.get(h.base+"/sign-out"))
	guarded(t, "no page", in.get(h.base+"/nowhere"))
	in.get(h.base+"/").must(http.StatusOK, "Мой аккаунт") // none of it has ended the session
}

// No page of ЕСИ, and no address that it gives to programs, believes the host
// that a request names: links lead to ЕСИ's own address.
func TestNoPageBelievesTheHost(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	in, out := h.browser(), h.browser()
	h.signIn(in, in.get(h.base+"/sign-in"), demo.Doctor)
	asked := 0
	for _, route := range append(routes(t), "GET /.well-known/openid-configuration", "GET /connect/authorize", "GET /connect/endsession", "POST /connect/deviceauthorization") {
		method, path, _ := strings.Cut(route, " ")
		if method == http.MethodPost && !protocol(path) && path != "/sign-in" && path != "/sign-in/recover" && path != "/register/passport" {
			continue // TestLinksAndMessagesIgnoreHost walks forms
		}
		for name, b := range map[string]*browser{"in": in, "out": out} {
			r, err := http.NewRequest(method, h.base+braces.ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), "x"), strings.NewReader("client_id=conformance&scope=openid"))
			if err != nil {
				t.Fatal(err)
			}
			mislead(r)
			p := b.stay().do(r)
			asked++
			if strings.Contains(p.body, "evil.example") || strings.Contains(p.header.Get("Location"), "evil.example") || strings.Contains(p.header.Get("Link"), "evil.example") {
				t.Errorf("%s, signed %s: believes the host: %d %s", route, name, p.status, p.header.Get("Location"))
			}
			for _, cookie := range p.header.Values("Set-Cookie") {
				if strings.Contains(strings.ToLower(cookie), "domain=") {
					t.Errorf("%s, signed %s: a cookie for a whole domain: %s", route, name, cookie)
				}
			}
		}
	}
	if asked < 100 {
		t.Fatalf("only %d were asked", asked)
	}
}

var inline = regexp.MustCompile(`(?i)<script(?:>| [^>]*[^c]>)[^<]|<style|\son[a-z]+="|\sstyle="|javascript:`)

func guarded(t *testing.T, what string, p shown) {
	t.Helper()
	policy := p.header.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("%s (%d): the policy lacks %s: %s", what, p.status, rule, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*;") {
		t.Errorf("%s: %s", what, policy)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if got := p.header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %s is %q", what, name, got)
		}
	}
	if found := inline.FindString(p.body); found != "" {
		t.Errorf("%s: inline %q", what, found)
	}
}
