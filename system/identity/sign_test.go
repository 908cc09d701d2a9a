package identity_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// stamp is a signature service whose seals only it can make.
type stamp struct{}

func (stamp) mac(s signatureapi.Seal) string {
	m := hmac.New(sha256.New, []byte("test"))
	_, _ = m.Write(s.Signed())
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (k stamp) Seal(ctx context.Context, r signatureapi.Request) (signatureapi.Seal, error) {
	s := signatureapi.Seal{KeyID: "1", Algorithm: "ES256", Holder: exchangeapi.CallerOf(ctx).Client.String(), Document: r.Document, SHA256: r.SHA256, At: time.Now().UTC()}
	s.Value = k.mac(s)
	return s, nil
}

func (k stamp) Check(_ context.Context, s signatureapi.Seal) (signatureapi.Verdict, error) {
	return signatureapi.Verdict{Valid: s.Value == k.mac(s), Reason: "signature"}, nil
}

// from is another system that asks ЕСИ.
func (h *house) from(self exchangeapi.Subsystem) *exchangeapi.Client {
	client := h.neighbour(exchangeKey)
	client.Self = self
	return client
}

// SG-1: a system asks, the person signs after a fresh sign-in, and the proof
// holds for anybody who has the document.
func TestAPersonSignsADocumentOfASystem(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		portal := identityapi.SigningClient{Exchange: h.from(exchangeapi.Portal)}
		sum := sha256.Sum256([]byte("заявление"))
		in := identityapi.SigningRequest{
			Reference: "application-1", PIN: demo.Patient.PIN, Title: text.Words{KY: "Арыз", RU: "Заявление", EN: "Application"},
			SHA256: hex.EncodeToString(sum[:]), Document: h.portal.base + "/document", ReturnTo: h.portal.base + "/",
		}
		asked, err := portal.Ask(ctx, in)
		if err != nil || asked.State != "asked" {
			t.Fatal(asked, err)
		}
		if again, err := portal.Ask(ctx, in); err != nil || again.ID != asked.ID {
			t.Fatal("the same reference asks twice", err)
		}
		other := in
		other.SHA256 = hex.EncodeToString(make([]byte, 32))
		if _, err := portal.Ask(ctx, other); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		if _, err := (identityapi.SigningClient{Exchange: h.from(exchangeapi.Card)}).Signing(ctx, asked.ID); !fail.Is(err, fail.NotFound) {
			t.Fatal("another system reads the request", err)
		}
		b := h.browser()
		p := h.signIn(b, b.get(asked.Address), demo.Patient)
		p.must(http.StatusOK, "Подписание документа", "Заявление", "Государственный портал", "Жумабеков")
		// While no seal is to be had, nothing has happened.
		if p := b.submit(p, "/sign/"+asked.ID, "decision", "sign"); p.status < 500 {
			t.Fatal(p.status, p.words())
		}
		if s, err := portal.Signing(ctx, asked.ID); err != nil || s.State != "asked" {
			t.Fatal(s, err)
		}
		h.serve(exchangeapi.Signature, func(p *exchangeapi.Provider) { signatureapi.Serve(p, stamp{}) })
		var all sync.WaitGroup
		for range 4 { // pressed again and again
			all.Go(func() { b.stay().post(asked.Address, url.Values{"decision": {"sign"}}) })
		}
		all.Wait()
		done, err := portal.Signing(ctx, asked.ID)
		if err != nil || done.State != "signed" || done.Signature == nil {
			t.Fatal(done, err)
		}
		s := *done.Signature
		if s.PIN != demo.Patient.PIN || s.Name != demo.Patient.Name() || s.ACR != "urn:sanarip:acr:substantial" || s.Method != "password" || s.AuthAt.IsZero() {
			t.Fatalf("%+v", s)
		}
		check := func(s identityapi.SimpleSignature, hash string) identityapi.SignatureVerdict {
			v, err := portal.Check(ctx, identityapi.SignatureCheck{Signature: s, SHA256: hash})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if v := check(s, in.SHA256); !v.Valid {
			t.Fatal(v)
		}
		for what, change := range map[string]func(s *identityapi.SimpleSignature){
			"who":       func(s *identityapi.SimpleSignature) { s.PIN = demo.Doctor.PIN },
			"name":      func(s *identityapi.SimpleSignature) { s.Name += "\n" },
			"document":  func(s *identityapi.SimpleSignature) { s.SHA256 = other.SHA256 },
			"title":     func(s *identityapi.SimpleSignature) { s.Title.RU = "Дарение" },
			"moved":     func(s *identityapi.SimpleSignature) { s.Title.KY, s.Title.RU = s.Title.KY+s.Title.RU, "" },
			"system":    func(s *identityapi.SimpleSignature) { s.Client = exchangeapi.Card.String() },
			"session":   func(s *identityapi.SimpleSignature) { s.Session = "" },
			"level":     func(s *identityapi.SimpleSignature) { s.ACR = "urn:sanarip:acr:high" },
			"method":    func(s *identityapi.SimpleSignature) { s.Method = "card" },
			"ways":      func(s *identityapi.SimpleSignature) { s.AMR = append(s.AMR, "sc") },
			"time":      func(s *identityapi.SimpleSignature) { s.At = s.At.Add(-time.Hour) },
			"sign-in":   func(s *identityapi.SimpleSignature) { s.AuthAt = s.At },
			"holder":    func(s *identityapi.SimpleSignature) { s.Seal.Holder = exchangeapi.Portal.String() },
			"the seal":  func(s *identityapi.SimpleSignature) { s.Seal.Value = "AAAA" },
			"seal time": func(s *identityapi.SimpleSignature) { s.Seal.At = s.Seal.At.Add(time.Second) },
		} {
			changed := s
			changed.AMR = append([]string(nil), s.AMR...)
			change(&changed)
			if v := check(changed, changed.SHA256); v.Valid {
				t.Errorf("%s was changed and the signature holds", what)
			}
		}
		if v := check(s, other.SHA256); v.Valid || v.Reason != "document" {
			t.Error("it holds under another document", v)
		}
		b.get(h.base+"/sign").must(http.StatusOK, "Заявление", "Подписан")
		b.get(asked.Address).must(http.StatusOK, "Подписан")
		// Nobody else sees it.
		stranger := h.browser()
		h.signIn(stranger, stranger.get(asked.Address), demo.Doctor).must(http.StatusNotFound)
	})
}

