// Package referral is how one organisation sends a patient to another: forms
// 057/у (hospitalisation, examination, consultation) and 028/у (consultation),
// accepted for a day, refused, redirected to a third, closed by an admission or
// answered with a conclusion (MC-2). Organisations that work in another
// information system are reached through the exchange, by the same steps.
package referral

import (
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Forms.
const (
	Form057 = "057"
	Form028 = "028"
)

// Purposes.
const (
	Hospitalisation = "hospitalisation"
	Consultation    = "consultation"
	Examination     = "examination"
)

// Urgencies, the least first.
var Urgencies = []string{"planned", "urgent", "emergency"}

// Kinds are the forms with what each may be for, in the order in which they are
// offered: "057/hospitalisation".
var Kinds = []string{
	Form057 + "/" + Hospitalisation, Form057 + "/" + Consultation, Form057 + "/" + Examination, Form028 + "/" + Consultation,
}

// States.
const (
	Sent       = "sent"
	Accepted   = "accepted" // for a day
	Refused    = "refused"
	Redirected = "redirected" // another referral replaces it
	NotCome    = "not_come"
	Withdrawn  = "withdrawn" // by the sender
	Admitted   = "admitted"  // closed by an admission
	Answered   = "answered"  // closed by a conclusion
	Expired    = "expired"
)

// States are all of them, for lists.
var States = []string{Sent, Accepted, NotCome, Admitted, Answered, Refused, Redirected, Withdrawn, Expired}

// chart says which step may follow which. An accepted day may be changed by
// accepting again; who did not come may be given another day.
var chart = map[string][]string{
	Sent:     {Accepted, Refused, Redirected, Withdrawn, Admitted, Answered, Expired},
	Accepted: {Accepted, Refused, Redirected, NotCome, Withdrawn, Admitted, Answered, Expired},
	NotCome:  {Accepted, Withdrawn, Expired},
}

// May says whether the step from one state to the other is one of the chart.
func May(from, to string) bool { return slices.Contains(chart[from], to) }

// Referral is one referral.
type Referral struct {
	ID             string
	Number         string
	CheckCode      string
	Form           string
	Purpose        string
	Urgency        string
	Patient        patient.Patient
	From, To       string // organisations
	FromDepartment string
	ToDepartment   string
	FromStay       string
	Code           string // ICD-10
	Diagnosis      string
	Reason         string
	History        string
	ByPIN          string
	ByName         string
	ByRole         string
	WrittenAt      time.Time
	ValidUntil     clock.Date // the last day
	State          string
	Version        int
	AppointedAt    time.Time // zero: no day yet
	Root           string
	Replaces       string
	StayID         string
	Conclusion     string
	Remote         string // subsystem of the other side's system, "" when both work here
}

// Step is what somebody did with a referral.
type Step struct {
	ID           string
	Seq          int
	State        string // that it led to
	At           time.Time
	Organisation string
	ByPIN        string
	ByName       string
	Note         string
	AppointedAt  time.Time
}

// Result is attached from the case history, as it was then.
type Result struct {
	ID       string
	Owner    string // organisation whose record it is
	Source   string // id of the answer, entry or operation
	Kind     string // of a request, "entry", "operation"
	Title    string
	At       time.Time
	Body     string
	Findings []request.Finding
	ByName   string
}

// End is the moment after its last day, in Bishkek.
func (r Referral) End() time.Time { return end(r.ValidUntil) }

func end(last clock.Date) time.Time { return last.Start().AddDate(0, 0, 1) }

// Open says that the receiver has it in hand: sent or accepted, and not past its
// last day.
func (r Referral) Open(now time.Time) bool {
	return (r.State == Sent || r.State == Accepted) && now.Before(r.End())
}

// Late says that its last day is over and nobody has come. The step "expired"
// follows by a job; until it does the referral is as good as over.
func (r Referral) Late(now time.Time) bool {
	return May(r.State, Expired) && !now.Before(r.End())
}

// Shows is the rule of access to a result: the organisation whose record it is
// always, the receiver while the referral is open or the stay that came of it
// lasts. Nobody else, and nobody longer.
func (r Referral) Shows(o Result, organisation string, now time.Time, stayOpen bool) bool {
	if organisation == "" {
		return false
	}
	if organisation == o.Owner {
		return true
	}
	return organisation == r.To && (r.Open(now) || (r.State == Admitted && stayOpen))
}

// answers: doctors of the organisation that was asked.
func (r Referral) answers(staff desk.Staff) error {
	if slices.Contains(desk.Doctors, staff.Post.Role) && staff.Post.Organisation == r.To {
		return nil
	}
	return fail.New(fail.Forbidden, "card.referral.not_asked")
}

// withdraws: who wrote it, or a head of the sending organisation.
func (r Referral) withdraws(staff desk.Staff) error {
	if staff.Post.Organisation == r.From && (staff.PIN == r.ByPIN || staff.Post.Role == workforceapi.Head) {
		return nil
	}
	return fail.New(fail.Forbidden, "card.referral.not_yours")
}

// anew: a doctor of the sender, once nobody takes the patient by this one.
func (r Referral) anew(staff desk.Staff, now time.Time) error {
	over := r.State == Refused || r.State == Expired || r.State == Withdrawn || r.Late(now)
	if over && slices.Contains(desk.Doctors, staff.Post.Role) && staff.Post.Organisation == r.From {
		return nil
	}
	return fail.New(fail.Conflict, "card.referral.over")
}

// may is nil for a step that the chart has and that does not come too late.
func (r Referral) may(to string, now time.Time) error {
	late := r.Late(now) && to != Expired
	if May(r.State, to) && !late {
		return nil
	}
	if late {
		return fail.New(fail.Conflict, "card.referral.is_late", "Until", text.Date(r.ValidUntil))
	}
	return fail.New(fail.Conflict, "card.referral.over")
}
