package referral

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// Rule is a number of days that holds from a day until a day, with its source.
type Rule struct {
	Days   int
	Source string
}

// Names of rules beside "057.planned" and the like.
const (
	ruleAppointment = "appointment" // the longest an accepted day may lie ahead
	ruleGrace       = "grace"       // after the accepted day
)

// Validity is the rule for a new referral of the form and urgency.
func Validity(ctx context.Context, q db.Querier, form, urgency string, on clock.Date) (Rule, error) {
	return ruleOf(ctx, q, form+"."+urgency, on)
}

// lastDay is the last day of so many: one day is the day itself.
func lastDay(first clock.Date, days int) clock.Date {
	return clock.DateOf(first.Start().AddDate(0, 0, max(1, days)-1))
}

// later is the later of two days.
func later(a, b clock.Date) clock.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// appointed is until when a referral holds that was accepted for the moment: no
// shorter than before, and some days past the one agreed on.
func appointed(until clock.Date, at time.Time, grace int) clock.Date {
	return later(until, clock.DateOf(clock.DateOf(at).Start().AddDate(0, 0, grace)))
}
