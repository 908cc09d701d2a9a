package merge

import (
	"context"
	"database/sql"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// A node's program may be another than ours, or in other hands: what it says is
// looked at before it is written. What no trigger writes refuses the whole batch;
// what is another's is held, and seen on the page.

// latest is the highest moment that a change may have, in microseconds: in the year 2200.
const latest = 7_258_118_400_000_000

// sound refuses a change that no trigger of ours writes: without the rows that its
// kind has, under a key that is not its row's, with a value of another kind than its
// column's (SQLite would keep it, and every page that reads it would fail).
func (m *Merger) sound(c cardapi.Change) error {
	t, after, err := m.read(c, c.After)
	if err != nil {
		return err
	}
	_, before, err := m.read(c, c.Before)
	if err != nil {
		return err
	}
	named := after
	if c.Op == "D" {
		named = before
	}
	ok := slices.Contains([]string{"I", "U", "D"}, c.Op) && (before != nil) == (c.Op != "I") && (after != nil) == (c.Op != "D") &&
		c.At >= 0 && c.At <= latest && c.Sequence > 0 && capture.JoinKey(t.KeyOf(named)) == c.Key && fits(t, before) && fits(t, after)
	for _, k := range t.Key {
		ok = ok && named[k] != nil
	}
	if !ok {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	return nil
}

// fits says whether each value is of its column's kind.
func fits(t capture.Table, row capture.Row) bool {
	for _, c := range t.Columns {
		switch v := row[c.Name].(type) {
		case int64:
			if !c.Whole {
				return false
			}
		case string:
			_, err := hex.DecodeString(strings.TrimPrefix(v, `\x`))
			if c.Whole || strings.ContainsRune(v, 0) || c.Binary && (!strings.HasPrefix(v, `\x`) || err != nil) {
				return false
			}
		}
	}
	return true
}

// grows says whether the change only adds to a table that is nobody's, of which a
// node changes nothing that is there: the records of access, above all. Who has
// ticked a diagnosis may take the tick away.
func grows(t capture.Table, c cardapi.Change, current, after capture.Row, there bool) (done bool, err error) {
	switch {
	case !there && c.Op == "D", there && c.Op != "D" && same(current, after):
		return true, nil
	case there && (c.Op != "D" || t.Name != "diagnosis_favourite"):
		return false, fail.New(fail.Forbidden, "card.node.foreign")
	}
	return false, nil
}

// wander are tables whose rows pass from one hospital to another.
var wander = []string{"pregnancy", "patient_merge"}

// within refuses what a node's row would take of another hospital: a bed, a number,
// or the row itself, handed to it.
func (m *Merger) within(ctx context.Context, tx *sql.Tx, s Source, t capture.Table, written, row capture.Row) error {
	foreign := fail.New(fail.Forbidden, "card.node.foreign")
	if code, ok := written["organisation"]; ok && !slices.Contains(wander, t.Name) && !slices.Contains(s.Organisations, row.String("organisation")) {
		if _, home := m.Schema.Within(t, 1, len(s.Organisations)); home == capture.Hospital && code != nil {
			return foreign
		}
	}
	// Form 066/у: 0000001 18 950174 25.
	if n := row.String("number"); t.Name == "form" && (len(n) != 17 || n[7:15] != row.String("department")+row.String("organisation")) {
		return foreign
	}
	for _, r := range m.Schema.References(t) {
		value := row.String(r.Column)
		parent, ok := m.Schema.Table(r.Table)
		if _, is := written[r.Column]; !is || !ok || value == "" || parent.Name == t.Name || slices.Contains(wander, parent.Name) {
			continue
		}
		condition, home := m.Schema.Within(parent, 2, len(s.Organisations))
		if home != capture.Hospital {
			continue
		}
		theirs, err := elsewhere(ctx, tx, parent, r.Target, parent.Value(r.Target, value), condition, s.Organisations)
		if err != nil {
			return err
		}
		if theirs {
			return foreign
		}
	}
	return nil
}
