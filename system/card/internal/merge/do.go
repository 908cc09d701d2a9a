package merge

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Do merges as wished and gives the merge's id. Of two who merge the same at
// once one wins, the other is told fail.Conflict "card.merge.already".
func Do(ctx context.Context, d *desk.Desk, w Wish) (string, error) {
	if w.Survivor == w.Merged {
		return "", fail.New(fail.Invalid, "card.merge.oneself")
	}
	m := Merge{ID: id.New(), SurvivorID: w.Survivor, MergedID: w.Merged, Organisation: desk.Of(ctx).Post.Organisation, Reason: w.Reason, At: d.Clock.Now()}
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := lockBoth(ctx, d.DB, tx, w.Survivor, w.Merged); err != nil {
			return err
		}
		survivor, err := loadSide(ctx, tx, w.Survivor)
		if err != nil {
			return err
		}
		merged, err := loadSide(ctx, tx, w.Merged)
		if err != nil {
			return err
		}
		if err := allowed(ctx, survivor, merged, w); err != nil {
			return err
		}
		if err := notBothBorn(ctx, tx, w.Survivor, w.Merged); err != nil {
			return err
		}
		m.Was, m.MergedPIN = survivor.Row, merged.Row["pin"]
		m.Became = join(survivor.Row, merged.Row, w)
		return write(ctx, d, tx, m, survivor, merged)
	})
	if db.Unique(err) {
		return "", twice(ctx, d, w)
	}
	return m.ID, err
}

// twice tells what a constraint has refused: another merge was first, or both
// have what one person has once (a referral to one place, a pregnancy).
func twice(ctx context.Context, d *desk.Desk, w Wish) error {
	for _, one := range []string{w.Survivor, w.Merged} {
		s, err := loadSide(ctx, d.DB.Read, one)
		if err != nil {
			return err
		}
		if s.Patient.MergedInto != "" {
			return fail.New(fail.Conflict, "card.merge.already")
		}
	}
	return fail.New(fail.Conflict, "card.merge.both_open")
}

// allowed says why the two cannot be merged, under the lock.
func allowed(ctx context.Context, survivor, merged Side, w Wish) error {
	if err := May(ctx, survivor, merged); err != nil {
		return err
	}
	if survivor.Patient.MergedInto != "" || merged.Patient.MergedInto != "" {
		return fail.New(fail.Conflict, "card.merge.already")
	}
	if survivor.open() && merged.open() {
		return fail.New(fail.Conflict, "card.merge.both_lie")
	}
	if against := Contradictions(survivor, merged); len(against) > 0 && w.Reason == "" {
		return fail.Fields(fail.Finding{Field: "reason", Key: "card.merge.reason_required"})
	}
	return nil
}

func write(ctx context.Context, d *desk.Desk, tx *sql.Tx, m Merge, survivor, merged Side) error {
	if err := insertMerge(ctx, tx, m); err != nil {
		return err
	}
	for _, p := range Places {
		if err := lead(ctx, tx, m, p); err != nil {
			return err
		}
	}
	// Whose ПИН is whose is settled with both laid down first: a ПИН stands once.
	if err := freePINs(ctx, tx, m.SurvivorID, m.MergedID); err != nil {
		return err
	}
	left := merged.Row["pin"]
	if left != "" && left == m.Became["pin"] {
		left = survivor.Row["pin"] // the survivor's other number, if there is one, is found by the merged record
	}
	if err := updateRow(ctx, tx, m.SurvivorID, m.Became); err != nil {
		return err
	}
	if err := mark(ctx, tx, m.MergedID, left, m.SurvivorID); err != nil {
		return err
	}
	return seenBoth(ctx, d, tx, "patient.merge", m.ID, survivor.Row["pin"], merged.Row["pin"])
}

