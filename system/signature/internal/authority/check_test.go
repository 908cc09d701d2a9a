package authority

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/cms"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// held is a card whose keys the test has.
type held struct{ auth, sign cms.Signer }

func take(t *testing.T, s *Service, p Person) held {
	t.Helper()
	auth, sign := p256(t), p256(t)
	out, err := s.IssueCard(t.Context(), p, signatureapi.CardRequest{PIN: p.PIN, AuthCSR: csr(t, auth), SignCSR: csr(t, sign)})
	if err != nil {
		t.Fatal(err)
	}
	issuer := read(t, out.Issuing)
	return held{cms.Signer{Key: auth, Certificate: read(t, out.Auth), Issuer: issuer}, cms.Signer{Key: sign, Certificate: read(t, out.Sign), Issuer: issuer}}
}

// TestSG1WhatASignatureIsWorth: of a card, with and without a time-stamp, before
// and after a revocation, of another authority, of the wrong certificate, with a
// stamp that is somebody else's.
func TestSG1WhatASignatureIsWorth(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(start)
		s := service(t, d, c, keystore.P256)
		card := take(t, s, ermek)
		other := take(t, service(t, dbtest.SQLite(t, "signature", migration.Sets...), c, keystore.P256), ermek)
		sum := sha256.Sum256([]byte("документ"))
		stamp := func(s *Service) func([]byte) ([]byte, error) {
			return func(sum []byte) ([]byte, error) { return s.Stamp(t.Context(), sum) }
		}
		made := func(by cms.Signer, stamp func([]byte) ([]byte, error)) []byte {
			by.Stamp = stamp
			der, err := by.Sign(sum[:], c.Now())
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
		elsewhere := service(t, dbtest.SQLite(t, "signature", migration.Sets...), c, keystore.P256)
		plain, stamped := made(card.sign, nil), made(card.sign, stamp(s))
		reason := func(der []byte) string {
			v, err := s.Check(t.Context(), signatureapi.Signed{CMS: der, SHA256: sum[:]})
			if err != nil {
				t.Fatal(err)
			}
			if v.Valid && v.PIN != ermek.PIN || !v.Valid && v.Reason == "" {
				t.Fatalf("%+v", v)
			}
			return v.Reason
		}
		forged := card.sign
		forged.Key = p256(t) // another key under the person's certificate
		stale := func([]byte) ([]byte, error) {
			wrong := sha256.Sum256([]byte("another signature"))
			return s.Stamp(t.Context(), wrong[:])
		}
		for name, c := range map[string]struct {
			der  []byte
			want string
		}{
			"plain": {plain, ""}, "stamped": {stamped, ""}, "another authority": {made(other.sign, nil), "foreign"},
			"a certificate for signing in": {made(card.auth, nil), "usage"}, "another key": {made(forged, nil), "shape"},
			"another authority's stamp": {made(card.sign, stamp(elsewhere)), "stamp"}, "a stamp of something else": {made(card.sign, stale), "stamp"},
			"nothing": {nil, "shape"}, "a certificate": {card.sign.Certificate.Raw, "shape"},
		} {
			if got := reason(c.der); got != c.want {
				t.Errorf("%s: %q, not %q", name, got, c.want)
			}
		}
		c.Advance(time.Hour)
		if err := s.Revoke(t.Context(), signatureapi.Revocation{PIN: ermek.PIN, Serial: Serial(card.sign.Certificate.SerialNumber), Reason: signatureapi.KeyCompromise}); err != nil {
			t.Fatal(err)
		}
		if got := reason(plain); got != "revoked" {
			t.Errorf("without a stamp nobody knows that it was made before the revocation: %q", got)
		}
		if got := reason(stamped); got != "" {
			t.Errorf("stamped before the revocation: %q", got)
		}
		if got := reason(made(card.sign, stamp(s))); got != "revoked" {
			t.Errorf("stamped after the revocation: %q", got)
		}
		c.Advance(personHolds)
		if err := s.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := reason(plain); got != "time" {
			t.Errorf("after the certificate's end: %q", got)
		}
		if got := reason(stamped); got != "" {
			t.Errorf("stamped in its time: %q", got)
		}
	})
}

// TestCheckPage: anybody uploads a document and a signature, in any of the forms
// in which programs save it.
func TestCheckPage(t *testing.T) {
	c := clock.NewManual(start)
	s := service(t, dbtest.SQLite(t, "signature", migration.Sets...), c, keystore.P256)
	mux := http.NewServeMux()
	s.MountCheck(mux, &page.Site{
		System: "signature", TitleKey: "signature.title", Texts: text.MustLoad(design.Texts, os.DirFS("../..")), Log: slog.New(slog.DiscardHandler), ErrorPage: design.ErrorPage,
	})
	card := take(t, s, ermek)
	document := []byte("документ")
	sum := sha256.Sum256(document)
	der, err := card.sign.Sign(sum[:], c.Now())
	if err != nil {
		t.Fatal(err)
	}
	upload := func(parts map[string][]byte) (int, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, data := range parts {
			w, err := form.CreateFormFile(name, name)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write(data)
		}
		_ = form.Close()
		r := httptest.NewRequest(http.MethodPost, "/check?lang=en", &body)
		r.Header.Set("Content-Type", form.FormDataContentType())
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for name, signature := range map[string][]byte{
		"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: der}), "base64": []byte(base64.StdEncoding.EncodeToString(der) + "\r\n"),
	} {
		status, body := upload(map[string][]byte{"document": document, "signature": signature})
		if status != http.StatusOK || !strings.Contains(body, "The signature is genuine") || !strings.Contains(body, "Жумабеков Эрмек Асанович") || strings.Contains(body, ermek.PIN) {
			t.Errorf("%s: %d\n%s", name, status, body)
		}
	}
	for name, c := range map[string]struct {
		parts  map[string][]byte
		status int
		says   string
	}{
		"a changed document": {map[string][]byte{"document": []byte("документь"), "signature": der}, http.StatusOK, "The signature is of another document"},
		"garbage":            {map[string][]byte{"document": document, "signature": []byte("<svg onload=alert(1)>")}, http.StatusOK, "no electronic signature"},
		"a long signature":   {map[string][]byte{"document": document, "signature": bytes.Repeat([]byte{1}, 3*cms.MaxSize)}, http.StatusOK, "no electronic signature"},
		"no document":        {map[string][]byte{"signature": der}, http.StatusUnprocessableEntity, "Choose the document."},
		"an empty document":  {map[string][]byte{"document": nil, "signature": der}, http.StatusUnprocessableEntity, "Choose the document."},
		"no signature":       {map[string][]byte{"document": document}, http.StatusUnprocessableEntity, "Choose the file of the signature."},
		"a huge document":    {map[string][]byte{"document": bytes.Repeat([]byte{1}, page.MaxUpload+1), "signature": der}, http.StatusRequestEntityTooLarge, ""},
	} {
		status, body := upload(c.parts)
		if status != c.status || !strings.Contains(body, c.says) || strings.Contains(body, "genuine") {
			t.Errorf("%s: %d\n%s", name, status, body)
		}
	}
	for _, l := range []string{"ky", "ru", "en"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/check?lang="+l, nil))
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "[signature.") {
			t.Errorf("%s: %d %s", l, w.Code, w.Body)
		}
	}
	for _, reason := range []string{"shape", "document", "foreign", "usage", "time", "revoked", "stamp"} {
		if words := text.MustLoad(os.DirFS("../..")).Words(reasonKey(reason)); words.KY == "" || strings.HasPrefix(words.KY, "[") {
			t.Errorf("no words for %s", reason)
		}
	}
}
