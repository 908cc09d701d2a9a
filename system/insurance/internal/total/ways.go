package total

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Ways tells how cases reached the fund.
type Ways struct{ DB *db.DB }

// Ways implements insuranceapi.WaysAPI.
func (w Ways) Ways(ctx context.Context, month string) ([]insuranceapi.Ways, error) {
	if _, ok := clock.ParseDate(month + "-01"); !ok || len(month) != 7 {
		return nil, fail.New(fail.Invalid, "kit.field.date")
	}
	return ways(ctx, w.DB.Read, month)
}
