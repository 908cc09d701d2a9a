package reception

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// Categories are those in force on the day, in their order.
func Categories(ctx context.Context, q db.Querier, on clock.Date) ([]Category, error) {
	var all []Category
	for row, err := range db.Rows(ctx, q, `SELECT code, name_ky, name_ru, name_en, exempt, min_age, max_age, sex, source, example
		FROM copayment_category WHERE from_day <= $1 AND (until_day = '' OR until_day >= $1) ORDER BY position, code`, on.String()) {
		if err != nil {
			return nil, err
		}
		var c Category
		var exempt, example int64
		if err := row.Scan(&c.Code, &c.Name.KY, &c.Name.RU, &c.Name.EN, &exempt, &c.MinAge, &c.MaxAge, &c.Sex, &c.Source, &example); err != nil {
			return nil, err
		}
		c.Exempt, c.Example = exempt == 1, example == 1
		all = append(all, c)
	}
	return all, nil
}
