package seal

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 123000, time.UTC)

func service(d *db.DB, c clock.Clock) *Service {
	return &Service{DB: d, Clock: c, Log: slog.New(slog.DiscardHandler), Secret: bytes.Repeat([]byte{7}, 32), Rotate: 365 * 24 * time.Hour}
}

func portal(t *testing.T) context.Context {
	return exchangeapi.WithCaller(t.Context(), exchangeapi.Caller{Client: exchangeapi.Portal, ID: "r-1"})
}

var request = signatureapi.Request{SHA256: strings.Repeat("ab", 32), Document: "2026-000001"}

// TestSG1OneFlippedBitFails flips every bit of every signed part (SG-1, PT-9).
func TestSG1OneFlippedBitFails(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		s := service(d, clock.NewManual(start))
		made, err := s.Seal(portal(t), request)
		if err != nil {
			t.Fatal(err)
		}
		valid := func(in signatureapi.Seal) bool {
			verdict, err := s.Check(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			return verdict.Valid
		}
		if !valid(made) {
			t.Fatal("our own seal does not fit")
		}
		if made.Holder != exchangeapi.Portal.String() {
			t.Errorf("the holder is %q", made.Holder)
		}
		flip := func(value string, set func(*signatureapi.Seal, string)) {
			for i := range len(value) {
				for bit := range 8 {
					changed := []byte(value)
					changed[i] ^= 1 << bit
					in := made
					set(&in, string(changed))
					if valid(in) {
						t.Fatalf("still valid with %q for %q", changed, value)
					}
				}
			}
		}
		flip(made.SHA256, func(s *signatureapi.Seal, v string) { s.SHA256 = v })
		flip(made.Document, func(s *signatureapi.Seal, v string) { s.Document = v })
		flip(made.Holder, func(s *signatureapi.Seal, v string) { s.Holder = v })
		flip(made.KeyID, func(s *signatureapi.Seal, v string) { s.KeyID = v })
		flip(made.Algorithm, func(s *signatureapi.Seal, v string) { s.Algorithm = v })
		flip(made.Value, func(s *signatureapi.Seal, v string) { s.Value = v })
		later := made
		later.At = made.At.Add(time.Microsecond)
		if valid(later) {
			t.Error("still valid a microsecond later")
		}
		other := made
		other.Certificate = strings.Replace(made.Certificate, "A", "B", 1)
		if valid(other) {
			t.Error("still valid with another certificate")
		}
	})
}

// TestSameDocumentSameSeal: a repetition, also in parallel, makes no second seal.
func TestSameDocumentSameSeal(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		s := service(d, clock.System{})
		var mu sync.Mutex
		values := map[string]bool{}
		var group sync.WaitGroup
		for range 16 { // the first key is made by whoever comes first, too
			group.Go(func() {
				made, err := s.Seal(portal(t), request)
				if err != nil {
					t.Error(err)
					return
				}
				if verdict, err := s.Check(t.Context(), made); err != nil || !verdict.Valid {
					t.Errorf("%v, %v", verdict, err)
				}
				mu.Lock()
				defer mu.Unlock()
				values[made.Value] = true
			})
		}
		group.Wait()
		if len(values) != 1 {
			t.Errorf("%d seals for one document", len(values))
		}
		if keys, err := allKeys(t.Context(), d.Read); err != nil || len(keys) != 1 {
			t.Errorf("%d keys, %v", len(keys), err)
		}
	})
}

// TestRotation: a new key seals, the old one still checks, both come from one authority.
func TestRotation(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(start)
		s := service(d, c)
		old, err := s.Seal(portal(t), request)
		if err != nil {
			t.Fatal(err)
		}
		c.Advance(366 * 24 * time.Hour)
		fresh, err := s.Seal(portal(t), signatureapi.Request{SHA256: request.SHA256, Document: "2027-000001"})
		if err != nil {
			t.Fatal(err)
		}
		if old.KeyID == fresh.KeyID {
			t.Error("the key was not replaced after a year")
		}
		authority, _, err := findAuthority(t.Context(), d.Read)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(authority))
		for _, made := range []signatureapi.Seal{old, fresh} {
			if verdict, err := s.Check(t.Context(), made); err != nil || !verdict.Valid {
				t.Errorf("%s: %v %v", made.Document, verdict, err)
			}
			certificate, err := parse(made.Certificate)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: made.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestKeysLieSealed(t *testing.T) {
	d := dbtest.SQLite(t, "signature", migration.Sets...)
	s := service(d, clock.NewManual(start))
	if _, err := s.Seal(portal(t), request); err != nil {
		t.Fatal(err)
	}
	key, err := current(t.Context(), d.Read)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(key.private)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKCS8PrivateKey(raw); err == nil {
		t.Error("the private key lies open in the database")
	}
	s.Secret = bytes.Repeat([]byte{8}, 32)
	if _, err := s.Seal(portal(t), signatureapi.Request{SHA256: request.SHA256, Document: "x"}); err == nil {
		t.Error("another secret opened the key")
	}
}

func TestHostileRequests(t *testing.T) {
	s := service(dbtest.SQLite(t, "signature", migration.Sets...), clock.NewManual(start))
	for _, r := range []signatureapi.Request{
		{},
		{SHA256: "abc", Document: "1"},
		{SHA256: strings.Repeat("AB", 32), Document: "1"},
		{SHA256: strings.Repeat("zz", 32), Document: "1"},
		{SHA256: request.SHA256},
		{SHA256: request.SHA256, Document: strings.Repeat("1", 101)},
		{SHA256: request.SHA256, Document: "1\n" + request.SHA256},
	} {
		if _, err := s.Seal(portal(t), r); !fail.Is(err, fail.Invalid) {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if _, err := s.Seal(t.Context(), request); !fail.Is(err, fail.Forbidden) {
		t.Errorf("a seal for nobody: %v", err)
	}
	for _, in := range []signatureapi.Seal{{}, {SHA256: request.SHA256}, {SHA256: request.SHA256, KeyID: "x", Value: "!!"}} {
		if verdict, err := s.Check(t.Context(), in); err != nil || verdict.Valid || verdict.Reason == "" {
			t.Errorf("%+v: %v %v", in, verdict, err)
		}
	}
}
