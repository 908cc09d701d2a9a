package rerun

import (
	"context"
	"encoding/json"

	"github.com/sanarip/sanarip/kit/db"
)

// paid goes through the accepted cases of the month, one at a time, in no order: to
// sort a country's month with all its forms takes longer than to price it.
func paid(ctx context.Context, q db.Querier, month, organisation string, each func(Paid)) error {
	where, args := "", []any{month}
	if organisation != "" {
		where, args = " AND organisation = $2", append(args, organisation)
	}
	for row, err := range db.Rows(ctx, q, `SELECT id, number, organisation, group_code, price, content FROM treated_case
		WHERE is_current = 1 AND state = 'accepted' AND month = $1`+where, args...) {
		if err != nil {
			return err
		}
		var p Paid
		var content string
		if err := row.Scan(&p.ID, &p.Number, &p.Organisation, &p.Group, &p.Price, &content); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(content), &p.Case); err != nil {
			return err
		}
		each(p)
	}
	return nil
}

// count is how many cases paid goes through.
func count(ctx context.Context, q db.Querier, month, organisation string) (int, error) {
	var n int
	where, args := "", []any{month}
	if organisation != "" {
		where, args = " AND organisation = $2", append(args, organisation)
	}
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1 AND state = 'accepted' AND month = $1`+where, args...).Scan(&n)
	return n, err
}
