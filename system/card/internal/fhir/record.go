package fhir

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

var _ cardapi.RecordAPI = (*API)(nil)

// Record implements cardapi.RecordAPI.
func (a *API) Record(ctx context.Context, of string) (cardapi.Record, error) {
	of, err := pin.Parse(of)
	if err != nil {
		return cardapi.Record{}, err
	}
	var r cardapi.Record
	if r.Patient, err = kept.PatientOf(ctx, a.db.Read, of); err != nil {
		return r, err
	}
	posts, err := a.posts.Posts(ctx, of)
	if err != nil {
		return r, err
	}
	switch staff := a.ids.Staff(of); {
	case staff != "" && slices.ContainsFunc(posts, func(p workforceapi.Post) bool { return slices.Contains(desk.Records, p.Role) }):
		r.User = "Practitioner/" + staff
	case r.Patient != "":
		r.User = "Patient/" + r.Patient
	}
	return r, nil
}
