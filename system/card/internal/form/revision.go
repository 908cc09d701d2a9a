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

// Voided is the state of a form that is out of use.
const Voided = "voided"

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

// Beside are the writes that whoever issues a form makes with it: they travel in
// the same messages.
type Beside struct {
	First []db.Question                         // before the number is taken
	Then  func(n Number) ([]db.Question, error) // with the form; nil for none
}

// Issue takes the next number for the stay, writes the form with revision 1 and
// the job that hands it over. replaces is the fund's id of a returned case whose
// form was voided, "" otherwise. The numbers of a department wait for each other
// here until the transaction ends: so none is lost and none is given twice. On
// PostgreSQL that is two journeys to the server, however much goes beside.
func (i Issuing) Issue(ctx context.Context, tx db.Querier, r Record, end Ending, replaces, by string, beside Beside) (Number, error) {
	year := clock.DateOf(end.At).Year
	sequence, err := next(ctx, tx, r.Organisation.Code, r.Department, year, beside.First)
	if err != nil {
		return Number{}, err
	}
	n, err := NewNumber(sequence, r.Department, r.Organisation.Code, end.At)
	if err != nil {
		return Number{}, err
	}
	revision, err := i.revision(ctx, r, r.Case(n.String(), 1, replaces, end), end, by)
	if err != nil {
		return Number{}, err
	}
	writes := append([]db.Question{insertForm(n, r.StayID, year, i.Clock.Now(), by)}, revision...)
	if beside.Then != nil {
		then, err := beside.Then(n)
		if err != nil {
			return Number{}, err
		}
		writes = append(writes, then...)
	}
	return n, db.Send(ctx, tx, writes...)
}

// Revise writes a corrected form under the number it has, as the revision after
// the last, tied to the case the fund returned. Those who signed stay.
func (i Issuing) Revise(ctx context.Context, tx db.Querier, r Record, last Revision, by string) (Ref, error) {
	replaces := ""
	if last.Decision != nil {
		replaces = last.Decision.CaseID
	}
	r.Doctor, r.Head = last.Case.Doctor, last.Case.HeadOfDepartment
	writes, err := i.revision(ctx, r, r.Case(last.Number, last.Revision+1, replaces, r.Ending), r.Ending, by)
	if err != nil {
		return Ref{}, err
	}
	return Ref{last.Number, last.Revision + 1}, db.Send(ctx, tx, writes...)
}

// revision is the case, its sheet and the job that hands them over.
func (i Issuing) revision(ctx context.Context, r Record, c insuranceapi.Case, end Ending, by string) ([]db.Question, error) {
	now := i.Clock.Now()
	writes, err := insertRevision(r.StayID, r.Sheet(c, end, now), id.New(), now, by)
	if err != nil {
		return nil, err
	}
	ref := Ref{c.Number, c.Revision}
	handover, err := i.Queue.Adding(ctx, HandoverJob, ref, job.Options{Unique: ref.Key(), Subject: c.Number})
	return append(writes, handover), err
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
