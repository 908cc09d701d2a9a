package payment_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/payment"
)

func TestPageInThreeLanguages(t *testing.T) {
	s, err := payment.New(t.Context(), host.Env{
		Database: "sqlite:" + t.TempDir(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), ExchangeKey: "k", BaseURL: "http://pay.localhost:8080",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, l := range []string{"ky", "ru", "en"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?lang="+l, nil))
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "[payment.") {
			t.Errorf("%s: %d", l, w.Code)
		}
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/exchange/charges/make", strings.NewReader("{}")))
	if w.Code != http.StatusForbidden {
		t.Errorf("a charge around the exchange is %d", w.Code)
	}
}
