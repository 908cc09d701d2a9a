// Package merge writes what the other side has changed: at the centre what a
// node hands over, at a node what the centre has. A change that the database
// refuses is held, with all that follows on the same row, and tried again; what
// both sides changed is kept with both values.
package merge

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// Merger writes changes of the other side.
type Merger struct {
	DB     *db.DB
	Schema *capture.Schema
	Clock  clock.Clock
	// Arrived is called at the centre, in the transaction, for each row that a
	// node has added, by table: what the centre does for the node follows from it.
	Arrived map[string]func(ctx context.Context, tx *sql.Tx, row capture.Row) error
	Room    map[string]Room  // at the centre, by table
	Asked   map[string]Asked // after it, by table
}

// Source is the node whose changes are taken; at a node, the centre.
type Source struct {
	Node          string
	Epoch         int64
	Organisations []string
	Applied       int64 // at a node: the last place of its own that the centre had when it told
}

// Centre is the name under which a node holds the centre's changes and notes
// where rows have come from.
const Centre = "@centre"

// reasons why a change is held.
const (
	heldOrder     = "order"     // an earlier one of the same row is held
	heldUnique    = "unique"    // another row has what only one may have
	heldReference = "reference" // it names a row that is not there
	heldForeign   = "foreign"   // the row is not of the node's organisations
	heldOther     = "other"
)

// FromNode takes a change of the node, at the centre.
func (m *Merger) FromNode(ctx context.Context, tx *sql.Tx, s Source, c cardapi.Change) error {
	if capture.Local(c.Table) {
		return nil // the node's program is older, and hands over what now stays
	}
	if err := m.sound(c); err != nil {
		return err
	}
	reason := heldOrder
	behind, err := isHeld(ctx, tx, s.Node, c)
	if err != nil {
		return err
	}
	if !behind {
		if reason, err = m.place(ctx, tx, s, c); err != nil || reason == "" {
			return err
		}
	}
	if reason == heldForeign && capture.Copied(c.Table) {
		return nil // НИСУР has told the centre too
	}
	return hold(ctx, tx, s.Node, s.Epoch, c, reason, m.Clock.Now())
}

// FromCentre takes a change of the centre, at a node; applied is the last place of
// the node's that the centre had when it told it. A row that was changed here after
// that is left alone: the centre will see it, and say what has become of it.
func (m *Merger) FromCentre(ctx context.Context, tx *sql.Tx, applied int64, c cardapi.Change) error {
	if capture.Local(c.Table) {
		return nil // the centre's program is older, and tells what now stays
	}
	c, err := m.ourNames(ctx, tx, c)
	if err != nil {
		return err
	}
	if changed, err := changedHere(ctx, tx, c, applied); err != nil || changed {
		return err
	}
	if same, err := m.samePerson(ctx, tx, applied, c); err != nil || same {
		return err
	}
	reason, err := m.attempt(ctx, tx, func() error { return m.put(ctx, tx, c) })
	if err != nil {
		return err
	}
	// The centre tells rows as they stand: what is held of this one is of the past.
	if err := releaseRow(ctx, tx, Centre, c); err != nil || reason == "" {
		return err
	}
	// It tells in order, but its places are not all of one kind (rows that are
	// fetched have none, people come before what names them): what is held is held
	// in the order in which it came.
	if c.Sequence, err = nextHeld(ctx, tx, Centre); err != nil {
		return err
	}
	return hold(ctx, tx, Centre, 0, c, reason, m.Clock.Now())
}

// Retry tries what is held of the source again, in order, and says how much is
// left. Changes of one row of which the first is still refused are tried as what
// they come to together: somebody may have mended on the other side what is in
// the way here.
func (m *Merger) Retry(ctx context.Context, tx *sql.Tx, s Source) (left int, err error) {
	for {
		var done int
		if left, done, err = m.round(ctx, tx, s); err != nil || left == 0 || done == 0 {
			return left, err
		}
	}
}

