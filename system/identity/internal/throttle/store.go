package throttle

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// count adds an attempt to each in turn, until one is locked: then it gives the
// lock's end, and what was added before stays.
func (t *Throttle) count(ctx context.Context, by []Counted, now time.Time) (until time.Time, err error) {
	err = t.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, c := range by {
			var err error
			if until, err = add(ctx, tx, t.of(c.Limit), key(c.Limit, c.Subject), now); err != nil || until.After(now) {
				return err
			}
		}
		return nil
	})
	return until, err
}

// add adds an attempt, unless the key is locked: then it gives the lock's end.
func add(ctx context.Context, tx *sql.Tx, l Limit, key string, now time.Time) (time.Time, error) {
	var count, until int64
	err := tx.QueryRowContext(ctx, `INSERT INTO attempt (key, count, since, locked_until) VALUES ($1, 1, $2, 0)
		ON CONFLICT (key) DO UPDATE SET
			count = CASE WHEN attempt.locked_until > $2 THEN attempt.count WHEN attempt.since < $3 THEN 1 ELSE attempt.count + 1 END,
			since = CASE WHEN attempt.locked_until <= $2 AND attempt.since < $3 THEN $2 ELSE attempt.since END
		RETURNING count, locked_until`, key, db.Micros(now), db.Micros(now.Add(-l.Window))).Scan(&count, &until)
	if err != nil || until > db.Micros(now) {
		return db.Time(until), err
	}
	lock := l.lock(count)
	if lock == 0 {
		return time.Time{}, nil // this one may be made
	}
	_, err = tx.ExecContext(ctx, `UPDATE attempt SET locked_until = $2 WHERE key = $1`, key, db.Micros(now.Add(lock)))
	return time.Time{}, err
}

// RefundIn is Refund in the caller's transaction.
func (t *Throttle) RefundIn(ctx context.Context, tx db.Querier, l Limit, subject string) error {
	_, err := tx.ExecContext(ctx, `UPDATE attempt SET count = count - 1, locked_until = 0 WHERE key = $1 AND count > 0`, key(l, subject))
	return err
}

// ClearIn is Clear in the caller's transaction.
func (t *Throttle) ClearIn(ctx context.Context, tx db.Querier, l Limit, subject string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM attempt WHERE key = $1`, key(l, subject))
	return err
}

// Sweep deletes counts that no limit remembers any more.
func (t *Throttle) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM attempt WHERE since < $1`, db.Micros(t.Clock.Now().Add(-2*time.Hour)))
	return err
}
