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
	return a.taken(ctx, a.intake(importer, progress), in, name)
}

// Take takes a file as if the client of ЕСИ had written it.
func (a *API) Take(ctx context.Context, client string, in io.ReadSeeker, name string) (intake.Report, error) {
	return a.taken(ctx, a.intake(client, nil), in, name)
}

func (a *API) taken(ctx context.Context, i *intake.Intake, in io.ReadSeeker, name string) (intake.Report, error) {
	report, err := i.Read(ctx, in, name)
	for n, f := range report.Faults {
		report.Faults[n].What = text.T(ctx, f.Key(), f.Args...) // text: card.fhir.*
	}
	return report, err
}

// importer is who writes what the operator's command imports.
const importer = "sanarip import fhir"

func (a *API) intake(client string, progress func(resources int)) *intake.Intake {
	c := access.Caller{Token: access.Token{Active: true, ClientID: client, Machine: true}}
	return &intake.Intake{
		Shelf: a.shelf, Records: writeRecords(c), Author: c.Author(), Progress: progress, Most: a.most,
		Takes: func(kind string) bool { k := a.kinds[kind]; return k != nil && writable(k) },
	}
}
