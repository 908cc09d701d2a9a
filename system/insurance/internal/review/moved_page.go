package review

import (
	"context"
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Moved answers a step or another act on a case that cannot be done, on the page
// of the case as it is now: why, who did what and when, and what can be done.
// What was typed stays in the form.
func (p Pages) Moved(w http.ResponseWriter, r *http.Request, caseID string, form *page.Form, err error) error {
	return p.page(w, r, http.StatusConflict, caseID, form, fail.As(err))
}

// last is the newest thing that was done with the case: by whom, what and when.
// ok is false while nobody but the checks did anything.
func (v caseView) last(ctx context.Context) (who, what string, at time.Time, ok bool) {
	for _, s := range v.Steps {
		if s.Step == treated.StepComment { // moves nothing
			continue
		}
		return named(ctx, s), text.T(ctx, "insurance.past."+string(s.Step)), s.At, true
	}
	return "", "", time.Time{}, false
}

// why is the sentence of the conflict.
func (v caseView) why(ctx context.Context) string {
	return text.TArgs(ctx, v.conflict.Key, v.conflict.Args)
}

// inTheWay is the id of the case that is in the way, "" for none.
func (v caseView) inTheWay() string {
	caseID, _ := v.conflict.Args[treated.OtherCase].(string)
	return caseID
}

// newest names the case that took this one's place.
func (v caseView) newest(ctx context.Context) string {
	return text.T(ctx, "insurance.moved.newest", "Number", rule.Grouped(v.By.Case.Number), "Revision", v.By.Case.Revision, "At", text.Moment(v.By.ReceivedAt))
}

// can is what the reader can do with the case now, in words.
func (v caseView) can(ctx context.Context) []string {
	var words []string
	for _, step := range v.stepsOpen() {
		words = append(words, stepWord(ctx, step))
	}
	if v.correctable() {
		words = append(words, text.T(ctx, "insurance.entry.correct"))
	}
	return words
}

// term tells a hospital until when it may appeal; "" where it may not anyway.
func (v caseView) term(ctx context.Context) string {
	if !v.Current || v.Stage != treated.Returned {
		return ""
	}
	until := v.Term.Until(v.Decision.At)
	if until.IsZero() {
		return ""
	}
	key := "insurance.step.appeal_until"
	if v.late() {
		key = "insurance.step.term_over"
	}
	return text.T(ctx, key, "Until", text.Date(until)) + " " + text.T(ctx, "insurance.step.term_source", "Count", v.Term.Days, "Source", v.Term.Source.Here(ctx))
}
