package authority

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	xocsp "golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// serve puts the authority on a port of this machine, whose address its
// certificates name.
func serve(t *testing.T, d *db.DB, c clock.Clock, a keystore.Algorithm) *Service {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(nil)
	s := service(t, d, c, a)
	site := &page.Site{System: "signature", Texts: text.MustLoad(design.Texts), Log: slog.New(slog.DiscardHandler), ErrorPage: design.ErrorPage}
	s.Mount(mux, site)
	server.Config.Handler = s.Before(mux)
	server.Start()
	t.Cleanup(server.Close)
	s.BaseURL = server.URL
	return s
}

// openssl runs the program in a folder and gives what it said.
func openssl(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "openssl", args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err
}

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	r, err := http.Get(address) //nolint:gosec // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", address, r.StatusCode, err)
	}
	return body.Bytes()
}

func save(t *testing.T, dir, name, kind string, der ...[]byte) {
	t.Helper()
	var out []byte
	for _, d := range der {
		if kind == "" {
			out = d
		} else {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: d})...)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name), out, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOpenSSLAgrees: an independent program checks the chain with the lists,
// asks OCSP and verifies time-stamps, before and after a revocation, for both
// kinds of keys.
func TestOpenSSLAgrees(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	for _, algorithm := range []keystore.Algorithm{keystore.P256, keystore.RSA2048} {
		t.Run(string(algorithm), func(t *testing.T) {
			s := serve(t, dbtest.SQLite(t, "signature", migration.Sets...), clock.System{}, algorithm)
			out := card(t, s, ermek)
			dir := t.TempDir()
			auth := read(t, out.Auth)
			lists := func() {
				save(t, dir, "lists.pem", "X509 CRL", fetch(t, s.BaseURL+"/ca/root.crl"), fetch(t, auth.CRLDistributionPoints[0]))
			}
			save(t, dir, "root.pem", "CERTIFICATE", fetch(t, s.BaseURL+"/ca/root.crt"))
			save(t, dir, "issuing.pem", "CERTIFICATE", fetch(t, auth.IssuingCertificateURL[0]))
			save(t, dir, "auth.pem", "CERTIFICATE", out.Auth)
			save(t, dir, "sign.pem", "CERTIFICATE", out.Sign)
			lists()
			verify := func(name string) (string, error) {
				return openssl(t, dir, "verify", "-x509_strict", "-crl_check_all", "-CRLfile", "lists.pem", "-CAfile", "root.pem", "-untrusted", "issuing.pem", name)
			}
			ask := func(name string) string {
				said, err := openssl(t, dir, "ocsp", "-issuer", "issuing.pem", "-cert", name, "-url", s.BaseURL+"/ocsp", "-CAfile", "root.pem", "-verify_other", "issuing.pem")
				if err != nil || !strings.Contains(said, "Response verify OK") || strings.Contains(said, "WARNING") {
					t.Errorf("openssl ocsp: %v\n%s", err, said)
				}
				return said
			}
			for _, name := range []string{"auth.pem", "sign.pem"} {
				if said, err := verify(name); err != nil {
					t.Errorf("%s: %v\n%s", name, err, said)
				}
				if said := ask(name); !strings.Contains(said, name+": good") {
					t.Errorf("%s: %s", name, said)
				}
			}
			if err := s.Revoke(t.Context(), signatureapi.Revocation{PIN: ermek.PIN, Serial: Serial(auth.SerialNumber), Reason: signatureapi.KeyCompromise}); err != nil {
				t.Fatal(err)
			}
			lists()
			if said, err := verify("auth.pem"); err == nil || !strings.Contains(said, "certificate revoked") {
				t.Errorf("a revoked certificate: %v\n%s", err, said)
			}
			if said := ask("auth.pem"); !strings.Contains(said, "auth.pem: revoked") || !strings.Contains(said, "Reason: keyCompromise") {
				t.Errorf("a revoked certificate: %s", said)
			}
			if said, err := verify("sign.pem"); err != nil {
				t.Errorf("the other certificate: %v\n%s", err, said)
			}
			// An authority of the same name elsewhere: its serial numbers are not ours.
			other := service(t, dbtest.SQLite(t, "signature", migration.Sets...), clock.System{}, algorithm)
			foreign := card(t, other, ermek)
			save(t, dir, "foreign.pem", "CERTIFICATE", foreign.Auth)
			if said := ask("foreign.pem"); !strings.Contains(said, "foreign.pem: unknown") {
				t.Errorf("a foreign certificate: %s", said)
			}
			stampWithOpenSSL(t, s, dir)
		})
	}
}

