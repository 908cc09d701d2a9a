// Package identityapi is what ЕСИ offers to other systems beside OpenID Connect.
package identityapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// The services: how a person wants to be reached, and who came to the Telegram
// bot.
const (
	ServiceContacts = "contacts"
	ServiceTelegram = "telegram"
)

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
	// BindTelegram says that a chat came to the bot with the token of a link
	// (ID-6). true: a one-time code is on its way to the chat, to be typed on
	// ЕСИ's page. false: nobody waits for the token, or no more.
	BindTelegram(ctx context.Context, token, chat string) (bool, error)
}

// Query asks by ПИН.
type Query struct {
	PIN string `json:"pin"`
}

// Visit is a chat that came to the bot.
type Visit struct {
	Token string `json:"token"`
	Chat  string `json:"chat"`
}

// Expected answers a Visit.
type Expected struct {
	Expected bool `json:"expected"`
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

// BindTelegram implements API.
func (c Client) BindTelegram(ctx context.Context, token, chat string) (bool, error) {
	var out Expected
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Identity, Service: ServiceTelegram, Path: "/bind", Body: Visit{token, chat}}, &out)
	return out.Expected, err
}

// Serve registers the services.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceContacts, "/find", func(ctx context.Context, in Query) (Contacts, error) { return api.Contacts(ctx, in.PIN) })
	exchangeapi.Serve(p, ServiceTelegram, "/bind", func(ctx context.Context, in Visit) (Expected, error) {
		expected, err := api.BindTelegram(ctx, in.Token, in.Chat)
		return Expected{expected}, err
	})
}
