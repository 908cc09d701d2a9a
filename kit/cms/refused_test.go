package cms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"
)

// made signs a message after its parts were changed: each is signed as it says.
type made struct {
	kind         asn1.ObjectIdentifier
	content      []byte // nil: outside
	attributes   []attribute
	certificates [][]byte
	unsigned     []byte
	signer       []byte // nil: issuer and serial number
	outer        asn1.ObjectIdentifier
	inside       []byte // instead of the content
	tail, end    []byte // behind the signed attributes, and behind all
}

func (m made) der(t *testing.T, s Signer) []byte {
	t.Helper()
	members := make([][]byte, 0, len(m.attributes))
	for _, a := range m.attributes {
		members = append(members, must(asn1.Marshal(a)))
	}
	set := slices.Concat(slices.Concat(members...), m.tail)
	sum := sha256.Sum256(element(asn1.ClassUniversal, asn1.TagSet, set))
	info := must(s.info(m.kind, sum[:], start))
	info.Signed = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, set)}
	info.Signature = must(s.Key.Sign(rand.Reader, sum[:], crypto.SHA256))
	if m.unsigned != nil {
		info.Unsigned = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 1, m.unsigned)}
	}
	if m.signer != nil {
		info.Signer = asn1.RawValue{FullBytes: m.signer}
	}
	content := contentInfo{Type: m.kind}
	if m.content != nil {
		content.Content = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, must(asn1.Marshal(m.content)))}
	}
	if m.inside != nil {
		content.Content = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, m.inside)}
	}
	data := signedData{Version: 1, Content: content, Signers: []signerInfo{info}}
	data.Digests = append(data.Digests, sha256ID)
	data.Certificates = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, slices.Concat(m.certificates...))}
	inner := append(must(asn1.Marshal(data)), m.end...)
	return must(asn1.Marshal(contentInfo{m.outer, asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, inner)}}))
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func attributeOf(kind asn1.ObjectIdentifier, values ...any) attribute {
	var set []byte
	for _, v := range values {
		set = append(set, must(asn1.Marshal(v))...)
	}
	return attribute{kind, asn1.RawValue{FullBytes: element(asn1.ClassUniversal, asn1.TagSet, set)}}
}

