package ward

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// SetBed marks a bed as being cleaned or as ready. Repeating it changes nothing.
func SetBed(ctx context.Context, d *desk.Desk, bedID, state string) (Bed, error) {
	var b Bed
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var ok bool
		var err error
		b, ok, err = lockBed(ctx, d.DB, tx, desk.Of(ctx).Post.Organisation, bedID)
		switch {
		case err != nil:
			return err
		case !ok:
			return fail.New(fail.NotFound, "card.bed.not_found")
		case b.State == Closed:
			return fail.New(fail.Conflict, "card.bed.is_closed")
		}
		taken, err := bedTaken(ctx, tx, bedID)
		if err != nil {
			return err
		}
		if taken && state == Cleaning {
			return fail.New(fail.Conflict, "card.bed.occupied")
		}
		b.State = state
		return setBed(ctx, tx, bedID, state)
	})
	return b, err
}
