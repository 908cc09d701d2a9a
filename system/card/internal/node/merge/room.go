package merge

import (
	"context"
	"database/sql"
	"maps"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// Room finds a place at the centre for a row of a node that the database refuses,
// because another row has what only one may have: both sides have done the same
// to one stay. It changes the row, which the node is then told, or what stands in
// its way, counting as made here (Own). found is false if the row can only wait;
// nothing may have been changed then.
type Room func(ctx context.Context, tx *sql.Tx, table string, row capture.Row) (found bool, err error)

// Asked gives what a person is asked after room was made for a row: sent is the row
// as the node has it, made as the centre has written it.
type Asked func(ctx context.Context, tx *sql.Tx, sent, made capture.Row) ([]Question, error)

// Question is a column of which people are to say whose value is right; the
// centre's stands until they have.
type Question struct {
	Column       string
	Ours, Theirs any
}

// place takes a change of the node and says why it cannot, "" if it could.
func (m *Merger) place(ctx context.Context, tx *sql.Tx, s Source, c cardapi.Change) (reason string, err error) {
	reason, err = m.attempt(ctx, tx, func() error { return m.fromNode(ctx, tx, s, c) })
	room := m.Room[c.Table]
	if err != nil || reason != heldUnique || room == nil || c.Op == "D" {
		return reason, err
	}
	found := false
	again, err := m.attempt(ctx, tx, func() error {
		var err error
		found, err = m.withRoom(ctx, tx, s, c, room)
		return err
	})
	if err == nil && !found && again == "" {
		again = reason
	}
	return again, err
}

func (m *Merger) withRoom(ctx context.Context, tx *sql.Tx, s Source, c cardapi.Change, room Room) (found bool, err error) {
	t, row, err := m.read(c, c.After)
	if err != nil {
		return false, err
	}
	if err := m.Translate(ctx, tx, s.Node, t, row, true); err != nil {
		return false, err
	}
	sent := maps.Clone(row)
	if found, err = room(ctx, tx, t.Name, row); err != nil || !found {
		return false, err
	}
	c.After = row.Text()
	if err := m.fromNode(ctx, tx, s, c); err != nil || maps.Equal(sent, row) {
		return true, err
	}
	key := t.KeyOf(row)
	now, ok, err := m.Schema.Load(ctx, tx, t, key, "")
	if err != nil {
		return true, err
	}
	if asked := m.Asked[t.Name]; asked != nil && ok {
		questions, err := asked(ctx, tx, sent, row)
		if err != nil {
			return true, err
		}
		for _, q := range questions {
			if err := m.conflict(ctx, tx, s, t, now, q.Column, c.At, nil, q.Ours, q.Theirs, "ours"); err != nil {
				return true, err
			}
		}
	}
	return true, m.tell(ctx, tx, t, key, now, ok)
}

// together is what changes of one row, one after the other, come to; nothing is
// true if they come to nothing. ok is false for those that cannot be joined.
func together(held []held) (c cardapi.Change, nothing, ok bool) {
	first, last := held[0].change, held[len(held)-1].change
	if first.Op == "D" {
		return c, false, false
	}
	c = last
	c.Before = first.Before
	switch {
	case first.Op == "I" && last.Op == "D":
		return c, true, true
	case last.Op != "D":
		c.Op = first.Op
	}
	return c, false, true
}
