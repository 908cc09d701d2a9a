package cardapi

import (
	"context"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceRecords tells ЕСИ, for SMART apps, where a person's record is.
const ServiceRecords = "fhir-records"

// FHIRPath is where the card's FHIR API is below its address.
const FHIRPath = "/fhir/R4"

// Record is where a person is found in the FHIR API. It says nothing of what is
// there.
type Record struct {
	Patient string `json:"patient,omitempty"` // id of their own Patient; none: the card does not know them
	User    string `json:"user,omitempty"`    // "Practitioner/…" for staff of a hospital, else "Patient/…"
}

// RecordAPI is the service for ЕСИ.
type RecordAPI interface {
	// Record is where the person is; empty if nowhere.
	Record(ctx context.Context, pin string) (Record, error)
}

var _ RecordAPI = Client{}

// Record implements RecordAPI. The person signs in to an app of theirs.
func (c Client) Record(ctx context.Context, pin string) (Record, error) {
	var r Record
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceRecords, Path: "/find", Body: Query{PIN: pin}, User: pin, Issue: "own-request"}, &r)
	return r, err
}

// ServeRecords registers the service.
func ServeRecords(p *exchangeapi.Provider, api RecordAPI) {
	exchangeapi.Serve(p, ServiceRecords, "/find", func(ctx context.Context, in Query) (Record, error) { return api.Record(ctx, in.PIN) })
}
