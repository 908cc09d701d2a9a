package total

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

func read(ctx context.Context, q db.Querier, from, until, organisation string) ([]Row, error) {
	list := []Row{}
	where, args := "", []any{from, until}
	if organisation != "" {
		where, args = " AND organisation = $3", append(args, organisation)
	}
	for row, err := range db.Rows(ctx, q, `SELECT organisation, month, COUNT(*),
		SUM(CASE WHEN state = 'accepted' THEN 1 ELSE 0 END), SUM(CASE WHEN state = 'returned' THEN 1 ELSE 0 END), CAST(SUM(price) AS BIGINT)
		FROM treated_case WHERE is_current = 1 AND month >= $1 AND month <= $2`+where+`
		GROUP BY organisation, month ORDER BY organisation, month DESC`, args...) {
		if err != nil {
			return nil, err
		}
		var r Row
		if err := row.Scan(&r.Organisation, &r.Month, &r.Cases, &r.Accepted, &r.Returned, &r.Price); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

func ways(ctx context.Context, q db.Querier, month string) ([]insuranceapi.Ways, error) {
	list := []insuranceapi.Ways{}
	for row, err := range db.Rows(ctx, q, `SELECT organisation, SUM(CASE WHEN way = 'exchange' THEN 1 ELSE 0 END), SUM(CASE WHEN way = 'exchange' THEN 0 ELSE 1 END)
		FROM treated_case WHERE is_current = 1 AND month = $1 GROUP BY organisation ORDER BY organisation`, month) {
		if err != nil {
			return nil, err
		}
		var w insuranceapi.Ways
		if err := row.Scan(&w.Organisation, &w.Exchange, &w.Hand); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}
