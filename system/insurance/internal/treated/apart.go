package treated

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// Apart is an expert's decision that two forms of one name are of two people. It is of
// these two numbers, whatever their revision, while they bear this name: a third form,
// and two forms of one ПИН, are not spared by it.
type Apart struct {
	Number, Other string // of forms
	OtherID       string // of the other one's case that counts, "" for none
	ByPIN, ByName string
	Reason        string
	At            time.Time

	named string
}

// another says that two forms of one name in one hospital are of two people: born on
// two days, of two mothers, or of two places among those born together. What one of
// them does not say tells nobody apart; but of people of whom no form says when they
// were born, being unknown, a name says nothing.
func another(a, b insuranceapi.Patient) bool {
	bornA, bornB := born(a), born(b)
	if bornA.IsZero() == bornB.IsZero() && (bornA.IsZero() || bornA != bornB) {
		return true
	}
	if rule.WellFormed(a.Mother) && rule.WellFormed(b.Mother) && a.Mother != b.Mother {
		return true
	}
	return a.BirthOrder > 0 && b.BirthOrder > 0 && a.BirthOrder != b.BirthOrder
}

// born is the day of birth that the form says, or else its ПИН; zero for neither.
func born(p insuranceapi.Patient) clock.Date {
	if p.BirthDate.IsZero() && rule.WellFormed(p.PIN) {
		day, _ := pin.BirthDate(p.PIN)
		return day
	}
	return p.BirthDate
}

// named is the patient's name as it is compared; "" for none.
func named(c insuranceapi.Case) string { return text.Fold(c.Patient.Name) }

// person is name and birth date as they are compared; "" unless the form says both.
func person(c insuranceapi.Case) string {
	if named(c) == "" || c.Patient.BirthDate.IsZero() {
		return ""
	}
	return named(c) + "|" + c.Patient.BirthDate.String()
}

// alike are the accepted cases that may be of the person by name alone and share a
// time with this one: what an expert has to tell apart before it can be paid.
func (f Fund) alike(ctx context.Context, q db.Querier, c insuranceapi.Case) ([]Record, error) {
	if c.AdmittedAt.IsZero() || c.DischargedAt.IsZero() {
		return nil, nil
	}
	others, err := acceptedNamed(ctx, q, c, c.AdmittedAt, c.DischargedAt)
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, o := range others {
		if !together(c, o) {
			continue
		}
		r, err := currentOf(ctx, q, o.Number)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// together says that the stays share a time.
func together(c insuranceapi.Case, o rule.Other) bool {
	return o.AdmittedAt.Before(c.DischargedAt) && c.AdmittedAt.Before(o.DischargedAt)
}

// setApart writes that the form and those alike are of two people each. The expert
// must have seen every one of them: who came meanwhile is in the way as before. Of
// nobody alike there is nothing to confirm.
func (f Fund) setApart(ctx context.Context, tx *sql.Tx, r Record, seen Seen, comment string, by Expert) error {
	all, err := f.alike(ctx, tx, r.Case)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fail.New(fail.Conflict, "insurance.step.not_now")
	}
	shown := strings.Split(seen.Alike, ",")
	for _, other := range all {
		if !slices.Contains(shown, other.ID) {
			return fail.New(fail.Conflict, "insurance.step.paid_already", "Number", rule.Grouped(other.Case.Number), OtherCase, other.ID)
		}
		a := Apart{Number: r.Case.Number, Other: other.Case.Number, ByPIN: by.PIN, ByName: by.Name, Reason: comment, At: f.Clock.Now(), named: named(r.Case)}
		if err := addApart(ctx, tx, a); err != nil {
			return err
		}
		if err := audit.Add(ctx, tx, f.Clock, f.expertRecord(other, ActionStep, by)); err != nil {
			return err
		}
	}
	return nil
}

// endApart takes back what was confirmed of the form: it was one person after all.
func (f Fund) endApart(ctx context.Context, tx *sql.Tx, r Record, by Expert) error {
	all, err := apartOf(ctx, tx, r.Case.Number)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fail.New(fail.Conflict, "insurance.step.not_now")
	}
	for _, a := range all {
		other, err := lastOf(ctx, tx, a.Other)
		if err == nil {
			err = audit.Add(ctx, tx, f.Clock, f.expertRecord(other, ActionStep, by))
		}
		if err != nil {
			return err
		}
	}
	return dropApart(ctx, tx, r.Case.Number)
}
