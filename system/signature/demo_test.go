package signature_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/signature"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// TestDemoCard: a card for a person of the demo, for nobody else, and not at all
// outside the demo.
func TestDemoCard(t *testing.T) {
	request := func() []byte {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	for _, inDemo := range []bool{true, false} {
		s, err := signature.New(t.Context(), host.Env{
			Database: "sqlite:" + t.TempDir(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), ExchangeKey: "k",
			BaseURL: "http://sign.localhost:8080", Secret: bytes.Repeat([]byte{1}, 32), Demo: inDemo,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		ask := func(body []byte) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, signatureapi.DemoCards, bytes.NewReader(body)))
			return w
		}
		for pin, want := range map[string]int{demo.Patient.PIN: http.StatusOK, "21209196000218": http.StatusNotFound} {
			body, err := json.Marshal(signatureapi.CardRequest{PIN: pin, AuthCSR: request(), SignCSR: request()})
			if err != nil {
				t.Fatal(err)
			}
			w := ask(body)
			if !inDemo {
				want = http.StatusNotFound
			}
			if w.Code != want {
				t.Fatalf("demo %v, %s: %d %s", inDemo, pin, w.Code, w.Body)
			}
			if want != http.StatusOK {
				continue
			}
			var out signatureapi.CardCertificates
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
				t.Fatal(err)
			}
			c, err := x509.ParseCertificate(out.Auth)
			if err != nil || c.Subject.SerialNumber != "PNOKG-"+pin {
				t.Errorf("%v %v", c, err)
			}
		}
		if inDemo {
			for _, body := range []string{"", "{", `{"pin":5}`, `{"pin":"` + demo.Patient.PIN + `"}`} {
				if w := ask([]byte(body)); w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity {
					t.Errorf("%q: %d", body, w.Code)
				}
			}
			if w := ask(bytes.Repeat([]byte(" "), 1<<20)); w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("a megabyte: %d", w.Code)
			}
		}
	}
}