func TestRequestsToSignThatLeadAstray(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	ctx := context.Background()
	portal := identityapi.SigningClient{Exchange: h.from(exchangeapi.Portal)}
	good := identityapi.SigningRequest{
		Reference: "1", PIN: demo.Patient.PIN, Title: text.Words{KY: "Арыз", RU: "Заявление"}, SHA256: hex.EncodeToString(make([]byte, 32)),
		Document: h.portal.base + "/document", ReturnTo: h.portal.base + "/",
	}
	for what, change := range map[string]func(r *identityapi.SigningRequest){
		"elsewhere":      func(r *identityapi.SigningRequest) { r.ReturnTo = "https://evil.example/" },
		"another system": func(r *identityapi.SigningRequest) { r.ReturnTo = h.card.base + "/" },
		"a trick":        func(r *identityapi.SigningRequest) { r.ReturnTo = h.portal.base + ".evil.example/" },
		"a user":         func(r *identityapi.SigningRequest) { r.ReturnTo = "http://x@" + h.portal.base[len("http://"):] + "/" },
		"a script":       func(r *identityapi.SigningRequest) { r.Document = "javascript:alert(1)" },
		"no hash":        func(r *identityapi.SigningRequest) { r.SHA256 = "" },
		"half a hash":    func(r *identityapi.SigningRequest) { r.SHA256 = r.SHA256[:32] },
		"no title":       func(r *identityapi.SigningRequest) { r.Title = text.Words{EN: "Application"} },
		"a long title":   func(r *identityapi.SigningRequest) { r.Title.RU = string(make([]byte, 400)) },
		"no reference":   func(r *identityapi.SigningRequest) { r.Reference = "" },
		"nobody":         func(r *identityapi.SigningRequest) { r.PIN = demo.Residents[0].PIN },
	} {
		r := good
		change(&r)
		if _, err := portal.Ask(ctx, r); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	asked, err := portal.Ask(ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	h.clock.advance(8 * 24 * time.Hour)
	if s, err := portal.Signing(ctx, asked.ID); err != nil || s.State != "expired" {
		t.Error(s, err)
	}
}
