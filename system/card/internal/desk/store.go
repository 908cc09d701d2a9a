package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// lookedAt is about which of the people the viewer has a record since then, and
// of when.
func lookedAt(ctx context.Context, q db.Querier, v viewer, pins []string, since time.Time) (map[string]time.Time, error) {
	args := []any{v.pin, v.action, db.Micros(since), v.organisation}
	var marks strings.Builder
	for i, pin := range pins {
		if i > 0 {
			marks.WriteString(", ")
		}
		fmt.Fprintf(&marks, "$%d", i+5)
		args = append(args, pin)
	}
	rows, err := q.QueryContext(ctx, `SELECT subject_pin, MAX(at) FROM access_record
		WHERE subject_pin IN (`+marks.String()+`) AND at > $3 AND actor_pin = $1 AND action = $2 AND organisation = $4
		GROUP BY subject_pin`, args...)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	known := map[string]time.Time{}
	for rows.Next() {
		var pin string
		var at int64
		if err := rows.Scan(&pin, &at); err != nil {
			return nil, err
		}
		known[pin] = db.Time(at)
	}
	return known, rows.Err()
}
