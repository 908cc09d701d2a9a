// Package handover brings treated cases to the fund and its decisions back. A
// case may be sent many times, by crash or by hand: the fund knows it by number
// and revision, the request by its id, so there is one case in the end.
package handover

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Fund takes treated cases; insuranceapi.Client is the real one.
type Fund interface {
	Submit(ctx context.Context, c insuranceapi.Case, requestID, user string) (insuranceapi.Decision, error)
}

// Policy of the job: a fund that is away for days is still found again.
var Policy = job.Policy{MaxAttempts: 2000, FirstDelay: 2 * time.Second, MaxDelay: 2 * time.Minute}

// Handover sends revisions and takes decisions.
type Handover struct {
	Desk    *desk.Desk
	Fund    Fund
	Signing form.Signing
}

// Send is the job: it hands the revision over and writes the fund's decision
// down. Whatever breaks in between, the next try sends the same content under
// the same request id and gets the same decision.
func (h Handover) Send(ctx context.Context, j job.Job) error {
	var ref form.Ref
	if err := j.Bind(&ref); err != nil {
		return err
	}
	r, err := form.RevisionOf(ctx, h.Desk.DB.Read, ref, "")
	if err != nil {
		return err
	}
	if r.State != form.Queued {
		return nil
	}
	d, err := h.Fund.Submit(ctx, r.Case, r.RequestID, r.CreatedBy)
	if err != nil {
		return err
	}
	if d.Number != ref.Number || d.Revision != ref.Revision || d.CaseID == "" {
		return fail.Wrap(errors.New("the fund answered for another case"), fail.BadNeighbor, "kit.bad_neighbor")
	}
	return h.Decide(ctx, d)
}

// Decide writes a decision of the fund: the answer to Send, or what an expert
// decided by hand later. A repetition, or one older than is known, changes
// nothing.
func (h Handover) Decide(ctx context.Context, d insuranceapi.Decision) error {
	if d.State != insuranceapi.Accepted && d.State != insuranceapi.Returned {
		return fail.New(fail.Invalid, "card.handover.bad_decision")
	}
	ref := form.Ref{Number: d.Number, Revision: d.Revision}
	return h.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := form.RevisionOf(ctx, tx, ref, h.Desk.DB.ForUpdate())
		if err != nil {
			return err
		}
		if r.Decision != nil && !d.At.After(r.Decision.At) {
			return nil
		}
		return form.SetDecision(ctx, tx, ref, d, h.Desk.Clock.Now())
	})
}

// State is a revision as pages show it: what the fund said, or why it has not.
type State struct {
	form.Revision
	Waiting  bool   // on its way
	Attempts int    // tries so far
	Next     string // key of the sentence about what happens next, "" for none
	Trouble  string // key of the sentence about the last failure, "" for none
	JobID    string // of the handover job, "" when it is gone
}

// StateOf adds to a revision how its job is.
func StateOf(ctx context.Context, q *job.Queue, r form.Revision) (State, error) {
	s := State{Revision: r, Waiting: r.State == form.Queued}
	if !s.Waiting {
		return s, nil
	}
	j, ok, err := q.Find(ctx, form.HandoverJob, r.Key())
	if err != nil || !ok {
		return s, err
	}
	s.Attempts, s.JobID, s.Trouble = j.Attempts, j.ID, trouble(j.LastError)
	switch {
	case j.State == job.Failed:
		s.Next = "card.handover.given_up"
	case s.Trouble != "":
		s.Next = "card.handover.again_soon"
	default:
		s.Next = "card.handover.on_the_way"
	}
	return s, nil
}

// trouble turns the error of a job, which is for the log, into a sentence. Such
// an error begins with its key.
func trouble(lastError string) string {
	key, _, _ := strings.Cut(lastError, ":")
	switch key {
	case "":
		return ""
	case "kit.neighbor_away", "kit.unavailable", "kit.store_away":
		return "card.handover.trouble_away"
	case "kit.exchange_denied", "kit.exchange_only":
		return "card.handover.trouble_denied"
	case "kit.bad_neighbor":
		return "card.handover.trouble_garbage"
	}
	return "card.handover.trouble_other"
}
