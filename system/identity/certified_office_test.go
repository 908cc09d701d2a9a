package identity_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
	"golang.org/x/crypto/ocsp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// office is the certification authority, the cloud signature and the population
// register of these tests.
type office struct {
	t         *testing.T
	h         *house
	mu        sync.Mutex
	root, by  *x509.Certificate
	rootKey   *ecdsa.PrivateKey
	byKey     *ecdsa.PrivateKey
	listed    []*big.Int // revoked in the list
	answered  []*big.Int // revoked by OCSP
	silent    bool       // the authority does not answer
	register  map[string]populationapi.Person
	away      bool // the register
	cloud     map[string]*cloudKey
	signAs    func(*cloudKey) *cloudKey // with whose key the cloud signs
	signOther bool                      // the cloud signs something else
	meanwhile func()                    // once, while somebody waits for an answer of any of the three
	mailed    []string
	enrolled  []signatureapi.Enrolment
	tokens    map[string]string
	issued    map[string][]signatureapi.Certificate // by ПИН
}

type cloudKey struct {
	person      demo.Person
	certificate *x509.Certificate
	key         crypto.Signer
	pin         string
}

func certify(t *testing.T, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func p256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newOffice is one that nobody knows yet.
func newOffice(t *testing.T, h *house) *office {
	o := &office{t: t, h: h, register: map[string]populationapi.Person{}, cloud: map[string]*cloudKey{}, tokens: map[string]string{}, issued: map[string][]signatureapi.Certificate{}}
	o.rootKey, o.byKey = p256(t), p256(t)
	now := h.clock.Now()
	authority := func(name string, number int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(5, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	o.root = certify(t, authority("root", 1), authority("root", 1), o.rootKey.Public(), o.rootKey)
	o.by = certify(t, authority("issuing", 2), o.root, o.byKey.Public(), o.rootKey)
	for _, p := range demo.People() {
		birth, _ := clock.ParseDate("1990-01-01")
		o.register[p.PIN] = populationapi.Person{PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, BirthDate: birth, Citizenship: "KGZ"}
	}
	return o
}

// opened is an office that the exchange leads to.
func opened(t *testing.T, h *house) *office {
	o := newOffice(t, h)
	h.serve(exchangeapi.Signature, func(p *exchangeapi.Provider) {
		signatureapi.ServeAuthority(p, o)
		signatureapi.ServeCloud(p, cloudService{o})
	})
	h.serve(exchangeapi.Population, func(p *exchangeapi.Provider) { populationapi.Serve(p, o) })
	return o
}

func (o *office) lock() func() { o.mu.Lock(); return o.mu.Unlock }

// wait does what happens while somebody waits.
func (o *office) wait() {
	o.mu.Lock()
	do := o.meanwhile
	o.meanwhile = nil
	o.mu.Unlock()
	if do != nil {
		do()
	}
}

func (o *office) Chain(context.Context) (signatureapi.Chain, error) {
	defer o.lock()()
	if o.silent {
		return signatureapi.Chain{}, fail.New(fail.Unavailable, "kit.unavailable")
	}
	now := o.h.clock.Now()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)}
	for _, n := range o.listed {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: now})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, o.by, o.byKey)
	return signatureapi.Chain{Root: o.root.Raw, Issuing: [][]byte{o.by.Raw}, Lists: [][]byte{der}}, err
}

