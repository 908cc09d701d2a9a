package console

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// cells counts sign-ins by step, method and outcome; a step is between two of the
// bounds that follow each other.
func (c *Console) cells(ctx context.Context, bounds []time.Time) ([]cell, error) {
	var steps strings.Builder
	args := make([]any, 0, len(bounds))
	for i, at := range bounds {
		args = append(args, db.Micros(at))
		if i > 0 {
			fmt.Fprintf(&steps, " WHEN at < $%d THEN %d", i+1, i-1)
		}
	}
	var all []cell
	for row, err := range db.Rows(ctx, c.DB.Read, fmt.Sprintf(`SELECT CASE%s END, method, outcome, COUNT(*) FROM
		(SELECT at, method, outcome FROM visit UNION ALL SELECT at, method, 'refused' FROM stray) AS each WHERE at >= $1 AND at < $%d GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
		steps.String(), len(bounds)), args...) {
		if err != nil {
			return nil, err
		}
		var each cell
		var outcome string
		if err := row.Scan(&each.step, &each.method, &outcome, &each.n); err != nil {
			return nil, err
		}
		each.entered = outcome == "entered"
		all = append(all, each)
	}
	return all, nil
}
