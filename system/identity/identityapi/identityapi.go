// Package identityapi is what ЕСИ offers to other systems beside OpenID Connect.
package identityapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceContacts tells how a person wants to be reached.
const ServiceContacts = "contacts"

// Contacts are a person's confirmed ways to be reached.
type Contacts struct {
	PIN      string    `json:"pin"`
	Email    string    `json:"email,omitempty"`
	Phone    string    `json:"phone,omitempty"` // +996…
	Telegram string    `json:"telegram,omitempty"`
	Lang     text.Lang `json:"lang"`
}

// API is the service.
type API interface {
	// Contacts of a person; fail.NotFound for one without an account.
	Contacts(ctx context.Context, pin string) (Contacts, error)
}

// Query asks by ПИН.
type Query struct {
	PIN string `json:"pin"`
}

// Client asks through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

var _ API = Client{}

// Contacts implements API.
func (c Client) Contacts(ctx context.Context, pin string) (Contacts, error) {
	var out Contacts
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Identity, Service: ServiceContacts, Path: "/find", Body: Query{pin}}, &out)
	return out, err
}

// Serve registers the service.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceContacts, "/find", func(ctx context.Context, in Query) (Contacts, error) { return api.Contacts(ctx, in.PIN) })
}
