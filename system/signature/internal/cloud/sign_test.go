package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/internal/authority"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// TestSignature: what the cloud signs, openssl and our own check accept; a
// flipped document, another's token, a token that is over, a revoked certificate
// are refused; every step stands in the person's records.
func TestSignature(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		esi := from(t, exchangeapi.Identity)
		token, err := h.use(t, h.enrolled(t))
		if err != nil || token.Name != "Жумабеков Эрмек Асанович" || token.ExpiresAt.Sub(h.clock.Now()) != tokenLife {
			t.Fatalf("%+v, %v", token, err)
		}
		document := []byte("документ")
		sum := sha256.Sum256(document)
		made, err := h.SignHash(esi, signatureapi.SignRequest{Token: token.Token, SHA256: sum[:]})
		if err != nil {
			t.Fatal(err)
		}
		check := func(hash [32]byte, der []byte) signatureapi.SignedVerdict {
			v, err := h.Authority.Check(t.Context(), signatureapi.Signed{CMS: der, SHA256: hash[:]})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if v := check(sum, made.CMS); !v.Valid || v.PIN != ermek.PIN || !v.Stamped || v.Medium != authority.Cloud {
			t.Errorf("our own signature: %+v", v)
		}
		if v := check(sha256.Sum256([]byte("документь")), made.CMS); v.Valid || v.Reason != "document" {
			t.Errorf("another document: %+v", v)
		}
		openSSLVerifies(t, h, document, made.CMS)
		info, err := h.CertInfo(esi, signatureapi.CloudQuery{Token: token.Token})
		if err != nil || info.PIN != ermek.PIN || info.GivenName != "Эрмек Асанович" {
			t.Errorf("%+v, %v", info, err)
		}
		for name, ctx := range map[string]context.Context{"the portal": from(t, exchangeapi.Portal)} {
			if _, err := h.SignHash(ctx, signatureapi.SignRequest{Token: token.Token, SHA256: sum[:]}); !fail.Is(err, fail.SignedOut) {
				t.Errorf("%s uses ЕСИ's token: %v", name, err)
			}
			if _, err := h.CertInfo(ctx, signatureapi.CloudQuery{Token: token.Token}); !fail.Is(err, fail.SignedOut) {
				t.Errorf("%s uses ЕСИ's token: %v", name, err)
			}
		}
		for _, bad := range []string{"", "x", token.Token + "x", strings.Repeat("x", 1000)} {
			if _, err := h.SignHash(esi, signatureapi.SignRequest{Token: bad, SHA256: sum[:]}); !fail.Is(err, fail.SignedOut) {
				t.Errorf("token %q: %v", bad, err)
			}
		}
		for _, bad := range [][]byte{nil, sum[:31], append(sum[:], 0)} {
			if _, err := h.SignHash(esi, signatureapi.SignRequest{Token: token.Token, SHA256: bad}); !fail.Is(err, fail.Invalid) {
				t.Errorf("a hash of %d bytes: %v", len(bad), err)
			}
		}
		// Revoked: the token signs no more, the signature made before still holds.
		h.clock.Advance(time.Minute)
		if err := h.Authority.Revoke(esi, signatureapi.Revocation{PIN: ermek.PIN, Serial: info.Serial, Reason: signatureapi.KeyCompromise}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.SignHash(esi, signatureapi.SignRequest{Token: token.Token, SHA256: sum[:]}); !fail.Is(err, fail.Conflict) {
			t.Errorf("signed with a revoked certificate: %v", err)
		}
		if _, err := h.use(t, h.inbox.last(t)); err == nil {
			t.Error("a revoked signature takes a PIN")
		}
		if v := check(sum, made.CMS); !v.Valid {
			t.Errorf("signed and stamped before the revocation: %+v", v)
		}
		h.clock.Advance(5 * time.Minute)
		if _, err := h.CertInfo(esi, signatureapi.CloudQuery{Token: token.Token}); !fail.Is(err, fail.SignedOut) {
			t.Errorf("a token that is over: %v", err)
		}
		records, err := audit.Of(t.Context(), d.Read, ermek.PIN, 100)
		if err != nil {
			t.Fatal(err)
		}
		actions := map[string]bool{}
		for _, r := range records {
			actions[r.Action] = true
		}
		for _, want := range []string{"cloud.enrolled", "cloud.opened", "cloud.signed", "cloud.certificate", "certificate.revoked"} {
			if !actions[want] {
				t.Errorf("no record of %s", want)
			}
		}
	})
}

func openSSLVerifies(t *testing.T, h *house, document, cms []byte) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		return
	}
	chain, err := h.Authority.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"root.der": chain.Root, "document": document, "sign": cms, "changed": append(bytes.Clone(document), '.')} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (string, error) {
		command := exec.CommandContext(t.Context(), "openssl", args...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		return string(out), err
	}
	if said, err := run("x509", "-inform", "DER", "-in", "root.der", "-out", "root.pem"); err != nil {
		t.Fatal(said)
	}
	verify := func(content string) (string, error) {
		return run("cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "sign", "-content", content, "-CAfile", "root.pem", "-purpose", "any", "-attime", strconv.FormatInt(h.clock.Now().Unix(), 10), "-out", os.DevNull)
	}
	if said, err := verify("document"); err != nil {
		t.Errorf("openssl cms -verify -cades: %v\n%s", err, said)
	}
	if said, err := verify("changed"); err == nil {
		t.Errorf("openssl takes a changed document: %s", said)
	}
}

// TestOneFlippedBitOfASignatureFails (SG-1): of the signed parts; the time-stamp
// and the certificates beside the signer's are not signed by it.
func TestOneFlippedBitOfASignatureFails(t *testing.T) {
	h := open(t, dbtest.SQLite(t, "signature", migration.Sets...))
	token, err := h.use(t, h.enrolled(t))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("x"))
	made, err := h.SignHash(from(t, exchangeapi.Identity), signatureapi.SignRequest{Token: token.Token, SHA256: sum[:]})
	if err != nil {
		t.Fatal(err)
	}
	was, err := h.Authority.Check(t.Context(), signatureapi.Signed{CMS: made.CMS, SHA256: sum[:]})
	if err != nil || !was.Valid {
		t.Fatal(was, err)
	}
	for i := range made.CMS {
		changed := bytes.Clone(made.CMS)
		changed[i] ^= 1 << (i % 8)
		v, err := h.Authority.Check(t.Context(), signatureapi.Signed{CMS: changed, SHA256: sum[:]})
		if err != nil {
			t.Fatal(err)
		}
		if v.Valid && (v.PIN != was.PIN || v.Serial != was.Serial || v.Stamped && !v.At.Equal(was.At)) {
			t.Fatalf("byte %d changed: %+v for %+v", i, v, was)
		}
	}
}
