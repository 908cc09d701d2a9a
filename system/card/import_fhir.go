package card

import (
	"context"
	"io"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/intake"
	"github.com/sanarip/sanarip/system/card/migration"
)

// FHIRReport says what became of a file of FHIR resources.
type FHIRReport = intake.Report

// FHIRImport takes files of FHIR resources onto the card's shelf, beside the
// running system or without it.
type FHIRImport struct {
	api   *fhir.API
	close func() error
}

// OpenFHIRImport opens the card's database for it.
func OpenFHIRImport(ctx context.Context, env host.Env) (*FHIRImport, error) {
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return nil, err
	}
	api := fhir.New(fhir.Config{
		DB: d, Clock: env.Clock, Log: env.Log, Texts: text.MustLoad(design.Texts, Texts), Site: env.BaseURL, Issuer: env.Issuer,
		Secret: env.Secret, Offers: clinical.Offers(),
	})
	return &FHIRImport{api, d.Close}, nil
}

// File takes one file.
func (i *FHIRImport) File(ctx context.Context, in io.ReadSeeker, name string, progress func(resources int)) (FHIRReport, error) {
	return i.api.Import(ctx, in, name, progress)
}

// Close closes the database.
func (i *FHIRImport) Close() error { return i.close() }
