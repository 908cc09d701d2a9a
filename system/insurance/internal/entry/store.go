package entry

import (
	"context"
	"encoding/json"

	"github.com/sanarip/sanarip/kit/db"
)

const columns = `id, organisation, version, replaces, case_id, content, by_pin, by_name, created_at, updated_at`

func scan(row db.Row) (Draft, error) {
	var d Draft
	var content string
	var created, updated int64
	if err := row.Scan(&d.ID, &d.Organisation, &d.Version, &d.Replaces, &d.CaseID, &content, &d.ByPIN, &d.ByName, &created, &updated); err != nil {
		return d, err
	}
	d.CreatedAt, d.UpdatedAt = db.Time(created), db.Time(updated)
	return d, json.Unmarshal([]byte(content), &d.Values)
}

func byID(ctx context.Context, q db.Querier, draftID, organisation, forUpdate string) (Draft, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM entry_draft WHERE id = $1 AND organisation = $2`+forUpdate, draftID, organisation))
}

func ofReplaced(ctx context.Context, q db.Querier, caseID, organisation string) (Draft, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM entry_draft WHERE replaces = $1 AND organisation = $2`, caseID, organisation))
}

func insert(ctx context.Context, tx db.Querier, d Draft) error {
	content, err := json.Marshal(d.Values)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO entry_draft (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.ID, d.Organisation, d.Version, d.Replaces, d.CaseID, string(content), d.ByPIN, d.ByName, db.Micros(d.CreatedAt), db.Micros(d.UpdatedAt))
	return err
}

// update writes the draft if its version is still the one before; false when
// somebody else wrote or sent it.
func update(ctx context.Context, tx db.Querier, d Draft) (bool, error) {
	content, err := json.Marshal(d.Values)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `UPDATE entry_draft SET version = $3, content = $4, case_id = $5, by_pin = $6, by_name = $7, updated_at = $8
		WHERE id = $1 AND version = $2 AND case_id = ''`,
		d.ID, d.Version-1, d.Version, string(content), d.CaseID, d.ByPIN, d.ByName, db.Micros(d.UpdatedAt))
}

func remove(ctx context.Context, tx db.Querier, draftID, organisation string) (bool, error) {
	return db.ChangedOne(ctx, tx, `DELETE FROM entry_draft WHERE id = $1 AND organisation = $2 AND case_id = ''`, draftID, organisation)
}

// open are the drafts of the hospital that are not sent, the last touched first.
func open(ctx context.Context, q db.Querier, organisation string, limit int) ([]Draft, error) {
	return db.List(ctx, q, scan, `SELECT `+columns+` FROM entry_draft WHERE organisation = $1 AND case_id = '' ORDER BY updated_at DESC, id LIMIT $2`, organisation, limit)
}
