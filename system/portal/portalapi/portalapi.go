// Package portalapi is what the portal offers to other systems: checking the
// documents it has issued, and giving them to the person whose they are.
package portalapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceDocuments checks issued documents and gives them to their holder.
const ServiceDocuments = "documents"

// Query names a document: by its number and the check code on it (the QR code
// holds both), or by the SHA-256 of the file in hand.
type Query struct {
	Number string `json:"number,omitempty"`
	Code   string `json:"code,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// Verdict is what a stranger who holds the document may know.
type Verdict struct {
	Authentic bool       `json:"authentic"`
	Number    string     `json:"number,omitempty"`
	Title     text.Words `json:"title,omitzero"`
	IssuedBy  text.Words `json:"issued_by,omitzero"`
	IssuedAt  time.Time  `json:"issued_at,omitzero"`
	Holder    string     `json:"holder,omitempty"` // initials and masked ПИН, no more
}

// API is the service.
type API interface {
	Verify(ctx context.Context, q Query) (Verdict, error)
	// Documents lists the holder's documents that are ready, the newest first.
	Documents(ctx context.Context, h Holder) ([]Document, error)
	// Document opens one of them; fail.NotFound for any other.
	Document(ctx context.Context, h Holder) (Open, error)
}

// Client asks through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

// Verify asks whether a document was issued by the portal.
func (c Client) Verify(ctx context.Context, q Query) (Verdict, error) {
	var v Verdict
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Portal, Service: ServiceDocuments, Path: "/verify", Body: q}, &v)
	return v, err
}

// Serve registers the service.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceDocuments, "/verify", func(ctx context.Context, in Query) (Verdict, error) { return api.Verify(ctx, in) })
	exchangeapi.Serve(p, ServiceDocuments, "/of-holder", func(ctx context.Context, in Holder) ([]Document, error) { return api.Documents(ctx, in) })
	exchangeapi.Serve(p, ServiceDocuments, "/open", func(ctx context.Context, in Holder) (Open, error) { return api.Document(ctx, in) })
}
