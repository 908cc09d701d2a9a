package merge

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Pair are two records that may be of one person.
type Pair struct {
	A, B patient.Patient
	Why  string // what they have in common: passport, name_birth, name
}

// Doubles are the likely doubles of the hospital, the surest first.
func Doubles(ctx context.Context, q db.Querier, organisation string) ([]Pair, error) {
	pairs, err := alike(ctx, q, "", organisation)
	if err != nil {
		return nil, err
	}
	return likely(pairs), nil
}

// DoublesOf are those of one patient, whoever treated them.
func DoublesOf(ctx context.Context, q db.Querier, p patient.Patient) ([]Pair, error) {
	pairs, err := alike(ctx, q, p.ID, "")
	if err != nil {
		return nil, err
	}
	return likely(pairs), nil
}

// likely leaves out who has only the name in common, and tells the others why.
// Two ПИН speak for two people, but one name and birth date are still looked at.
func likely(pairs []Pair) []Pair {
	order := []string{"passport", "name_birth", "name_slip", "name"}
	pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return why(p) == "" })
	for i := range pairs {
		pairs[i].Why = why(pairs[i])
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int { return slices.Index(order, a.Why) - slices.Index(order, b.Why) })
	return pairs
}

func why(p Pair) string {
	bothPINs := p.A.PIN != "" && p.B.PIN != ""
	switch {
	case p.A.Passport != "" && p.A.Passport == p.B.Passport:
		return "passport"
	case p.A.Sex != p.B.Sex && p.A.Sex != patient.Unknown && p.B.Sex != patient.Unknown:
		return ""
	case p.A.BirthDate.IsZero() || p.B.BirthDate.IsZero():
		if bothPINs {
			return ""
		}
		return "name"
	case p.A.BirthDate == p.B.BirthDate:
		return "name_birth"
	case !bothPINs && closeDates(p.A.BirthDate, p.B.BirthDate):
		return "name_slip"
	}
	return ""
}
