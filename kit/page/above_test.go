package page_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/kit/page"
)

// The answer to a form leads to a page in the reader's other languages, also
// where the address of the form has none.
func TestAnAnswerLeadsToAPage(t *testing.T) {
	s, mux := site(t, &bytes.Buffer{}), http.NewServeMux()
	where := func(w http.ResponseWriter, r *http.Request) error {
		answer := page.Of(r.Context()).Path
		if page.Of(r.Context()).Posted {
			answer += " itself"
		}
		_, err := io.WriteString(w, answer)
		return err
	}
	for _, pattern := range []string{"/", "GET /devices", "GET /devices/{id}", "POST /devices/{id}", "POST /devices/{id}/answer", "POST /alone/answer"} {
		s.Handle(mux, pattern, where)
	}
	s.Handle(mux, "POST /once", func(w http.ResponseWriter, r *http.Request) error {
		page.LeadsTo(r, "/devices")
		return where(w, r)
	})
	for form, leads := range map[string]string{
		"/devices/7?tab=a":  "/devices/7?tab=a itself",
		"/devices/7/answer": "/devices/7",
		"/alone/answer":     "/",
		"/once":             "/devices",
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, form, nil))
		if got := w.Body.String(); got != leads {
			t.Errorf("%s leads to %q, not %q", form, got, leads)
		}
	}
}

// An address that is there for other methods alone says so (RFC 9110, 15.5.6), in
// the reader's language; a HEAD works where a GET does.
func TestAWrongMethodIsToldWhichAreRight(t *testing.T) {
	s, mux := site(t, &bytes.Buffer{}), http.NewServeMux()
	open := func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, "open")
		return err
	}
	for pattern, h := range map[string]page.Handler{
		"/": page.Missing(mux), "GET /{$}": open, "GET /devices/{id}": open, "POST /devices/{id}": open, "POST /devices/{id}/answer": open, "GET /files/": open,
	} {
		s.Handle(mux, pattern, h)
	}
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/devices/7", 200, ""},
		{"HEAD", "/devices/7", 200, ""},
		{"POST", "/devices/7", 200, ""},
		{"DELETE", "/devices/7", 405, "GET, HEAD, POST"},
		{"PROPFIND", "/devices/7", 405, "GET, HEAD, POST"},
		{"GET", "/devices/7/answer", 405, "POST"},
		{"HEAD", "/devices/7/answer", 405, "POST"},
		{"POST", "/", 405, "GET, HEAD"},
		{"POST", "/files/a/b", 405, "GET, HEAD"},
		{"GET", "/devices", 404, ""},
		{"POST", "/nowhere", 404, ""},
		{"HEAD", "/nowhere", 404, ""},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.status || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, w.Code, w.Header().Get("Allow"))
		}
	}
}
