package node

import (
	"context"
	"database/sql"
	"errors"
	"strings"
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
	Patient          string // id of whom the row is about, "" for nobody
	Person, PIN      string // as this side knows them
	OursBy, TheirsBy string // who wrote the value, "" not known
	OursPlace        string // organisation of who wrote it
	TheirsPlace      string
}

// mostConflicts that a page shows.
const mostConflicts = 200

// Conflicts of the organisation: those that nobody has decided, or those that
// somebody has, the newest first.
func Conflicts(ctx context.Context, q db.Querier, organisation string, decided bool) ([]Conflict, error) {
	condition := `c.decided_at = 0`
	if decided {
		condition = `c.decided_at <> 0`
	}
	rows, err := q.QueryContext(ctx, `SELECT c.id, c.node, c.tbl, c.row_key, c.col, c.base, c.ours, c.theirs, c.ours_at, c.theirs_at, c.stands, c.found_at, c.decided_at,
			c.decided_name, c.organisation, c.patient_id, c.ours_by, c.ours_place, c.theirs_by, c.theirs_place,
			COALESCE(p.family_name, ''), COALESCE(p.given_name, ''), COALESCE(p.patronymic, ''), COALESCE(p.pin, '')
		FROM change_conflict c LEFT JOIN patient p ON p.id = c.patient_id
		WHERE c.organisation = $1 AND `+condition+` ORDER BY c.found_at DESC, c.id LIMIT $2`, organisation, mostConflicts)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []Conflict
	for rows.Next() {
		var c Conflict
		var ours, theirs, found, decided int64
		var family, given, patronymic string
		err := rows.Scan(&c.ID, &c.Node, &c.Table, &c.Key, &c.Column, &c.Base, &c.Ours, &c.Theirs, &ours, &theirs, &c.Stands, &found, &decided, &c.DecidedName, &c.Organisation,
			&c.Patient, &c.OursBy, &c.OursPlace, &c.TheirsBy, &c.TheirsPlace, &family, &given, &patronymic, &c.PIN)
		if err != nil {
			return nil, err
		}
		c.Person = strings.Join(strings.Fields(family+" "+given+" "+patronymic), " ")
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

// openConflicts counts, by node, those that nobody has decided.
func openConflicts(ctx context.Context, q db.Querier) (map[string]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT node, COUNT(*) FROM change_conflict WHERE decided_at = 0 GROUP BY node`)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]int{}
	for rows.Next() {
		var node string
		var n int
		if err := rows.Scan(&node, &n); err != nil {
			return nil, err
		}
		all[node] = n
	}
	return all, rows.Err()
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
		var table, key, column, ours, theirs, stands, patientID string
		err := tx.QueryRowContext(ctx, `UPDATE change_conflict SET decided_at = $2, decided_by = $3, decided_name = $4
			WHERE id = $1 AND organisation = $5 AND decided_at = 0 RETURNING tbl, row_key, col, ours, theirs, stands, patient_id`,
			conflictID, db.Micros(d.Clock.Now()), staff.PIN, staff.Name, staff.Post.Organisation).Scan(&table, &key, &column, &ours, &theirs, &stands, &patientID)
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
		var pin string
		err = tx.QueryRowContext(ctx, `SELECT pin FROM patient WHERE id = $1`, patientID).Scan(&pin)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return d.Seen(ctx, tx, pin, "conflict.decide", key)
	})
}
