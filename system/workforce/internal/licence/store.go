package licence

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const columns = `id, organisation, number, kind, from_day, until_day, withdrawn, scan`

func scanRow(row db.Row) (Licence, error) {
	var l Licence
	var from, until, withdrawn string
	err := row.Scan(&l.ID, &l.Organisation, &l.Number, &l.Kind, &from, &until, &withdrawn, &l.Scan)
	l.From, l.Until, l.Withdrawn = db.Date(from), db.Date(until), db.Date(withdrawn)
	return l, err
}

// Of is the licences of the organisation, the newest first.
func Of(ctx context.Context, q db.Querier, organisation string) ([]Licence, error) {
	list := []Licence{}
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM licence WHERE organisation = $1 ORDER BY from_day DESC, id DESC`, organisation) {
		if err != nil {
			return nil, err
		}
		l, err := scanRow(row)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

func find(ctx context.Context, tx db.Querier, organisation, licenceID string) (Licence, error) {
	l, err := scanRow(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM licence WHERE organisation = $1 AND id = $2`, organisation, licenceID))
	if errors.Is(err, sql.ErrNoRows) {
		return l, fail.New(fail.NotFound, "kit.not_found")
	}
	return l, err
}

func insert(ctx context.Context, tx db.Querier, l Licence, at time.Time, by string) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO licence (`+columns+`, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		l.ID, l.Organisation, l.Number, l.Kind, l.From.String(), l.Until.String(), l.Withdrawn.String(), l.Scan, db.Micros(at), by)
}

func withdraw(ctx context.Context, tx db.Querier, licenceID string, day clock.Date) error {
	_, err := tx.ExecContext(ctx, `UPDATE licence SET withdrawn = $2 WHERE id = $1`, licenceID, day.String())
	return err
}

func remove(ctx context.Context, tx db.Querier, licenceID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM licence WHERE id = $1`, licenceID)
	return err
}

// Seed writes a licence of the demo; one that is there stays.
func Seed(ctx context.Context, tx db.Querier, l Licence) error {
	_, err := insert(ctx, tx, l, time.Time{}, "")
	return err
}
