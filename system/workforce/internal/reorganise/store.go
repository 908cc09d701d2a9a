package reorganise

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

type person struct{ pin, name, until string }

// endPosts ends the posts that last beyond the day; those who held them. A post
// that would have begun later ends on its first day: it never gives access.
func endPosts(ctx context.Context, tx db.Querier, code string, day clock.Date, number, at int64, by string) ([]person, error) {
	return db.List(ctx, tx, scan, `UPDATE post SET until_day = CASE WHEN from_day > $2 THEN from_day ELSE $2 END, ended_at = $3, ended_by = $4,
		until_before = until_day, ended_with = $5
		WHERE organisation = $1 AND (until_day = '' OR until_day > $2) RETURNING pin, person_name, until_day`, code, day.String(), at, by, number)
}

// resume lets last again what the organisation's version ended; those who hold
// their posts again.
func resume(ctx context.Context, tx db.Querier, code string, number int64) ([]person, error) {
	for _, table := range []string{
		`UPDATE department SET until_day = until_before, until_before = '', ended_with = 0, version = version + 1 WHERE organisation = $1 AND ended_with = $2`,
		`UPDATE bed SET until_day = until_before, until_before = '', ended_with = 0 WHERE organisation = $1 AND ended_with = $2`,
	} {
		if _, err := tx.ExecContext(ctx, table, code, number); err != nil {
			return nil, err
		}
	}
	return db.List(ctx, tx, scan, `UPDATE post SET until_day = until_before, until_before = '', ended_with = 0, ended_at = 0, ended_by = ''
		WHERE organisation = $1 AND ended_with = $2 RETURNING pin, person_name, until_day`, code, number)
}

func scan(row db.Row) (person, error) {
	var p person
	err := row.Scan(&p.pin, &p.name, &p.until)
	return p, err
}

func endDepartments(ctx context.Context, tx db.Querier, code string, day clock.Date, number int64) error {
	for _, table := range []string{
		`UPDATE department SET until_before = until_day, until_day = $2, ended_with = $3, version = version + 1 WHERE organisation = $1 AND (until_day = '' OR until_day > $2)`,
		`UPDATE bed SET until_before = until_day, until_day = $2, ended_with = $3 WHERE organisation = $1 AND (until_day = '' OR until_day > $2)`,
	} {
		if _, err := tx.ExecContext(ctx, table, code, day.String(), number); err != nil {
			return err
		}
	}
	return nil
}
