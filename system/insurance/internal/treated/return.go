package treated

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// PushJob is the kind of the job that brings an expert's decision to the card.
const PushJob = "case-decision"

// PushPolicy goes on for days: the card may be away, the hospital must hear of it.
var PushPolicy = job.Policy{MaxAttempts: 1000, FirstDelay: 2 * time.Second, MaxDelay: 5 * time.Minute}

type pushed struct {
	CaseID string `json:"case_id"`
}

// Expert is who decides or looks: an expert of the fund, or the operator of a
// hospital, who sees the hospital's own cases alone.
type Expert struct {
	PIN, Name, Role, Organisation string
	Hospital                      string // code; "" for the fund
}

// Return gives an accepted case back to the hospital with a comment. The price
// falls away; the job that tells the card is written with it.
func (f Fund) Return(ctx context.Context, caseID, comment string, by Expert) error {
	if comment == "" {
		return fail.Fields(fail.Finding{Field: "comment", Key: "insurance.return.comment_needed"})
	}
	return f.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := byID(ctx, tx, caseID, f.DB.ForUpdate())
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if err != nil {
			return err
		}
		if !r.Current || r.Decision.State != insuranceapi.Accepted {
			return fail.New(fail.Conflict, "insurance.return.not_accepted")
		}
		d := r.Decision
		d.State, d.Comment, d.Price, d.At = insuranceapi.Returned, comment, 0, f.Clock.Now()
		if !d.At.After(r.Decision.At) { // the card takes only what is newer than what it has
			d.At = r.Decision.At.Add(time.Microsecond)
		}
		d.Group, d.Weight, d.PriceTable, d.Steps = "", "", "", nil
		d.GroupName.KY, d.GroupName.RU, d.GroupName.EN = "", "", ""
		if err := setDecision(ctx, tx, caseID, d, by.PIN, by.Name); err != nil {
			return err
		}
		if err := f.tell(ctx, tx, r, d); err != nil {
			return err
		}
		return audit.Add(ctx, tx, f.Clock, f.expertRecord(r, ActionReturn, by))
	})
}

// tell orders the job that brings the decision to the card. Who entered a case
// by hand sees the decision here.
func (f Fund) tell(ctx context.Context, tx *sql.Tx, r Record, d insuranceapi.Decision) error {
	if r.Way != ByExchange {
		return nil
	}
	_, err := f.Queue.Add(ctx, tx, PushJob, pushed{r.ID}, job.Options{Unique: r.ID + d.At.String(), Subject: d.Number})
	return err
}

func (f Fund) expertRecord(r Record, action string, by Expert) audit.Record {
	purpose := Expertise
	if by.Hospital != "" {
		purpose = Payment
	}
	return audit.Record{
		Subject: r.Case.Patient.PIN, ActorPIN: by.PIN, ActorName: by.Name, ActorRole: by.Role, Organisation: by.Organisation,
		Via: "insurance", Action: action, Purpose: purpose, Object: r.ID,
	}
}

// Push is the job: it brings the decision in force to the card.
func (f Fund) Push(decide func(context.Context, insuranceapi.Decision) error) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		var p pushed
		if err := j.Bind(&p); err != nil {
			return err
		}
		r, err := byID(ctx, f.DB.Read, p.CaseID, "")
		if err != nil {
			return err
		}
		return decide(ctx, r.Decision)
	}
}
