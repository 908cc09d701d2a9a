package organisation

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
)

// ActionCancel is recorded when a planned change is taken back.
const ActionCancel = "organisation.cancel"

// Planned is the version that is still to come, of those that Versions gives; ok
// is false when there is none, or when it is the opening: who is not open yet is
// closed, not taken back.
func Planned(versions []Organisation, today clock.Date) (o Organisation, ok bool) {
	if len(versions) < 2 || !today.Before(versions[0].From) {
		return o, false
	}
	return versions[0], true
}

// Cancel takes back the planned version of that number and gives it. It has not
// begun, nothing is planned after it, and the organisation is still at the
// version that was read; else fail.Conflict. Taken in tx: what a closing was to
// end is given back with it. The change keeps what had been planned.
func (b Book) Cancel(ctx context.Context, tx *sql.Tx, code string, version, number int64, by change.Actor) (Organisation, error) {
	first, err := step(ctx, tx, code, version)
	if err != nil {
		return Organisation{}, err
	}
	if !first {
		return Organisation{}, fail.New(fail.Conflict, "workforce.edit.changed")
	}
	versions, err := Versions(ctx, tx, code)
	if err != nil {
		return Organisation{}, err
	}
	planned, ok := Planned(versions, b.Today())
	if !ok || planned.Number != number {
		return Organisation{}, fail.New(fail.Conflict, "workforce.cancel.begun")
	}
	if err := remove(ctx, tx, code, number); err != nil {
		return Organisation{}, err
	}
	fields := change.Diff(planned.Values(), versions[1].Values())
	fields = append(fields, change.Field{Name: "from", Before: planned.From.String()})
	if planned.Order.Number != "" {
		fields = append(fields, change.Field{Name: "order", Before: planned.Order.Number + ", " + planned.Order.Day.String()})
	}
	return planned, change.Add(ctx, tx, b.Clock, change.Change{
		Organisation: code, Object: Object, Version: version + 1, Action: ActionCancel, By: by, Fields: fields,
	})
}
