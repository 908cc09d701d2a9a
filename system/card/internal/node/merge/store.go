package merge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

type held struct {
	epoch    int64
	sequence int64
	change   cardapi.Change
}

// atOnce is how many held changes are tried again with a batch.
const atOnce = 2000

func heldOf(ctx context.Context, tx *sql.Tx, node string) ([]held, error) {
	var all []held
	for row, err := range db.Rows(ctx, tx, `SELECT epoch, sequence, content FROM node_held WHERE node = $1 ORDER BY epoch, sequence LIMIT $2`, node, atOnce) {
		if err != nil {
			return nil, err
		}
		var h held
		var content string
		if err := row.Scan(&h.epoch, &h.sequence, &content); err != nil {
			return nil, err
		}
		if h.change, err = decode(content); err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

func isHeld(ctx context.Context, tx *sql.Tx, node string, c cardapi.Change) (bool, error) {
	var behind bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM node_held WHERE node = $1 AND tbl = $2 AND row_key = $3)`, node, c.Table, c.Key).Scan(&behind)
	return behind, err
}

func hold(ctx context.Context, tx *sql.Tx, node string, epoch int64, c cardapi.Change, reason string, at time.Time) error {
	content, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO node_held (node, epoch, sequence, tbl, row_key, content, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (node, epoch, sequence) DO NOTHING`, node, epoch, c.Sequence, c.Table, c.Key, string(content), reason, db.Micros(at))
	return err
}

// nextHeld is the place after all that is held of the node.
func nextHeld(ctx context.Context, tx *sql.Tx, node string) (int64, error) {
	var next int64
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(sequence), 0) + 1 FROM node_held WHERE node = $1`, node).Scan(&next)
	return next, err
}

func release(ctx context.Context, tx *sql.Tx, node string, h held) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM node_held WHERE node = $1 AND epoch = $2 AND sequence = $3`, node, h.epoch, h.sequence)
	return err
}

// releaseRow drops what is held of the change's row.
func releaseRow(ctx context.Context, tx *sql.Tx, node string, c cardapi.Change) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM node_held WHERE node = $1 AND tbl = $2 AND row_key = $3`, node, c.Table, c.Key)
	return err
}

func alias(ctx context.Context, q db.Querier, node, value string, up bool) (string, error) {
	query := `SELECT ours FROM node_alias WHERE node = $1 AND tbl = 'patient' AND theirs = $2`
	if !up {
		query = `SELECT theirs FROM node_alias WHERE node = $1 AND tbl = 'patient' AND ours = $2`
	}
	var known string
	err := q.QueryRowContext(ctx, query, node, value).Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return known, err
}

// Own makes what is written until the function it gives is called count as made
// on this side.
func Own(ctx context.Context, tx *sql.Tx) (func() error, error) {
	var origin string
	err := tx.QueryRowContext(ctx, `DELETE FROM node_applying RETURNING origin`).Scan(&origin)
	if err != nil {
		return nil, err
	}
	return func() error {
		_, err := tx.ExecContext(ctx, `INSERT INTO node_applying (origin) VALUES ($1)`, origin)
		return err
	}, nil
}

func addAlias(ctx context.Context, tx *sql.Tx, node, table, theirs, ours string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO node_alias (node, tbl, theirs, ours) VALUES ($1, $2, $3, $4) ON CONFLICT (node, tbl, theirs) DO NOTHING`,
		node, table, theirs, ours)
	return err
}

