package page_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/page"
)

// Pages go out packed to those who can unpack them, plain to the others; the
// length says nothing exact of what is in them.
func TestPagesArePacked(t *testing.T) {
	long := "<p>" + strings.Repeat("Кыргыз Республикасы ", 400) + "</p>"
	s := site(t, &bytes.Buffer{})
	h := s.Wrap(func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Path == "/short" {
			return page.Render(w, r, http.StatusOK, templ.Raw("<p>1</p>"))
		}
		return page.Render(w, r, http.StatusTeapot, templ.Raw(long))
	})
	ask := func(path, accepts string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", accepts)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, accepts := range []string{"", "br", "gzip;q=0", "identity"} {
		if w := ask("/", accepts); w.Body.String() != long || w.Header().Get("Content-Encoding") != "" {
			t.Errorf("for %q: %d bytes, %q", accepts, w.Body.Len(), w.Header().Get("Content-Encoding"))
		}
	}
	if w := ask("/short", "gzip"); w.Body.String() != "<p>1</p>" || w.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("a short page: %q, Vary %q", w.Body, w.Header().Get("Vary"))
	}
	var all sync.WaitGroup
	lengths := make(chan int, 64)
	for range cap(lengths) {
		all.Go(func() {
			w := ask("/", "deflate, gzip, br")
			lengths <- w.Body.Len()
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Error(err)
				return
			}
			if plain, err := io.ReadAll(z); err != nil || string(plain) != long || w.Code != http.StatusTeapot {
				t.Errorf("%d, %d bytes unpacked, %v", w.Code, len(plain), err)
			}
		})
	}
	all.Wait()
	close(lengths)
	different := map[int]bool{}
	for n := range lengths {
		different[n] = true
		if n > len(long)/10 {
			t.Errorf("%d bytes of %d", n, len(long))
		}
	}
	if len(different) < 8 { // of 32; one in very many tries has fewer
		t.Errorf("the same page is always as long: %v", different)
	}
}

func TestAFileIsNotSentTwice(t *testing.T) {
	body := strings.Repeat("console.log(1)\n", 100)
	f := page.Script([]byte(body))
	first := httptest.NewRecorder()
	f.ServeHTTP(first, httptest.NewRequest(http.MethodGet, "/a.js", nil))
	if first.Body.String() != body || !strings.HasPrefix(first.Header().Get("Content-Type"), "text/javascript") || first.Header().Get("ETag") == "" {
		t.Fatalf("%v %q", first.Header(), first.Body)
	}
	r := httptest.NewRequest(http.MethodGet, "/a.js", nil)
	r.Header.Set("If-None-Match", first.Header().Get("ETag"))
	again := httptest.NewRecorder()
	if f.ServeHTTP(again, r); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("again: %d, %d bytes", again.Code, again.Body.Len())
	}
	r.Header.Set("If-None-Match", `"other"`)
	r.Header.Set("Accept-Encoding", "gzip")
	packed := httptest.NewRecorder()
	if f.ServeHTTP(packed, r); packed.Code != http.StatusOK || packed.Header().Get("Content-Encoding") != "gzip" || packed.Body.Len() > 200 {
		t.Errorf("packed: %d, %v, %d bytes", packed.Code, packed.Header(), packed.Body.Len())
	}
	if other := page.Sheet([]byte("a{}")); other == nil {
		t.Error("no sheet")
	}
}
