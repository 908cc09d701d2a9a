package identity

import (
	"context"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// fhirServers are the addresses that a SMART app may mean: that of the card's API.
func fhirServers(env host.Env) []string {
	if env.Sites["card"] == "" {
		return nil
	}
	return []string{env.Sites["card"] + cardapi.FHIRPath}
}

// medicalRecord asks the card where the person's record is, when an app is
// allowed to be told.
func (s *System) medicalRecord(card cardapi.RecordAPI) func(context.Context, string) (openid.Record, error) {
	return func(ctx context.Context, accountID string) (openid.Record, error) {
		a, found, err := s.accounts.ByID(ctx, accountID)
		if err != nil || !found {
			return openid.Record{}, err
		}
		r, err := card.Record(ctx, a.PIN)
		return openid.Record{Patient: r.Patient, User: r.User}, err
	}
}
