package control

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

const columns = `id, account_id, event_id, kind, reference, detail, value, added_at, suspended_at, state, decided_at, decided_by`

func (c *Control) insert(ctx context.Context, tx *sql.Tx, t Thing) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO suspended (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '')`,
		id.New(), t.Account, t.Event, t.Kind, t.Reference, t.Detail, t.Value, db.Micros(t.Added), db.Micros(c.Clock.Now()), string(t.State))
	return err
}

// waiting is what waits of the account, the oldest first; rows of the transaction
// are held by the account's.
func (c *Control) waiting(ctx context.Context, q db.Querier, accountID string) ([]Thing, error) {
	return c.list(ctx, q, `account_id = $1 AND state = 'waiting' ORDER BY added_at, id`, accountID)
}

// Waiting is what waits of the account for its owner's look, the oldest first.
func (c *Control) Waiting(ctx context.Context, accountID string) ([]Thing, error) {
	return c.waiting(ctx, c.DB.Read, accountID)
}

// All is what was ever put aside of the account, the newest first.
func (c *Control) All(ctx context.Context, accountID string) ([]Thing, error) {
	return c.list(ctx, c.DB.Read, `account_id = $1 ORDER BY suspended_at DESC, id DESC`, accountID)
}

func (c *Control) list(ctx context.Context, q db.Querier, where, accountID string) ([]Thing, error) {
	var all []Thing
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM suspended WHERE `+where, accountID) {
		if err != nil {
			return nil, err
		}
		var t Thing
		var added, suspended, decided int64
		err := row.Scan(&t.ID, &t.Account, &t.Event, &t.Kind, &t.Reference, &t.Detail, &t.Value, &added, &suspended, &t.State, &decided, &t.By)
		if err != nil {
			return nil, err
		}
		t.Added, t.Suspended, t.Decided = db.Time(added), db.Time(suspended), db.Time(decided)
		all = append(all, t)
	}
	return all, nil
}

// decide writes what becomes of a thing that waits, and forgets its value; false
// when it was decided before.
func (c *Control) decide(ctx context.Context, tx *sql.Tx, thingID string, state State, by string) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE suspended SET state = $2, decided_at = $3, decided_by = $4, value = '' WHERE id = $1 AND state = 'waiting'`,
		thingID, string(state), db.Micros(c.Clock.Now()), by)
}
