package node

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// Conflict is a value that both sides changed.
type Conflict struct {
	ID               string
	Node             string
	Table, Key       string
	Column           string
	Base             string
	Ours, Theirs     string
	OursAt, TheirsAt time.Time
	Stands           string // ours, theirs
	FoundAt          time.Time
	DecidedAt        time.Time
	DecidedName      string
	Organisation     string
}

// mostConflicts that a page shows.
const mostConflicts = 200

// Conflicts of the organisation: those that nobody has decided, or those that
// somebody has, the newest first.
func Conflicts(ctx context.Context, q db.Querier, organisation string, decided bool) ([]Conflict, error) {
	condition := `decided_at = 0`
	if decided {
		condition = `decided_at <> 0`
	}
	rows, err := q.QueryContext(ctx, `SELECT id, node, tbl, row_key, col, base, ours, theirs, ours_at, theirs_at, stands, found_at, decided_at, decided_name, organisation
		FROM change_conflict WHERE organisation = $1 AND `+condition+` ORDER BY found_at DESC, id LIMIT $2`, organisation, mostConflicts)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []Conflict
	for rows.Next() {
		var c Conflict
		var ours, theirs, found, decided int64
		err := rows.Scan(&c.ID, &c.Node, &c.Table, &c.Key, &c.Column, &c.Base, &c.Ours, &c.Theirs, &ours, &theirs, &c.Stands, &found, &decided, &c.DecidedName, &c.Organisation)
		if err != nil {
			return nil, err
		}
		c.OursAt, c.TheirsAt, c.FoundAt, c.DecidedAt = db.Time(ours), db.Time(theirs), db.Time(found), db.Time(decided)
		all = append(all, c)
	}
	return all, rows.Err()
}

// CountConflicts are those that nobody has decided.
func CountConflicts(ctx context.Context, q db.Querier, organisation string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM change_conflict WHERE organisation = $1 AND decided_at = 0`, organisation).Scan(&n)
	return n, db.Explain(err)
}

// Decide settles a conflict: take is "ours", the centre's value, or "theirs", the
// node's. Of two who decide the first wins; a value that has become a third
// meanwhile stays.
func Decide(ctx context.Context, d *desk.Desk, schema *capture.Schema, conflictID, take string) error {
	if take != "ours" && take != "theirs" {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	staff := desk.Of(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var table, key, column, ours, theirs, stands string
		err := tx.QueryRowContext(ctx, `UPDATE change_conflict SET decided_at = $2, decided_by = $3, decided_name = $4
			WHERE id = $1 AND organisation = $5 AND decided_at = 0 RETURNING tbl, row_key, col, ours, theirs, stands`,
			conflictID, db.Micros(d.Clock.Now()), staff.PIN, staff.Name, staff.Post.Organisation).Scan(&table, &key, &column, &ours, &theirs, &stands)
		if err == sql.ErrNoRows { //nolint:errorlint // Scan gives it bare
			return fail.New(fail.Conflict, "card.node.decided")
		}
		if err != nil {
			return err
		}
		t, ok := schema.Table(table)
		if !ok || !t.Has(column) {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		row, ok, err := schema.Load(ctx, tx, t, capture.SplitKey(key), d.DB.ForUpdate())
		if err != nil || !ok || take == stands {
			return err
		}
		values := map[string]string{"ours": ours, "theirs": theirs}
		if row.String(column) == values[stands] {
			if err := schema.Update(ctx, tx, t, capture.SplitKey(key), capture.Row{column: t.Value(column, values[take])}); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE change_conflict SET stands = $2 WHERE id = $1`, conflictID, take); err != nil {
			return err
		}
		return d.Seen(ctx, tx, personOf(row), "conflict.decide", key)
	})
}

// personOf is the ПИН that the row holds, "" for none.
func personOf(row capture.Row) string { return row.String("pin") }
