package reorganise

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

type person struct{ pin, name string }

// endPosts ends the posts that last beyond the day; those who held them. A post
// that would have begun later ends on its first day: it never gives access.
func endPosts(ctx context.Context, tx db.Querier, code string, day clock.Date, at int64, by string) ([]person, error) {
	rows, err := tx.QueryContext(ctx, `UPDATE post SET until_day = CASE WHEN from_day > $2 THEN from_day ELSE $2 END, ended_at = $3, ended_by = $4
		WHERE organisation = $1 AND (until_day = '' OR until_day > $2) RETURNING pin, person_name`, code, day.String(), at, by)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var people []person
	for rows.Next() {
		var p person
		if err := rows.Scan(&p.pin, &p.name); err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	return people, rows.Err()
}

func endDepartments(ctx context.Context, tx db.Querier, code string, day clock.Date) error {
	for _, table := range []string{
		`UPDATE department SET until_day = $2, version = version + 1 WHERE organisation = $1 AND (until_day = '' OR until_day > $2)`,
		`UPDATE bed SET until_day = $2 WHERE organisation = $1 AND (until_day = '' OR until_day > $2)`,
	} {
		if _, err := tx.ExecContext(ctx, table, code, day.String()); err != nil {
			return err
		}
	}
	return nil
}
