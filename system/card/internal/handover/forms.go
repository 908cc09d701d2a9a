package handover

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// Forms are the valid forms of a month of discharge with their newest revision
// and the decision that the card knows, for the fund to reconcile a month.
func (h Handover) Forms(ctx context.Context, m cardapi.Month) ([]cardapi.FormLine, error) {
	first, ok := clock.ParseDate(m.Month + "-01")
	if !ok {
		return nil, fail.New(fail.Invalid, "kit.field.date")
	}
	from := first.Start()
	until := time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, clock.Bishkek)
	return formLines(ctx, h.Desk.DB.Read, m.Organisation, from, until)
}
