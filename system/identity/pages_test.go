package identity_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// routes are the patterns of all addresses of ЕСИ, as its mux has them: one that
// is added tomorrow is held to the same, however it was mounted. The standard
// library does not list them, so its fields are read; a field that is called
// otherwise in another version of Go fails the test.
func (h *house) routes() []string {
	h.t.Helper()
	mux, ok := h.esi.Handler().(*http.ServeMux)
	if !ok {
		h.t.Fatalf("ЕСИ answers by %T and no mux", h.esi.Handler())
	}
	index := reflect.ValueOf(mux).Elem().FieldByName("index")
	var found []string
	add := func(patterns reflect.Value) {
		for i := range patterns.Len() {
			found = append(found, patterns.Index(i).Elem().FieldByName("str").String())
		}
	}
	add(index.FieldByName("multis"))
	for segments := index.FieldByName("segments").MapRange(); segments.Next(); {
		add(segments.Value())
	}
	slices.Sort(found)
	found = slices.Compact(found)
	// Each stands as it was mounted: the mux finds it.
	for _, route := range found {
		method, path := cut(route)
		r := httptest.NewRequest(method, h.base+filled(path), nil)
		if _, at := mux.Handler(r); at != route && !strings.HasPrefix(at, method+" "+filled(path)) {
			h.t.Errorf("%s is answered by %s", route, at)
		}
	}
	for _, known := range []string{"GET /sign-in", "GET /sign-in/card", "POST /console/keys/rotate", "POST /connect/token", "/"} {
		if !slices.Contains(found, known) {
			h.t.Errorf("%s is not among the %d routes", known, len(found))
		}
	}
	if len(found) < 150 {
		h.t.Fatalf("only %d routes found: the test reads the wrong places", len(found))
	}
	return found
}

// cut parts a pattern; one without a method takes every one.
func cut(route string) (method, path string) {
	method, path, ok := strings.Cut(route, " ")
	if !ok {
		return http.MethodGet, route
	}
	return method, path
}

// filled is an address of the pattern.
func filled(path string) string {
	return braces.ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), "x")
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
	for _, route := range h.routes() {
		method, path := cut(route)
		address := h.base + filled(path)
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
	for _, route := range h.routes() {
		method, path := cut(route)
		if method == http.MethodPost && !protocol(path) && path != "/sign-in" && path != "/sign-in/recover" && path != "/register/passport" {
			continue // TestLinksAndMessagesIgnoreHost walks forms
		}
		for name, b := range map[string]*browser{"in": in, "out": out} {
			r, err := http.NewRequest(method, h.base+filled(path), strings.NewReader("client_id=conformance&scope=openid"))
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

// openToAll are the addresses that need no sign-in: the ways in themselves, what
// programs ask, words, pictures and scripts. All others lead to the sign-in.
var openToAll = regexp.MustCompile(`^/($|assets/|exchange/|connect/|\.well-known/|sign-in|sign-out$|register($|/)|device($|/)|not-me|signature$|agreement$|privacy$|consent$|` +
	`app$|app/(unlock|install|here|offline|app\.|icon-|manifest|script/|worker)|[a-z/-]+\.js$)`)

// Whoever is not signed in gets no further than the sign-in, and changes nothing.
func TestEveryOtherPageAsksForTheSignIn(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{})
	out := h.browser().stay()
	closed := 0
	for _, route := range h.routes() {
		method, path := cut(route)
		if openToAll.MatchString(strings.ReplaceAll(path, "{$}", "")) {
			continue
		}
		closed++
		var p shown
		if method == http.MethodPost {
			p = out.post(h.base+filled(path), url.Values{"sure": {"1"}, "reason": {"проба"}})
		} else {
			p = out.get(h.base + filled(path))
		}
		for range 2 { // one page leads on to another that is closed as well
			if to := p.header.Get("Location"); p.status == http.StatusSeeOther && !strings.HasPrefix(to, "/sign-in?next=") {
				p = out.get(h.base + to)
			}
		}
		if p.status != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), "/sign-in?next=") || p.body != "" && strings.Contains(p.body, "<main") {
			t.Errorf("%s is answered %d %s to a stranger", route, p.status, p.header.Get("Location"))
		}
	}
	if closed < 80 {
		t.Fatalf("only %d addresses are closed", closed)
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
