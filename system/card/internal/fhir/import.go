package fhir

import (
	"context"
	"io"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/intake"
)

// Import takes a file onto the shelf (see intake). Whoever it tells of is
// recorded as they are for any other system. Faults are told in the language of
// the context.
func (a *API) Import(ctx context.Context, in io.ReadSeeker, name string, progress func(resources int)) (intake.Report, error) {
	report, err := a.intake(progress).Read(ctx, in, name)
	for n, f := range report.Faults {
		report.Faults[n].What = text.T(ctx, f.Key(), f.Args...) // text: card.fhir.*
	}
	return report, err
}

func (a *API) intake(progress func(resources int)) *intake.Intake {
	c := access.Caller{Token: access.Token{Active: true, ClientID: "sanarip import fhir", Machine: true}}
	return &intake.Intake{
		Shelf: a.shelf, Records: writeRecords(c), Author: c.Author(), Progress: progress, Most: a.most,
		Takes: func(kind string) bool { k := a.kinds[kind]; return k != nil && writable(k) },
	}
}
