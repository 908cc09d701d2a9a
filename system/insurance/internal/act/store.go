package act

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// linesOf is the cases of the act behind the number, or ahead of it in the turned
// order; "" is the first ones.
func linesOf(ctx context.Context, q db.Querier, actID, number string, ahead bool, limit int) ([]Line, error) {
	than, direction, args := "", "ASC", []any{actID, limit}
	switch {
	case number == "":
	case ahead:
		than, direction, args = "AND number < $3", "DESC", append(args, number)
	default:
		than, args = "AND number > $3", append(args, number)
	}
	return db.List(ctx, q, scanLine, `SELECT c.id, a.number, a.group_code, c.way, c.department, c.discharged_at, a.price
		FROM (SELECT case_id, number, group_code, price FROM act_case WHERE act_id = $1 `+than+` ORDER BY number `+direction+` LIMIT $2) a
		JOIN treated_case c ON c.id = a.case_id ORDER BY a.number `+direction, args...)
}

// numberIn is the number of the case in the act; "" when it does not stand there.
func numberIn(ctx context.Context, q db.Querier, actID, caseID string) (string, error) {
	var number string
	err := q.QueryRowContext(ctx, `SELECT number FROM act_case WHERE case_id = $1 AND act_id = $2`, caseID, actID).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return number, err
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
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM act WHERE organisation = $1 AND month = $2 AND sequence > 0 ORDER BY sequence DESC LIMIT 1`, organisation, month))
}

// inTheMaking is the one act of the month that has been begun.
func inTheMaking(ctx context.Context, q db.Querier, organisation, month string) (Act, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM act WHERE organisation = $1 AND month = $2 AND sequence = 0`, organisation, month))
}

func making(ctx context.Context, q db.Querier) ([]Act, error) {
	return db.List(ctx, q, scan, `SELECT `+columns+` FROM act WHERE sequence = 0 ORDER BY made_at, id`)
}

const columns = `id, organisation, month, sequence, cases, price, made_by, made_by_name, made_at, expected, reached`

func insertAct(ctx context.Context, tx db.Querier, a Act) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO act (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.ID, a.Organisation, a.Month, a.Sequence, a.Cases, a.Price, a.MadeBy, a.MadeByName, db.Micros(a.MadeAt), a.Expected, a.reached)
	return err
}

func saveAct(ctx context.Context, tx db.Querier, a Act) error {
	_, err := tx.ExecContext(ctx, `UPDATE act SET sequence = $2, cases = $3, price = $4, made_at = $5, reached = $6 WHERE id = $1`,
		a.ID, a.Sequence, a.Cases, a.Price, db.Micros(a.MadeAt), a.reached)
	return err
}

func dropAct(ctx context.Context, tx db.Querier, actID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM act WHERE id = $1`, actID)
	return err
}

// nextOf is the id of the last of the next accepted cases of the act's month, at most
// so many; "" when there is none. Ids grow with time: what comes while an act is made
// is behind what was there.
func nextOf(ctx context.Context, tx db.Querier, a Act, most int) (string, error) {
	var last string
	err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), '') FROM (SELECT id FROM treated_case
		WHERE organisation = $1 AND month = $2 AND is_current = 1 AND stage = 'accepted' AND id > $3 ORDER BY id LIMIT $4) next`, a.Organisation, a.Month, a.reached, most).Scan(&last)
	return last, err
}

// casesOf are the cases of an act in a stretch of ids, for what is written about each.
const casesOf = `SELECT case_id FROM act_case WHERE act_id = $1 AND case_id > $2 AND case_id <= $3`

