package history

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

func insertEntry(ctx context.Context, tx db.Querier, stayID string, e Entry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
		e.ID, stayID, e.Kind, e.Root, e.Version, e.Reason, e.Body, db.Micros(e.At), e.ByPIN, e.ByName, e.ByRole, db.Micros(e.SignedAt))
	return err
}

const entryColumns = `id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at`

// Entries of the stay by the moment they tell of, the newest first, each with
// its former versions.
func Entries(ctx context.Context, q db.Querier, stayID string) ([]Entry, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+entryColumns+` FROM entry WHERE stay_id = $1 AND signed_at <> 0 ORDER BY version DESC`, stayID)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []Entry
	place := map[string]int{}
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		if i, ok := place[e.Root]; ok {
			all[i].Former = append(all[i].Former, e)
			continue
		}
		place[e.Root] = len(all)
		all = append(all, e)
	}
	newestFirst(all)
	return all, rows.Err()
}

// FindEntry is the entry in its last version, with the former ones.
func FindEntry(ctx context.Context, q db.Querier, stayID, root string) (Entry, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+entryColumns+` FROM entry WHERE stay_id = $1 AND root = $2 AND signed_at <> 0 ORDER BY version DESC`, stayID, root)
	if err != nil {
		return Entry{}, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var last *Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return Entry{}, err
		}
		if last == nil {
			last = &e
		} else {
			last.Former = append(last.Former, e)
		}
	}
	if err := rows.Err(); err != nil {
		return Entry{}, err
	}
	if last == nil {
		return Entry{}, fail.New(fail.NotFound, "card.history.no_entry")
	}
	return *last, nil
}

func scanEntry(row interface{ Scan(...any) error }) (Entry, error) {
	var e Entry
	var at, signed int64
	err := row.Scan(&e.ID, &e.Kind, &e.Root, &e.Version, &e.Reason, &e.Body, &at, &e.ByPIN, &e.ByName, &e.ByRole, &signed)
	e.At, e.SignedAt = db.Time(at), db.Time(signed)
	return e, err
}
