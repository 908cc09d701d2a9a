package merge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// A row does not say who wrote each of its values; the record of access does,
// which every change of a person's data makes in its own transaction. It is the
// first about the person that follows the change, within this time.
const recordedWithin = 5 * time.Second

// recordTable holds the records of access (kit/audit).
const recordTable = "access_record"

// author is who changed something, and where.
type author struct{ name, place string }

func authorOf(record capture.Row) author {
	parts := []string{record.String("actor_name"), record.String("actor_role")}
	if parts[1] == "" {
		parts = parts[:1]
	}
	return author{strings.Join(parts, ", "), record.String("organisation")}
}

// about is the patient whom the row of the table is about, with their ПИН; "" for
// nobody.
func (m *Merger) about(ctx context.Context, q db.Querier, t capture.Table, row capture.Row) (patientID, pin string, err error) {
	for _, column := range m.Schema.PatientColumns(t) {
		if patientID = row.String(column); patientID != "" {
			break
		}
	}
	if patientID == "" && t.Has("stay_id") {
		err = q.QueryRowContext(ctx, `SELECT patient_id FROM stay WHERE id = $1`, row.String("stay_id")).Scan(&patientID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", "", err
		}
	}
	if patientID == "" {
		return "", "", nil
	}
	err = q.QueryRowContext(ctx, `SELECT pin FROM patient WHERE id = $1`, patientID).Scan(&pin)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return patientID, pin, err
}

// ourAuthor is who wrote what the centre has, as far as it is known: changes and
// the records beside them are kept until every node has them.
func ourAuthor(ctx context.Context, tx *sql.Tx, node, table, key, pin string) (at int64, by author, err error) {
	var place int64
	err = tx.QueryRowContext(ctx, `SELECT id, at FROM node_change WHERE tbl = $1 AND row_key = $2 AND origin <> $3 ORDER BY id DESC LIMIT 1`, table, key, node).Scan(&place, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, by, nil
	}
	if err != nil || pin == "" {
		return at, by, err
	}
	for row, err := range db.Rows(ctx, tx, `SELECT after_row FROM node_change WHERE id > $1 AND tbl = $2 AND origin <> $3 AND at <= $4 ORDER BY id LIMIT 200`,
		place, recordTable, node, at+recordedWithin.Microseconds()) {
		if err != nil {
			return at, by, err
		}
		var written string
		if err := row.Scan(&written); err != nil {
			return at, by, err
		}
		var record map[string]any
		if err := json.Unmarshal([]byte(written), &record); err != nil {
			return at, by, err
		}
		if record["subject_pin"] == pin {
			return at, authorOf(capture.Row(record)), nil
		}
	}
	return at, by, nil
}

// recorded notes, when a record of access arrives from a node, whom it says to
// have written the node's values in conflicts that were found just before.
func (m *Merger) recorded(ctx context.Context, tx *sql.Tx, node string, c cardapi.Change, record capture.Row) error {
	var open int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM change_conflict WHERE node = $1 AND decided_at = 0 AND theirs_by = '' AND patient_id <> ''`, node).Scan(&open)
	if err != nil || open == 0 || record.String("subject_pin") == "" {
		return err
	}
	end, err := Own(ctx, tx) // to be told to the node, it counts as made here
	if err != nil {
		return err
	}
	by := authorOf(record)
	_, err = tx.ExecContext(ctx, `UPDATE change_conflict SET theirs_by = $1, theirs_place = $2 WHERE node = $3 AND decided_at = 0 AND theirs_by = ''
		AND theirs_at BETWEEN $4 AND $5 AND patient_id IN (SELECT id FROM patient WHERE pin = $6)`,
		by.name, by.place, node, c.At-recordedWithin.Microseconds(), c.At, record.String("subject_pin"))
	if err != nil {
		return err
	}
	return end()
}
