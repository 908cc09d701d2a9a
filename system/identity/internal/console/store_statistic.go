package console

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// cells counts sign-ins since the moment by step, method and outcome.
func (c *Console) cells(ctx context.Context, since time.Time, step time.Duration) ([]cell, error) {
	rows, err := c.DB.Read.QueryContext(ctx, `SELECT (at - $1) / $2, method, outcome, COUNT(*) FROM visit WHERE at >= $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
		db.Micros(since), step.Microseconds())
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []cell
	for rows.Next() {
		var each cell
		var outcome string
		if err := rows.Scan(&each.step, &each.method, &outcome, &each.n); err != nil {
			return nil, err
		}
		each.entered = outcome == "entered"
		all = append(all, each)
	}
	return all, rows.Err()
}
