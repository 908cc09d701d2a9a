//go:build pkcs11

package authority

import (
	"bytes"
	"crypto"
	"log/slog"
	"strings"
	"testing"

	"github.com/digitorus/timestamp"
	xocsp "golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/internal/keystore/softhsm"
	"github.com/sanarip/sanarip/system/signature/migration"
)

// TestTokenAuthority: the authority whose keys lie in a module issues, answers
// and stamps as with keys in software.
func TestTokenAuthority(t *testing.T) {
	settings := keystore.Settings(softhsm.Settings(t))
	keys, err := keystore.Open(settings, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keys.Close() }()
	for _, algorithm := range []keystore.Algorithm{keystore.P256, keystore.RSA2048} {
		s := &Service{
			DB: dbtest.SQLite(t, "signature", migration.Sets...), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Keys: keys,
			Algorithm: algorithm, BaseURL: "http://sign.localhost",
		}
		if err := s.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		out := card(t, s, ermek)
		auth, issuer := read(t, out.Auth), read(t, out.Issuing)
		if err := auth.CheckSignatureFrom(issuer); err != nil {
			t.Error(err)
		}
		request, err := xocsp.CreateRequest(auth, issuer, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := xocsp.ParseResponseForCert(s.answer(t.Context(), request), auth, issuer); err != nil || answer.Status != xocsp.Good {
			t.Errorf("OCSP: %v", err)
		}
		query, err := timestamp.CreateRequest(strings.NewReader("x"), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := timestamp.ParseResponse(s.reply(t.Context(), query)); err != nil {
			t.Errorf("time-stamp: %v", err)
		}
		if chain, err := s.Chain(t.Context()); err != nil || len(chain.Lists) != 2 {
			t.Errorf("%d lists, %v", len(chain.Lists), err)
		}
	}
}
