package handover

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

func formLines(ctx context.Context, q db.Querier, organisation string, from, until time.Time) ([]cardapi.FormLine, error) {
	lines := []cardapi.FormLine{}
	for row, err := range db.Rows(ctx, q, `SELECT c.number, c.revision, c.state, c.decision FROM treated_case c
		JOIN form f ON f.number = c.number AND f.state = 'valid' JOIN stay s ON s.id = c.stay_id
		WHERE s.organisation = $1 AND s.discharged_at >= $2 AND s.discharged_at < $3
		AND c.revision = (SELECT MAX(revision) FROM treated_case newer WHERE newer.number = c.number) ORDER BY c.number`,
		organisation, db.Micros(from), db.Micros(until)) {
		if err != nil {
			return nil, err
		}
		var l cardapi.FormLine
		var decision string
		if err := row.Scan(&l.Number, &l.Revision, &l.State, &decision); err != nil {
			return nil, err
		}
		if decision != "" {
			var d insuranceapi.Decision
			if err := json.Unmarshal([]byte(decision), &d); err != nil {
				return nil, err
			}
			l.Price = d.Price
		}
		lines = append(lines, l)
	}
	return lines, nil
}
