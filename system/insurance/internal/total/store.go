package total

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
)

func read(ctx context.Context, q db.Querier, from, until, organisation string) ([]Row, error) {
	rows, err := q.QueryContext(ctx, `SELECT organisation, month, COUNT(*),
		SUM(CASE WHEN state = 'accepted' THEN 1 ELSE 0 END), SUM(CASE WHEN state = 'returned' THEN 1 ELSE 0 END), CAST(SUM(price) AS BIGINT)
		FROM treated_case WHERE is_current = 1 AND month >= $1 AND month <= $2 AND ($3 = '' OR organisation = $3)
		GROUP BY organisation, month ORDER BY organisation, month DESC`, from, until, organisation)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	list := []Row{}
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.Organisation, &r.Month, &r.Cases, &r.Accepted, &r.Returned, &r.Price); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
