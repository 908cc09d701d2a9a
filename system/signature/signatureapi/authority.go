package signatureapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceAuthority is the certification authority.
const ServiceAuthority = "authority"

// DemoCards is the path at the signature service's own address where a card of
// the demo is issued: POST of a CardRequest as JSON, answered by
// CardCertificates. It is there in the demo only.
const DemoCards = "/demo/cards"

// Usage says what a certificate is for.
type Usage string

// The usages of people's certificates. TumarCSP calls them 32 and 64.
const (
	Authentication Usage = "authentication" // keyUsage digitalSignature, extended key usage clientAuth
	Signature      Usage = "signature"      // keyUsage nonRepudiation (contentCommitment)
)

// TumarCSP is the number by which the signing agent calls the usage; 0 for none.
func (u Usage) TumarCSP() int {
	switch u {
	case Authentication:
		return 32
	case Signature:
		return 64
	}
	return 0
}

// SubjectPrefix stands before the ПИН in the subject's serialNumber attribute
// (2.5.4.5): the semantics of ETSI EN 319 412-1, 5.1.3, national personal
// number of Kyrgyzstan. PNOKG-21209196000217 is the person with ПИН 21209196000217.
const SubjectPrefix = "PNOKG-"

// CardRequest asks for the two certificates of a person's card.
type CardRequest struct {
	PIN     string `json:"pin"`
	AuthCSR []byte `json:"auth_csr"` // PKCS #10, DER: the authentication key
	SignCSR []byte `json:"sign_csr"` // PKCS #10, DER: the signature key, another one
}

// CardCertificates are the certificates, all in DER.
type CardCertificates struct {
	Auth    []byte `json:"auth"`
	Sign    []byte `json:"sign"`
	Issuing []byte `json:"issuing"`
	Root    []byte `json:"root"`
}

// Chain is what trust in a person's certificate rests on.
type Chain struct {
	Root    []byte   `json:"root"`    // DER
	Issuing [][]byte `json:"issuing"` // DER; the first issues now, the others did
	Lists   [][]byte `json:"lists"`   // certificate revocation lists, DER, of the root and of each issuing authority
}

// OCSP is a request or an answer of RFC 6960, DER.
type OCSP struct {
	DER []byte `json:"der"`
}

// Person names whose certificates are meant.
type Person struct {
	PIN string `json:"pin"`
}

// Certificate is one certificate of a person.
type Certificate struct {
	Serial    string    `json:"serial"` // hex
	Usage     Usage     `json:"usage"`
	Medium    string    `json:"medium"` // card, cloud
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
	Reason    Reason    `json:"reason,omitempty"`
	DER       []byte    `json:"der"`
}

// Reason is why a certificate was revoked (RFC 5280, 5.3.1).
type Reason string

// The reasons that may be given.
const (
	Unspecified   Reason = "unspecified"
	KeyCompromise Reason = "key-compromise" // lost, stolen, somebody else has it
	Changed       Reason = "affiliation-changed"
	Superseded    Reason = "superseded"
	Ceased        Reason = "cessation" // the person wants it no longer
)

// Revocation asks to revoke a person's certificate for ever.
type Revocation struct {
	PIN    string `json:"pin"`
	Serial string `json:"serial"`
	Reason Reason `json:"reason"`
}

// Signed is a person's signature under a document: detached CMS, from a card or
// from the cloud.
type Signed struct {
	CMS    []byte `json:"cms"`    // DER
	SHA256 []byte `json:"sha256"` // of the document, 32 bytes
}

// SignedVerdict is what a signature is worth.
type SignedVerdict struct {
	Valid   bool      `json:"valid"`
	Reason  string    `json:"reason,omitempty"` // code: "shape", "document", "foreign", "usage", "time", "revoked", "stamp"
	PIN     string    `json:"pin,omitempty"`
	Name    string    `json:"name,omitempty"`
	Serial  string    `json:"serial,omitempty"` // hex, of the certificate
	Medium  string    `json:"medium,omitempty"` // card, cloud
	At      time.Time `json:"at,omitzero"`      // of the time-stamp, or else of the check
	Stamped bool      `json:"stamped"`
}

// Authority is the certification authority as other systems see it.
type Authority interface {
	// Chain gives the certificates and the fresh lists.
	Chain(ctx context.Context) (Chain, error)
	// OCSP answers a request of RFC 6960.
	OCSP(ctx context.Context, request OCSP) (OCSP, error)
	// Certificates are the person's, the newest first.
	Certificates(ctx context.Context, of Person) ([]Certificate, error)
	// Revoke revokes; again it changes nothing. A certificate that is not the
	// person's is fail.NotFound.
	Revoke(ctx context.Context, r Revocation) error
	// Check says whether a person's signature holds: with a time-stamp as of its
	// time, without one as of now.
	Check(ctx context.Context, in Signed) (SignedVerdict, error)
}

// AuthorityClient asks through the exchange.
type AuthorityClient struct{ Exchange *exchangeapi.Client }

var _ Authority = AuthorityClient{}

func (c AuthorityClient) call(path, issue string, in any) exchangeapi.Call {
	return exchangeapi.Call{Provider: exchangeapi.Signature, Service: ServiceAuthority, Path: path, Body: in, Issue: issue}
}

// Chain implements Authority.
func (c AuthorityClient) Chain(ctx context.Context) (Chain, error) {
	var out Chain
	err := c.Exchange.Do(ctx, c.call("/chain", "certificates", struct{}{}), &out)
	return out, err
}

// OCSP implements Authority.
func (c AuthorityClient) OCSP(ctx context.Context, request OCSP) (OCSP, error) {
	var out OCSP
	err := c.Exchange.Do(ctx, c.call("/ocsp", "certificates", request), &out)
	return out, err
}

// Certificates implements Authority.
func (c AuthorityClient) Certificates(ctx context.Context, of Person) ([]Certificate, error) {
	var out []Certificate
	call := c.call("/of-person", "own-certificates", of)
	call.User = of.PIN
	err := c.Exchange.Do(ctx, call, &out)
	return out, err
}

// Revoke implements Authority.
func (c AuthorityClient) Revoke(ctx context.Context, r Revocation) error {
	call := c.call("/revoke", "own-certificates", r)
	call.User = r.PIN
	return c.Exchange.Do(ctx, call, nil)
}

// Check implements Authority.
func (c AuthorityClient) Check(ctx context.Context, in Signed) (SignedVerdict, error) {
	var out SignedVerdict
	err := c.Exchange.Do(ctx, c.call("/check", "signature", in), &out)
	return out, err
}

// ServeAuthority registers the service.
func ServeAuthority(p *exchangeapi.Provider, api Authority) {
	exchangeapi.Serve(p, ServiceAuthority, "/chain", func(ctx context.Context, _ struct{}) (Chain, error) { return api.Chain(ctx) })
	exchangeapi.Serve(p, ServiceAuthority, "/ocsp", func(ctx context.Context, in OCSP) (OCSP, error) { return api.OCSP(ctx, in) })
	exchangeapi.Serve(p, ServiceAuthority, "/of-person", func(ctx context.Context, in Person) ([]Certificate, error) { return api.Certificates(ctx, in) })
	exchangeapi.Serve(p, ServiceAuthority, "/revoke", func(ctx context.Context, in Revocation) (struct{}, error) { return struct{}{}, api.Revoke(ctx, in) })
	exchangeapi.Serve(p, ServiceAuthority, "/check", func(ctx context.Context, in Signed) (SignedVerdict, error) { return api.Check(ctx, in) })
}