// changedHere says whether the row was changed at the node after what the centre
// has seen.
func changedHere(ctx context.Context, tx *sql.Tx, c cardapi.Change, applied int64) (bool, error) {
	var changed bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM node_change WHERE tbl = $1 AND row_key = $2 AND origin = ''
		AND (sequence = 0 OR sequence > $3))`, c.Table, c.Key, applied).Scan(&changed)
	return changed, err
}

// registeredHere is the node's id of the person whom it has registered with the
// ПИН after what the centre has seen, under another id than the given one; "" for
// nobody. Of whom the centre has seen, it names the node's id itself; who got the
// ПИН later is another row there too.
func registeredHere(ctx context.Context, tx *sql.Tx, pin, id string, applied int64) (string, error) {
	var ours, registered string
	err := tx.QueryRowContext(ctx, `SELECT p.id, c.after_row FROM patient p JOIN node_change c ON c.tbl = 'patient' AND c.row_key = p.id
		WHERE p.pin = $1 AND p.id <> $2 AND c.op = 'I' AND c.origin = '' AND (c.sequence = 0 OR c.sequence > $3)`, pin, id, applied).Scan(&ours, &registered)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	row, err := capture.Parse(registered)
	if err != nil || row.String("pin") != pin {
		return "", err
	}
	return ours, nil
}

func savepoint(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "SAVEPOINT taken")
	return err
}

func keep(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT taken")
	return err
}

func undo(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT taken"); err != nil {
		return err
	}
	return keep(ctx, tx)
}

// Within says whether the row is there and of the organisations; condition is
// capture.Schema.Within's, its first parameter after those of the key.
func (m *Merger) Within(ctx context.Context, q db.Querier, t capture.Table, key []string, condition string, organisations []string) (bool, error) {
	var args []any
	var parts []string
	for i, k := range t.Key {
		value := ""
		if i < len(key) {
			value = key[i]
		}
		parts, args = append(parts, k+" = $"+strconv.Itoa(i+1)), append(args, value)
	}
	for _, code := range organisations {
		args = append(args, code)
	}
	var mine bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+t.Name+` WHERE `+strings.Join(parts, " AND ")+` AND `+condition+`)`, args...).Scan(&mine)
	return mine, err
}

// elsewhere says whether the table has the value in the column in a row that is not
// of the organisations; condition is capture.Schema.Within's, from its second parameter.
func elsewhere(ctx context.Context, q db.Querier, t capture.Table, column string, value any, condition string, organisations []string) (bool, error) {
	args := []any{value}
	for _, code := range organisations {
		args = append(args, code)
	}
	var theirs bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+t.Name+` WHERE `+column+` = $1 AND NOT `+condition+`)`, args...).Scan(&theirs)
	return theirs, err
}

// tell has the row go to every node, the one that sent it too: it is not as the
// node believes.
func (m *Merger) tell(ctx context.Context, tx *sql.Tx, t capture.Table, key []string, row capture.Row, there bool) error {
	op, text := "U", ""
	if there {
		text = row.Text()
	} else {
		op = "D"
	}
	transaction := "0"
	if m.DB.Dialect == db.Postgres {
		transaction = "pg_current_xact_id()::text::bigint"
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO node_change (xid, at, origin, tbl, row_key, op, before_row, after_row)
		VALUES (`+transaction+`, $1, '', $2, $3, $4, '', $5)`, db.Micros(m.Clock.Now()), t.Name, capture.JoinKey(key), op, text)
	return err
}

func (m *Merger) conflict(ctx context.Context, tx *sql.Tx, s Source, t capture.Table, current capture.Row, column string, at int64, was, ours, theirs any, stands string) error {
	key := capture.JoinKey(t.KeyOf(current))
	organisation := ""
	if len(s.Organisations) > 0 {
		organisation = s.Organisations[0]
	}
	row := capture.Row{"was": was, "ours": ours, "theirs": theirs}
	patientID, pin, err := m.about(ctx, tx, t, current)
	if err != nil {
		return err
	}
	oursAt, by, err := ourAuthor(ctx, tx, s.Node, t.Name, key, pin)
	if err != nil {
		return err
	}
	// To be told to the node, it counts as made here.
	end, err := Own(ctx, tx)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO change_conflict (id, node, tbl, row_key, col, base, ours, theirs, ours_at, theirs_at, stands, organisation, found_at, decided_at, decided_by, decided_name,
			patient_id, ours_by, ours_place, theirs_by, theirs_place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, '', '', $14, $15, $16, '', '')`,
		id.New(), s.Node, t.Name, key, column, row.String("was"), row.String("ours"), row.String("theirs"),
		oursAt, at, stands, organisation, db.Micros(m.Clock.Now()), patientID, by.name, by.place)
	if err != nil {
		return err
	}
	return end()
}
