package treated

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// lock makes transactions with the same name take turns until they end.
func lock(ctx context.Context, tx db.Querier, name string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO intake_lock (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET name = excluded.name`, name)
	return err
}

const columns = `id, is_current, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, stage`

func scan(row db.Row) (Record, error) {
	var r Record
	var current, demo int
	var received int64
	var content, decision string
	if err := row.Scan(&r.ID, &current, &content, &r.hash, &decision, &r.SentBy, &r.SentVia, &received, &demo, &r.Way, &r.Stage); err != nil {
		return r, err
	}
	r.Current, r.Demo, r.ReceivedAt = current == 1, demo == 1, db.Time(received)
	if err := json.Unmarshal([]byte(content), &r.Case); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(decision), &r.Decision)
}

func byNumber(ctx context.Context, q db.Querier, number string, revision int) (Record, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM treated_case WHERE number = $1 AND revision = $2`, number, revision))
}

// lastOf is the newest revision of the number. It is the current one unless
// another form took its place.
func lastOf(ctx context.Context, q db.Querier, number string) (Record, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM treated_case WHERE number = $1 ORDER BY revision DESC LIMIT 1`, number))
}

func byID(ctx context.Context, q db.Querier, caseID, forUpdate string) (Record, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM treated_case WHERE id = $1`+forUpdate, caseID))
}

func revisions(ctx context.Context, q db.Querier, number string) ([]Record, error) {
	return db.List(ctx, q, scan, `SELECT `+columns+` FROM treated_case WHERE number = $1 ORDER BY revision DESC`, number)
}

// retire makes room for the case that takes this one's place. false: another
// was first, or the case is not a returned one any more.
func retire(ctx context.Context, tx db.Querier, caseID string) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE treated_case SET is_current = 0 WHERE id = $1 AND is_current = 1 AND state = 'returned'`, caseID)
}

func insert(ctx context.Context, tx db.Querier, r Record, content string) error {
	decision, err := json.Marshal(r.Decision)
	if err != nil {
		return err
	}
	main, _ := rule.MainCode(r.Case)
	_, err = tx.ExecContext(ctx, `INSERT INTO treated_case (id, number, revision, replaces, is_current, organisation, department, patient_pin,
		admitted_at, discharged_at, month, main_code, state, group_code, price, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage, worth, findings)
		VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $12, $14, $24)`,
		r.ID, r.Case.Number, r.Case.Revision, r.Case.Replaces, r.Case.Organisation, r.Case.Department, r.Case.Patient.PIN,
		db.Micros(r.Case.AdmittedAt), db.Micros(r.Case.DischargedAt), month(r.Case), main, string(r.Decision.State), r.Decision.Group, r.Decision.Price,
		content, r.hash, string(decision), r.SentBy, r.SentVia, db.Micros(r.ReceivedAt), db.Flag(r.Demo), r.Way, person(r.Case), len(r.Decision.Findings))
	if err != nil {
		return err
	}
	return addVerdict(ctx, tx, r.ID, string(decision), "", "", r.Decision.At)
}

func setStage(ctx context.Context, tx db.Querier, caseID string, to Stage) error {
	_, err := tx.ExecContext(ctx, `UPDATE treated_case SET stage = $2 WHERE id = $1`, caseID, string(to))
	return err
}

func setDecision(ctx context.Context, tx db.Querier, caseID string, d insuranceapi.Decision, to Stage, byPIN, byName string) error {
	decision, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE treated_case SET decision = $2, state = $3, group_code = $4, price = CAST($5 AS BIGINT), stage = $6,
		worth = CASE WHEN CAST($5 AS BIGINT) > 0 THEN CAST($5 AS BIGINT) ELSE worth END WHERE id = $1`,
		caseID, string(decision), string(d.State), d.Group, d.Price, string(to))
	if err != nil {
		return err
	}
	return addVerdict(ctx, tx, caseID, string(decision), byPIN, byName, d.At)
}

