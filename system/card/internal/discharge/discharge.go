// Package discharge ends a stay: what is missing for form 066/у is listed, and
// when nothing is, one transaction closes the stay, gives the number, and
// orders the hand-over to the fund and the message to the patient.
package discharge

import (
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

// Outcomes that ask for more.
const (
	Transferred = "transferred"
	Died        = "died"
)

// Fields of the page; a gap with another name is mended on the page of its Tab.
const (
	fieldAt       = "at"
	fieldOutcome  = "outcome"
	fieldResult   = "result"
	fieldTransfer = "transferred_to"
)

// Gap is one thing missing for form 066/у.
type Gap struct {
	fail.Finding
	Tab string // section of the stay on which it is mended; "" for a field of the page itself
}

// Gaps are what is missing or wrong, in the order of the form. Fields of the
// page itself come first.
func Gaps(r form.Record, end form.Ending, now time.Time) []Gap {
	gaps := moment(r, end, now)
	gaps = append(gaps, ending(end)...)
	if !r.Main("final") {
		gaps = append(gaps, gap("gap-final", "card.discharge.gap_final", "diagnoses"))
	}
	if end.Outcome == Died && !r.Main("postmortem") {
		gaps = append(gaps, gap("gap-postmortem", "card.discharge.gap_postmortem", "diagnoses"))
	}
	if r.Epicrisis == "" {
		gaps = append(gaps, gap("gap-epicrisis", "card.discharge.gap_epicrisis", "history"))
	}
	if r.Doctor.PIN == "" {
		gaps = append(gaps, gap("gap-doctor", "card.discharge.gap_doctor", "moves"))
	}
	if r.Head.PIN == "" {
		gaps = append(gaps, gap("gap-head", "card.discharge.gap_head", "discharge"))
	}
	return gaps
}

func gap(field, key, tab string, pairs ...any) Gap {
	return Gap{fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)}, tab}
}

// moment: after the admission, not before the last move or the last operation, and
// not in the future.
func moment(r form.Record, end form.Ending, now time.Time) []Gap {
	switch {
	case end.At.IsZero():
		return []Gap{gap(fieldAt, "card.discharge.gap_at", "")}
	case end.At.After(now):
		return []Gap{gap(fieldAt, "card.discharge.at_future", "", "Now", text.Moment(now))}
	case !end.At.After(r.AdmittedAt):
		return []Gap{gap(fieldAt, "card.discharge.at_before_admission", "", "At", text.Moment(r.AdmittedAt))}
	case end.At.Before(r.LastMove()):
		return []Gap{gap(fieldAt, "card.discharge.at_before_move", "", "At", text.Moment(r.LastMove()))}
	case end.At.Before(r.LastOperation()):
		return []Gap{gap(fieldAt, "card.discharge.at_before_operation", "", "At", text.Moment(r.LastOperation()))}
	}
	return nil
}

func ending(end form.Ending) []Gap {
	var gaps []Gap
	if !slices.Contains(form.Outcomes, end.Outcome) {
		gaps = append(gaps, gap(fieldOutcome, "card.discharge.gap_outcome", ""))
	}
	if end.Outcome != Died && !slices.Contains(form.Results, end.Result) {
		gaps = append(gaps, gap(fieldResult, "card.discharge.gap_result", ""))
	}
	if end.Outcome == Transferred && end.TransferredTo == "" {
		gaps = append(gaps, gap(fieldTransfer, "card.discharge.gap_transferred", ""))
	}
	return gaps
}

// clean drops what the outcome does not have.
func clean(end form.Ending) form.Ending {
	end.Result, end.TransferredTo = form.OfOutcome(end.Outcome, end.Result, end.TransferredTo)
	return end
}
