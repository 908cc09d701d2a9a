package page_test

import (
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/kit/page"
)

func TestAPageIsPermittedNoMoreThanItAsksFor(t *testing.T) {
	w := httptest.NewRecorder()
	const header = "Content-Security-Policy"
	w.Header().Set(header, "default-src 'none'; connect-src 'self'; form-action 'self'")
	page.Permit(w, "connect-src", "wss://127.0.0.1:6127")
	page.Permit(w, "connect-src", "wss://127.0.0.1:6127")
	page.Permit(w, "frame-src", "https://a.example", "https://b.example")
	want := "default-src 'none'; connect-src 'self' wss://127.0.0.1:6127; form-action 'self'; frame-src https://a.example https://b.example"
	if got := w.Header().Get(header); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
