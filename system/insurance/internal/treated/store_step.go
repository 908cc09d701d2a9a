package treated

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

func addStep(ctx context.Context, tx db.Querier, d Done, caseID string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO case_step (case_id, sequence, step, was, became, by_pin, by_name, by_role, hospital, comment, at, by_role_ky, by_role_en)
		VALUES ($1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM case_step WHERE case_id = $1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		caseID, string(d.Step), string(d.Was), string(d.Became), d.ByPIN, d.ByName, d.ByRole.RU, d.Hospital, d.Comment, db.Micros(d.At), d.ByRole.KY, d.ByRole.EN)
	return err
}

// steps done with the case, the newest first.
func steps(ctx context.Context, q db.Querier, caseID string) ([]Done, error) {
	var all []Done
	for row, err := range db.Rows(ctx, q, `SELECT step, was, became, by_pin, by_name, by_role, hospital, comment, at, by_role_ky, by_role_en FROM case_step WHERE case_id = $1 ORDER BY sequence DESC`, caseID) {
		if err != nil {
			return nil, err
		}
		var d Done
		var at int64
		if err := row.Scan(&d.Step, &d.Was, &d.Became, &d.ByPIN, &d.ByName, &d.ByRole.RU, &d.Hospital, &d.Comment, &at, &d.ByRole.KY, &d.ByRole.EN); err != nil {
			return nil, err
		}
		d.At = db.Time(at)
		all = append(all, d)
	}
	return all, nil
}

// replacing is the case that took this one's place, nil when none did.
func replacing(ctx context.Context, q db.Querier, caseID string) (*Record, error) {
	r, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM treated_case WHERE replaces = $1 AND replaces <> ''`, caseID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is no error
	}
	return &r, err
}

// settle moves the accepted cases of the hospital's month between the ids on. Who
// decides on one of them at that moment waits for it, or it for them: a case is moved
// as it stands then.
func settle(ctx context.Context, tx db.Querier, organisation, month, after, upTo string, to Stage) (int, error) {
	n, err := db.Changed(ctx, tx, `UPDATE treated_case SET stage = $5 WHERE organisation = $1 AND month = $2 AND id > $3 AND id <= $4 AND is_current = 1 AND stage = 'accepted'`,
		organisation, month, after, upTo, string(to))
	return int(n), err
}

// addSteps is addStep for all cases that the query gives, whose arguments come first.
func addSteps(ctx context.Context, tx db.Querier, d Done, cases string, args ...any) error {
	values := []any{string(d.Step), string(d.Was), string(d.Became), d.ByPIN, d.ByName, d.ByRole.RU, d.Hospital, d.Comment, db.Micros(d.At), d.ByRole.KY, d.ByRole.EN}
	var marks strings.Builder
	for i := range values {
		fmt.Fprintf(&marks, ", $%d", len(args)+1+i)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO case_step (case_id, sequence, step, was, became, by_pin, by_name, by_role, hospital, comment, at, by_role_ky, by_role_en)
		SELECT c.case_id, c.last + 1`+marks.String()+`
		FROM (SELECT of.case_id, COALESCE(MAX(s.sequence), 0) AS last FROM (`+cases+`) of LEFT JOIN case_step s ON s.case_id = of.case_id GROUP BY of.case_id) c
		ORDER BY c.last, c.case_id`, // sorted, it is read to its end before the first is written
		append(args, values...)...)
	return err
}
