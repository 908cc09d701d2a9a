package rule

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// signs of aetiology and manifestation may stand behind a code.
const signs = "+*†"

// Lookup is a code to be looked for in a classification as it was at the moment.
type Lookup struct {
	Code string // without a sign
	At   time.Time
}

// Books are the classifications that codes of a case are looked up in. The rule
// that asks one that is nil, or empty, is left out.
type Books struct {
	ICD        *icd.Book
	Procedures *procedure.Book
}

// Classified is the facts with what the classifications say of the case's codes.
func (f Facts) Classified(ctx context.Context, books Books, c insuranceapi.Case) (Facts, error) {
	f, err := f.diagnosed(ctx, books.ICD, c)
	if err != nil {
		return f, err
	}
	return f.operated(ctx, books.Procedures, c)
}

// Of is the facts with what other facts say of the case's codes.
func (f Facts) Of(classified Facts) Facts {
	f.Listed, f.Unlisted = classified.Listed, classified.Unlisted
	f.OperationsListed, f.UnlistedOperations = classified.OperationsListed, classified.UnlistedOperations
	return f
}

// operated looks the codes of operations up, each on the day of its operation.
func (f Facts) operated(ctx context.Context, book *procedure.Book, c insuranceapi.Case) (Facts, error) {
	edition, err := book.Edition(ctx)
	if err != nil || edition == 0 {
		return f, err
	}
	f.OperationsListed, f.UnlistedOperations = true, nil
	for _, o := range c.Operations {
		if o.Code == "" || o.At.IsZero() {
			continue // for OPR-004 and OPR-001 to tell
		}
		_, ok, err := book.FindOn(ctx, o.Code, clock.DateOf(o.At))
		if err != nil {
			return f, err
		}
		if l := (Lookup{o.Code, o.At}); !ok && !slices.Contains(f.UnlistedOperations, l) {
			f.UnlistedOperations = append(f.UnlistedOperations, l)
		}
	}
	return f, nil
}

func unlistedOperations(c insuranceapi.Case, f Facts) []hit {
	var hits []hit
	for _, o := range c.Operations {
		if slices.Contains(f.UnlistedOperations, Lookup{o.Code, o.At}) {
			hits = append(hits, hit{Detail: o.Code + ", " + text.Date(clock.DateOf(o.At))})
		}
	}
	return hits
}

// diagnosed looks the codes of diagnoses up in ICD-10.
func (f Facts) diagnosed(ctx context.Context, book *icd.Book, c insuranceapi.Case) (Facts, error) {
	if book == nil {
		return f, nil
	}
	edition, err := book.Edition(ctx)
	if err != nil || edition == 0 {
		return f, err
	}
	f.Listed, f.Unlisted = true, nil
	for _, d := range c.Diagnoses {
		l := lookup(c, d)
		if !codeShape.MatchString(d.Code) || l.At.IsZero() || slices.Contains(f.Unlisted, l) {
			continue // what has no code's shape is for DGN-002 to tell
		}
		known, ok, err := book.FindOn(ctx, l.Code, l.At)
		if err != nil {
			return f, err
		}
		if !ok || !known.Usable {
			f.Unlisted = append(f.Unlisted, l)
		}
	}
	return f, nil
}

// lookup says of which day the code is: what was written at admission is of that
// day, everything else of the day of discharge.
func lookup(c insuranceapi.Case, d insuranceapi.Diagnosis) Lookup {
	at := c.DischargedAt
	if (d.Stage == "referral" || d.Stage == "admission") && !c.AdmittedAt.IsZero() {
		at = c.AdmittedAt
	}
	return Lookup{strings.TrimRight(d.Code, signs), at}
}

func unlisted(c insuranceapi.Case, f Facts) []hit {
	return each(c, func(d insuranceapi.Diagnosis) bool { return slices.Contains(f.Unlisted, lookup(c, d)) })
}
