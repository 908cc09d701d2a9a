package merge

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// Both sides may have registered one person, and the centre not know it yet: what
// it tells of them until it does names its own id of them, which is taken at the
// node for the node's. The person's row itself is left alone: the centre merges
// both as soon as it has the node's, and says what has become of them.

// ourNames puts the node's ids of such people in the place of the centre's.
func (m *Merger) ourNames(ctx context.Context, tx *sql.Tx, c cardapi.Change) (cardapi.Change, error) {
	t, row, err := m.read(c, c.After)
	if err != nil {
		return c, err
	}
	named := row
	if named == nil { // a row that is gone: its key alone
		named = capture.Row{}
		for i, value := range capture.SplitKey(c.Key) {
			if i < len(t.Key) {
				named[t.Key[i]] = value
			}
		}
	}
	if err := m.Translate(ctx, tx, Centre, t, named, true); err != nil {
		return c, err
	}
	c.Key = capture.JoinKey(t.KeyOf(named))
	if row != nil {
		c.After = row.Text()
	}
	return c, nil
}

// samePerson notes that the person of the change is one whom the node has
// registered too and not handed over yet.
func (m *Merger) samePerson(ctx context.Context, tx *sql.Tx, applied int64, c cardapi.Change) (bool, error) {
	t, row, err := m.read(c, c.After)
	if err != nil || row == nil || t.Name != "patient" || row.String("pin") == "" {
		return false, err
	}
	ours, err := registeredHere(ctx, tx, row.String("pin"), row.String("id"), applied)
	if err != nil || ours == "" {
		return false, err
	}
	return true, addAlias(ctx, tx, Centre, t.Name, row.String("id"), ours)
}

// known says that the ПИН which the node gives a person is that of whom the
// centre merged them into already: the number stays there, and the node is told.
// Without it the change would wait for ever, since one number has one row.
func (m *Merger) known(ctx context.Context, tx *sql.Tx, t capture.Table, current, write capture.Row) (bool, error) {
	pin := write.String("pin")
	if t.Name != "patient" || pin == "" {
		return false, nil
	}
	const longest = 16 // of a chain of people who were merged; a ring has no end
	for range longest {
		into := current.String("merged_into")
		if into == "" {
			return false, nil
		}
		survivor, ok, err := m.Schema.Load(ctx, tx, t, []string{into}, "")
		if err != nil || !ok {
			return false, err
		}
		if survivor.String("pin") == pin {
			return true, nil
		}
		current = survivor
	}
	return false, nil
}
