package identity_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// ID-9, SG-1: a person sees the certificates in their name and revokes one; the
// card then opens nothing.
func TestAPersonRevokesACertificate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		p := demo.Doctor
		c := o.card(p, nil)
		serial := c.certificate.SerialNumber.Text(16)
		now := h.clock.Now()
		o.issued[p.PIN] = []signatureapi.Certificate{
			{Serial: "ab01", Usage: signatureapi.Signature, Medium: "cloud", NotBefore: now.AddDate(-4, 0, 0), NotAfter: now.AddDate(-1, 0, 0)},
			{Serial: serial, Usage: signatureapi.Authentication, Medium: "card", NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(3, 0, 0)},
		}
		o.issued[demo.Patient.PIN] = []signatureapi.Certificate{{Serial: "cd02", Usage: signatureapi.Signature, Medium: "cloud", NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}}
		list := h.base + "/security/certificates"
		b := h.browser()
		b.read(h.cardTab(), c)
		b.get(h.base+"/security").must(http.StatusOK, "Мои сертификаты")
		page := b.get(list).must(http.StatusOK, "ID-карта: для входа", "Действует", "Облачная подпись", "Срок истёк")
		if strings.Index(page.body, "ID-карта") > strings.Index(page.body, "Срок истёк") {
			t.Error("what is in force does not come first")
		}
		for _, l := range text.Langs {
			if p := b.get(list + "?lang=" + string(l)); strings.Contains(p.body, "[identity.") {
				t.Errorf("%s lacks words", l)
			}
		}
		b.get(list + "?lang=ru")
		// Another's certificate is not there, nor is one that nobody has.
		for _, other := range []string{"cd02", "ffff", "%00", strings.Repeat("a", 300)} {
			if p := b.get(list + "/" + other); p.status != http.StatusNotFound {
				t.Errorf("%s: %d", other, p.status)
			}
			if p := b.post(list+"/"+other, url.Values{"reason": {"cessation"}}); p.status != http.StatusNotFound {
				t.Errorf("%s is revoked: %d", other, p.status)
			}
		}
		ask := b.get(list+"/"+serial).must(http.StatusOK, "отзовите оба")
		for _, reason := range []string{"", "superseded", "x"} {
			if p := b.post(list+"/"+serial, url.Values{"reason": {reason}}); p.status != http.StatusUnprocessableEntity {
				t.Errorf("reason %q: %d", reason, p.status)
			}
		}
		// A sign-in of a while ago is not enough.
		h.clock.advance(11 * time.Minute)
		b.post(list+"/"+serial, url.Values{"reason": {"key-compromise"}}).must(http.StatusOK, "Вход")
		if !o.issued[p.PIN][1].RevokedAt.IsZero() {
			t.Fatal("revoked without a fresh sign-in")
		}
		b = h.browser()
		b.read(h.cardTab(), c)
		b.submit(ask, "/security/certificates/"+serial, "reason", "key-compromise").must(http.StatusOK, "Сертификат отозван", "Отозван")
		thief := h.browser()
		thief.read(h.cardTab(), c).must(http.StatusUnprocessableEntity, "отозван")
		if h.signedIn(thief, p) {
			t.Error("a revoked card signs in")
		}
		if !slices.ContainsFunc(h.records(h.db(), p.PIN), func(r audit.Record) bool { return r.Action == "certificate.revoked" }) {
			t.Error("the revocation is not recorded")
		}
		if p := h.browser().get(list); !strings.HasPrefix(p.url.Path, "/sign-in") {
			t.Errorf("nobody is at %s", p.url.Path)
		}
		o.silent = true
		b.get(list).must(http.StatusServiceUnavailable, "не отвечает")
	})
}
