package exchangeapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What PostgreSQL cannot keep is refused before a provider sees it.
func TestAProviderIsNotGivenBytesThatAreNoText(t *testing.T) {
	p := NewProvider(Card, "key", slog.New(slog.DiscardHandler))
	var seen string
	Serve(p, "echo", "", func(_ context.Context, in struct{ Text string }) (struct{}, error) {
		seen = in.Text
		return struct{}{}, nil
	})
	for name, c := range map[string]struct {
		body, user string
		status     int
		seen       string
	}{
		"plain":               {`{"text":"жакшы"}`, "1", http.StatusOK, "жакшы"},
		"NUL":                 {`{"text":"a\u0000b"}`, "1", http.StatusBadRequest, ""},
		"a NUL written out":   {`{"text":"a\\u0000b"}`, "1", http.StatusOK, `a\u0000b`},
		"backslash, then NUL": {`{"text":"a\\\u0000b"}`, "1", http.StatusBadRequest, ""},
		"no UTF-8":            {"{\"text\":\"a\xff\"}", "1", http.StatusOK, "a\ufffd"},
		"a header":            {`{"text":"a"}`, "\xff", http.StatusBadRequest, ""},
		"ends in a backslash": {`{"text":"a\`, "1", http.StatusBadRequest, ""},
	} {
		seen = ""
		r := httptest.NewRequest(http.MethodPost, "/exchange/echo", strings.NewReader(c.body))
		r.Header.Set(HeaderKey, "Bearer key")
		r.Header.Set(HeaderClient, Portal.String())
		r.Header.Set(HeaderUser, c.user)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != c.status || seen != c.seen {
			t.Errorf("%s: %d, %q", name, w.Code, seen)
		}
	}
}
