package identityapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// ServiceSignatures has people sign documents with the simple electronic
// signature: an authenticated act in ЕСИ (S4, 14 and 28; SG-1).
const ServiceSignatures = "signatures"

// SigningRequest asks a person to sign a document.
type SigningRequest struct {
	Reference string     `json:"reference"` // the caller's own number of the request: the same asks once
	PIN       string     `json:"pin"`       // who is to sign
	Title     text.Words `json:"title"`     // of the document, for the person
	SHA256    string     `json:"sha256"`    // of the document's bytes, hex
	Document  string     `json:"document"`  // address at the caller's site where the person reads it
	ReturnTo  string     `json:"return_to"` // address at the caller's site where the person goes on
}

// Signing is a request and what became of it.
type Signing struct {
	ID        string           `json:"id"`
	Address   string           `json:"address"` // at ЕСИ, where the person is led to sign
	State     string           `json:"state"`   // asked, signed, refused, expired
	Signature *SimpleSignature `json:"signature,omitempty"`
}

// SimpleSignature is the proof that a person signed: who, what, how surely they
// were known and when, sealed by the signature service. Keep it beside the
// document; it is checked without ЕСИ's own tables.
type SimpleSignature struct {
	ID      string            `json:"id"`
	PIN     string            `json:"pin"`
	Name    string            `json:"name"` // as it was then
	Title   text.Words        `json:"title"`
	SHA256  string            `json:"sha256"`
	Client  string            `json:"client"`  // subsystem that asked
	Session string            `json:"session"` // SHA-256 of the session's sid: leads to the sign-in in ЕСИ's records
	Method  string            `json:"method"`  // of the sign-in
	AMR     []string          `json:"amr"`     // RFC 8176
	ACR     string            `json:"acr"`     // level of the sign-in
	AuthAt  time.Time         `json:"auth_at"` // when the person last proved who they are
	At      time.Time         `json:"at"`      // when they signed
	Seal    signatureapi.Seal `json:"seal"`
}

// Statement is the text over which the seal is made: each value on a line of its
// own, none of which may hold a line break.
func (s SimpleSignature) Statement() []byte {
	lines := []string{
		"sanarip-simple-signature-v1", s.ID, s.PIN, s.Name, s.Title.KY, s.Title.RU, s.Title.EN, s.SHA256, s.Client, s.Session, s.Method,
		strings.Join(s.AMR, " "), s.ACR, s.AuthAt.UTC().Format(time.RFC3339Nano), s.At.UTC().Format(time.RFC3339Nano),
	}
	for i, line := range lines {
		lines[i] = fmt.Sprintf("%d %s", len(line), line)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// SignatureVerdict is the result of a check.
type SignatureVerdict struct {
	Valid  bool   `json:"valid"`
	Reason string `json:"reason,omitempty"` // code: "document", "hash", "signature", "unknown-key", "holder"
}

// SignatureCheck asks whether the signature is genuine and under the document.
type SignatureCheck struct {
	Signature SimpleSignature `json:"signature"`
	SHA256    string          `json:"sha256"` // of the document in hand
}

// SigningQuery asks what became of a request.
type SigningQuery struct {
	ID string `json:"id"`
}

// SigningAPI is the service.
type SigningAPI interface {
	// Ask makes the request. The same reference gives the request there is;
	// fail.Conflict when it was for another document.
	Ask(ctx context.Context, r SigningRequest) (Signing, error)
	// Signing is a request of the caller's; fail.NotFound for any other.
	Signing(ctx context.Context, id string) (Signing, error)
	// Check says whether a signature holds.
	Check(ctx context.Context, c SignatureCheck) (SignatureVerdict, error)
}

// SigningClient asks through the exchange.
type SigningClient struct{ Exchange *exchangeapi.Client }

var _ SigningAPI = SigningClient{}

// Ask implements SigningAPI.
func (c SigningClient) Ask(ctx context.Context, r SigningRequest) (Signing, error) {
	var out Signing
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Identity, Service: ServiceSignatures, Path: "/ask", Body: r, Issue: r.Reference}, &out)
	return out, err
}

// Signing implements SigningAPI.
func (c SigningClient) Signing(ctx context.Context, id string) (Signing, error) {
	var out Signing
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Identity, Service: ServiceSignatures, Path: "/find", Body: SigningQuery{id}}, &out)
	return out, err
}

// Check implements SigningAPI.
func (c SigningClient) Check(ctx context.Context, check SignatureCheck) (SignatureVerdict, error) {
	var out SignatureVerdict
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Identity, Service: ServiceSignatures, Path: "/check", Body: check}, &out)
	return out, err
}

// ServeSigning registers the service.
func ServeSigning(p *exchangeapi.Provider, api SigningAPI) {
	exchangeapi.Serve(p, ServiceSignatures, "/ask", func(ctx context.Context, in SigningRequest) (Signing, error) { return api.Ask(ctx, in) })
	exchangeapi.Serve(p, ServiceSignatures, "/find", func(ctx context.Context, in SigningQuery) (Signing, error) { return api.Signing(ctx, in.ID) })
	exchangeapi.Serve(p, ServiceSignatures, "/check", func(ctx context.Context, in SignatureCheck) (SignatureVerdict, error) { return api.Check(ctx, in) })
}
