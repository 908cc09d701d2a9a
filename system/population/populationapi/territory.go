package populationapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceTerritories lists the territories.
const ServiceTerritories = "territories"

// Territory is a row of СОАТЕ, the state list of territories.
type Territory struct {
	Code   string     `json:"code"`   // 14 digits
	Level  string     `json:"level"`  // oblast, rayon, city…
	Parent string     `json:"parent"` // code of what it lies in, "" for the country
	Name   text.Words `json:"name"`
}

// TerritoryAPI is what the register knows of territories.
type TerritoryAPI interface {
	// Territories are all of them by code, none before the list was imported.
	Territories(ctx context.Context) ([]Territory, error)
}

var _ TerritoryAPI = Client{}

// Territories implements TerritoryAPI.
func (c Client) Territories(ctx context.Context) ([]Territory, error) {
	var list []Territory
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Population, Service: ServiceTerritories, Path: "/list", Body: struct{}{}}, &list)
	return list, err
}

// ServeTerritories registers the service.
func ServeTerritories(p *exchangeapi.Provider, api TerritoryAPI) {
	exchangeapi.Serve(p, ServiceTerritories, "/list", func(ctx context.Context, _ struct{}) ([]Territory, error) {
		return api.Territories(ctx)
	})
}
