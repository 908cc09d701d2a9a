package reception

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Category is a co-payment category as it is in force on a day: rows of the
// table copayment_category, each with its source.
type Category struct {
	Code           string
	Name           text.Words
	Exempt         bool // pays nothing; else less
	MinAge, MaxAge int  // full years; MaxAge -1: no bound
	Sex            string
	Source         string
	Example        bool // until the fund's own list is entered
}

// fits says what speaks against the patient being in the category: a key, "" for
// nothing. What is not known of the patient speaks against nothing.
func (c Category) fits(p patient.Patient, on clock.Date) string {
	if c.Sex != "" && p.Sex != patient.Unknown && p.Sex != c.Sex {
		return "card.admit.category_sex"
	}
	if p.BirthDate.IsZero() {
		return ""
	}
	years := p.BirthDate.YearsAt(on)
	if years < c.MinAge || c.MaxAge >= 0 && years > c.MaxAge {
		return "card.admit.category_age"
	}
	return ""
}

// misfit is what speaks against the category on the day, "" for nothing.
func misfit(ctx context.Context, q db.Querier, code string, p patient.Patient, on clock.Date) (string, error) {
	if code == "" {
		return "", nil
	}
	all, err := Categories(ctx, q, on)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.Code == code {
			return c.fits(p, on), nil
		}
	}
	return "card.admit.category_old", nil
}
