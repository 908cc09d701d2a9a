package equipment

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
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

// upTo are the reports that were counted and handed in on the day or before, by
// organisation, the latest last.
func upTo(ctx context.Context, q db.Querier, on clock.Date) (map[string][]Report, error) {
	end := on.Start().AddDate(0, 0, 1)
	all, err := read(ctx, q, `WHERE r.day <= $1 AND r.created_at < $2 ORDER BY r.organisation, r.day, r.number, l.department`, on.String(), db.Micros(end))
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
	first, err := db.ChangedOne(ctx, tx, `INSERT INTO equipment_report (id, organisation, number, day, internet, created_at, created_by, created_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`, r.ID, r.Organisation, r.Number, r.Day.String(), r.Internet, db.Micros(r.At), by, r.By)
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
