package territory

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
)

func keep(ctx context.Context, d *db.DB, list []Territory) error {
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, t := range list {
			_, err := tx.ExecContext(ctx, `INSERT INTO territory (code, level, parent, name_ru, name_ky) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (code) DO UPDATE SET level = excluded.level, parent = excluded.parent, name_ru = excluded.name_ru, name_ky = excluded.name_ky`,
				t.Code, t.Level, t.Parent, t.NameRU, t.NameKY)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Count is how many territories there are.
func Count(ctx context.Context, q db.Querier) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM territory`).Scan(&n)
	return n, err
}
