package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// TestID12CloudSignatureThroughTheExchange walks the whole house: the demo's
// first PIN is in the demo's inbox, ЕСИ spends it, signs, and the next PIN is in
// the inbox; the card has no right to any of it.
func TestID12CloudSignatureThroughTheExchange(t *testing.T) {
	h, port := openHouse(t, map[string]string{"demo": "true"})
	h.fill(t.Context())
	for _, s := range h.running {
		go s.Run(t.Context())
	}
	pin := regexp.MustCompile(`Жумабеков[^§]*?PIN-коду: (\d{4} \d{4})`)
	mailed := func(not string) string {
		for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			_, body := get(t, "http://mail.localhost:"+port+"/inbox?lang=ky&person="+demo.Patient.PIN)
			if found := pin.FindStringSubmatch(body); found != nil && found[1] != not {
				return found[1]
			}
		}
		t.Fatal("no PIN in the demo's inbox")
		return ""
	}
	first := mailed("")
	cloud := signatureapi.CloudClient{Exchange: h.client(t, exchangeapi.Identity)}
	token, err := cloud.Auth(t.Context(), signatureapi.CloudAuth{PIN: demo.Patient.PIN, OneTime: first})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("x"))
	made, err := cloud.SignHash(t.Context(), signatureapi.SignRequest{Token: token.Token, SHA256: sum[:]})
	if err != nil {
		t.Fatal(err)
	}
	authority := signatureapi.AuthorityClient{Exchange: h.client(t, exchangeapi.Identity)}
	if v, err := authority.Check(t.Context(), signatureapi.Signed{CMS: made.CMS, SHA256: sum[:]}); err != nil || !v.Valid || v.PIN != demo.Patient.PIN {
		t.Errorf("%+v, %v", v, err)
	}
	if second := mailed(first); second == first {
		t.Error("no new PIN")
	}
	if _, err := cloud.Auth(t.Context(), signatureapi.CloudAuth{PIN: demo.Patient.PIN, OneTime: first}); !fail.Is(err, fail.Invalid) {
		t.Errorf("a spent PIN: %v", err)
	}
	state, err := cloud.State(t.Context(), signatureapi.Person{PIN: demo.Patient.PIN})
	if err != nil || !state.Enrolled {
		t.Errorf("%+v, %v", state, err)
	}
	card := h.client(t, exchangeapi.Card)
	if _, err := (signatureapi.CloudClient{Exchange: card}).Auth(t.Context(), signatureapi.CloudAuth{PIN: demo.Patient.PIN, OneTime: first}); !fail.Is(err, fail.Forbidden) {
		t.Errorf("the card spends PINs: %v", err)
	}
	if _, err := (signatureapi.AuthorityClient{Exchange: card}).Certificates(t.Context(), signatureapi.Person{PIN: demo.Patient.PIN}); !fail.Is(err, fail.Forbidden) {
		t.Errorf("the card lists certificates: %v", err)
	}
	if _, err := (signatureapi.CloudClient{Exchange: h.client(t, exchangeapi.Portal)}).Enrol(t.Context(), signatureapi.Enrolment{PIN: demo.Patient.PIN}); !fail.Is(err, fail.Forbidden) {
		t.Errorf("the portal enrols: %v", err)
	}
}

// TestCardOfTheDemoThroughTheExchange: a software card is issued, ЕСИ asks about
// it, lists it for the person, revokes it, and hears so.
func TestCardOfTheDemoThroughTheExchange(t *testing.T) {
	h, port := openHouse(t, map[string]string{"demo": "true"})
	request := signatureapi.CardRequest{PIN: demo.Patient.PIN}
	for _, csr := range []*[]byte{&request.AuthCSR, &request.SignCSR} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if *csr, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key); err != nil {
			t.Fatal(err)
		}
	}
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	response, err := inproc.New(nil).Client().Post("http://sign.localhost:"+port+signatureapi.DemoCards, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	var card signatureapi.CardCertificates
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(answer, &card) != nil {
		t.Fatalf("%d %s %v", response.StatusCode, answer, err)
	}
	leaf, err := x509.ParseCertificate(card.Auth)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := x509.ParseCertificate(card.Issuing)
	if err != nil {
		t.Fatal(err)
	}
	authority := signatureapi.AuthorityClient{Exchange: h.client(t, exchangeapi.Identity)}
	chain, err := authority.Chain(t.Context())
	if err != nil || !bytes.Equal(chain.Root, card.Root) || !bytes.Equal(chain.Issuing[0], card.Issuing) || len(chain.Lists) != 2 {
		t.Fatalf("%v", err)
	}
	status := func() int {
		question, err := ocsp.CreateRequest(leaf, issuer, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := authority.OCSP(t.Context(), signatureapi.OCSP{DER: question})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ocsp.ParseResponseForCert(answer.DER, leaf, issuer)
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Status
	}
	if got := status(); got != ocsp.Good {
		t.Errorf("status %d", got)
	}
	mine, err := authority.Certificates(t.Context(), signatureapi.Person{PIN: demo.Patient.PIN})
	if err != nil || len(mine) != 2 {
		t.Fatalf("%d certificates, %v", len(mine), err)
	}
	if err := authority.Revoke(t.Context(), signatureapi.Revocation{PIN: demo.Patient.PIN, Serial: leaf.SerialNumber.Text(16), Reason: signatureapi.KeyCompromise}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != ocsp.Revoked {
		t.Errorf("status %d after the revocation", got)
	}
	_, list := get(t, leaf.CRLDistributionPoints[0])
	parsed, err := x509.ParseRevocationList([]byte(list))
	if err != nil || len(parsed.RevokedCertificateEntries) != 1 || parsed.CheckSignatureFrom(issuer) != nil {
		t.Errorf("%v, %v", parsed, err)
	}
}
