package referral

import (
	"context"

	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Any says whether the card has a referral yet: a demo is written once.
func Any(ctx context.Context, d *desk.Desk) (bool, error) {
	all, err := many(ctx, d.DB.Read, `1 = 1 LIMIT 1`)
	return len(all) > 0, err
}

// Newest are the ids of the newest results of the patient in the organisation
// that could be attached.
func Newest(ctx context.Context, d *desk.Desk, patientID, organisation string, most int) ([]string, error) {
	all, err := sources(ctx, d.DB.Read, patientID, organisation)
	var ids []string
	for _, o := range all {
		if len(ids) < most && o.Kind != "examination" && o.Kind != "reasoning" {
			ids = append(ids, o.Source)
		}
	}
	return ids, err
}
