package department

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
)

// ActionCancel is recorded when a planned opening or closing is taken back.
const ActionCancel = "department.cancel"

// Opens says that the department is still to open.
func (d Department) Opens(today clock.Date) bool { return today.Before(d.From) }

// Closes says that the department is open and its closing is planned.
func (d Department) Closes(today clock.Date) bool { return !d.Opens(today) && today.Before(d.Until) }

// Cancel takes back what is planned: an opening, with the beds that it was to
// have, as long as nobody was appointed there; or a closing, as long as its code
// was not promised to another department. gone says that there is no such
// department any more.
func (b Book) Cancel(ctx context.Context, organisation, departmentID string, version int64, by change.Actor) (gone bool, err error) {
	err = b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, organisation); err != nil {
			return err
		}
		d, err := Find(ctx, tx, organisation, departmentID)
		switch {
		case err != nil:
			return err
		case d.Version != version:
			return fail.New(fail.Conflict, "workforce.edit.changed")
		case d.Opens(b.Today()):
			gone = true
			return b.cancelOpening(ctx, tx, d, by)
		case d.Closes(b.Today()):
			return b.cancelClosing(ctx, tx, d, by)
		}
		return fail.New(fail.Conflict, "workforce.cancel.begun")
	})
	return gone, err
}

func (b Book) cancelOpening(ctx context.Context, tx *sql.Tx, d Department, by change.Actor) error {
	staff, err := staffAfter(ctx, tx, d.Organisation, d.Code, d.From)
	if err != nil {
		return err
	}
	if staff > 0 {
		return fail.New(fail.Conflict, "workforce.department.staffed", "Count", staff)
	}
	if err := remove(ctx, tx, d.ID); err != nil {
		return err
	}
	nothing := make([]change.Value, len(d.values()))
	for i, v := range d.values() {
		nothing[i].Name = v.Name
	}
	d.Version++
	return b.note(ctx, tx, d, ActionCancel, by, change.Diff(d.values(), nothing))
}

func (b Book) cancelClosing(ctx context.Context, tx *sql.Tx, before Department, by change.Actor) error {
	with, err := endedWith(ctx, tx, before.ID)
	if err != nil {
		return err
	}
	if with > 0 { // it closes with the organisation, whose closing is taken back instead
		return fail.New(fail.Conflict, "workforce.cancel.with_organisation")
	}
	all, err := All(ctx, tx, before.Organisation)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != before.ID && other.Code == before.Code && !other.From.Before(before.Until) {
			return fail.New(fail.Conflict, "workforce.cancel.code_promised", "Name", other.Name.RU)
		}
	}
	after := before
	after.Until, after.Version = clock.Date{}, before.Version+1
	if err := update(ctx, tx, after); err != nil {
		return err
	}
	if err := reopenBeds(ctx, tx, before.ID); err != nil {
		return err
	}
	return b.note(ctx, tx, after, ActionCancel, by, change.Diff(before.values(), after.values()))
}
