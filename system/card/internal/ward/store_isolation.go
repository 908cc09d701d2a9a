package ward

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// isolationOf is the kind of isolation of stay s, ” for none.
const isolationOf = `COALESCE((SELECT kind FROM isolation WHERE stay_id = s.id AND ended_at = 0), '')`

// Isolations of the stay, the newest first.
func Isolations(ctx context.Context, q db.Querier, stayID string) ([]Isolation, error) {
	var all []Isolation
	for row, err := range db.Rows(ctx, q, `SELECT id, kind, reason, at, by_name, ended_at, ended_name FROM isolation WHERE stay_id = $1 ORDER BY at DESC, id DESC`, stayID) {
		if err != nil {
			return nil, err
		}
		var i Isolation
		var at, ended int64
		if err := row.Scan(&i.ID, &i.Kind, &i.Reason, &at, &i.ByName, &ended, &i.EndedName); err != nil {
			return nil, err
		}
		i.At, i.EndedAt = db.Time(at), db.Time(ended)
		all = append(all, i)
	}
	return all, nil
}

func insertIsolation(ctx context.Context, tx db.Querier, stayID string, in Isolating, by desk.Staff, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO isolation (id, stay_id, kind, reason, by_pin, by_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		in.Once, stayID, in.Kind, in.Reason, by.PIN, by.Name, db.Micros(at))
	return err
}

// endIsolation says whether the one with the id ("" for any) was in force.
func endIsolation(ctx context.Context, tx db.Querier, stayID, id string, by desk.Staff, at time.Time) (bool, error) {
	n, err := db.Changed(ctx, tx, `UPDATE isolation SET ended_at = $3, ended_by = $4, ended_name = $5 WHERE stay_id = $1 AND ($2 = '' OR id = $2) AND ended_at = 0`,
		stayID, id, db.Micros(at), by.PIN, by.Name)
	return n > 0, err
}