// round tries each once, and says how many were taken.
func (m *Merger) round(ctx context.Context, tx *sql.Tx, s Source) (left, done int, err error) {
	all, err := heldOf(ctx, tx, s.Node)
	if err != nil {
		return 0, 0, err
	}
	var rows []string
	stuck := map[string][]held{}
	for _, h := range all {
		row := h.change.Table + "/" + h.change.Key
		reason := heldOrder
		if stuck[row] == nil {
			if reason, err = m.again(ctx, tx, s, h); err != nil {
				return 0, 0, err
			}
		}
		switch {
		case reason == "":
			err = release(ctx, tx, s.Node, h)
		case stuck[row] == nil:
			rows = append(rows, row)
			fallthrough
		default:
			stuck[row] = append(stuck[row], h)
		}
		if err != nil {
			return 0, 0, err
		}
	}
	for _, row := range rows {
		reason, err := m.joined(ctx, tx, s, stuck[row])
		if err != nil {
			return 0, 0, err
		}
		if reason != "" {
			left += len(stuck[row])
			continue
		}
		for _, h := range stuck[row] {
			if err := release(ctx, tx, s.Node, h); err != nil {
				return 0, 0, err
			}
		}
	}
	return left, len(all) - left, nil
}

// again tries a change that is held.
func (m *Merger) again(ctx context.Context, tx *sql.Tx, s Source, h held) (reason string, err error) {
	if s.Node != Centre {
		return m.place(ctx, tx, Source{Node: s.Node, Epoch: h.epoch, Organisations: s.Organisations}, h.change)
	}
	changed, err := changedHere(ctx, tx, h.change, s.Applied)
	if err != nil || changed {
		return "", err // the centre will see it, and say what has become of it
	}
	return m.attempt(ctx, tx, func() error { return m.put(ctx, tx, h.change) })
}

// joined tries changes of one row as one, if they are several.
func (m *Merger) joined(ctx context.Context, tx *sql.Tx, s Source, changes []held) (reason string, err error) {
	c, nothing, ok := together(changes)
	switch {
	case !ok || len(changes) == 1:
		return heldOrder, nil
	case nothing:
		return "", nil
	}
	return m.again(ctx, tx, s, held{epoch: changes[len(changes)-1].epoch, change: c})
}

// attempt gives why the database refused, "" if it did not.
func (m *Merger) attempt(ctx context.Context, tx *sql.Tx, do func() error) (reason string, err error) {
	if err := savepoint(ctx, tx); err != nil {
		return "", err
	}
	err = do()
	if err == nil {
		return "", keep(ctx, tx)
	}
	switch {
	case db.Unresolved(err):
		reason = heldReference
	case db.Unique(err):
		reason = heldUnique
	case fail.Is(err, fail.Forbidden):
		reason = heldForeign
	case db.Refused(err):
		reason = heldOther
	default:
		return "", err
	}
	return reason, undo(ctx, tx)
}

// put writes the centre's row as it is.
func (m *Merger) put(ctx context.Context, tx *sql.Tx, c cardapi.Change) error {
	t, row, err := m.read(c, c.After)
	if err != nil {
		return err
	}
	key := capture.SplitKey(c.Key)
	if c.Op == "D" {
		return m.Schema.Delete(ctx, tx, t, key)
	}
	current, ok, err := m.Schema.Load(ctx, tx, t, key, m.DB.ForUpdate())
	if err != nil {
		return err
	}
	if !ok {
		return m.Schema.Insert(ctx, tx, t, row)
	}
	changed := capture.Row{}
	for column, value := range row {
		if current[column] != value {
			changed[column] = value
		}
	}
	return m.Schema.Update(ctx, tx, t, key, changed)
}

