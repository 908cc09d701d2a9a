package monitor

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// List is what is behind in the reader's organisation, the oldest first;
// department "" is all of it. Whoever is named in it is recorded as seen.
func List(ctx context.Context, d *desk.Desk, matter, department string, limit int) ([]Line, error) {
	now := d.Clock.Now()
	deadlines, err := InForce(ctx, d.DB.Read, clock.DateOf(now))
	if err != nil {
		return nil, err
	}
	found, err := lines(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, department, matter, deadlines.bounds(now), limit)
	if err != nil {
		return nil, err
	}
	pins := make([]string, len(found))
	for i, l := range found {
		pins[i] = l.Patient.PIN
	}
	return found, d.SeenAll(ctx, pins, "monitor.read")
}
