package signature_test

import (
	"bytes"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/signature"
)

func TestPages(t *testing.T) {
	env := host.Env{
		Database: "sqlite:" + t.TempDir(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), ExchangeKey: "k",
		BaseURL: "http://sign.localhost:8080", Secret: bytes.Repeat([]byte{1}, 32),
	}
	s, err := signature.New(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	for _, l := range []string{"ky", "ru", "en"} {
		code, body := get("/?lang=" + l)
		if code != http.StatusOK || strings.Contains(body, "[signature.") || !strings.Contains(body, "/certificates/key-1.pem") {
			t.Errorf("%s: %d\n%s", l, code, body)
		}
	}
	for _, name := range []string{"key-1.pem", "authority.pem"} {
		code, body := get("/certificates/" + name)
		if block, _ := pem.Decode([]byte(body)); code != http.StatusOK || block == nil || block.Type != "CERTIFICATE" {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	for _, path := range []string{"/certificates/key-2.pem", "/certificates/..%2f", "/x"} {
		if code, _ := get(path); code != http.StatusNotFound {
			t.Errorf("%s is %d", path, code)
		}
	}
	env.Secret = nil
	env.Database = "sqlite:" + t.TempDir()
	if _, err := signature.New(t.Context(), env); err == nil {
		t.Error("the service starts without a secret")
	}
}
