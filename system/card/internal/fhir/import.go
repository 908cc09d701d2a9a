package fhir

import (
	"context"
	"io"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/intake"
)

// Import takes a file onto the shelf (see intake). Whoever it tells of is
// recorded as they are for any other system.
func (a *API) Import(ctx context.Context, in io.ReadSeeker, name string, progress func(resources int)) (intake.Report, error) {
	return a.intake(progress).Read(ctx, in, name)
}

func (a *API) intake(progress func(resources int)) *intake.Intake {
	c := access.Caller{Token: access.Token{Active: true, ClientID: "sanarip import fhir", Machine: true}}
	return &intake.Intake{
		Shelf: a.shelf, Records: writeRecords(c), Author: c.Author(), Progress: progress,
		Takes: func(kind string) bool { k := a.kinds[kind]; return k != nil && writable(k) },
	}
}