// TestWhatSaysTwoThingsIsRefused: a message in which two readers may each see
// another document or signer.
func TestWhatSaysTwoThingsIsRefused(t *testing.T) {
	document, other := []byte("документ"), sha256.Sum256([]byte("другой"))
	hash := sha256.Sum256(document)
	key := keys(t)["ecdsa"]
	s := signer(t, key)
	namesake, stranger := signer(t, keys(t)["ecdsa"]).Certificate, essOf(signer(t, keys(t)["ecdsa"]).Certificate)
	kind, digest := attributeOf(oidContentType, oidData), attributeOf(oidDigest, hash[:])
	whole := func() made {
		return made{kind: oidData, outer: oidSignedData, attributes: []attribute{kind, digest}, certificates: [][]byte{s.Certificate.Raw}}
	}
	if _, err := Check(whole().der(t, s), hash[:]); err != nil {
		t.Fatal("what says one thing", err)
	}
	for name, change := range map[string]func(*made){
		"two hashes":             func(m *made) { m.attributes = append(m.attributes, attributeOf(oidDigest, other[:])) },
		"a hash of two values":   func(m *made) { m.attributes[1] = attributeOf(oidDigest, hash[:], other[:]) },
		"no hash":                func(m *made) { m.attributes = m.attributes[:1] },
		"an empty hash":          func(m *made) { m.attributes[1] = attributeOf(oidDigest, []byte{}) },
		"two kinds":              func(m *made) { m.attributes = append(m.attributes, kind) },
		"no kind":                func(m *made) { m.attributes = m.attributes[1:] },
		"another kind is signed": func(m *made) { m.attributes[0] = attributeOf(oidContentType, oidSignedData) },
		"values that are no set": func(m *made) {
			m.attributes[1].Values = asn1.RawValue{FullBytes: element(asn1.ClassUniversal, asn1.TagSequence, must(asn1.Marshal(hash[:])))}
		},
		"something behind them":    func(m *made) { m.tail = []byte{0x30, 0x01} },
		"something behind all":     func(m *made) { m.end = []byte{0x05, 0x00} },
		"not SignedData":           func(m *made) { m.outer = oidData },
		"inside is a number":       func(m *made) { m.inside = must(asn1.Marshal(7)) },
		"too long":                 func(m *made) { m.unsigned = must(asn1.Marshal(attributeOf(oidData, make([]byte, MaxSize)))) },
		"another key's identifier": func(m *made) { m.signer = identifier([]byte("another")) },
		"no key's identifier":      func(m *made) { m.signer = identifier(nil) },
		"another document inside":  func(m *made) { m.content = []byte("другой") },
		"an empty document inside": func(m *made) { m.content = []byte{} },
		"two of one name":          func(m *made) { m.certificates = append(m.certificates, namesake.Raw) },
		"two, the other first":     func(m *made) { m.certificates = append([][]byte{namesake.Raw}, m.certificates...) },
		"no certificate":           func(m *made) { m.certificates = nil },
		"nine certificates":        func(m *made) { m.certificates = slices.Repeat(m.certificates, 9) },
		"names another":            func(m *made) { m.attributes = append(m.attributes, attributeOf(oidCertificate2, stranger)) },
		"names nobody": func(m *made) {
			m.attributes = append(m.attributes, attributeOf(oidCertificate2, struct{ Certificates []asn1.RawValue }{}))
		},
		"two signing times": func(m *made) {
			m.attributes = append(m.attributes, attributeOf(oidSigningTime, start), attributeOf(oidSigningTime, start.AddDate(0, 0, 1)))
		},
		"two time-stamps": func(m *made) {
			stamp := must(asn1.Marshal(attributeOf(oidTimeStamp, "x")))
			m.unsigned = slices.Concat(stamp, stamp)
		},
		"rubbish that is not signed": func(m *made) { m.unsigned = []byte{0x30, 0x01} },
	} {
		m := whole()
		change(&m)
		if got, err := Check(m.der(t, s), hash[:]); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// The same certificate twice says nothing twice.
	twice := whole()
	twice.certificates = append(twice.certificates, s.Certificate.Raw)
	twice.content = document
	twice.attributes = append(twice.attributes, attributeOf(oidCertificate2, essOf(s.Certificate)))
	if got, err := Check(twice.der(t, s), hash[:]); err != nil || len(got.Certificates) != 2 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := Check(twice.der(t, s), bytes.Repeat([]byte{1}, 32)); !errors.Is(err, ErrDocument) {
		t.Error("another document", err)
	}
	byKey := whole()
	byKey.signer = identifier(s.Certificate.SubjectKeyId)
	if _, err := Check(byKey.der(t, s), hash[:]); err != nil {
		t.Error("by the key's identifier", err)
	}
	// A token is of its kind, with its content along.
	if _, _, err := CheckToken(whole().der(t, s), oidData); err == nil {
		t.Error("a token without content")
	}
	nothing, empty := whole(), sha256.Sum256(nil)
	nothing.attributes[1] = attributeOf(oidDigest, empty[:])
	if _, _, err := CheckToken(nothing.der(t, s), oidData); err == nil {
		t.Error("a token without content that signs nothing")
	}
	if _, _, err := CheckToken(twice.der(t, s), oidSignedData); err == nil {
		t.Error("a token of another kind")
	}
	if _, content, err := CheckToken(twice.der(t, s), oidData); err != nil || !bytes.Equal(content, document) {
		t.Errorf("%q %v", content, err)
	}
	// Signed by another key than the certificate's.
	forged := s
	forged.Key = keys(t)["ecdsa"]
	if _, err := Check(whole().der(t, forged), hash[:]); err == nil {
		t.Error("forged")
	}
}

// identifier is a signer named by the identifier of their key.
func identifier(key []byte) []byte {
	return must(asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: key}))
}

// essOf is the value of signing-certificate-v2 with the certificate.
func essOf(c *x509.Certificate) any {
	sum := sha256.Sum256(c.Raw)
	one := essCertificate{Hash: sum[:]}
	one.Issuer.Names = []asn1.RawValue{{FullBytes: element(asn1.ClassContextSpecific, 4, c.RawIssuer)}}
	one.Issuer.Serial = c.SerialNumber
	return struct{ Certificates []essCertificate }{[]essCertificate{one}}
}