func (o *office) OCSP(_ context.Context, in signatureapi.OCSP) (signatureapi.OCSP, error) {
	o.wait()
	defer o.lock()()
	if o.silent {
		return signatureapi.OCSP{}, fail.New(fail.Unavailable, "kit.unavailable")
	}
	request, err := ocsp.ParseRequest(in.DER)
	if err != nil {
		return signatureapi.OCSP{}, err
	}
	now := o.h.clock.Now()
	template := ocsp.Response{Status: ocsp.Good, SerialNumber: request.SerialNumber, ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
	if slices.ContainsFunc(o.answered, func(n *big.Int) bool { return n.Cmp(request.SerialNumber) == 0 }) {
		template.Status, template.RevokedAt = ocsp.Revoked, now
	}
	der, err := ocsp.CreateResponse(o.by, o.by, template, o.byKey)
	return signatureapi.OCSP{DER: der}, err
}

func (o *office) Certificates(_ context.Context, of signatureapi.Person) ([]signatureapi.Certificate, error) {
	defer o.lock()()
	if o.silent {
		return nil, fail.New(fail.Unavailable, "kit.unavailable")
	}
	return slices.Clone(o.issued[of.PIN]), nil
}

func (o *office) Revoke(_ context.Context, r signatureapi.Revocation) error {
	defer o.lock()()
	for i, c := range o.issued[r.PIN] {
		if c.Serial == r.Serial {
			o.issued[r.PIN][i].RevokedAt, o.issued[r.PIN][i].Reason = o.h.clock.Now(), r.Reason
			number, _ := new(big.Int).SetString(r.Serial, 16)
			o.listed, o.answered = append(o.listed, number), append(o.answered, number)
			return nil
		}
	}
	return fail.New(fail.NotFound, "kit.not_found")
}

func (o *office) Check(context.Context, signatureapi.Signed) (signatureapi.SignedVerdict, error) {
	return signatureapi.SignedVerdict{}, nil
}

func (o *office) Person(_ context.Context, pin string) (populationapi.Person, error) {
	o.wait()
	defer o.lock()()
	if o.away {
		return populationapi.Person{}, fail.New(fail.Unavailable, "kit.unavailable")
	}
	p, ok := o.register[pin]
	if !ok {
		return p, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, nil
}

// cloudService is the cloud signature.
type cloudService struct{ o *office }

func (c cloudService) Begin(_ context.Context, r signatureapi.PINRequest) error {
	defer c.o.lock()()
	c.o.mailed = append(c.o.mailed, r.PIN)
	return nil
}

func (c cloudService) Auth(_ context.Context, a signatureapi.CloudAuth) (signatureapi.CloudToken, error) {
	defer c.o.lock()()
	k := c.o.cloud[a.PIN]
	if k == nil || k.pin == "" || k.pin != a.OneTime {
		return signatureapi.CloudToken{}, fail.New(fail.Invalid, "signature.cloud.wrong_pin")
	}
	k.pin = ""
	token := "token-of-" + a.PIN
	c.o.tokens[token] = a.PIN
	return signatureapi.CloudToken{Token: token, PIN: a.PIN}, nil
}

func (c cloudService) CertInfo(context.Context, signatureapi.CloudQuery) (signatureapi.CertInfo, error) {
	return signatureapi.CertInfo{}, nil
}

func (c cloudService) SignHash(_ context.Context, r signatureapi.SignRequest) (signatureapi.CloudSignature, error) {
	c.o.wait()
	defer c.o.lock()()
	k := c.o.cloud[c.o.tokens[r.Token]]
	if k == nil {
		return signatureapi.CloudSignature{}, fail.New(fail.SignedOut, "signature.cloud.no_token")
	}
	if c.o.signAs != nil {
		k = c.o.signAs(k)
	}
	digest := r.SHA256
	if c.o.signOther {
		sum := sha256.Sum256([]byte("another document"))
		digest = sum[:]
	}
	der, err := cmsOfHash(k.certificate, k.key, digest)
	return signatureapi.CloudSignature{CMS: der}, err
}

func (c cloudService) Enrol(_ context.Context, e signatureapi.Enrolment) (signatureapi.CloudState, error) {
	defer c.o.lock()()
	c.o.enrolled = append(c.o.enrolled, e)
	return signatureapi.CloudState{Enrolled: true}, nil
}

func (c cloudService) State(context.Context, signatureapi.Person) (signatureapi.CloudState, error) {
	defer c.o.lock()()
	return signatureapi.CloudState{Enrolled: len(c.o.enrolled) > 0}, nil
}

// cmsOfHash makes a detached CMS message over a digest alone, as the cloud does.
func cmsOfHash(c *x509.Certificate, key crypto.Signer, digest []byte) ([]byte, error) {
	type algorithm struct{ Algorithm asn1.ObjectIdentifier }
	type attribute struct {
		Type   asn1.ObjectIdentifier
		Values []any `asn1:"set"`
	}
	sha := algorithm{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	data := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	attributes, err := asn1.MarshalWithParams([]attribute{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []any{data}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, []any{digest}},
	}, "set")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(attributes)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	type signer struct {
		Version    int
		ID         struct{ Issuer, Serial asn1.RawValue }
		Digest     algorithm
		Attributes asn1.RawValue
		Algorithm  algorithm
		Signature  []byte
	}
	one := signer{Version: 1, Digest: sha, Algorithm: algorithm{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}, Signature: signature}
	one.ID.Issuer.FullBytes = c.RawIssuer
	if one.ID.Serial.FullBytes, err = asn1.Marshal(c.SerialNumber); err != nil {
		return nil, err
	}
	one.Attributes.FullBytes = append([]byte{0xa0}, attributes[1:]...)
	inner, err := asn1.Marshal(struct {
		Version      int
		Digests      []algorithm `asn1:"set"`
		Content      algorithm
		Certificates asn1.RawValue
		Signers      []signer `asn1:"set"`
	}{1, []algorithm{sha}, algorithm{data}, asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: c.Raw}, []signer{one}})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: inner}})
}

// card is an ID card: its authentication key.
type card struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// card has the office issue one; change makes it another than it should be.
func (o *office) card(p demo.Person, change func(*x509.Certificate)) card {
	o.t.Helper()
	return o.cardOf(p, p256(o.t), change)
}

func (o *office) cardOf(p demo.Person, key crypto.Signer, change func(*x509.Certificate)) card {
	o.t.Helper()
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	now := o.h.clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		Subject: pkix.Name{SerialNumber: "PNOKG-" + p.PIN, ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: p.FamilyName}, {Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: strings.TrimSpace(p.GivenName + " " + p.Patronymic)},
		}},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if change != nil {
		change(template)
	}
	return card{certify(o.t, template, o.by, key.Public(), o.byKey), key}
}

// sign makes the answer as the agent does.
func (c card) sign(t *testing.T, content []byte) string {
	t.Helper()
	message, err := pkcs7.NewSignedData(content)
	if err != nil {
		t.Fatal(err)
	}
	message.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := message.AddSigner(c.certificate, c.key, pkcs7.SignerInfoConfig{}); err != nil {
		t.Fatal(err)
	}
	message.Detach()
	der, err := message.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}
