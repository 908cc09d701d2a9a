package formregister

import (
	"context"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// Past is a month of those a summary is compared with.
type Past struct {
	Month string // 2026-11
	Forms int    // valid, of the month's discharges
}

// yearMonths is how many months the summary draws, its own the last.
const yearMonths = 12

// pastOf counts the valid forms of the months up to that which begins at first;
// department "" is the whole organisation.
func pastOf(ctx context.Context, q db.Querier, organisation, department string, first clock.Date) ([]Past, error) {
	all := make([]Past, yearMonths)
	args := []any{organisation}
	next := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	own := ""
	if department != "" {
		own = " AND s.department = " + next(department)
	}
	var parts []string
	for i := range all {
		start := first.Start().AddDate(0, i+1-yearMonths, 0)
		all[i].Month = clock.DateOf(start).String()[:7]
		parts = append(parts, `SELECT `+strconv.Itoa(i)+`, COUNT(*) FROM stay s JOIN form f ON f.stay_id = s.id WHERE s.organisation = $1 AND s.state = 'discharged'
			AND f.state = 'valid' AND s.discharged_at >= `+next(db.Micros(start))+` AND s.discharged_at < `+next(db.Micros(start.AddDate(0, 1, 0)))+own)
	}
	for row, err := range db.Rows(ctx, q, strings.Join(parts, " UNION ALL "), args...) {
		if err != nil {
			return nil, err
		}
		var i, n int
		if err := row.Scan(&i, &n); err != nil {
			return nil, err
		}
		all[i].Forms = n
	}
	return all, nil
}
