package card

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/intake"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
	"github.com/sanarip/sanarip/system/card/migration"
)

// FHIRReport says what became of a file of FHIR resources.
type FHIRReport = intake.Report

// FHIRImport takes files of FHIR resources onto the card's shelf, beside the
// running system or without it.
type FHIRImport struct {
	api   *fhir.API
	texts *text.Catalogue
	close func() error
}

// OpenFHIRImport opens the card's database for it.
func OpenFHIRImport(ctx context.Context, env host.Env) (*FHIRImport, error) {
	most, err := fhir.Most(env.Settings["fhir_bytes"])
	if err != nil {
		return nil, err
	}
	d, err := env.Open(ctx, "card", migration.Sets...)
	if err != nil {
		return nil, err
	}
	texts := text.MustLoad(design.Texts, Texts)
	api := fhir.New(fhir.Config{
		DB: d, Clock: env.Clock, Log: env.Log, Texts: texts, Site: env.BaseURL, Issuer: env.Issuer,
		Secret: env.Secret, Offers: slices.Concat(clinical.Offers(), referred.Offers()), Most: most,
	})
	return &FHIRImport{api, texts, d.Close}, nil
}

// File takes one file. A resource may have as many bytes as one that is written
// through the API (card_fhir_bytes), a file any number. What is wrong is said in
// the language.
func (i *FHIRImport) File(ctx context.Context, lang text.Lang, in io.ReadSeeker, name string, progress func(resources int)) (FHIRReport, error) {
	ctx = text.With(ctx, i.texts, lang)
	report, err := i.api.Import(ctx, in, name, progress)
	if e, ok := errors.AsType[*fail.Error](err); ok && e.Kind != fail.Internal {
		err = fmt.Errorf("%s", text.TArgs(ctx, e.Key, e.Args))
	}
	return report, err
}

// Tell is the report in the language, line by line.
func (i *FHIRImport) Tell(lang text.Lang, r FHIRReport) []string {
	say := func(key string, pairs ...any) string { return i.texts.Say(lang, key, fail.Args(pairs...)) }
	if len(r.Faults) > 0 {
		lines := []string{say("card.fhir.import.left_out", "Name", r.Name, "Count", len(r.Faults))}
		for _, f := range r.Faults {
			if f.Path == "" {
				lines = append(lines, say("card.fhir.import.fault_whole", "Entry", f.Entry, "What", f.What))
				continue
			}
			lines = append(lines, say("card.fhir.import.fault", "Entry", f.Entry, "Path", f.Path, "What", f.What))
		}
		return lines
	}
	lines := []string{say("card.fhir.import.taken", "Name", r.Name, "All", r.Resources, "Created", r.Created, "Updated", r.Updated, "Same", r.Same, "Joined", r.Joined)}
	if len(r.Unmapped) > 0 {
		lines = append(lines, say("card.fhir.import.unmapped", "Codes", len(r.Unmapped)))
	}
	for _, u := range r.Unmapped {
		lines = append(lines, fmt.Sprintf("  %5d  %s|%s  %s", u.Count, u.System, u.Code, u.Display))
	}
	return lines
}

// Sum is what is told behind the last file.
func (i *FHIRImport) Sum(lang text.Lang, resources int, took time.Duration) string {
	return i.texts.Say(lang, "card.fhir.import.sum", fail.Args("All", resources, "Seconds", fmt.Sprintf("%.1f", took.Seconds())))
}

// Progress is told while a file is taken.
func (i *FHIRImport) Progress(lang text.Lang, name string, resources int, took time.Duration) string {
	return i.texts.Say(lang, "card.fhir.import.progress", fail.Args("Name", name, "All", resources, "Rate", fmt.Sprintf("%.0f", float64(resources)/took.Seconds())))
}

// Faulty is the error of files that were left out.
func (i *FHIRImport) Faulty(lang text.Lang, files int) error {
	return errors.New(i.texts.Say(lang, "card.fhir.import.faulty", fail.Args("Files", files)))
}

// Close closes the database.
func (i *FHIRImport) Close() error { return i.close() }
