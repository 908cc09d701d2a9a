package discharge

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// checkWait is how long a doctor is kept waiting for the fund's opinion.
const checkWait = 3 * time.Second

// Check asks what the fund would say of the case if the patient were discharged
// so. It changes nothing and never stands in the way: its error is only shown.
func Check(ctx context.Context, d *desk.Desk, stayID string, end form.Ending) (insuranceapi.Decision, error) {
	c, err := caseOf(ctx, d, stayID, end)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	waiting, cancel := context.WithTimeout(ctx, checkWait)
	defer cancel()
	return insuranceapi.Client{Exchange: d.Exchange}.Check(waiting, c, desk.Of(ctx).PIN)
}

// caseOf is the case that such a discharge would send.
func caseOf(ctx context.Context, d *desk.Desk, stayID string, end form.Ending) (insuranceapi.Case, error) {
	r, err := form.Load(ctx, d.DB.Read, stayID, desk.Of(ctx).Post.Organisation, "")
	if err != nil {
		return insuranceapi.Case{}, err
	}
	// The number that would come next stands in for the one to be given.
	sequence, err := form.Peek(ctx, d.DB.Read, r.Organisation.Code, r.Department, clock.DateOf(end.At).Year)
	if err != nil {
		return insuranceapi.Case{}, db.Explain(err)
	}
	n, err := form.NewNumber(sequence, r.Department, r.Organisation.Code, end.At)
	if err != nil {
		return insuranceapi.Case{}, err
	}
	return r.Case(n.String(), 1, "", clean(end)), nil
}
