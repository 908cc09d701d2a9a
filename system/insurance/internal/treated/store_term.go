package treated

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// termOn is the term in force on the day of the return; the zero term before the
// first.
func termOn(ctx context.Context, q db.Querier, returned time.Time) (AppealTerm, error) {
	var t AppealTerm
	var from string
	err := q.QueryRowContext(ctx, `SELECT from_day, days, source_ky, source_ru, source_en FROM appeal_term WHERE from_day <= $1 ORDER BY from_day DESC LIMIT 1`,
		clock.DateOf(returned).String()).Scan(&from, &t.Days, &t.Source.KY, &t.Source.RU, &t.Source.EN)
	if errors.Is(err, sql.ErrNoRows) {
		return AppealTerm{}, nil
	}
	t.From, _ = clock.ParseDate(from)
	return t, err
}

// saveTerm writes the term of its first day; false when it was so already.
func saveTerm(ctx context.Context, tx db.Querier, t AppealTerm) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO appeal_term (from_day, days, source_ky, source_ru, source_en) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (from_day) DO UPDATE SET days = excluded.days, source_ky = excluded.source_ky, source_ru = excluded.source_ru, source_en = excluded.source_en
		WHERE appeal_term.days <> excluded.days OR appeal_term.source_ky <> excluded.source_ky
			OR appeal_term.source_ru <> excluded.source_ru OR appeal_term.source_en <> excluded.source_en`,
		t.From.String(), t.Days, t.Source.KY, t.Source.RU, t.Source.EN)
}

// decidedAt is when the decision in force on each of the cases was taken.
func decidedAt(ctx context.Context, q db.Querier, caseIDs []string) (map[string]time.Time, error) {
	all := map[string]time.Time{}
	if len(caseIDs) == 0 {
		return all, nil
	}
	marks, args := make([]string, len(caseIDs)), make([]any, len(caseIDs))
	for i, id := range caseIDs {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), id
	}
	for row, err := range db.Rows(ctx, q, `SELECT case_id, MAX(at) FROM case_decision WHERE case_id IN (`+strings.Join(marks, ", ")+`) GROUP BY case_id`, args...) {
		if err != nil {
			return nil, err
		}
		var caseID string
		var at int64
		if err := row.Scan(&caseID, &at); err != nil {
			return nil, err
		}
		all[caseID] = db.Time(at)
	}
	return all, nil
}
