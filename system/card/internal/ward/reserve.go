package ward

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Reservation keeps a bed for somebody who is expected. It holds the bed's tile,
// not the bed: an emergency may still be laid there, and a reservation lapses.
type Reservation struct {
	Whom   string
	Until  time.Time
	ByName string
}

// longest is how long a bed may be kept.
const longest = 3 * 24 * time.Hour

// Reserve keeps a free bed until the moment. Of two who reserve one wins.
func Reserve(ctx context.Context, d *desk.Desk, bedID, whom string, until time.Time) (Bed, error) {
	now := d.Clock.Now()
	var findings []fail.Finding
	if whom == "" {
		findings = append(findings, fail.Finding{Field: "whom", Key: "kit.field.required"})
	}
	if !until.After(now) || until.After(now.Add(longest)) {
		findings = append(findings, fail.Finding{Field: "until", Key: "card.bed.reserve_until"})
	}
	if len(findings) > 0 {
		return Bed{}, fail.Fields(findings...)
	}
	var b Bed
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		staff := desk.Of(ctx)
		var ok bool
		var err error
		if b, ok, err = lockBed(ctx, d.DB, tx, staff.Post.Organisation, bedID); err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.NotFound, "card.bed.not_found")
		}
		if b.State != Ready {
			return fail.New(fail.Conflict, "card.bed.is_closed")
		}
		taken, err := bedTaken(ctx, tx, bedID)
		if err != nil {
			return err
		}
		if taken {
			return fail.New(fail.Conflict, "card.bed.occupied")
		}
		if r, ok, err := reservationOf(ctx, tx, bedID, now); err != nil {
			return err
		} else if ok {
			return fail.New(fail.Conflict, "card.bed.reserved_already", "Name", r.ByName, "Until", text.Moment(r.Until))
		}
		return saveReservation(ctx, tx, bedID, Reservation{whom, until, staff.Name}, staff.PIN, now)
	})
	return b, err
}

// Release lets a reserved bed go.
func Release(ctx context.Context, d *desk.Desk, bedID string) (Bed, error) {
	var b Bed
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var ok bool
		var err error
		if b, ok, err = lockBed(ctx, d.DB, tx, desk.Of(ctx).Post.Organisation, bedID); err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.NotFound, "card.bed.not_found")
		}
		return dropReservation(ctx, tx, bedID)
	})
	return b, err
}
