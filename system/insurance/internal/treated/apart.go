package treated

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// Apart is an expert's decision that two forms of one name, or of one stay of somebody
// unknown, are of two people. It is of these two numbers, whatever their revision, while
// they bear this name, or none, in common: a third form, and two forms of one ПИН, are
// not spared by it.
type Apart struct {
	Number, Other string // of forms
	OtherID       string // of the other one's case that counts, "" for none
	ByPIN, ByName string
	Reason        string
	At            time.Time

	named string
}

// inTheWay are the accepted cases that may be of the person without a ПИН and share a
// time with this one: what an expert has to tell apart before it can be paid.
func (f Fund) inTheWay(ctx context.Context, q db.Querier, c insuranceapi.Case) ([]Record, error) {
	if c.AdmittedAt.IsZero() || c.DischargedAt.IsZero() {
		return nil, nil
	}
	others, err := acceptedAlike(ctx, q, c, c.AdmittedAt, c.DischargedAt)
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
	all, err := f.inTheWay(ctx, tx, r.Case)
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
		a := Apart{Number: r.Case.Number, Other: other.Case.Number, ByPIN: by.PIN, ByName: by.Name, Reason: comment, At: f.Clock.Now(), named: inCommon(r.Case, other.Case)}
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
