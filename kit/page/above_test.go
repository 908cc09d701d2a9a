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
		_, err := io.WriteString(w, page.Of(r.Context()).Path)
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
		"/devices/7?tab=a":  "/devices/7?tab=a",
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
