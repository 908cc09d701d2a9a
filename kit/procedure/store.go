package procedure

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// version grows with every import that changed something.
func version(ctx context.Context, q db.Querier) (int64, error) {
	var v int64
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM procedure_import`).Scan(&v)
	return v, err
}

func load(ctx context.Context, q db.Querier) ([]Code, error) {
	var all []Code
	for row, err := range db.Rows(ctx, q, `SELECT code, from_day, until_day, name_ky, name_ru, name_en, paired FROM procedure_code ORDER BY code, from_day`) {
		if err != nil {
			return nil, err
		}
		var c Code
		var from, until string
		var paired int64
		if err := row.Scan(&c.Code, &from, &until, &c.Name.KY, &c.Name.RU, &c.Name.EN, &paired); err != nil {
			return nil, err
		}
		c.From, _ = clock.ParseDate(from)
		c.Until, _ = clock.ParseDate(until) // '' is without end
		c.Paired = paired == 1
		all = append(all, c)
	}
	return all, nil
}

func save(ctx context.Context, tx db.Querier, c Code, source string) error {
	until := ""
	if !c.Until.IsZero() {
		until = c.Until.String()
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO procedure_code (code, from_day, until_day, name_ky, name_ru, name_en, paired, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (code, from_day) DO UPDATE SET until_day = excluded.until_day, name_ky = excluded.name_ky, name_ru = excluded.name_ru,
			name_en = excluded.name_en, paired = excluded.paired, source = excluded.source`,
		c.Code, c.From.String(), until, c.Name.KY, c.Name.RU, c.Name.EN, db.Flag(c.Paired), source)
	return err
}

func note(ctx context.Context, tx db.Querier, number int64, source string, at int64, rows, changed int) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO procedure_import (number, source, at, rows, changed) VALUES ($1, $2, $3, $4, $5)`,
		number, source, at, rows, changed)
	return err
}
