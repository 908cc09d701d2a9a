// Package paymentapi is the contract of the state e-payment system (ГСЭП).
package paymentapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceCharges makes and tells charges.
const ServiceCharges = "charges"

// Request asks for a charge. The same Reference of the same subsystem gives the
// charge there is.
type Request struct {
	Reference string     `json:"reference"`
	Payer     string     `json:"payer"`  // ПИН
	Amount    int64      `json:"amount"` // tyiyn, more than 0
	Purpose   text.Words `json:"purpose"`
}

// Charge is what is to be paid. ID is the unique id of the charge
// (идентификатор начисления) that goes on the payment document.
type Charge struct {
	ID        string     `json:"id"`
	Reference string     `json:"reference"`
	Payer     string     `json:"payer"`
	Amount    int64      `json:"amount"`
	Purpose   text.Words `json:"purpose"`
	State     string     `json:"state"` // due, paid
	CreatedAt time.Time  `json:"created_at"`
	PaidAt    time.Time  `json:"paid_at,omitzero"`
}

// API is the service.
type API interface {
	Charge(ctx context.Context, r Request) (Charge, error)
	Find(ctx context.Context, chargeID string) (Charge, error)
}

// Ref names a charge.
type Ref struct {
	ID string `json:"id"`
}

// Client asks through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

var _ API = Client{}

// Charge implements API.
func (c Client) Charge(ctx context.Context, r Request) (Charge, error) {
	var out Charge
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Payment, Service: ServiceCharges, Path: "/make", Body: r, User: r.Payer}, &out)
	return out, err
}

// Find implements API.
func (c Client) Find(ctx context.Context, chargeID string) (Charge, error) {
	var out Charge
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Payment, Service: ServiceCharges, Path: "/find", Body: Ref{chargeID}}, &out)
	return out, err
}

// Serve registers the service.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServiceCharges, "/make", func(ctx context.Context, in Request) (Charge, error) { return api.Charge(ctx, in) })
	exchangeapi.Serve(p, ServiceCharges, "/find", func(ctx context.Context, in Ref) (Charge, error) { return api.Find(ctx, in.ID) })
}
