package certificate_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/kit/cms"
)

// messageOf makes a message with an independent library.
func messageOf(t testing.TB, c *x509.Certificate, key crypto.Signer, content []byte, detach bool) []byte {
	t.Helper()
	data, err := pkcs7.NewSignedData(content)
	if err != nil {
		t.Fatal(err)
	}
	data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := data.AddSigner(c, key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	if detach {
		data.Detach()
	}
	der, err := data.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestASignatureIsOfItsContentAndKey(t *testing.T) {
	w := newWorld(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("the challenge")
	for name, key := range map[string]crypto.Signer{"ecdsa": newKey(t), "rsa": rsaKey} {
		c := w.person(key.Public(), nil)
		for _, detach := range []bool{true, false} {
			signed, err := certificate.ReadCMS(messageOf(t, c, key, content, detach))
			if err != nil {
				t.Fatal(name, err)
			}
			if !bytes.Equal(signed.Certificate.Raw, c.Raw) {
				t.Error("another certificate")
			}
			if err := signed.Verify(certificate.Standard{}, content); err != nil {
				t.Error(name, err)
			}
			if err := signed.Verify(certificate.Standard{}, []byte("another")); certificate.ReasonOf(err) != certificate.Forged {
				t.Errorf("%s: another content: %v", name, err)
			}
		}
		// Signed by a key that is not the certificate's.
		stranger := newKey(t)
		sum := sha256.Sum256(content)
		raw, _ := stranger.Sign(rand.Reader, sum[:], crypto.SHA256)
		if err := certificate.VerifyRaw(certificate.Standard{}, c, content, raw); certificate.ReasonOf(err) != certificate.Forged {
			t.Errorf("%s: a stranger's: %v", name, err)
		}
		raw, _ = key.Sign(rand.Reader, sum[:], crypto.SHA256)
		if err := certificate.VerifyRaw(certificate.Standard{}, c, content, raw); err != nil {
			t.Error(name, err)
		}
		sum1 := sha1.Sum(content)
		raw, _ = key.Sign(rand.Reader, sum1[:], crypto.SHA1)
		if err := certificate.VerifyRaw(certificate.Standard{}, c, content, raw); certificate.ReasonOf(err) != certificate.Forged {
			t.Errorf("%s: by SHA-1: %v", name, err)
		}
	}
}

func TestMessagesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	key := newKey(t)
	c := w.person(key.Public(), nil)
	content := []byte("the challenge")
	build := func(change func(*pkcs7.SignedData)) []byte {
		data, _ := pkcs7.NewSignedData(content)
		data.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
		change(data)
		der, err := data.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	add := func(d *pkcs7.SignedData) { _ = d.AddSigner(c, key, pkcs7.SignerInfoConfig{}) }
	good := build(add)
	for name, der := range map[string][]byte{
		"nothing":       nil,
		"no signer":     build(func(*pkcs7.SignedData) {}),
		"two signers":   build(func(d *pkcs7.SignedData) { add(d); add(d) }),
		"no attributes": build(func(d *pkcs7.SignedData) { _ = d.SignWithoutAttr(c, key, pkcs7.SignerInfoConfig{}) }),
		"tail":          append(bytes.Clone(good), 0),
		"huge":          append(bytes.Clone(good), make([]byte, cms.MaxSize)...),
	} {
		if _, err := certificate.ReadCMS(der); certificate.ReasonOf(err) != certificate.Malformed {
			t.Errorf("%s: %v", name, err)
		}
	}
	weak := build(func(d *pkcs7.SignedData) { d.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA1); add(d) })
	if signed, err := certificate.ReadCMS(weak); err == nil {
		if err := signed.Verify(certificate.Standard{}, content); certificate.ReasonOf(err) != certificate.Weak {
			t.Errorf("SHA-1: %v", err)
		}
	}
	// No bit of the message may change and the signature still hold for another content.
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 1
		signed, err := certificate.ReadCMS(changed)
		if err != nil {
			continue
		}
		if signed.Verify(certificate.Standard{}, []byte("the Challenge")) == nil {
			t.Fatalf("byte %d: another content holds", i)
		}
	}
}

// What OpenSSL makes is read, also with the attributes of CAdES.
func TestMessagesOfOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	w := newWorld(t)
	key := newKey(t)
	c := w.person(key.Public(), nil)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pemOf(kind, der), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
	in := filepath.Join(dir, "in")
	content := []byte("the challenge\n")
	if err := os.WriteFile(in, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"-cades"}, {"-nodetach"}, {"-keyid"}} {
		out := filepath.Join(dir, "out")
		args := append([]string{"cms", "-sign", "-binary", "-in", in, "-signer", write("c.pem", "CERTIFICATE", c.Raw), "-inkey", write("k.pem", "PRIVATE KEY", pkcs8), "-md", "sha256", "-outform", "DER", "-out", out}, more...)
		if said, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			if len(more) == 1 && more[0] == "-keyid" {
				continue // the certificate has no key identifier
			}
			t.Fatalf("%v: %s", err, said)
		}
		der, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := certificate.ReadCMS(der)
		if err != nil {
			t.Fatal(more, err)
		}
		if err := signed.Verify(certificate.Standard{}, content); err != nil {
			t.Error(more, err)
		}
	}
}

func FuzzReadCMS(f *testing.F) {
	key := newKey(f)
	template := &x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "fuzz"}, NotBefore: noon, NotAfter: noon.Add(time.Hour)}
	c := issue(f, template, template, key.Public(), key)
	content := []byte("the challenge")
	f.Add(messageOf(f, c, key, content, true))
	f.Add(messageOf(f, c, key, content, false))
	f.Add([]byte{0x30, 0x80, 0x30, 0x80})
	f.Fuzz(func(t *testing.T, der []byte) {
		signed, err := certificate.ReadCMS(der)
		if err != nil {
			if certificate.ReasonOf(err) != certificate.Malformed {
				t.Fatal(err)
			}
			return
		}
		if signed.Verify(certificate.Standard{}, []byte("never signed")) == nil {
			t.Fatal("a signature of what was never signed")
		}
	})
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
