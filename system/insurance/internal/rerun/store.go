package rerun

import (
	"context"
	"encoding/json"

	"github.com/sanarip/sanarip/kit/db"
)

// paid goes through the accepted cases of the month, one at a time.
func paid(ctx context.Context, q db.Querier, month, organisation string, each func(Paid)) error {
	for row, err := range db.Rows(ctx, q, `SELECT id, number, organisation, group_code, price, content FROM treated_case
		WHERE is_current = 1 AND state = 'accepted' AND month = $1 AND ($2 = '' OR organisation = $2) ORDER BY organisation, number`, month, organisation) {
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
