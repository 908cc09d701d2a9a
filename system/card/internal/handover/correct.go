package handover

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

// Diagnosis is one line of the correction page. Code "" takes the line away.
type Diagnosis struct {
	Stage string
	Rank  string
	Code  string
}

// Correction is what a doctor changes in a returned case. The case is corrected
// in the card itself, so that card and form never tell two stories.
type Correction struct {
	Revision        int // the returned one that the doctor saw
	Kind            string
	HoursSinceOnset int
	Referrer        string
	Outcome         string
	Result          string
	TransferredTo   string
	Recommendations string
	Insured         bool
	Policy          string
	Category        string
	Region          string
	Rural           bool
	Diagnoses       []Diagnosis // of the stages in CorrectedStages, all that shall stand
	Reason          string
}

// CorrectedStages are those whose diagnoses the page shows.
var CorrectedStages = []string{"clinical", "final", "postmortem"}

// Correct changes the card by the correction and hands the form over again as
// the next revision, under the same number, tied to the returned case. Who came
// second is told so.
func (h Handover) Correct(ctx context.Context, stayID string, c Correction) (form.Ref, error) {
	c.Result, c.TransferredTo = form.OfOutcome(c.Outcome, c.Result, c.TransferredTo)
	if err := c.check(); err != nil {
		return form.Ref{}, err
	}
	d, staff := h.Desk, desk.Of(ctx)
	var ref form.Ref
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := form.Load(ctx, tx, stayID, staff.Post.Organisation, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		last, err := returned(ctx, tx, stayID, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		if last.Revision != c.Revision {
			return fail.New(fail.Conflict, "card.correct.somebody_else")
		}
		if err := h.apply(ctx, tx, r, c); err != nil {
			return err
		}
		if r, err = form.Load(ctx, tx, stayID, staff.Post.Organisation, ""); err != nil {
			return err
		}
		ref, err = form.Issuing{Clock: d.Clock, Queue: d.Queue}.Revise(ctx, tx, r, last, staff.PIN)
		if err != nil {
			return err
		}
		return d.Seen(ctx, tx, r.Patient.PIN, "form.correct", ref.Number)
	})
	return ref, err
}

// returned is the newest revision of the stay's valid form, which the fund must
// have returned.
func returned(ctx context.Context, q db.Querier, stayID, lock string) (form.Revision, error) {
	f, ok, err := form.Valid(ctx, q, stayID, lock)
	if err != nil {
		return form.Revision{}, err
	}
	if !ok {
		return form.Revision{}, fail.New(fail.Conflict, "card.correct.no_form")
	}
	last, ok, err := form.Latest(ctx, q, f.Number, lock)
	switch {
	case err != nil:
		return form.Revision{}, err
	case !ok || last.State == form.Queued:
		return form.Revision{}, fail.New(fail.Conflict, "card.correct.queued")
	case last.State == form.Accepted:
		return form.Revision{}, fail.New(fail.Conflict, "card.correct.accepted")
	}
	return last, nil
}

func (c Correction) check() error {
	var findings []fail.Finding
	bad := func(field, key string) { findings = append(findings, fail.Finding{Field: field, Key: key}) }
	if !slices.Contains([]string{"planned", "emergency"}, c.Kind) {
		bad("kind", "kit.field.choose")
	}
	if c.HoursSinceOnset < 0 || c.HoursSinceOnset > 24*365 {
		bad("hours", "card.correct.hours")
	}
	if !slices.Contains(form.Outcomes, c.Outcome) {
		bad("outcome", "kit.field.choose")
	}
	if c.Outcome == "died" != (c.Result == "") || (c.Result != "" && !slices.Contains(form.Results, c.Result)) {
		bad("result", "card.discharge.gap_result")
	}
	if c.Outcome == "transferred" && c.TransferredTo == "" {
		bad("transferred_to", "card.discharge.gap_transferred")
	}
	if c.Reason == "" {
		bad("reason", "kit.field.required")
	}
	mains := map[string]int{}
	for _, dx := range c.Diagnoses {
		if dx.Code != "" && dx.Rank == "main" {
			mains[dx.Stage]++
		}
	}
	if mains["final"] != 1 {
		bad("dx-final", "card.correct.one_main")
	}
	if mains["clinical"] > 1 || mains["postmortem"] > 1 {
		bad("dx-clinical", "card.correct.one_main")
	}
	if c.Outcome == "died" && mains["postmortem"] != 1 {
		bad("dx-postmortem", "card.discharge.gap_postmortem")
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	return nil
}

// apply writes the correction into the card.
func (h Handover) apply(ctx context.Context, tx db.Querier, r form.Record, c Correction) error {
	if err := updateStay(ctx, tx, r.StayID, c); err != nil {
		return err
	}
	if err := updatePatient(ctx, tx, r.Patient.ID, c); err != nil {
		return err
	}
	staff, now := desk.Of(ctx), h.Desk.Clock.Now()
	wanted := map[Diagnosis]bool{}
	for _, dx := range c.Diagnoses {
		if dx.Code = strings.TrimSpace(dx.Code); dx.Code != "" {
			wanted[dx] = true
		}
	}
	standing := map[Diagnosis]bool{}
	for _, known := range r.Diagnoses {
		dx := Diagnosis{known.Stage, known.Rank, known.Code}
		if !slices.Contains(CorrectedStages, known.Stage) {
			continue
		}
		standing[dx] = true
		if wanted[dx] {
			continue
		}
		if err := endDiagnosis(ctx, tx, r.StayID, dx, staff.PIN, now); err != nil {
			return err
		}
	}
	for _, dx := range c.Diagnoses {
		if dx.Code == "" || standing[dx] {
			continue
		}
		standing[dx] = true
		name, err := icdName(ctx, tx, dx.Code)
		if err != nil {
			return err
		}
		if name == "" {
			return fail.Fields(fail.Finding{Field: "dx-" + dx.Stage, Key: "card.correct.code", Args: fail.Args("Code", dx.Code)})
		}
		// It tells of the discharge; when it was corrected stands in the history.
		if err := addDiagnosis(ctx, tx, id.New(), r.StayID, dx, name, staff.PIN, staff.Name, r.Ending.At); err != nil {
			return err
		}
	}
	return addReason(ctx, tx, id.New(), r.StayID, c.Reason, staff, now)
}
