package desk

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// lookedAt is about whom the viewer has a record since then, and of when. It asks
// for all that the viewer has seen in lists, which is one short stretch of an
// index: to ask for each of the people would read what all others saw of them.
func lookedAt(ctx context.Context, q db.Querier, v viewer, since time.Time) (map[string]time.Time, error) {
	known := map[string]time.Time{}
	for row, err := range db.Rows(ctx, q, `SELECT subject_pin, MAX(at) FROM access_record
		WHERE actor_pin = $1 AND at > $3 AND object = '' AND action = $2 AND organisation = $4
		GROUP BY subject_pin`, v.pin, v.action, db.Micros(since), v.organisation) {
		if err != nil {
			return nil, err
		}
		var pin string
		var at int64
		if err := row.Scan(&pin, &at); err != nil {
			return nil, err
		}
		known[pin] = db.Time(at)
	}
	return known, nil
}
