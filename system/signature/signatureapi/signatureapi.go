// Package signatureapi is the contract of the signature service: seals of
// systems under what they issue, and their checking by anyone.
package signatureapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceSeals makes and checks seals.
const ServiceSeals = "seals"

// Request asks for a seal under a document.
type Request struct {
	SHA256   string `json:"sha256"`   // of the document's bytes, hex
	Document string `json:"document"` // its number
}

// Seal is the electronic seal of a system: an ECDSA P-256 signature (ASN.1,
// SHA-256) over Signed().
type Seal struct {
	KeyID       string    `json:"key_id"`
	Algorithm   string    `json:"algorithm"` // ES256
	Holder      string    `json:"holder"`    // X-Road subsystem that asked
	Document    string    `json:"document"`
	SHA256      string    `json:"sha256"`
	At          time.Time `json:"at"`
	Value       string    `json:"value"`       // base64
	Certificate string    `json:"certificate"` // PEM of the key's certificate
}

// Signed is the text over which the signature is made.
func (s Seal) Signed() []byte {
	return []byte("sanarip-seal-v1\n" + s.Algorithm + "\n" + s.KeyID + "\n" + s.Holder + "\n" + s.Document + "\n" + s.SHA256 + "\n" + s.At.UTC().Format(time.RFC3339Nano) + "\n")
}

// Verdict is the result of a check.
type Verdict struct {
	Valid  bool   `json:"valid"`
	Reason string `json:"reason,omitempty"` // code: "hash", "signature", "unknown-key"
}

// API is the service.
type API interface {
	// Seal signs in the name of the calling subsystem.
	Seal(ctx context.Context, r Request) (Seal, error)
	// Check says whether the seal is ours and fits.
	Check(ctx context.Context, s Seal) (Verdict, error)
}

// Client asks through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

var _ API = Client{}

// Seal implements API.
func (c Client) Seal(ctx context.Context, r Request) (Seal, error) {
	var s Seal
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Signature, Service: ServiceSeals, Path: "/make", Body: r, Issue: r.Document}, &s)
	return s, err
}

// Check implements API.
func (c Client) Check(ctx context.Context, s Seal) (Verdict, error) {
	var v Verdict
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Signature, Service: ServiceSeals, Path: "/check", Body: s}, &v)
	return v, err
}

// Serve registers the service.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceSeals, "/make", func(ctx context.Context, in Request) (Seal, error) { return api.Seal(ctx, in) })
	exchangeapi.Serve(p, ServiceSeals, "/check", func(ctx context.Context, in Seal) (Verdict, error) { return api.Check(ctx, in) })
}