func addVerdict(ctx context.Context, tx db.Querier, caseID, decision, byPIN, byName string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO case_decision (case_id, sequence, decision, by_pin, by_name, at)
		VALUES ($1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM case_decision WHERE case_id = $1), $2, $3, $4, $5)`,
		caseID, decision, byPIN, byName, db.Micros(at))
	return err
}

func verdicts(ctx context.Context, q db.Querier, caseID string) ([]Verdict, error) {
	var all []Verdict
	for row, err := range db.Rows(ctx, q, `SELECT sequence, decision, by_pin, by_name, at FROM case_decision WHERE case_id = $1 ORDER BY sequence DESC`, caseID) {
		if err != nil {
			return nil, err
		}
		var v Verdict
		var decision string
		var at int64
		if err := row.Scan(&v.Sequence, &decision, &v.ByPIN, &v.ByName, &at); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(decision), &v.Decision); err != nil {
			return nil, err
		}
		v.At = db.Time(at)
		all = append(all, v)
	}
	return all, nil
}

// acceptedOf is the accepted cases of the person that are in the time or touch
// it, other than those of the number.
func acceptedOf(ctx context.Context, q db.Querier, pin, number string, from, until time.Time) ([]rule.Other, error) {
	return db.List(ctx, q, scanOther, `SELECT number, organisation, main_code, admitted_at, discharged_at FROM treated_case
		WHERE patient_pin = $1 AND number <> $2 AND is_current = 1 AND state = 'accepted' AND discharged_at >= $3 AND admitted_at <= $4
		ORDER BY admitted_at, id`, pin, number, db.Micros(from), db.Micros(until))
}

func scanOther(row db.Row) (rule.Other, error) {
	var o rule.Other
	var admitted, discharged int64
	err := row.Scan(&o.Number, &o.Organisation, &o.MainCode, &admitted, &discharged)
	o.AdmittedAt, o.DischargedAt = db.Time(admitted), db.Time(discharged)
	return o, err
}

// order is by which columns the list goes, and how: the last ones first (DESC) or the
// first ones. A list of what waits begins with what has waited longest.
func (by Filter) order() (columns []string, direction string) {
	switch {
	case by.Order == ByWorth:
		return []string{"worth", "id"}, "DESC"
	case by.Order == ByDoubt:
		return []string{"findings", "worth", "id"}, "DESC"
	case slices.Contains([]Stage{Appealed, Review, Returned}, Stage(by.State)):
		return []string{"discharged_at", "id"}, "ASC"
	}
	return []string{"discharged_at", "id"}, "DESC"
}

// where is the filter's conditions and their values. A condition that is not asked for
// is left out, so that the others find their index; a month in the order of discharge
// is a stretch of it.
func (by Filter) where() (string, []any) {
	where, args := "c.is_current = 1", []any{}
	and := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" AND c.%s $%d", condition, len(args))
	}
	if by.Organisation != "" {
		and("organisation =", by.Organisation)
	}
	if by.State != "" {
		and("stage =", by.State)
	}
	first, ok := clock.ParseDate(by.Month + "-01")
	switch {
	case by.Month == "":
	case by.Order == "" && ok:
		and("discharged_at >=", db.Micros(first.Start()))
		and("discharged_at <", db.Micros(time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, clock.Bishkek)))
	default:
		and("month =", by.Month)
	}
	return where, args
}

// of is the columns of a table, between them what stands between.
func of(table string, columns []string, between string) string {
	return table + "." + strings.Join(columns, between+table+".")
}

// behind is the condition for cases that stand behind the one of the id in the order,
// or with ahead those ahead of it, with its argument.
func behind(columns []string, direction, caseID string, ahead bool, args []any) (string, []any) {
	sign := map[bool]string{true: "<", false: ">"}[(direction == "DESC") != ahead]
	args = append(args, caseID)
	this := fmt.Sprintf("(SELECT %%s FROM treated_case this WHERE this.id = $%d)", len(args))
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = fmt.Sprintf(this, column)
	}
	return ` AND (` + of("c", columns, ", ") + `) ` + sign + ` (` + strings.Join(values, ", ") + `)`, args
}

// followingQuery is the case behind the one of the id in the order of list.
func followingQuery(by Filter, caseID string) (string, []any) {
	columns, direction := by.order()
	where, args := by.where()
	than, args := behind(columns, direction, caseID, false, args)
	return `SELECT c.id FROM treated_case c WHERE ` + where + than + `
		ORDER BY ` + of("c", columns, " "+direction+", ") + ` ` + direction + ` LIMIT 1`, args
}

func following(ctx context.Context, q db.Querier, by Filter, caseID string) (string, error) {
	var next string
	query, args := followingQuery(by, caseID)
	err := q.QueryRowContext(ctx, query, args...).Scan(&next)
	return next, err
}

// listQuery is a page by its key: how far into the list it is makes no difference.
// Ahead of a case it is read backwards.
func listQuery(by Filter, limit int) (string, []any) {
	columns, direction := by.order()
	where, args := by.where()
	than, ahead := "", by.Before != ""
	if key := by.After + by.Before; key != "" {
		than, args = behind(columns, direction, key, ahead, args)
	}
	if ahead {
		direction = map[string]string{"DESC": "ASC", "ASC": "DESC"}[direction]
	}
	return `SELECT c.id, c.number, c.revision, c.organisation, c.stage, c.group_code, c.discharged_at, c.price, c.demo, c.findings FROM treated_case c
		WHERE ` + where + than + ` ORDER BY ` + of("c", columns, " "+direction+", ") + ` ` + direction + fmt.Sprintf(` LIMIT $%d`, len(args)+1),
		append(args, limit)
}

func list(ctx context.Context, q db.Querier, by Filter, limit int) ([]Line, error) {
	query, args := listQuery(by, limit)
	lines := []Line{}
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		var l Line
		var demo int
		if err := row.Scan(&l.ID, &l.Number, &l.Revision, &l.Organisation, &l.State, &l.Group, &l.DischargedAt, &l.Price, &demo, &l.Findings); err != nil {
			return nil, err
		}
		l.Demo = demo == 1
		lines = append(lines, l)
	}
	return lines, nil
}

// waiting counts the cases that stand at the stage, and gives when the first of
// them came there.
func waiting(ctx context.Context, q db.Querier, stage Stage, organisation string) (Waiting, error) {
	w := Waiting{Stage: stage}
	where, args := Filter{State: string(stage), Organisation: organisation}.where()
	var since int64
	err := q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(COALESCE((SELECT MAX(s.at) FROM case_step s
			WHERE s.case_id = c.id AND s.became = c.stage AND s.was <> s.became), c.received_at)), 0)
		FROM treated_case c WHERE `+where, args...).Scan(&w.Cases, &since)
	w.Since = db.Time(since)
	return w, db.Explain(err)
}

// lastMonths steps from month to month over the index: not over every case.
const lastMonths = `WITH RECURSIVE m (month) AS (
		SELECT MAX(c.month) FROM treated_case c WHERE c.is_current = 1
		UNION ALL
		SELECT (SELECT MAX(c.month) FROM treated_case c WHERE c.is_current = 1 AND c.month < m.month) FROM m WHERE m.month <> ''
	) SELECT month FROM m WHERE month <> '' LIMIT 60`

// Months are those of discharge that have cases, the newest first.
func Months(ctx context.Context, q db.Querier) ([]string, error) {
	return db.Column[string](ctx, q, lastMonths)
}
