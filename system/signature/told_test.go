package signature_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// letterbox keeps what people are told.
type letterbox struct {
	mu   sync.Mutex
	sent []messageapi.Message
}

func (l *letterbox) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

// of are the messages to a person whose subject begins so.
func (l *letterbox) of(pin, subject string) []messageapi.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []messageapi.Message
	for _, m := range l.sent {
		if m.PIN == pin && strings.HasPrefix(m.Subject.RU, subject) {
			all = append(all, m)
		}
	}
	return all
}

// A person is told of each certificate issued in their name and of each that is
// revoked; a new card ends the one before it.
func TestAPersonIsToldOfCertificates(t *testing.T) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) { told(t, address(t)) })
	}
}

func told(t *testing.T, database string) {
	quiet, letters := slog.New(slog.DiscardHandler), &letterbox{}
	messages := exchangeapi.NewProvider(exchangeapi.Message, "k", quiet)
	messageapi.Serve(messages, letters)
	var s *signature.System
	exchange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
			return
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		if target.Provider == exchangeapi.Signature {
			s.Handler().ServeHTTP(w, r)
			return
		}
		messages.ServeHTTP(w, r)
	}))
	defer exchange.Close()
	var err error
	s, err = signature.New(t.Context(), host.Env{
		Database: database, Connections: 4, Clock: clock.System{}, Log: quiet, ExchangeKey: "k", ExchangeAddress: exchange.URL, HTTP: http.DefaultClient,
		BaseURL: "http://sign.localhost:8080", Issuer: "http://esi.localhost:8080", Secret: bytes.Repeat([]byte{1}, 32), Demo: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	defer func() { stop(); <-ended; _ = s.Close() }()
	if err := s.Demo(ctx); err != nil {
		t.Fatal(err)
	}
	pin := demo.Patient.PIN
	ask := signatureapi.AuthorityClient{Exchange: &exchangeapi.Client{Self: exchangeapi.Identity, Address: exchange.URL, Key: "k", HTTP: http.DefaultClient}}
	await := func(subject string, n int) []messageapi.Message {
		t.Helper()
		for range 3000 {
			if got := letters.of(pin, subject); len(got) >= n {
				return got
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("%q was told %d times, not %d", subject, len(letters.of(pin, subject)), n)
		return nil
	}
	issueCard := func() {
		t.Helper()
		var csr [2][]byte
		for i := range csr {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if csr[i], err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key); err != nil {
				t.Fatal(err)
			}
		}
		body, err := json.Marshal(signatureapi.CardRequest{PIN: pin, AuthCSR: csr[0], SignCSR: csr[1]})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, signatureapi.DemoCards, bytes.NewReader(body)))
		if w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	cards := func() (good, revoked []signatureapi.Certificate) {
		t.Helper()
		all, err := ask.Certificates(ctx, signatureapi.Person{PIN: pin})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			switch {
			case c.Medium != "card":
			case c.RevokedAt.IsZero():
				good = append(good, c)
			default:
				revoked = append(revoked, c)
			}
		}
		return good, revoked
	}
	issueCard()
	if got := await("Выдан сертификат", 1); len(got) != 1 || !strings.Contains(got[0].Body.KY, "ID-карта") || got[0].Link != "http://esi.localhost:8080/security/certificates" {
		t.Errorf("%+v", got) // of the cloud signature that the demo gave, nothing
	}
	issueCard()
	await("Выдан сертификат", 2)
	good, replaced := cards()
	if len(good) != 2 || len(replaced) != 2 || replaced[0].Reason != signatureapi.Superseded {
		t.Fatalf("a new card: %d in force, %d revoked", len(good), len(replaced))
	}
	for range 2 { // again it changes nothing
		if err := ask.Revoke(ctx, signatureapi.Revocation{PIN: pin, Serial: good[0].Serial, Reason: signatureapi.KeyCompromise}); err != nil {
			t.Fatal(err)
		}
	}
	await("Сертификат отозван", 1)
	time.Sleep(200 * time.Millisecond)
	if got := letters.of(pin, "Сертификат отозван"); len(got) != 1 || !strings.Contains(got[0].Body.RU, good[0].Serial) {
		t.Errorf("%+v", got)
	}
}
