package form

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// HandoverJob is the kind of the job that brings a revision to the fund.
const HandoverJob = "handover"

// Ref names a revision of a form; it is the body of the handover job.
type Ref struct {
	Number   string `json:"number"`
	Revision int    `json:"revision"`
}

// States of a revision on its way to the fund.
const (
	Queued   = "queued"
	Accepted = "accepted"
	Returned = "returned"
)

// Revision is what was, or is to be, handed to the fund.
type Revision struct {
	Ref
	StayID    string
	Case      insuranceapi.Case
	RequestID string // X-Road-Id, the same on every resend
	State     string
	Decision  *insuranceapi.Decision // nil: the fund has not answered yet
	CreatedAt time.Time
	CreatedBy string // ПИН
	DecidedAt time.Time
}

// Issued is a form that has its number.
type Issued struct {
	Number       string
	StayID       string
	Organisation string
	State        string // valid, voided
	VoidReason   string
	VoidedAt     time.Time
	VoidedBy     string
	IssuedAt     time.Time
	IssuedBy     string
}

// Issuing writes forms; it always works in the transaction of whoever decides.
type Issuing struct {
	Clock clock.Clock
	Queue *job.Queue
}

// Issue takes the next number for the stay, writes the form with revision 1 and
// the job that hands it over. replaces is the fund's id of a returned case whose
// form was voided, "" otherwise. The numbers of a department wait for each other
// here until the transaction ends: so none is lost and none is given twice.
func (i Issuing) Issue(ctx context.Context, tx db.Querier, r Record, end Ending, replaces, by string) (Number, error) {
	year := clock.DateOf(end.At).Year
	sequence, err := next(ctx, tx, r.Organisation.Code, r.Department, year)
	if err != nil {
		return Number{}, err
	}
	n, err := NewNumber(sequence, r.Department, r.Organisation.Code, end.At)
	if err != nil {
		return Number{}, err
	}
	now := i.Clock.Now()
	if err := insertForm(ctx, tx, n, r.StayID, year, now, by); err != nil {
		return Number{}, err
	}
	c := r.Case(n.String(), 1, replaces, end)
	return n, i.add(ctx, tx, r, c, end, by)
}

// Revise writes a corrected form under the number it has, as the revision after
// the last, tied to the case the fund returned. Those who signed stay.
func (i Issuing) Revise(ctx context.Context, tx db.Querier, r Record, last Revision, by string) (Ref, error) {
	replaces := ""
	if last.Decision != nil {
		replaces = last.Decision.CaseID
	}
	r.Doctor, r.Head = last.Case.Doctor, last.Case.HeadOfDepartment
	c := r.Case(last.Number, last.Revision+1, replaces, r.Ending)
	return Ref{last.Number, last.Revision + 1}, i.add(ctx, tx, r, c, r.Ending, by)
}

func (i Issuing) add(ctx context.Context, tx db.Querier, r Record, c insuranceapi.Case, end Ending, by string) error {
	now := i.Clock.Now()
	sheet := r.Sheet(c, end, now)
	if err := insertRevision(ctx, tx, r.StayID, sheet, id.New(), now, by); err != nil {
		return err
	}
	ref := Ref{c.Number, c.Revision}
	_, err := i.Queue.Add(ctx, tx, HandoverJob, ref, job.Options{Unique: ref.Key(), Subject: c.Number})
	return err
}

// Key is unique for the revision's job.
func (r Ref) Key() string {
	data, err := json.Marshal(r)
	if err != nil {
		return r.Number // cannot happen: two plain fields
	}
	return string(data)
}

// errOverflow is when a department has given its seven digits away.
func errOverflow(department string) error {
	return fail.New(fail.Conflict, "card.form.number_overflow", "Department", department)
}