// insertLines puts the settled cases of the month between the ids that stand in no act
// yet into this one and gives their count and sum. Few statements for many cases: on
// SQLite nobody writes meanwhile.
func insertLines(ctx context.Context, tx db.Querier, a Act, upTo string) (cases int, price int64, err error) {
	_, err = tx.ExecContext(ctx, `INSERT INTO act_case (case_id, act_id, number, group_code, price)
		SELECT c.id, $1, c.number, c.group_code, c.price FROM treated_case c
		WHERE c.id > $4 AND c.id <= $5 AND c.organisation = $2 AND c.month = $3 AND c.is_current = 1 AND c.stage = 'settled' AND NOT EXISTS (SELECT 1 FROM act_case x WHERE x.case_id = c.id)
		ORDER BY c.number`, // sorted, it is read to its end before the first is written
		a.ID, a.Organisation, a.Month, a.reached, upTo)
	if err != nil {
		return 0, 0, err
	}
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(price), 0) AS BIGINT) FROM act_case WHERE act_id = $1 AND case_id > $2 AND case_id <= $3`, a.ID, a.reached, upTo).Scan(&cases, &price)
	return cases, price, err
}

func sumOfLines(ctx context.Context, tx db.Querier, actID string) (cases int, price int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*), CAST(COALESCE(SUM(price), 0) AS BIGINT) FROM act_case WHERE act_id = $1`, actID).Scan(&cases, &price)
	return cases, price, err
}

func scan(row db.Row) (Act, error) {
	var a Act
	var made int64
	err := row.Scan(&a.ID, &a.Organisation, &a.Month, &a.Sequence, &a.Cases, &a.Price, &a.MadeBy, &a.MadeByName, &made, &a.Expected, &a.reached)
	a.MadeAt = db.Time(made)
	return a, err
}

func byID(ctx context.Context, q db.Querier, actID string) (Act, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM act WHERE id = $1`, actID))
}

// listQuery is a page of the acts behind the one given, or ahead of it in the turned
// order; nil is the first page. How far into the list it is makes no difference: a month
// is a stretch of the index, and within it stand a hospital's few acts.
func listQuery(by Filter, from *Act, limit int) (string, []any) {
	where, args := "sequence > 0", []any{limit}
	value := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if by.Organisation != "" {
		where += " AND organisation = " + value(by.Organisation)
	}
	if by.Month != "" {
		where += " AND month = " + value(by.Month)
	}
	order := "month DESC, organisation, sequence DESC"
	earlier, later := "<", ">"
	if by.Before != "" {
		order, earlier, later = "month, organisation DESC, sequence", ">", "<"
	}
	if from != nil {
		month, organisation, sequence := value(from.Month), value(from.Organisation), value(from.Sequence)
		where += " AND month " + earlier + "= " + month + " AND (month " + earlier + " " + month + " OR organisation " + later + " " + organisation +
			" OR (organisation = " + organisation + " AND sequence " + earlier + " " + sequence + "))"
	}
	return `SELECT ` + columns + ` FROM act WHERE ` + where + ` ORDER BY ` + order + ` LIMIT $1`, args
}

func list(ctx context.Context, q db.Querier, by Filter, from *Act, limit int) ([]Act, error) {
	query, args := listQuery(by, from, limit)
	return db.List(ctx, q, scan, query, args...)
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

// monthsOf are the months that are over and have accepted cases in no act, of those
// asked for.
func monthsOf(ctx context.Context, q db.Querier, by Filter, now time.Time, limit int) ([]Open, error) {
	where, args := "", []any{monthOf(now), limit}
	if by.Organisation != "" {
		args = append(args, by.Organisation)
		where += fmt.Sprintf(" AND organisation = $%d", len(args))
	}
	if by.Month != "" {
		args = append(args, by.Month)
		where += fmt.Sprintf(" AND month = $%d", len(args))
	}
	return db.List(ctx, q, func(row db.Row) (Open, error) {
		var o Open
		err := row.Scan(&o.Organisation, &o.Month, &o.Cases, &o.Price)
		return o, err
	}, `SELECT organisation, month, COUNT(*), CAST(SUM(price) AS BIGINT) FROM treated_case
		WHERE is_current = 1 AND stage = 'accepted' AND month <> '' AND month < $1`+where+` GROUP BY organisation, month ORDER BY month, organisation LIMIT $2`, args...)
}
