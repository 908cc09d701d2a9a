package diagnosis

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// favourites are the codes that the doctor has marked, the newest first.
func favourites(ctx context.Context, q db.Querier, pin string) ([]string, error) {
	return codes(ctx, q, `SELECT code FROM diagnosis_favourite WHERE pin = $1 ORDER BY added_at DESC, code LIMIT $2`, pin, mostFavourites)
}

// usual are the codes that the doctor has written most since the moment.
func usual(ctx context.Context, q db.Querier, pin string, since time.Time) ([]string, error) {
	return codes(ctx, q, `SELECT code FROM diagnosis WHERE by_pin = $1 AND at >= $3 AND ended_at = 0
		GROUP BY code ORDER BY COUNT(*) DESC, MAX(at) DESC, code LIMIT $2`, pin, mostUsual, db.Micros(since))
}

func codes(ctx context.Context, q db.Querier, query string, args ...any) ([]string, error) {
	return db.Column[string](ctx, q, query, args...)
}

// mark makes a code a favourite; false when there are as many as may be.
func mark(ctx context.Context, tx db.Querier, pin, code string, at time.Time) (bool, error) {
	var others int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM diagnosis_favourite WHERE pin = $1 AND code <> $2`, pin, code).Scan(&others); err != nil {
		return false, err
	}
	if others >= mostFavourites {
		return false, nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO diagnosis_favourite (pin, code, added_at) VALUES ($1, $2, $3) ON CONFLICT (pin, code) DO NOTHING`, pin, code, db.Micros(at))
	return err == nil, err
}

func unmark(ctx context.Context, tx db.Querier, pin, code string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM diagnosis_favourite WHERE pin = $1 AND code = $2`, pin, code)
	return err
}
