package ward

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Expected is somebody who was referred to a department and may be laid there.
type Expected struct {
	PatientID  string
	PIN        string
	Name       string
	ReferralID string
	Diagnosis  string // code and words, as referred
	Urgent     bool
}

// Waiting gives whom a department of an organisation expects, the most urgent and
// the longest waiting first.
type Waiting interface {
	Expected(ctx context.Context, organisation, department string) ([]Expected, error)
}

// expected are those who may be laid into the bed, for whoever admits. That they
// were seen is recorded.
func expected(ctx context.Context, d *desk.Desk, waiting Waiting, b Bed) ([]Expected, error) {
	if waiting == nil || !b.Free() || !slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) {
		return nil, nil
	}
	all, err := waiting.Expected(ctx, desk.Of(ctx).Post.Organisation, b.Department)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, nil
	}
	pins := make([]string, 0, len(all))
	for _, e := range all {
		pins = append(pins, e.PIN)
	}
	slices.Sort(pins)
	return all, d.SeenAll(ctx, slices.Compact(pins), "referral.list")
}

// admitAddress is the admission of who is expected, into the bed.
func admitAddress(e Expected, b Bed) string {
	return "/patients/" + e.PatientID + "/admit?referral=" + e.ReferralID + "&place=" + placeValue(b.Department, b.ID)
}
