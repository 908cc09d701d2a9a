package cabinet

import (
	"context"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
)

// batch is how many records are read at once: none is read while a slow reader
// takes those before it.
const batch = 500

// accesses gives each record of an access to the person's data, the newest first.
func (c *Cabinet) accesses(ctx context.Context, pin string, take func(audit.Record) error) error {
	before := "~" // after every id
	for {
		records, err := c.some(ctx, pin, before)
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := take(r); err != nil {
				return err
			}
		}
		if len(records) < batch {
			return nil
		}
		before = records[len(records)-1].ID
	}
}

func (c *Cabinet) some(ctx context.Context, pin, before string) ([]audit.Record, error) {
	var records []audit.Record
	for row, err := range db.Rows(ctx, c.DB.Read, `SELECT id, at, actor_name, actor_role, organisation, via, action, purpose, object
		FROM access_record WHERE subject_pin = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, pin, before, batch) {
		if err != nil {
			return nil, err
		}
		r := audit.Record{Subject: pin}
		var at int64
		if err := row.Scan(&r.ID, &at, &r.ActorName, &r.ActorRole, &r.Organisation, &r.Via, &r.Action, &r.Purpose, &r.Object); err != nil {
			return nil, err
		}
		r.At = db.Time(at)
		c.Words(&r)
		records = append(records, r)
	}
	return records, nil
}

// rows is what the query gives of the account.
func (c *Cabinet) rows(ctx context.Context, query, accountID string) ([]row, error) {
	found, err := c.DB.Read.QueryContext(ctx, query, accountID)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = found.Close() }()
	names, err := found.Columns()
	if err != nil {
		return nil, err
	}
	var all []row
	for found.Next() {
		r, into := make(row, len(names)), make([]any, len(names))
		for i, name := range names {
			r[i].name, into[i] = name, &r[i].value
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, found.Err()
}
