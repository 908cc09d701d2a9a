package act

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// accepted is what an act of the month takes up, by number.
func accepted(ctx context.Context, tx db.Querier, organisation, month, lock string) ([]Line, error) {
	return db.List(ctx, tx, scanLine, `SELECT id, number, group_code, way, department, discharged_at, price FROM treated_case
		WHERE organisation = $1 AND month = $2 AND is_current = 1 AND stage = 'accepted' ORDER BY number`+lock, organisation, month)
}

func linesOf(ctx context.Context, q db.Querier, actID string) ([]Line, error) {
	return db.List(ctx, q, scanLine, `SELECT c.id, a.number, a.group_code, c.way, c.department, c.discharged_at, a.price FROM act_case a
		JOIN treated_case c ON c.id = a.case_id WHERE a.act_id = $1 ORDER BY a.number`, actID)
}

func scanLine(row db.Row) (Line, error) {
	var l Line
	var discharged int64
	err := row.Scan(&l.CaseID, &l.Number, &l.Group, &l.Way, &l.Department, &discharged, &l.Price)
	l.DischargedAt = db.Time(discharged)
	return l, err
}

func nextSequence(ctx context.Context, tx db.Querier, organisation, month string) (int, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(sequence), 0) + 1 FROM act WHERE organisation = $1 AND month = $2`, organisation, month).Scan(&n)
	return n, err
}

// lastOf is the newest act of the month.
func lastOf(ctx context.Context, q db.Querier, organisation, month string) (Act, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM act WHERE organisation = $1 AND month = $2 ORDER BY sequence DESC LIMIT 1`, organisation, month))
}

const columns = `id, organisation, month, sequence, cases, price, made_by, made_by_name, made_at`

func insertAct(ctx context.Context, tx db.Querier, a Act) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO act (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.ID, a.Organisation, a.Month, a.Sequence, a.Cases, a.Price, a.MadeBy, a.MadeByName, db.Micros(a.MadeAt))
	return err
}

func insertLine(ctx context.Context, tx db.Querier, actID string, l Line) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO act_case (case_id, act_id, number, group_code, price) VALUES ($1, $2, $3, $4, $5)`,
		l.CaseID, actID, l.Number, l.Group, l.Price)
	return err
}

func scan(row db.Row) (Act, error) {
	var a Act
	var made int64
	err := row.Scan(&a.ID, &a.Organisation, &a.Month, &a.Sequence, &a.Cases, &a.Price, &a.MadeBy, &a.MadeByName, &made)
	a.MadeAt = db.Time(made)
	return a, err
}

func byID(ctx context.Context, q db.Querier, actID string) (Act, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM act WHERE id = $1`, actID))
}

func list(ctx context.Context, q db.Querier, organisation string, limit int) ([]Act, error) {
	return db.List(ctx, q, scan, `SELECT `+columns+` FROM act WHERE $1 = '' OR organisation = $1 ORDER BY month DESC, organisation, sequence DESC LIMIT $2`, organisation, limit)
}

func rest(ctx context.Context, q db.Querier, organisation, month string) (Rest, error) {
	var r Rest
	count := func(stage string) string {
		return `COALESCE(SUM(CASE WHEN stage ` + stage + ` THEN 1 ELSE 0 END), 0)`
	}
	err := q.QueryRowContext(ctx, `SELECT `+count(`= 'accepted'`)+`, `+count(`= 'review'`)+`, `+count(`= 'appealed'`)+`, `+count(`IN ('returned', 'refused')`)+`
		FROM treated_case WHERE organisation = $1 AND month = $2 AND is_current = 1`, organisation, month).Scan(&r.Accepted, &r.Review, &r.Appealed, &r.Returned)
	return r, db.Explain(err)
}

// known is a case of the month as the fund has it.
type known struct {
	ID, Number, State, Way string
	Revision               int
	Price                  int64
	Demo                   bool
}

func ofMonth(ctx context.Context, q db.Querier, organisation, month string) ([]known, error) {
	var all []known
	for row, err := range db.Rows(ctx, q, `SELECT id, number, revision, state, way, price, demo FROM treated_case
		WHERE organisation = $1 AND month = $2 AND is_current = 1 ORDER BY number`, organisation, month) {
		if err != nil {
			return nil, err
		}
		var c known
		var demo int
		if err := row.Scan(&c.ID, &c.Number, &c.Revision, &c.State, &c.Way, &c.Price, &demo); err != nil {
			return nil, err
		}
		c.Demo = demo == 1
		all = append(all, c)
	}
	return all, nil
}

// monthsOf are the months that are over and have accepted cases in no act.
func monthsOf(ctx context.Context, q db.Querier, now time.Time) ([]Open, error) {
	var all []Open
	for row, err := range db.Rows(ctx, q, `SELECT organisation, month, COUNT(*), CAST(SUM(price) AS BIGINT) FROM treated_case
		WHERE is_current = 1 AND stage = 'accepted' AND month <> '' AND month < $1 GROUP BY organisation, month ORDER BY month, organisation LIMIT 200`, monthOf(now)) {
		if err != nil {
			return nil, err
		}
		var o Open
		if err := row.Scan(&o.Organisation, &o.Month, &o.Cases, &o.Price); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}
