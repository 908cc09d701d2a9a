package equipment

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

const columns = `r.id, r.organisation, r.number, r.day, r.internet, r.created_at, r.created_name,
	l.department, l.name_ky, l.name_ru, l.name_en, l.computers, l.working, l.online, l.printers, l.doctors, l.nurses`

// read gives the reports with their lines, in the order of the query, which puts
// the lines of a report together.
func read(ctx context.Context, q db.Querier, tail string, args ...any) ([]Report, error) {
	list := []Report{}
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM equipment_report r JOIN equipment_line l ON l.report = r.id `+tail, args...) {
		if err != nil {
			return nil, err
		}
		var r Report
		var l Line
		var day string
		var at int64
		err := row.Scan(&r.ID, &r.Organisation, &r.Number, &day, &r.Internet, &at, &r.By,
			&l.Code, &l.Name.KY, &l.Name.RU, &l.Name.EN, &l.Computers, &l.Working, &l.Online, &l.Printers, &l.Doctors, &l.Nurses)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 || list[len(list)-1].ID != r.ID {
			r.Day, r.At = db.Date(day), db.Time(at)
			list = append(list, r)
		}
		list[len(list)-1].Lines = append(list[len(list)-1].Lines, l)
	}
	return list, nil
}

// reports are the organisation's newest ones, at most limit.
func reports(ctx context.Context, q db.Querier, code string, limit int) ([]Report, error) {
	return read(ctx, q, `WHERE r.organisation = $1 AND r.number > (SELECT COALESCE(MAX(x.number), 0) FROM equipment_report x WHERE x.organisation = $1) - $2
		ORDER BY r.number DESC, l.department`, code, limit)
}

// known is that a report was counted and handed in on the day $1, of which $2 is the
// end, or before.
const known = `r.day <= $1 AND r.created_at < $2`

func until(on clock.Date) []any {
	return []any{on.String(), db.Micros(on.Start().AddDate(0, 0, 1))}
}

// latest joins the organisations v that report with the last report known of each.
const latest = `FROM organisation_version v LEFT JOIN equipment_report r ON r.organisation = v.organisation AND ` + known + `
	AND NOT EXISTS (SELECT 1 FROM equipment_report l WHERE l.organisation = r.organisation AND l.day <= $1 AND l.created_at < $2
		AND (l.day > r.day OR (l.day = r.day AND l.number > r.number)))
	WHERE ` + organisation.Reports

// answered is whether the last report answers a call of counts since the day $3.
const answered = `CASE WHEN r.day >= $3 THEN 1 ELSE 0 END`

// never is since when a report answers no call.
const never = "9999-12-31"

// byRegion adds the last reports up.
func byRegion(ctx context.Context, q db.Querier, on clock.Date, since string) (map[string]RegionSum, error) {
	sums := map[string]RegionSum{}
	for row, err := range db.Rows(ctx, q, `SELECT v.region, COUNT(*), COUNT(r.number), SUM(`+answered+`), COALESCE(SUM(r.computers), 0), COALESCE(SUM(r.working), 0),
		COALESCE(SUM(r.online), 0), COALESCE(SUM(r.printers), 0), COALESCE(SUM(r.doctors), 0), COALESCE(SUM(r.nurses), 0) `+latest+` GROUP BY v.region`, append(until(on), since)...) {
		if err != nil {
			return nil, err
		}
		var region string
		var s RegionSum
		if err := row.Scan(&region, &s.Organisations, &s.Reported, &s.Answered, &s.Computers, &s.Working, &s.Online, &s.Printers, &s.Doctors, &s.Nurses); err != nil {
			return nil, err
		}
		sums[region] = s
	}
	return sums, nil
}

// codes are at most limit organisations of the region ("" for all) after the first
// skip: those that have answered, or those that owe a report.
func codes(ctx context.Context, q db.Querier, on clock.Date, since, region string, answered bool, limit, skip int) ([]string, error) {
	in := `NOT IN`
	if answered {
		in = `IN`
	}
	// A set by itself: PostgreSQL would look through it for each organisation anew.
	query := `SELECT v.organisation FROM organisation_version v WHERE ` + organisation.Reports + ` AND v.organisation ` + in + ` (
		SELECT r.organisation FROM equipment_report r WHERE ` + known + ` AND r.day >= $3)`
	args := append(until(on), since, limit, skip)
	if region != "" {
		query, args = query+` AND v.region = $6`, append(args, region)
	}
	return db.Column[string](ctx, q, query+` ORDER BY v.organisation LIMIT $4 OFFSET $5`, args...)
}

// upTo are the reports known on the day, by organisation, the latest last: of the
// codes, or of all for nil.
func upTo(ctx context.Context, q db.Querier, on clock.Date, codes []string) (map[string][]Report, error) {
	of, args := organisation.Among("r.organisation", codes, until(on)...)
	all, err := read(ctx, q, `WHERE `+known+` AND `+of+` ORDER BY r.organisation, r.day, r.number, l.department`, args...)
	if err != nil {
		return nil, err
	}
	by := map[string][]Report{}
	for _, r := range all {
		by[r.Organisation] = append(by[r.Organisation], r)
	}
	return by, nil
}

// last is the number of the organisation's last report, 0 for none.
func last(ctx context.Context, q db.Querier, code string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM equipment_report WHERE organisation = $1`, code).Scan(&n)
	return n, err
}

// Insert writes the report; one that is there stays.
func Insert(ctx context.Context, tx db.Querier, r Report, by string) error {
	sum := r.Sum()
	first, err := db.ChangedOne(ctx, tx, `INSERT INTO equipment_report (id, organisation, number, day, internet, created_at, created_by, created_name, computers, working, online, printers, doctors, nurses)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`, r.ID, r.Organisation, r.Number, r.Day.String(), r.Internet, db.Micros(r.At), by, r.By,
		sum.Computers, sum.Working, sum.Online, sum.Printers, sum.Doctors, sum.Nurses)
	if err != nil || !first {
		return err
	}
	for _, l := range r.Lines {
		_, err := tx.ExecContext(ctx, `INSERT INTO equipment_line (report, department, name_ky, name_ru, name_en, computers, working, online, printers, doctors, nurses)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			r.ID, l.Code, l.Name.KY, l.Name.RU, l.Name.EN, l.Computers, l.Working, l.Online, l.Printers, l.Doctors, l.Nurses)
		if err != nil {
			return err
		}
	}
	return nil
}

// Calls are all of them, the first due first.
func Calls(ctx context.Context, q db.Querier) ([]Call, error) {
	list := []Call{}
	for row, err := range db.Rows(ctx, q, `SELECT id, since_day, due_day, source FROM equipment_call ORDER BY due_day`) {
		if err != nil {
			return nil, err
		}
		var c Call
		var since, due string
		if err := row.Scan(&c.ID, &since, &due, &c.Source); err != nil {
			return nil, err
		}
		c.Since, c.Due = db.Date(since), db.Date(due)
		list = append(list, c)
	}
	return list, nil
}

// InsertCall writes a call; false when there is one due on the day.
func InsertCall(ctx context.Context, tx db.Querier, c Call, at time.Time, by string) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO equipment_call (id, since_day, due_day, source, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		c.ID, c.Since.String(), c.Due.String(), c.Source, db.Micros(at), by)
}
