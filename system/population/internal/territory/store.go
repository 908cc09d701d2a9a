package territory

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/population/populationapi"
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

// Register answers populationapi.TerritoryAPI.
type Register struct{ DB *db.DB }

var _ populationapi.TerritoryAPI = Register{}

// Territories implements populationapi.TerritoryAPI. The list has no English
// names: the Russian ones stand for them.
func (r Register) Territories(ctx context.Context) ([]populationapi.Territory, error) {
	list := []populationapi.Territory{}
	for row, err := range db.Rows(ctx, r.DB.Read, `SELECT code, level, parent, name_ru, name_ky FROM territory ORDER BY code`) {
		if err != nil {
			return nil, err
		}
		var t populationapi.Territory
		if err := row.Scan(&t.Code, &t.Level, &t.Parent, &t.Name.RU, &t.Name.KY); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}
