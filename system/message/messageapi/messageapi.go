// Package messageapi is the contract of the state message system (ГСЭС).
package messageapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceMessages takes messages for delivery.
const ServiceMessages = "messages"

// Channel is a way to a person.
type Channel string

// The channels. Mailbox is the person's own state mailbox.
const (
	Mailbox  Channel = "mailbox"
	Email    Channel = "email"
	SMS      Channel = "sms"
	Telegram Channel = "telegram"
)

// Message is one message to one person.
type Message struct {
	// ID makes sending idempotent: the same ID is delivered once.
	ID  string `json:"id"`
	PIN string `json:"pin,omitempty"` // whose mailbox; "" with an Address only
	// Address is given when the sender knows it (a one-time code); else the
	// person's confirmed contacts are asked from ЕСИ.
	Address  string     `json:"address,omitempty"`
	Channels []Channel  `json:"channels"`
	Subject  text.Words `json:"subject"`
	Body     text.Words `json:"body"`
	Lang     text.Lang  `json:"lang,omitempty"` // "": the person's own
	// Secret messages (one-time codes) are delivered and forgotten: never kept
	// in a mailbox, their text erased after delivery.
	Secret bool   `json:"secret,omitempty"`
	Link   string `json:"link,omitempty"` // where the button of the message leads
}

// Receipt says that the message was taken.
type Receipt struct {
	ID string `json:"id"`
}

// API is the service.
type API interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// Client sends through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

var _ API = Client{}

// Send implements API.
func (c Client) Send(ctx context.Context, m Message) (Receipt, error) {
	var r Receipt
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Message, Service: ServiceMessages, Path: "/send", Body: m, ID: m.ID, Issue: "message"}, &r)
	return r, err
}

// Serve registers the service.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceMessages, "/send", func(ctx context.Context, in Message) (Receipt, error) { return api.Send(ctx, in) })
}
