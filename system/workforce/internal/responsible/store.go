package responsible

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

const columns = `id, organisation, pin, person_name, duty, phone, order_number, order_day, scan, from_day, until_day`

func scanRow(row db.Row) (Person, error) {
	var p Person
	var orderDay, from, until string
	err := row.Scan(&p.ID, &p.Organisation, &p.PIN, &p.Name, &p.Duty, &p.Phone, &p.Order.Number, &orderDay, &p.Scan, &from, &until)
	p.Order.Day, p.From, p.Until = db.Date(orderDay), db.Date(from), db.Date(until)
	return p, err
}

func list(ctx context.Context, q db.Querier, where string, args ...any) ([]Person, error) {
	all := []Person{}
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM responsible `+where, args...) {
		if err != nil {
			return nil, err
		}
		p, err := scanRow(row)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// complete are the organisations with each of $2 duties somebody's on the day $1; who
// holds no post there answers for none.
const complete = `SELECT r.organisation FROM responsible r WHERE r.from_day <= $1 AND (r.until_day = '' OR r.until_day > $1)
	AND EXISTS (SELECT 1 FROM post p WHERE p.organisation = r.organisation AND p.pin = r.pin AND p.from_day <= $1 AND (p.until_day = '' OR p.until_day > $1))
	GROUP BY r.organisation HAVING COUNT(DISTINCT r.duty) >= $2`

// part is which organisations are looked for, of those that have somebody to name.
type part int

const (
	everybody part = iota
	lacking        // a duty that is nobody's
	lackless
)

// pick picks the organisations of the part in the region, "" for all.
func (p part) pick(on clock.Date, region string) (from string, args []any) {
	from, args = `FROM organisation_version v WHERE `+organisation.Reports, []any{on.String()}
	switch p {
	case lacking:
		from, args = from+` AND v.organisation NOT IN (`+complete+`)`, append(args, len(Duties))
	case lackless:
		from, args = from+` AND v.organisation IN (`+complete+`)`, append(args, len(Duties))
	}
	if region != "" {
		args = append(args, region)
		from += ` AND v.region = $` + strconv.Itoa(len(args))
	}
	return from, args
}

// count is how many organisations of the part there are.
func count(ctx context.Context, q db.Querier, on clock.Date, region string, p part) (n int, err error) {
	from, args := p.pick(on, region)
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) `+from, args...).Scan(&n)
	return n, db.Explain(err)
}

// codes are at most limit organisations of the part after the first skip.
func codes(ctx context.Context, q db.Querier, on clock.Date, region string, p part, limit, skip int) ([]string, error) {
	from, args := p.pick(on, region)
	from += ` ORDER BY v.organisation LIMIT $` + strconv.Itoa(len(args)+1) + ` OFFSET $` + strconv.Itoa(len(args)+2)
	return db.Column[string](ctx, q, `SELECT v.organisation `+from, append(args, limit, skip)...)
}

// named are those whom an order names on the day, of the organisations or, for nil,
// of all.
func named(ctx context.Context, q db.Querier, codes []string, on clock.Date) ([]Person, error) {
	of, args := organisation.Among("organisation", codes, on.String())
	return list(ctx, q, `WHERE `+of+` AND from_day <= $1 AND (until_day = '' OR until_day > $1)
		ORDER BY organisation, duty DESC, from_day, id`, args...)
}

// Of is everybody ever named in the organisation, those in force first.
func Of(ctx context.Context, q db.Querier, code string) ([]Person, error) {
	return list(ctx, q, `WHERE organisation = $1 ORDER BY CASE until_day WHEN '' THEN 0 ELSE 1 END, from_day DESC, duty DESC, id`, code)
}

func find(ctx context.Context, tx db.Querier, code, personID string) (Person, error) {
	p, err := scanRow(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM responsible WHERE organisation = $1 AND id = $2`, code, personID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, err
}

// Insert writes the person; false when they answer for the duty already.
func Insert(ctx context.Context, tx db.Querier, p Person, at time.Time, by string) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO responsible (`+columns+`, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12) ON CONFLICT DO NOTHING`,
		p.ID, p.Organisation, p.PIN, p.Name, string(p.Duty), p.Phone, p.Order.Number, p.Order.Day.String(), p.Scan, p.From.String(), db.Micros(at), by)
}

func release(ctx context.Context, tx db.Querier, personID string, until clock.Date) error {
	_, err := tx.ExecContext(ctx, `UPDATE responsible SET until_day = $2 WHERE id = $1`, personID, until.String())
	return err
}