// read finds the table and reads the row. A column or table that is not here
// means that the other side's program is newer: nothing may be lost by it.
func (m *Merger) read(c cardapi.Change, written string) (capture.Table, capture.Row, error) {
	t, ok := m.Schema.Table(c.Table)
	if !ok {
		return t, nil, fail.New(fail.Conflict, "card.node.behind", "Where", c.Table)
	}
	row, err := capture.Parse(written)
	if err != nil {
		return t, nil, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	if column := t.Unknown(row); column != "" {
		return t, nil, fail.New(fail.Conflict, "card.node.behind", "Where", c.Table+"."+column)
	}
	return t, row, nil
}

// fromNode merges column by column: what only the node changed is written, what
// only the centre changed stays, what both changed is kept as a conflict.
func (m *Merger) fromNode(ctx context.Context, tx *sql.Tx, s Source, c cardapi.Change) error {
	t, after, err := m.read(c, c.After)
	if err != nil {
		return err
	}
	_, before, err := m.read(c, c.Before)
	if err != nil {
		return err
	}
	for _, row := range []capture.Row{before, after} {
		if err := m.Translate(ctx, tx, s.Node, t, row, true); err != nil {
			return err
		}
	}
	named := after
	if named == nil {
		named = before
	}
	condition, home := m.Schema.Within(t, len(t.Key)+1, len(s.Organisations))
	key := t.KeyOf(named)
	current, ok, err := m.Schema.Load(ctx, tx, t, key, m.DB.ForUpdate())
	if err != nil {
		return err
	}
	switch home {
	case capture.Guide:
		if ok && after != nil && same(current, after) { // both were brought up to date by their programs
			return nil
		}
		return fail.New(fail.Forbidden, "card.node.foreign")
	case capture.Nobody:
		if done, err := grows(t, c, current, after, ok); done || err != nil {
			return err
		}
	}
	if ok && condition != "" {
		if err := m.mine(ctx, tx, t, key, condition, s.Organisations); err != nil {
			return err
		}
	}
	switch {
	case c.Op == "D":
		if !ok || (home != capture.Hospital && !same(current, before)) {
			return m.tell(ctx, tx, t, key, current, ok)
		}
		return m.Schema.Delete(ctx, tx, t, key)
	case !ok:
		adopted, err := m.adopt(ctx, tx, s, t, c, after)
		if err != nil || adopted {
			return err
		}
		if err := m.within(ctx, tx, s, t, after, after); err != nil {
			return err
		}
		if err := m.Schema.Insert(ctx, tx, t, after); err != nil {
			return err
		}
		if condition != "" && t.Name != "patient" {
			if err := m.mine(ctx, tx, t, key, condition, s.Organisations); err != nil {
				return err
			}
		}
		if t.Name == recordTable {
			return m.recorded(ctx, tx, s.Node, c, after)
		}
		if arrived := m.Arrived[t.Name]; arrived != nil {
			return arrived(ctx, tx, after)
		}
		return nil
	}
	return m.columns(ctx, tx, s, t, home, c, before, current, after)
}

// columns merges a row that both sides have.
func (m *Merger) columns(ctx context.Context, tx *sql.Tx, s Source, t capture.Table, home capture.Home, c cardapi.Change, before, current, after capture.Row) error {
	key, write := t.KeyOf(after), capture.Row{}
	moved := c.Op == "U" && !same(current, before)
	for column, value := range after {
		is := current[column]
		if is == value {
			continue
		}
		was, known := before[column]
		switch {
		case known && was == value: // the centre's change stays
		case known && was == is, home == capture.Hospital && c.Op == "I": // the node's alone; or a copy that both made
			write[column] = value
		default:
			stands := "ours"
			if home == capture.Hospital {
				stands, write[column] = "theirs", value
			}
			moved = true
			if Silent(t.Name, column) {
				continue
			}
			if Additive(t.Name, column) {
				write[column] = Both(current.String(column), after.String(column))
			}
			if err := m.conflict(ctx, tx, s, t, current, column, c.At, was, is, value, stands); err != nil {
				return err
			}
		}
	}
	known, err := m.known(ctx, tx, t, current, write)
	if err != nil {
		return err
	}
	if known {
		delete(write, "pin")
		moved = true
	}
	becomes := maps.Clone(current)
	maps.Copy(becomes, write)
	if err := m.within(ctx, tx, s, t, write, becomes); err != nil {
		return err
	}
	if err := m.Schema.Update(ctx, tx, t, key, write); err != nil || !moved {
		return err
	}
	if err := Follow(ctx, tx, m.Schema, t, key); err != nil {
		return err
	}
	now, ok, err := m.Schema.Load(ctx, tx, t, key, "")
	if err != nil {
		return err
	}
	return m.tell(ctx, tx, t, key, now, ok)
}

// same compares the columns that the node knew.
func same(current, before capture.Row) bool {
	for column, value := range before {
		if current[column] != value {
			return false
		}
	}
	return true
}

// mine refuses a row that is not of the node's organisations.
func (m *Merger) mine(ctx context.Context, tx *sql.Tx, t capture.Table, key []string, condition string, organisations []string) error {
	mine, err := m.Within(ctx, tx, t, key, condition, organisations)
	if err == nil && !mine {
		return fail.New(fail.Forbidden, "card.node.foreign")
	}
	return err
}

// From makes all that this transaction writes count as come from the origin
// until the function it gives is called.
func From(ctx context.Context, tx *sql.Tx, origin string) (func() error, error) {
	return capture.From(ctx, tx, origin)
}

// adopt finds the person whom the node has registered and the centre knows by
// another id. What the centre has not is taken over; what both have stays the
// centre's, with a conflict.
func (m *Merger) adopt(ctx context.Context, tx *sql.Tx, s Source, t capture.Table, c cardapi.Change, after capture.Row) (bool, error) {
	pin := after.String("pin")
	if t.Name != "patient" || pin == "" {
		return false, nil
	}
	rows, err := m.Schema.Select(ctx, tx, t, `WHERE pin = $1`+m.DB.ForUpdate(), pin)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	known := rows[0]
	if err := addAlias(ctx, tx, s.Node, t.Name, after.String("id"), known.String("id")); err != nil {
		return false, err
	}
	write := capture.Row{}
	for column, value := range after {
		is := known[column]
		if is == value || blank(value) || column == "id" || column == "created_at" || column == "created_by" || column == "organisation" || Silent(t.Name, column) {
			continue
		}
		if blank(is) {
			write[column] = value
			continue
		}
		if Additive(t.Name, column) {
			write[column] = Both(known.String(column), after.String(column))
		}
		if err := m.conflict(ctx, tx, s, t, known, column, c.At, nil, is, value, "ours"); err != nil {
			return false, err
		}
	}
	if err := m.Schema.Update(ctx, tx, t, t.KeyOf(known), write); err != nil {
		return false, err
	}
	if err := Follow(ctx, tx, m.Schema, t, t.KeyOf(known)); err != nil {
		return false, err
	}
	now, ok, err := m.Schema.Load(ctx, tx, t, t.KeyOf(known), "")
	if err != nil {
		return false, err
	}
	return true, m.tell(ctx, tx, t, t.KeyOf(known), now, ok)
}

func blank(value any) bool { return value == nil || value == "" || value == int64(0) }

// Translate puts the ids by which this side knows people in the place of the
// other's: up from the node's to the centre's, else back.
func (m *Merger) Translate(ctx context.Context, q db.Querier, node string, t capture.Table, row capture.Row, up bool) error {
	columns := m.Schema.PatientColumns(t)
	if t.Name == "change_conflict" && row.String("tbl") == "patient" {
		columns = append(columns, "row_key")
	}
	for _, column := range columns {
		value, ok := row[column].(string)
		if !ok || value == "" {
			continue
		}
		known, err := alias(ctx, q, node, value, up)
		if err != nil {
			return err
		}
		if known != "" {
			row[column] = known
		}
	}
	return nil
}

// decode reads a change that was held.
func decode(written string) (cardapi.Change, error) {
	var c cardapi.Change
	return c, json.Unmarshal([]byte(written), &c)
}
