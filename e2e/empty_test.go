package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/page/pagetest"
)

// Whatever form of whatever page that a link leads to is sent with nothing filled in,
// and as it came: the product refuses it in words or takes it, never fails, and each error that it
// tells leads to its field, in the order of the fields.
func TestEmptyForms(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	refused := 0
	for _, one := range []struct {
		system string
		person demo.Person
		paths  []string
	}{
		{"identity", demo.Patient, []string{"/", "/security"}},
		{"identity", demo.Operator, []string{"/console", "/developer"}},
		{"workforce", demo.Manager, []string{"/"}},
		{"workforce", demo.Officer, []string{"/"}},
		{"insurance", demo.Expert, []string{"/", "/cases", "/rules", "/prices", "/simulator"}},
		{"insurance", demo.Clerk, []string{"/", "/cases"}},
		{"card", demo.Doctor, []string{"/", "/ward", "/patients"}},
		{"card", demo.Operator, []string{"/rollout"}},
		{"portal", demo.Patient, []string{"/"}},
		{"portal", demo.Operator, []string{"/desk"}},
	} {
		t.Run(one.system+" "+one.person.FamilyName, func(t *testing.T) {
			p := newPlain(t)
			p.goTo(w.site[one.system] + "/sign-in")
			p.signIn(w, one.person)
			e := emptier{plain: p, site: w.site[one.system], seen: map[string]bool{}}
			for _, path := range one.paths {
				e.open(path)
			}
			for len(e.ahead) > 0 {
				next := e.ahead[0]
				e.ahead = e.ahead[1:]
				e.visit(next)
			}
			refused += e.refused
			t.Logf("%d pages, %d forms sent, %d refused", e.pages, e.sent, e.refused)
		})
	}
	if refused < 60 {
		t.Errorf("only %d forms were refused", refused)
	}
}

// emptier follows the links of a site and sends its forms empty.
type emptier struct {
	*plain
	site                 string
	seen                 map[string]bool
	ahead                []string
	pages, sent, refused int
}

var particular = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]{2,}`)

// open notes a page to be visited, one of each kind.
func (e *emptier) open(path string) {
	at, err := url.Parse(path)
	if err != nil || at.Host != "" && "http://"+at.Host != e.site || at.Path == "/sign-out" {
		return
	}
	if kind := particular.ReplaceAllString(at.Path, "·"); !e.seen[kind] {
		e.seen[kind] = true
		e.ahead = append(e.ahead, at.RequestURI())
	}
}

func (e *emptier) visit(path string) {
	e.t.Helper()
	status, body := e.ask(http.MethodGet, path, nil)
	if status != http.StatusOK {
		return
	}
	e.pages++
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	for _, a := range all(root, "a") {
		if href := attribute(a, "href"); strings.HasPrefix(href, "/") {
			e.open(href)
		}
	}
	for _, form := range pagetest.Forms(e.t, body) {
		kind := "POST " + particular.ReplaceAllString(form.Action, "·")
		if !form.Asks || e.seen[kind] {
			continue
		}
		e.seen[kind] = true
		for _, values := range []url.Values{form.Empty, form.Came} {
			e.sent++
			status, answer := e.ask(http.MethodPost, form.Action, values)
			if status >= 400 {
				e.refused++
				pagetest.Summary(e.t, path+" → "+form.Action, answer)
			}
		}
	}
}

// ask gives status and page, "" where a file came; a failure of the product fails the test.
func (e *emptier) ask(method, path string, values url.Values) (int, string) {
	e.t.Helper()
	request, err := http.NewRequest(method, e.site+path, strings.NewReader(values.Encode()))
	if err != nil {
		e.t.Fatal(err)
	}
	request.Header.Set("Accept-Language", "ru")
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", e.site)
	response, err := e.client.Do(request)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	if response.StatusCode >= 500 {
		e.t.Errorf("%s %s: %d", method, path, response.StatusCode)
	}
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		return http.StatusNoContent, ""
	}
	return response.StatusCode, string(bytes.TrimSpace(data))
}