func stampWithOpenSSL(t *testing.T, s *Service, dir string) {
	save(t, dir, "document", "", []byte("документ"))
	for _, hash := range []string{"-sha256", "-sha384", "-sha512"} {
		if said, err := openssl(t, dir, "ts", "-query", "-data", "document", hash, "-cert", "-out", "query"); err != nil {
			t.Fatal(said)
		}
		query, err := os.ReadFile(filepath.Join(dir, "query"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.Post(s.BaseURL+"/tsp", "application/timestamp-query", bytes.NewReader(query))
		if err != nil {
			t.Fatal(err)
		}
		var reply bytes.Buffer
		if _, err := reply.ReadFrom(r.Body); err != nil || r.Header.Get("Content-Type") != "application/timestamp-reply" {
			t.Fatal(err, r.Header)
		}
		save(t, dir, "reply", "", reply.Bytes())
		said, err := openssl(t, dir, "ts", "-verify", "-queryfile", "query", "-in", "reply", "-CAfile", "root.pem")
		if err != nil || !strings.Contains(said, "Verification: OK") {
			t.Errorf("%s: openssl ts -verify: %v\n%s", hash, err, said)
		}
		save(t, dir, "changed", "", []byte("документь"))
		if said, err := openssl(t, dir, "ts", "-verify", "-data", "changed", "-in", "reply", "-CAfile", "root.pem"); err == nil {
			t.Errorf("%s: a changed document passes: %s", hash, said)
		}
		said, _ = openssl(t, dir, "ts", "-reply", "-in", "reply", "-text")
		for _, want := range []string{"Status: Granted.", "Policy OID: 1.3.6.1.4.1.32473.1.2", "Accuracy: 0x01 seconds"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in\n%s", hash, want, said)
			}
		}
	}
	if said, err := openssl(t, dir, "ts", "-query", "-data", "document", "-sha1", "-out", "query"); err != nil {
		t.Fatal(said)
	}
	query, err := os.ReadFile(filepath.Join(dir, "query"))
	if err != nil {
		t.Fatal(err)
	}
	save(t, dir, "reply", "", s.reply(t.Context(), query))
	if said, _ := openssl(t, dir, "ts", "-reply", "-in", "reply", "-text"); !strings.Contains(said, "Status: Rejected") || !strings.Contains(said, "unrecognized or unsupported algorithm") {
		t.Errorf("SHA-1 is stamped: %s", said)
	}
}

// TestOCSP: what another implementation reads in the answers; GET as POST; the
// nonce comes back; what cannot be read is refused.
func TestOCSP(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		s := serve(t, d, clock.System{}, keystore.P256)
		out := card(t, s, ermek)
		auth, sign, issuer := read(t, out.Auth), read(t, out.Sign), read(t, out.Issuing)
		if err := s.Revoke(t.Context(), signatureapi.Revocation{PIN: ermek.PIN, Serial: Serial(sign.SerialNumber), Reason: signatureapi.Superseded}); err != nil {
			t.Fatal(err)
		}
		for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			for name, want := range map[string]int{"auth": xocsp.Good, "sign": xocsp.Revoked} {
				of := auth
				if name == "sign" {
					of = sign
				}
				request, err := xocsp.CreateRequest(of, issuer, &xocsp.RequestOptions{Hash: hash})
				if err != nil {
					t.Fatal(err)
				}
				text := base64.StdEncoding.EncodeToString(request)
				for way, address := range map[string]string{"raw": text, "escaped": url.PathEscape(text), "doubly": url.QueryEscape(text)} {
					answer, err := xocsp.ParseResponseForCert(fetch(t, s.BaseURL+"/ocsp/"+address), of, issuer)
					if err != nil {
						t.Fatalf("%v %s: %v", hash, way, err)
					}
					if answer.Status != want || answer.SerialNumber.Cmp(of.SerialNumber) != 0 {
						t.Errorf("%v %s: %d, %v", hash, name, answer.Status, answer.SerialNumber)
					}
					if want == xocsp.Revoked && answer.RevocationReason != xocsp.Superseded {
						t.Errorf("reason %d", answer.RevocationReason)
					}
				}
			}
		}
		request, err := xocsp.CreateRequest(auth, issuer, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, body := range map[string][]byte{
			"nothing": nil, "garbage": []byte("garbage"), "a tail": append(bytes.Clone(request), 0), "too long": bytes.Repeat([]byte{0x30}, maxQuestion+1),
			"cut": request[:len(request)-3],
		} {
			if _, err := xocsp.ParseResponse(s.answer(t.Context(), body), nil); err != (xocsp.ResponseError{Status: xocsp.Malformed}) { //nolint:errorlint // a value
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestRevocation: only the person's own certificate, once; the list grows in
// number, is signed again before it ends, and one revocation in eight at once
// loses none.
func TestRevocation(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(start)
		s := service(t, d, c, keystore.P256)
		by, err := newest(t.Context(), d.Read, issuing)
		if err != nil {
			t.Fatal(err)
		}
		first, err := s.revocations(t.Context(), by)
		if err != nil || first.number != 1 {
			t.Fatal(first.number, err)
		}
		if again, err := s.revocations(t.Context(), by); err != nil || !bytes.Equal(again.der, first.der) {
			t.Errorf("a fresh list is signed again: %v", err)
		}
		c.Advance(issuingListHolds/2 + time.Second)
		second, err := s.revocations(t.Context(), by)
		if err != nil || second.number != 2 || !second.next.After(c.Now().Add(issuingListHolds/2)) {
			t.Errorf("half of the list's life is over: number %d until %v, %v", second.number, second.next, err)
		}
		done := make(chan error)
		cards := make([]signatureapi.CardCertificates, 8)
		for i := range cards {
			cards[i] = card(t, s, ermek)
		}
		for _, one := range cards {
			go func() {
				err := s.Revoke(t.Context(), signatureapi.Revocation{PIN: ermek.PIN, Serial: Serial(read(t, one.Auth).SerialNumber), Reason: signatureapi.Ceased})
				if err == nil {
					_, err = s.revocations(t.Context(), by)
				}
				done <- err
			}()
		}
		for range cards {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		last, err := s.revocations(t.Context(), by)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := revoked(t.Context(), d.Read, by.id(), c.Now())
		if err != nil || len(rows) != 8 || last.number < 3 {
			t.Errorf("%d revoked, list %d, %v", len(rows), last.number, err)
		}
		serial := Serial(read(t, cards[0].Sign).SerialNumber)
		for _, r := range []signatureapi.Revocation{
			{PIN: "11503198500123", Serial: serial, Reason: signatureapi.Ceased},
			{PIN: "", Serial: serial, Reason: signatureapi.Ceased},
			{PIN: "", Serial: Serial(by.certificate.SerialNumber), Reason: signatureapi.Ceased},
			{PIN: ermek.PIN, Serial: strings.Repeat("f", 100), Reason: signatureapi.Ceased},
		} {
			if err := s.Revoke(t.Context(), r); !fail.Is(err, fail.NotFound) {
				t.Errorf("%+v: %v", r, err)
			}
		}
		if err := s.Revoke(t.Context(), signatureapi.Revocation{PIN: ermek.PIN, Serial: serial, Reason: "because"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("a reason that is none: %v", err)
		}
		mine, err := s.Certificates(t.Context(), signatureapi.Person{PIN: ermek.PIN})
		if err != nil || len(mine) != 16 {
			t.Errorf("%d certificates, %v", len(mine), err)
		}
	})
}

// TestKeysAreReplaced: over the years every key is replaced in its time, what
// the old ones certified still has its list and its answers, and no certificate
// outlives its issuer's.
func TestKeysAreReplaced(t *testing.T) {
	c := clock.NewManual(start)
	s := service(t, dbtest.SQLite(t, "signature", migration.Sets...), c, keystore.P256)
	old := card(t, s, ermek)
	for range 12 * 9 {
		c.Advance(30 * day)
		if err := s.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		out := card(t, s, ermek)
		leaf, between, top := read(t, out.Auth), read(t, out.Issuing), read(t, out.Root)
		if leaf.NotAfter.After(between.NotAfter) || between.NotAfter.After(top.NotAfter) {
			t.Fatalf("%v: %v, %v, %v", c.Now(), leaf.NotAfter, between.NotAfter, top.NotAfter)
		}
		for _, name := range []string{ocsp, tsa} {
			k, err := newest(t.Context(), s.DB.Read, name)
			if err != nil {
				t.Fatal(err)
			}
			by, err := ownByID(t.Context(), s.DB.Read, k.issuer)
			if err != nil || k.certificate.NotAfter.After(by.certificate.NotAfter) || !c.Now().Before(k.certificate.NotAfter) {
				t.Fatalf("%s until %v, %v", k.id(), k.certificate.NotAfter, err)
			}
		}
	}
	chain, err := s.Chain(t.Context())
	if err != nil || len(chain.Issuing) < 3 || len(chain.Lists) != len(chain.Issuing)+1 {
		t.Errorf("%d authorities, %d lists, %v", len(chain.Issuing), len(chain.Lists), err)
	}
	fresh := card(t, s, ermek)
	for _, one := range []signatureapi.CardCertificates{old, fresh} {
		leaf, by := read(t, one.Auth), read(t, one.Issuing)
		request, err := xocsp.CreateRequest(leaf, by, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := xocsp.ParseResponseForCert(s.answer(t.Context(), request), leaf, by); err != nil || answer.Status != xocsp.Good {
			t.Errorf("certificate of %s: %v", by.Subject, err)
		}
	}
}

func FuzzOCSP(f *testing.F) {
	s := service(f, dbtest.SQLite(f, "signature", migration.Sets...), clock.NewManual(start), keystore.P256)
	out := card(f, s, ermek)
	request, err := xocsp.CreateRequest(read(f, out.Auth), read(f, out.Issuing), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request)
	f.Add([]byte{0x30, 0x00})
	f.Fuzz(func(t *testing.T, in []byte) {
		answer := s.answer(t.Context(), in)
		if len(answer) == 0 || bytes.Equal(answer, refusal(ourFault)) {
			t.Errorf("%x is answered by %x", in, answer)
		}
	})
}

func FuzzTimeStamp(f *testing.F) {
	s := service(f, dbtest.SQLite(f, "signature", migration.Sets...), clock.NewManual(start), keystore.P256)
	query, err := timestamp.CreateRequest(strings.NewReader("x"), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(query)
	f.Fuzz(func(t *testing.T, in []byte) {
		_, refused, err := s.replyTo(t.Context(), in)
		if err != nil || refused == timestamp.SystemFailure {
			t.Errorf("%x: %v %v", in, refused, err)
		}
		if len(s.reply(t.Context(), in)) == 0 {
			t.Errorf("%x has no answer", in)
		}
	})
}

func FuzzCertificateRequest(f *testing.F) {
	f.Add(csr(f, p256(f)))
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := ReadRequest(in); err != nil && !fail.Is(err, fail.Invalid) {
			t.Error(err)
		}
	})
}