// seenBoth records the change with both people: each may ask who did it.
func seenBoth(ctx context.Context, d *desk.Desk, tx *sql.Tx, action, object string, pins ...string) error {
	slices.Sort(pins)
	for _, pin := range slices.Compact(pins) {
		if err := d.Seen(ctx, tx, pin, action, object); err != nil {
			return err
		}
	}
	return nil
}

// Undo takes the merge back: what was led over goes back, stays that began since
// go with whom back says they are (ids of those that are the separated person's),
// and what was written since stays written. A merge is undone after those that
// followed it.
func Undo(ctx context.Context, d *desk.Desk, mergeID, reason string, back []string) error {
	if reason == "" {
		return fail.Fields(fail.Finding{Field: "reason", Key: "kit.field.required"})
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		m, err := Load(ctx, tx, mergeID)
		if err != nil {
			return err
		}
		if err := lockBoth(ctx, d.DB, tx, m.SurvivorID, m.MergedID); err != nil {
			return err
		}
		survivor, err := loadSide(ctx, tx, m.SurvivorID)
		if err != nil {
			return err
		}
		merged, err := loadSide(ctx, tx, m.MergedID)
		if err != nil {
			return err
		}
		if err := mayUndo(ctx, m); err != nil {
			return err
		}
		if err := lastOne(ctx, tx, m); err != nil {
			return err
		}
		undone, err := markUndone(ctx, tx, m.ID, reason, d.Clock)
		if err != nil {
			return err
		}
		if !undone {
			return fail.New(fail.Conflict, "card.merge.undone_already")
		}
		return takeBack(ctx, d, tx, m, survivor, merged, back)
	})
}

func takeBack(ctx context.Context, d *desk.Desk, tx *sql.Tx, m Merge, survivor, merged Side, back []string) error {
	since, err := newStays(ctx, tx, m)
	if err != nil {
		return err
	}
	for _, stayID := range back {
		if !slices.ContainsFunc(since, func(s Stay) bool { return s.ID == stayID }) {
			return fail.Fields(fail.Finding{Field: "back", Key: "kit.field.choose"})
		}
		if err := leadStay(ctx, tx, stayID, m.MergedID); err != nil {
			return err
		}
	}
	for _, p := range Places {
		if err := leadBack(ctx, tx, m, p); err != nil {
			return err
		}
	}
	if err := freePINs(ctx, tx, m.SurvivorID, m.MergedID); err != nil {
		return err
	}
	after := part(m.Was, m.Became, survivor.Row)
	if after["pin"] == m.MergedPIN {
		after["pin"] = m.Was["pin"]
	}
	if err := updateRow(ctx, tx, m.SurvivorID, after); err != nil {
		return err
	}
	if err := mark(ctx, tx, m.MergedID, m.MergedPIN, ""); err != nil {
		return err
	}
	if err := insertApart(ctx, tx, m.SurvivorID, m.MergedID, d.Clock); err != nil {
		return err
	}
	return seenBoth(ctx, d, tx, "patient.unmerge", m.ID, survivor.Row["pin"], merged.Row["pin"], after["pin"], m.MergedPIN)
}

// mayUndo: who keeps the register, in the hospital that merged.
func mayUndo(ctx context.Context, m Merge) error {
	staff := desk.Of(ctx)
	if !slices.Contains(keepers, staff.Post.Role) || staff.Post.Organisation != m.Organisation {
		return fail.New(fail.Forbidden, "card.merge.undo_not_yours")
	}
	return nil
}

// Apart says that the two are not one person, and they are not shown as likely
// doubles again.
func Apart(ctx context.Context, d *desk.Desk, a, b string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		one, err := loadSide(ctx, tx, a)
		if err != nil {
			return err
		}
		other, err := loadSide(ctx, tx, b)
		if err != nil {
			return err
		}
		if err := May(ctx, one, other); err != nil {
			return err
		}
		if err := insertApart(ctx, tx, a, b, d.Clock); err != nil {
			return err
		}
		return seenBoth(ctx, d, tx, "patient.apart", "", one.Row["pin"], other.Row["pin"])
	})
}
