package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// lookedAt is which of the people the member of staff has a record about since then.
func lookedAt(ctx context.Context, q db.Querier, actor, action string, pins []string, since time.Time) (map[string]bool, error) {
	known := map[string]bool{}
	if len(pins) == 0 {
		return known, nil
	}
	args := []any{actor, action, db.Micros(since)}
	var marks strings.Builder
	for i, pin := range pins {
		if i > 0 {
			marks.WriteString(", ")
		}
		fmt.Fprintf(&marks, "$%d", i+4)
		args = append(args, pin)
	}
	rows, err := q.QueryContext(ctx, `SELECT DISTINCT subject_pin FROM access_record
		WHERE subject_pin IN (`+marks.String()+`) AND at > $3 AND actor_pin = $1 AND action = $2`, args...)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var pin string
		if err := rows.Scan(&pin); err != nil {
			return nil, err
		}
		known[pin] = true
	}
	return known, rows.Err()
}
