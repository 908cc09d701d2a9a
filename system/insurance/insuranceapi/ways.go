package insuranceapi

import (
	"context"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceWays tells how cases reached the fund: counts alone, for whoever
// follows the roll-out of the card.
const ServiceWays = "ways"

// Ways is how the cases of an organisation reached the fund in a month.
type Ways struct {
	Organisation string `json:"organisation"`
	Exchange     int    `json:"exchange"` // from the card
	Hand         int    `json:"hand"`     // entered directly (MC-6)
}

// WaysMonth asks for a month of discharge, 2026-11.
type WaysMonth struct {
	Month string `json:"month"`
}

// WaysAPI tells it.
type WaysAPI interface {
	// Ways are the organisations with cases in the month. A case that came both
	// ways is counted once, the way that is paid. fail.Invalid for no month.
	Ways(ctx context.Context, month string) ([]Ways, error)
}

var _ WaysAPI = Client{}

// Ways implements WaysAPI.
func (c Client) Ways(ctx context.Context, month string) ([]Ways, error) {
	var ways []Ways
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Insurance, Service: ServiceWays, Path: "/of-month", Body: WaysMonth{month}, Issue: "rollout"}, &ways)
	return ways, err
}

// ServeWays registers the service.
func ServeWays(p *exchangeapi.Provider, api WaysAPI) {
	exchangeapi.Serve(p, ServiceWays, "/of-month", func(ctx context.Context, in WaysMonth) ([]Ways, error) { return api.Ways(ctx, in.Month) })
}
