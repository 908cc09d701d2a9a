package rule

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// signs of aetiology and manifestation may stand behind a code.
const signs = "+*†"

// Lookup is a code to be looked for in ICD-10 as it was at the moment.
type Lookup struct {
	Code string // without a sign
	At   time.Time
}

// Classified is the facts with what the classification says of the case's codes.
// Without a book, or with an empty one, the rule that asks it is left out.
func (f Facts) Classified(ctx context.Context, book *icd.Book, c insuranceapi.Case) (Facts, error) {
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
