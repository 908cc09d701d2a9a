package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// export is one export.
type export struct {
	ID, Client, State   string
	Progress            string // type that was written last
	Request             Request
	At, Moment, Expires time.Time
}

func (d *Desk) find(ctx context.Context, exportID string) (export, bool, error) {
	var e export
	var request string
	var at, moment, expires int64
	err := d.DB.Read.QueryRowContext(ctx, `SELECT id, client, request, state, progress, at, moment, expires_at FROM fhir_export WHERE id = $1`, exportID).
		Scan(&e.ID, &e.Client, &request, &e.State, &e.Progress, &at, &moment, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	if err != nil {
		return e, false, db.Explain(err)
	}
	e.At, e.Moment, e.Expires = db.Time(at), db.Time(moment), db.Time(expires)
	return e, true, json.Unmarshal([]byte(request), &e.Request)
}

func insert(ctx context.Context, tx db.Querier, e export) error {
	request, err := json.Marshal(e.Request)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO fhir_export (id, client, request, state, at, expires_at) VALUES ($1, $2, $3, 'waiting', $4, $5)`,
		e.ID, e.Client, string(request), db.Micros(e.At), db.Micros(e.Expires))
	return err
}

// underWay counts the client's exports. It waits for its turn: two that begin in
// one moment count each other.
func underWay(ctx context.Context, tx db.Querier, client string) (int, error) {
	var n int
	_, err := tx.ExecContext(ctx, `INSERT INTO fhir_turn (condition, taken) VALUES ($1, 1) ON CONFLICT (condition) DO UPDATE SET taken = fhir_turn.taken + 1`, "$export of "+client)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM fhir_export WHERE client = $1 AND state = 'waiting'`, client).Scan(&n)
	return n, err
}

func dropFiles(ctx context.Context, tx db.Querier, exportID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM fhir_export_file WHERE export_id = $1`, exportID)
	return err
}

// begin notes the moment of the first reading; a later one leaves it. One that was
// given up is under way again: the operator has restarted its job.
func begin(ctx context.Context, tx db.Querier, exportID string, moment int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE fhir_export SET moment = CASE moment WHEN 0 THEN $2 ELSE moment END, state = 'waiting' WHERE id = $1 AND state <> 'done'`, exportID, moment)
	return err
}

// giveUp notes that the export has failed.
func giveUp(ctx context.Context, tx db.Querier, exportID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE fhir_export SET state = 'failed' WHERE id = $1 AND state = 'waiting'`, exportID)
	return err
}

// deletedSince are resources on the shelf that were deleted from the moment on, of
// the types in order; behind the keys of the page before. Where patients are meant,
// those of them alone.
func (d *Desk) deletedSince(ctx context.Context, r Request, after []string) (all [][]string, err error) {
	args := []any{db.Micros(r.Since), db.Flag(r.Patients), perPage, "", ""}
	if len(after) == 2 {
		args[3], args[4] = after[0], after[1]
	}
	in := func(values []string) string {
		marks := make([]string, len(values))
		for i, v := range values {
			args = append(args, v)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		return strings.Join(marks, ", ")
	}
	kinds := make([]string, 0, len(r.Kinds))
	for _, link := range d.links(r) {
		kinds = append(kinds, link.Kind)
	}
	query := `SELECT kind, id, patient FROM fhir_resource WHERE deleted = 1 AND updated_at >= $1 AND ($2 = 0 OR patient <> '' OR kind = 'Patient') AND (kind, id) > ($4, $5)
		AND kind IN (` + in(kinds) + `)`
	for row, err := range db.Rows(ctx, d.API.Reader(ctx), query+` ORDER BY kind, id LIMIT $3`, args...) {
		if err != nil {
			return nil, err
		}
		one := make([]string, 3)
		if err := row.Scan(&one[0], &one[1], &one[2]); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// lastFile is the number of the last file and the place behind it; 0 for none.
func lastFile(ctx context.Context, tx db.Querier, exportID string) (int, place, error) {
	var number int
	var at string
	var p place
	err := tx.QueryRowContext(ctx, `SELECT number, place FROM fhir_export_file WHERE export_id = $1 ORDER BY number DESC LIMIT 1`, exportID).Scan(&number, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, p, nil
	}
	if err != nil || at == "" {
		return number, p, db.Explain(err)
	}
	return number, p, json.Unmarshal([]byte(at), &p)
}

// errGone says that the export was cancelled meanwhile.
var errGone = errors.New("the export was cancelled")

// addFile writes a file, unless the export was cancelled meanwhile.
func addFile(ctx context.Context, tx db.Querier, exportID string, number int, kind string, count int, body []byte, behind place) error {
	at, err := json.Marshal(behind)
	if err != nil {
		return err
	}
	waits, err := db.ChangedOne(ctx, tx, `UPDATE fhir_export SET progress = $2 WHERE id = $1 AND state = 'waiting'`, exportID, kind)
	if err != nil {
		return err
	}
	if !waits {
		return errGone
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO fhir_export_file (export_id, number, kind, count, body, place) VALUES ($1, $2, $3, $4, $5, $6)`,
		exportID, number, kind, count, body, string(at))
	return err
}

func finish(ctx context.Context, tx db.Querier, exportID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE fhir_export SET state = 'done' WHERE id = $1 AND state = 'waiting'`, exportID)
	return err
}

// remove deletes the export with its files; an expired one if no id is given.
func remove(ctx context.Context, tx db.Querier, exportID string, now time.Time) error {
	const which = `(id = $1 OR $1 = '' AND expires_at <= $2)`
	if _, err := tx.ExecContext(ctx, `DELETE FROM fhir_export_file WHERE export_id IN (SELECT id FROM fhir_export WHERE `+which+`)`, exportID, db.Micros(now)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM fhir_export WHERE `+which, exportID, db.Micros(now))
	return err
}

// file is a file without its content.
type file struct {
	Number, Count int
	Kind          string
}

func (d *Desk) files(ctx context.Context, exportID string) ([]file, error) {
	var all []file
	for row, err := range db.Rows(ctx, d.DB.Read, `SELECT number, kind, count FROM fhir_export_file WHERE export_id = $1 ORDER BY number`, exportID) {
		if err != nil {
			return nil, err
		}
		var f file
		if err := row.Scan(&f.Number, &f.Kind, &f.Count); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

func (d *Desk) content(ctx context.Context, exportID string, number int) ([]byte, bool, error) {
	var body []byte
	err := d.DB.Read.QueryRowContext(ctx, `SELECT body FROM fhir_export_file WHERE export_id = $1 AND number = $2`, exportID, number).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return body, err == nil, db.Explain(err)
}
