package identity_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// upload sends a document and the file of its signature to the public check.
func (b *browser) upload(address string, document, signature []byte) shown {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, data := range map[string][]byte{"document": document, "signature": signature} {
		part, err := form.CreateFormFile(name, name)
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write(data)
	}
	_ = form.Close()
	r, err := http.NewRequest(http.MethodPost, address, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

// SG-1: whoever has the document checks its signature without an account, by the
// document alone or with the file of the signature.
func TestAStrangerChecksASimpleSignature(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		h.serve(exchangeapi.Signature, func(p *exchangeapi.Provider) { signatureapi.Serve(p, stamp{}) })
		portal := identityapi.SigningClient{Exchange: h.from(exchangeapi.Portal)}
		document := []byte("%PDF-1.7 арыз")
		sum := sha256.Sum256(document)
		asked, err := portal.Ask(ctx, identityapi.SigningRequest{
			Reference: "application-1", PIN: demo.Patient.PIN, Title: text.Words{KY: "Арыз", RU: "Заявление № 7", EN: "Application"},
			SHA256: hex.EncodeToString(sum[:]), Document: h.portal.base + "/document", ReturnTo: h.portal.base + "/",
		})
		if err != nil {
			t.Fatal(err)
		}
		page, stranger := h.base+"/signature", h.browser()
		stranger.get(page).must(http.StatusOK, "Проверка простой подписи")
		stranger.upload(page, document, nil).must(http.StatusOK, "Подпись не найдена") // asked for, not yet given
		b := h.browser()
		h.signIn(b, b.get(asked.Address), demo.Patient)
		b.stay().post(asked.Address, url.Values{"decision": {"sign"}})
		b.get(asked.Address).must(http.StatusOK, "Скачать файл подписи")
		file := b.get(asked.Address + "/signature.json").must(http.StatusOK)
		if p := stranger.get(asked.Address + "/signature.json"); strings.Contains(p.body, demo.Patient.PIN) {
			t.Error("a stranger has the file of another's signature")
		}
		found := stranger.upload(page, document, nil).must(http.StatusOK, "Документ подписан", "Подпись подлинная", "Жумабеков", "Заявление № 7", "существенный", "Пароль и код")
		if strings.Contains(found.body, demo.Patient.PIN) {
			t.Error("a stranger reads the whole ПИН")
		}
		stranger.upload(page, document, []byte(file.body)).must(http.StatusOK, "Подпись подлинная")
		changed := append(bytes.Clone(document), ' ')
		stranger.upload(page, changed, nil).must(http.StatusOK, "Подпись не найдена")
		stranger.upload(page, changed, []byte(file.body)).must(http.StatusOK, "документ изменён")
		var s identityapi.SimpleSignature
		if err := json.Unmarshal([]byte(file.body), &s); err != nil {
			t.Fatal(err)
		}
		s.Name = demo.Doctor.Name()
		forged, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		stranger.upload(page, document, forged).must(http.StatusOK, "Файл подписи изменён")
		if !slices.ContainsFunc(h.records(h.db(), demo.Patient.PIN), func(r audit.Record) bool { return r.Action == "document.checked" && r.ActorPIN == "" }) {
			t.Error("the person does not learn that the signature was checked")
		}
		for what, parts := range map[string][2][]byte{
			"no document": {nil, nil}, "no signature": {document, []byte("x")}, "a signature that is too long": {document, bytes.Repeat([]byte(" "), 1<<17)},
			"another JSON": {document, []byte(`{"seal":{}}`)},
		} {
			if p := stranger.upload(page, parts[0], parts[1]); p.status != http.StatusUnprocessableEntity {
				t.Errorf("%s is %d", what, p.status)
			}
		}
		last := 0
		for range 70 {
			last = stranger.upload(page, changed, nil).status
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("documents are tried without an end: %d", last)
		}
	})
}
